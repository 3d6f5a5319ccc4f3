"""Availabilities and absences."""

import datetime as dt
from datetime import date, datetime, time
from typing import Annotated, Self

import strawberry

from slotgraph.core import availability, records
from slotgraph.core.clock import instant_from_minute
from slotgraph.core.operation import Operation
from slotgraph.core.policy import Action
from slotgraph.core.values import Span
from slotgraph.schema import ids
from slotgraph.schema.guard import Subject, interface_type, leaf, object_type, resolved
from slotgraph.schema.types import employees
from slotgraph.schema.types.enums import WEEKDAYS, Weekday
from slotgraph.schema.types.lazy import LazyEmployee
from slotgraph.schema.types.nodes import GLOBAL_ID, Node, present

_END = "First minute after; 00:00:00 is the midnight that ends the day."


@interface_type("When an employee can be booked, in wall-clock time of the employee's zone.")
class Availability(Node):
    """Weekly or dated."""

    subject: strawberry.Private[Subject]
    record: strawberry.Private[records.Availability]

    id: strawberry.ID = leaf(GLOBAL_ID)

    @resolved(Action.READ_SCHEDULE, "Whose.")
    async def employee(self) -> LazyEmployee:
        found = await employees.employee_of(self.subject.operation, self.record.company_id, self.record.employee_id)
        return present(found)

    start: time = leaf("First minute.")
    end: time = leaf(_END)


@object_type(Action.READ_SCHEDULE, "An opening on the same weekday of every week.")
class WeeklyAvailability(Availability):
    """Every week."""

    weekday: Weekday = leaf("Day of the week.")
    valid_from: date | None = leaf("First day it holds; null: since ever.")
    valid_until: date | None = leaf("Last day it holds; null: for ever.")


@object_type(Action.READ_SCHEDULE, "An extra opening on one date.")
class DatedAvailability(Availability):
    """Once."""

    date: dt.date = leaf("The date.")


def availability_of(operation: Operation, record: records.Availability) -> Availability:
    """An availability as this operation's actor sees it."""
    subject = Subject(operation, record.company_id, record.employee_id)
    times = record.rule.times
    if isinstance(record.rule, availability.Dated):
        return DatedAvailability(
            subject=subject,
            record=record,
            id=ids.encode("DatedAvailability", record.company_id, record.id),
            start=times.start,
            end=times.end,
            date=record.rule.day,
        )
    return WeeklyAvailability(
        subject=subject,
        record=record,
        id=ids.encode("WeeklyAvailability", record.company_id, record.id),
        start=times.start,
        end=times.end,
        weekday=WEEKDAYS[record.rule.weekday],
        valid_from=record.rule.valid_from,
        valid_until=record.rule.valid_until,
    )


@object_type(Action.READ_SCHEMA_SHAPE, "Whole local days: each employee's own zone counts.")
class AbsenceDays:
    """Days off."""

    from_: date = leaf("First day off.")
    until: date = leaf("Last day off.")


@object_type(Action.READ_SCHEMA_SHAPE, "An exact range, the same instants for everyone.")
class AbsenceRange:
    """A range off."""

    start: datetime = leaf("Start.")
    end: datetime = leaf("End, not part of it.")


AbsenceTimes = Annotated[
    AbsenceDays | AbsenceRange, strawberry.union("AbsenceTimes", description="Whole days, or an exact range.")
]


@object_type(Action.READ_SCHEDULE, "Time off of one employee or of the whole company. Wins over availabilities.")
class Absence(Node):
    """Time off."""

    subject: strawberry.Private[Subject]
    record: strawberry.Private[records.Absence]

    id: strawberry.ID = leaf(GLOBAL_ID)

    @resolved(Action.READ_SCHEDULE, "Whose; null: the whole company.")
    async def employee(self) -> LazyEmployee | None:
        return await employees.employee_of(self.subject.operation, self.record.company_id, self.record.employee_id)

    @resolved(Action.READ_NOTES, "Our own note for members, never from an external calendar; null for support.")
    def note(self) -> str | None:
        return self.record.note

    times: AbsenceTimes = leaf("When.")

    @classmethod
    def of(cls, operation: Operation, record: records.Absence) -> Self:
        """The absence as this operation's actor sees it."""
        times = record.times
        return cls(
            subject=Subject(operation, record.company_id, record.employee_id),
            record=record,
            id=ids.encode("Absence", record.company_id, record.id),
            times=_range(times) if isinstance(times, Span) else AbsenceDays(from_=times.first, until=times.last),
        )


def _range(span: Span) -> AbsenceRange:
    return AbsenceRange(start=instant_from_minute(span.start), end=instant_from_minute(span.end))
