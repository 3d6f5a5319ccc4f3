"""An employee: what everybody may see, and the inside."""

from typing import Self

import strawberry

from slotgraph.core import records, timetable
from slotgraph.core.operation import Operation
from slotgraph.core.policy import Action
from slotgraph.core.records import EmployeeKind
from slotgraph.schema import ids
from slotgraph.schema.guard import Subject, leaf, object_type, resolved
from slotgraph.schema.scalars import TimeZone
from slotgraph.schema.types import accounts, schedule, services
from slotgraph.schema.types.lazy import LazyAbsence, LazyAvailability, LazyCalendar, LazyService
from slotgraph.schema.types.nodes import GLOBAL_ID, AbsentFrom, Info, Node, directory_of


@object_type(Action.READ_PUBLIC_PROFILE, "A bookable person or resource.")
class Employee(Node):
    """What everybody may see of an employee."""

    subject: strawberry.Private[Subject]
    record: strawberry.Private[records.Employee]

    id: strawberry.ID = leaf(GLOBAL_ID)
    name: str = leaf("Name for people.")
    kind: EmployeeKind = leaf("Person or resource.")

    @resolved(Action.READ_PUBLIC_PROFILE, "Services this employee can be booked for.")
    async def services(self) -> list[LazyService]:
        operation, company_id = self.subject.operation, self.record.company_id
        directory = await directory_of(operation, company_id)
        inside = await operation.permits(Action.READ_INTERNAL, company_id)
        listed = directory.services_of(self.record.id)
        return [services.Service.of(operation, one) for one in listed if one.active or inside]

    @resolved(
        Action.READ_INTERNAL,
        "What only the company's members and tokens and, inside an open case, support may see; null for everybody else.",
    )
    async def internal(self) -> "EmployeeInternal | None":
        return await EmployeeInternal.of(self.subject, self.record)

    @classmethod
    def of(cls, operation: Operation, record: records.Employee) -> Self:
        """The employee as this operation's actor sees it."""
        return cls(
            subject=Subject(operation, record.company_id, record.id),
            record=record,
            id=ids.encode("Employee", record.company_id, record.id),
            name=record.name,
            kind=record.kind,
        )


@object_type(Action.READ_INTERNAL, "The inside of an employee.")
class EmployeeInternal:
    """What members see."""

    subject: strawberry.Private[Subject]
    record: strawberry.Private[records.Employee]

    time_zone: TimeZone = leaf("Zone of the employee's wall-clock times and local days.")
    active: bool = leaf("False: kept, but not offered to customers.")
    show_appointments_in_calendar: bool = leaf(
        "Show appointments in calendar: whether the overview may show titles of this employee's external events at all."
    )
    viewer_can_edit: bool = leaf("Whether you may change this employee's schedule and accounts.")

    @resolved(Action.READ_INTERNAL, "Weekly and dated openings.")
    async def availabilities(self, info: Info) -> list[LazyAvailability]:
        operation = self.subject.operation
        listed = await info.context.loaders(operation).availabilities(self.record.company_id, self.record.id)
        return [schedule.availability_of(operation, one) for one in listed]

    @resolved(Action.READ_INTERNAL, "Absences of this employee, without those of the company.")
    async def absences(self, info: Info, from_: AbsentFrom = strawberry.UNSET) -> list[LazyAbsence]:
        operation, zone_name = self.subject.operation, self.record.time_zone
        day = from_ or timetable.today(operation, zone_name=zone_name)
        listed = await info.context.loaders(operation).absences(self.record.company_id, self.record.id)
        return [
            schedule.Absence.of(operation, one)
            for one in listed
            if timetable.ends_on_or_after(one, day, zone_name=zone_name)
        ]

    @resolved(Action.NAME_CALENDAR, "Calendars that stand for this employee; null for colleagues.")
    async def calendars(self, info: Info) -> list[LazyCalendar] | None:
        operation = self.subject.operation
        listed = await info.context.loaders(operation).calendars(self.record.company_id)
        return [accounts.Calendar.of(operation, one) for one in listed if one.employee_id == self.record.id]

    @classmethod
    async def of(cls, subject: Subject, record: records.Employee) -> Self:
        """The inside, for an actor who may see it."""
        can_edit = await subject.operation.permits(Action.EDIT_SCHEDULE, record.company_id, employee_id=record.id)
        return cls(
            subject=subject,
            record=record,
            time_zone=TimeZone(record.time_zone),
            active=record.active,
            show_appointments_in_calendar=record.show_appointments,
            viewer_can_edit=can_edit,
        )


async def employees_of(operation: Operation, company_id: str, employee_ids: tuple[str, ...]) -> list[Employee]:
    """Some employees of a company, also those that were deleted: past bookings still name them."""
    directory = await directory_of(operation, company_id)
    known = [directory.employee_ever(employee_id) for employee_id in employee_ids]
    return [Employee.of(operation, employee) for employee in known if employee is not None]


async def employee_of(operation: Operation, company_id: str, employee_id: str | None) -> Employee | None:
    """One employee of a company; None without id."""
    found = await employees_of(operation, company_id, (employee_id,) if employee_id else ())
    return found[0] if found else None
