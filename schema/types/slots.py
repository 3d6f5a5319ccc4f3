"""The answer of a slot search, and how calendars answered."""

import datetime as dt
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Self, cast

import strawberry

from slotgraph.core import checks, searched
from slotgraph.core.checks import CheckState
from slotgraph.core.clock import instant_from_minute
from slotgraph.core.operation import Operation
from slotgraph.core.policy import Action
from slotgraph.core.values import Precision
from slotgraph.schema.guard import Subject, leaf, object_type, resolved
from slotgraph.schema.rows import Rows
from slotgraph.schema.scalars import Minute
from slotgraph.schema.types import accounts, employees
from slotgraph.schema.types.employees import Employee
from slotgraph.schema.types.enums import FailureCause, shown_cause
from slotgraph.schema.types.lazy import LazyCalendar, LazyEmployee
from slotgraph.schema.types.nodes import Info, directory_of

People = Mapping[str, Employee]
"""The employees of a search by id, made once for all its slots."""


@object_type(Action.READ_SCHEMA_SHAPE, "How one calendar answered for the asked range. Never says what stands in it.")
class CalendarCheck:
    """An outcome, already reduced to what its reader may know."""

    subject: strawberry.Private[Subject]
    record: strawberry.Private[checks.CalendarCheck]

    @resolved(Action.NAME_CALENDAR, "Which calendar; null for strangers and colleagues.")
    def calendar(self) -> LazyCalendar | None:
        record = self.record.calendar
        return accounts.Calendar.of(self.subject.operation, record) if record else None

    @resolved(Action.READ_CALENDAR_CHECK_DETAIL, "For whom; null for strangers.")
    async def employee(self) -> LazyEmployee | None:
        company_id = self.subject.company_id or ""
        return await employees.employee_of(self.subject.operation, company_id, self.record.employee_id)

    state: CheckState = leaf("Outcome.")
    cause: FailureCause | None = leaf("Why it could not be verified; null otherwise.")
    retry_after_seconds: int | None = leaf("Seconds after which asking again makes sense, if the provider said so.")
    at: datetime = leaf("When it answered or was given up.")
    precision: Precision | None = leaf("How exact the answer is; null unless VERIFIED.")

    @classmethod
    def of(cls, operation: Operation, company_id: str, record: checks.CalendarCheck) -> Self:
        """The check as core shows it to this operation's actor."""
        return cls(
            subject=Subject(operation, company_id, record.employee_id),
            record=record,
            state=record.state,
            cause=shown_cause(record.cause),
            retry_after_seconds=record.retry_after_seconds,
            at=record.at,
            precision=record.precision,
        )


def checks_of(operation: Operation, company_id: str, listed: Iterable[checks.CalendarCheck]) -> list[CalendarCheck]:
    """How each calendar answered."""
    return [CalendarCheck.of(operation, company_id, one) for one in listed]


@object_type(Action.SEARCH_SLOTS, "An offered start.")
class Slot:
    """A start. A search makes many, as Rows: nothing is worked out before it is asked for."""

    subject: strawberry.Private[Subject]
    record: strawberry.Private[searched.Slot]
    people: strawberry.Private[People]

    start: Minute = leaf("Start.")
    end: Minute = leaf("End of the service, buffers not counted.")

    @resolved(
        Action.SEARCH_SLOTS,
        "Who can take it: the one asked for, any of several, or all who attend together.",
        same_for="employee_ids",
    )
    def employees(self) -> list[LazyEmployee]:
        return [self.people[employee_id] for employee_id in self.record.employee_ids if employee_id in self.people]


@object_type(Action.SEARCH_SLOTS, "One local day of a slot search.")
class SlotDay:
    """A day."""

    subject: strawberry.Private[Subject]
    record: strawberry.Private[searched.SlotDay]
    people: strawberry.Private[People]

    day: dt.date = leaf("Day, in the zone of the search.", name="date")

    @resolved(Action.SEARCH_SLOTS, "Slots that start on this day.", type_=list[Slot], same_for="day")
    def slots(self) -> Rows[Slot]:
        return Rows(Slot, self.subject, self.record.slots, people=self.people)

    complete: bool = leaf("False: a calendar did not answer for this day; no slot does not mean booked out.")


@object_type(Action.SEARCH_SLOTS, "Answer of a slot search.")
class SlotSearch:
    """What was searched and found."""

    subject: strawberry.Private[Subject]
    record: strawberry.Private[searched.SlotSearch]
    people: strawberry.Private[People]

    from_: datetime = leaf("Start of what was really searched, after minimum notice.")
    to: datetime = leaf("End of what was really searched: the window's end, the horizon, or where firstFree stopped.")

    @resolved(Action.SEARCH_SLOTS, "Offered slots in order of start, each start once.", type_=list[Slot])
    def slots(self) -> Rows[Slot]:
        return Rows(Slot, self.subject, self.record.slots, people=self.people)

    @resolved(Action.SEARCH_SLOTS, "The starts alone: the cheapest form.")
    def starts(self) -> list[Minute]:
        return cast(list[Minute], [slot.start for slot in self.record.slots])

    @resolved(Action.SEARCH_SLOTS, "One item per local day of the window, empty days included.", type_=list[SlotDay])
    def days(self) -> Rows[SlotDay]:
        return Rows(SlotDay, self.subject, self.record.days, people=self.people)

    complete: bool = leaf(
        "True: every calendar answered for all of `from`..`to`."
        " False: somebody's slots are missing; `sources` says why."
    )

    @resolved(
        Action.SEARCH_SLOTS,
        "How each calendar answered. Strangers see at most one item each with cause TEMPORARY or PERMANENT,"
        " without calendar, employee and precision.",
    )
    def sources(self) -> list[CalendarCheck]:
        return checks_of(self.subject.operation, self.record.company_id, self.record.sources)

    @resolved(
        Action.SEARCH_SLOTS,
        "If there is no slot: the first free start after the window. Null if there are slots, or none was found in time;"
        " `firstFree` tells which.",
    )
    async def next_start(self, info: Info) -> datetime | None:
        search = info.context.use_cases.search
        start = await search.next_start(self.subject.operation, self.record)
        return None if start is None else instant_from_minute(start)

    @classmethod
    async def of(cls, operation: Operation, record: searched.SlotSearch) -> Self:
        """The answer as this operation's actor sees it."""
        directory = await directory_of(operation, record.company_id)
        return cls(
            subject=Subject(operation, record.company_id),
            record=record,
            people={one.id: Employee.of(operation, one) for one in directory.employees.values()},
            from_=instant_from_minute(record.searched.start),
            to=instant_from_minute(record.searched.end),
            complete=record.complete,
        )
