"""API tokens, without their secrets."""

from datetime import datetime
from typing import Self

import strawberry

from slotgraph.core import records
from slotgraph.core.operation import Operation
from slotgraph.core.policy import Action, Permission
from slotgraph.schema import ids
from slotgraph.schema.guard import Subject, leaf, object_type
from slotgraph.schema.types.accounts import in_order
from slotgraph.schema.types.nodes import GLOBAL_ID, Node


@object_type(Action.READ_TOKENS, "An API token; the secret was shown once.")
class ApiToken(Node):
    """A token."""

    subject: strawberry.Private[Subject]

    id: strawberry.ID = leaf(GLOBAL_ID)
    name: str = leaf("Name given at creation.")
    scopes: list[Permission] = leaf("What it may do.")
    expires_at: datetime | None = leaf("When it ends; null: never.")
    last_used_at: datetime | None = leaf("Last use, to the hour; null if never.")

    @classmethod
    def of(cls, operation: Operation, record: records.ApiToken) -> Self:
        """The token as its company sees it."""
        return cls(
            subject=Subject(operation, record.company_id),
            id=ids.encode("ApiToken", record.company_id, record.id),
            name=record.name,
            scopes=in_order(record.scopes),
            expires_at=record.expires_at,
            last_used_at=record.last_used_at,
        )
