"""A held slot, as whoever holds it sees it."""

from datetime import datetime
from typing import Self

import strawberry

from slotgraph.core import records
from slotgraph.core.clock import instant_from_minute
from slotgraph.core.operation import Operation
from slotgraph.core.policy import Action
from slotgraph.schema.guard import Subject, leaf, object_type, resolved
from slotgraph.schema.types import employees
from slotgraph.schema.types.lazy import LazyEmployee


@object_type(Action.READ_PUBLIC_PROFILE, "A slot kept free for a short while.")
class Hold:
    """A hold."""

    subject: strawberry.Private[Subject]
    record: strawberry.Private[records.Hold]

    start: datetime = leaf("Start.")
    end: datetime = leaf("End.")

    @resolved(Action.READ_PUBLIC_PROFILE, "Who is kept free.")
    async def employees(self) -> list[LazyEmployee]:
        return await employees.employees_of(self.subject.operation, self.record.company_id, self.record.employee_ids)

    expires_at: datetime = leaf("When it lapses.")

    @classmethod
    def of(cls, operation: Operation, record: records.Hold) -> Self:
        """The hold as this operation's actor sees it."""
        return cls(
            subject=Subject(operation, record.company_id),
            record=record,
            start=instant_from_minute(record.span.start),
            end=instant_from_minute(record.span.end),
            expires_at=record.expires_at,
        )
