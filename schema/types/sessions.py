"""Where one is logged in."""

from datetime import datetime
from typing import Self

import strawberry

from slotgraph.core import records
from slotgraph.core.operation import Operation
from slotgraph.core.people.sessions import client_in_short, shown_id
from slotgraph.core.policy import Action
from slotgraph.core.values import Secret
from slotgraph.schema import ids
from slotgraph.schema.guard import Subject, leaf, object_type
from slotgraph.schema.types.nodes import GLOBAL_ID, Node

NO_COMPANY = "0" * 32
"""What stands for the company in the ids of agents' sessions."""


@object_type(Action.READ_VIEWER, "A cookie session.")
class Session(Node):
    """A session of whoever asks."""

    subject: strawberry.Private[Subject]

    id: strawberry.ID = leaf(GLOBAL_ID)
    started_at: datetime = leaf("When it began.")
    last_used_at: datetime = leaf("Last use.")
    client: str = leaf("Browser, in short.")
    current: bool = leaf("Whether it is this one.")

    @classmethod
    def of(cls, operation: Operation, record: records.Session, *, this: Secret | None) -> Self:
        """The session; `this` is the one that asks."""
        return cls(
            subject=Subject(operation),
            id=session_id(record),
            started_at=record.started_at,
            last_used_at=record.last_used_at,
            client=client_in_short(record.client),
            current=this is not None and shown_id(this) == record.id,
        )


def session_id(record: records.Session) -> strawberry.ID:
    """The global id of a session."""
    return ids.encode("Session", record.company_id or NO_COMPANY, record.id)
