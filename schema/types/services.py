"""A service: what can be booked."""

from typing import Self

import strawberry

from slotgraph.core import records
from slotgraph.core.operation import Operation
from slotgraph.core.policy import Action
from slotgraph.schema import ids
from slotgraph.schema.guard import Subject, leaf, object_type, resolved
from slotgraph.schema.types import employees
from slotgraph.schema.types.lazy import LazyEmployee
from slotgraph.schema.types.nodes import GLOBAL_ID, Node, directory_of


@object_type(Action.READ_PUBLIC_PROFILE, "What can be booked.")
class Service(Node):
    """What everybody may see of a service."""

    subject: strawberry.Private[Subject]
    record: strawberry.Private[records.Service]

    id: strawberry.ID = leaf(GLOBAL_ID)
    name: str = leaf("Name for people.")
    description: str = leaf("Text for customers; empty if none.")
    duration_minutes: int = leaf("Length in minutes.")
    buffer_before_minutes: int = leaf("Minutes kept free before.")
    buffer_after_minutes: int = leaf("Minutes kept free after.")
    minimum_notice_minutes: int = leaf("Least minutes between now and an offered start.")
    horizon_days: int = leaf("Days ahead that can be booked, in the employee's zone.")
    booking_interval_minutes: int | None = leaf("Own booking interval in minutes; null: the company's.")
    cancellation_limit_hours: int = leaf("Hours before the start until which customers may move or cancel.")
    active: bool = leaf("False: kept, but not offered to customers.")

    @resolved(Action.READ_PUBLIC_PROFILE, "Employees who can be booked for it.")
    async def employees(self) -> list[LazyEmployee]:
        operation, company_id = self.subject.operation, self.record.company_id
        directory = await directory_of(operation, company_id)
        inside = await operation.permits(Action.READ_INTERNAL, company_id)
        listed = directory.employees_of(self.record.id)
        return [employees.Employee.of(operation, one) for one in listed if one.active or inside]

    @classmethod
    def of(cls, operation: Operation, record: records.Service) -> Self:
        """The service as this operation's actor sees it."""
        return cls(
            subject=Subject(operation, record.company_id),
            record=record,
            id=ids.encode("Service", record.company_id, record.id),
            name=record.name,
            description=record.description,
            duration_minutes=record.duration_minutes,
            buffer_before_minutes=record.buffer_before_minutes,
            buffer_after_minutes=record.buffer_after_minutes,
            minimum_notice_minutes=record.minimum_notice_minutes,
            horizon_days=record.horizon_days,
            booking_interval_minutes=record.booking_interval_minutes,
            cancellation_limit_hours=record.cancellation_limit_hours,
            active=record.active,
        )
