"""The overview and its blocks. External titles pass through here into the answer, and stay nowhere."""

from datetime import datetime
from typing import Self

import strawberry

from slotgraph.core import overview as core
from slotgraph.core import overview_entries as blocks
from slotgraph.core.booking.finding import SeenBooking
from slotgraph.core.clock import instant_from_minute
from slotgraph.core.operation import Operation
from slotgraph.core.policy import Action, MaskedReason
from slotgraph.core.values import BusyStatus
from slotgraph.schema.guard import Subject, interface_type, leaf, object_type, resolved
from slotgraph.schema.scalars import TimeZone
from slotgraph.schema.types import accounts, employees, schedule
from slotgraph.schema.types.bookings import Booking
from slotgraph.schema.types.lazy import LazyCalendar, LazyEmployee
from slotgraph.schema.types.nodes import present
from slotgraph.schema.types.schedule import Absence, Availability
from slotgraph.schema.types.slots import CalendarCheck, checks_of


@interface_type("One block in one employee's column.")
class OverviewEntry:
    """A block."""

    subject: strawberry.Private[Subject]

    start: datetime = leaf("Start.")
    end: datetime = leaf("End.")

    @resolved(Action.READ_OVERVIEW, "Whose column.")
    async def employee(self) -> LazyEmployee:
        operation, company_id, employee_id, _ = self.subject
        return present(await employees.employee_of(operation, company_id or "", employee_id))


@object_type(Action.READ_OVERVIEW, "An event of an external calendar. Never stored, so it has no id.")
class ExternalEvent(OverviewEntry):
    """A block that is not ours. Core has left out the title of a masked one."""

    block: strawberry.Private[blocks.ExternalEvent]

    @resolved(Action.NAME_CALENDAR, "Where it stands; null for colleagues.")
    def calendar(self) -> LazyCalendar | None:
        record = self.block.calendar
        return accounts.Calendar.of(self.subject.operation, record) if record else None

    status: BusyStatus = leaf("How it counts.")
    all_day: bool | None = leaf("Whole local days; null where only busy time was read, which does not say.")
    title: str | None = leaf("Its title. Null if masked, or if the event has none.")
    masked: bool = leaf("True: you may not see the title.")
    masked_reason: MaskedReason | None = leaf("Why it is masked; null if it is not.")


@object_type(Action.READ_OVERVIEW, "A confirmed booking; one of several employees stands in each of their columns.")
class OverviewBooking(OverviewEntry):
    """A block of a booking."""

    block: strawberry.Private[blocks.OverviewBooking]

    @resolved(Action.READ_OVERVIEW, "The booking.")
    def booking(self) -> Booking:
        return Booking.of(SeenBooking(self.block.booking, self.subject.operation))


@object_type(
    Action.READ_OVERVIEW, "An absence on this employee's local days; one of the company stands in every column."
)
class OverviewAbsence(OverviewEntry):
    """A block of an absence."""

    block: strawberry.Private[blocks.OverviewAbsence]

    @resolved(Action.READ_OVERVIEW, "The absence.")
    def absence(self) -> Absence:
        return Absence.of(self.subject.operation, self.block.absence)


@object_type(Action.READ_OVERVIEW, "An availability on one date.")
class OverviewAvailability(OverviewEntry):
    """A block of an availability."""

    block: strawberry.Private[blocks.OverviewAvailability]

    @resolved(Action.READ_OVERVIEW, "The availability.")
    def availability(self) -> Availability:
        return schedule.availability_of(self.subject.operation, self.block.availability)


@object_type(Action.READ_OVERVIEW, "A company's calendar for some days, read anew for this answer.")
class Overview:
    """The days asked for."""

    subject: strawberry.Private[Subject]
    record: strawberry.Private[core.Overview]

    time_zone: TimeZone = leaf("Zone of the days asked for.")

    @resolved(Action.READ_OVERVIEW, "Everything in the range, in order of start.")
    def entries(self) -> list[OverviewEntry]:
        operation, company_id = self.subject.operation, self.record.company_id
        subjects: dict[str, Subject] = {}
        shown = []
        for block in self.record.entries:
            subject = subjects.setdefault(block.employee_id, Subject(operation, company_id, block.employee_id))
            shown.append(_entry(subject, block))
        return shown

    @resolved(Action.READ_OVERVIEW, "How each external calendar answered.")
    def sources(self) -> list[CalendarCheck]:
        return checks_of(self.subject.operation, self.record.company_id, self.record.sources)

    complete: bool = leaf("True: every external calendar answered for the whole range.")

    @classmethod
    def of(cls, operation: Operation, record: core.Overview) -> Self:
        """The overview as core shows it to this operation's actor."""
        return cls(
            subject=Subject(operation, record.company_id),
            record=record,
            time_zone=TimeZone(record.time_zone),
            complete=record.complete,
        )


def _entry(subject: Subject, block: blocks.OverviewEntry) -> OverviewEntry:
    start, end = instant_from_minute(block.span.start), instant_from_minute(block.span.end)
    match block:
        case blocks.OverviewBooking():
            return OverviewBooking(subject=subject, block=block, start=start, end=end)
        case blocks.OverviewAbsence():
            return OverviewAbsence(subject=subject, block=block, start=start, end=end)
        case blocks.OverviewAvailability():
            return OverviewAvailability(subject=subject, block=block, start=start, end=end)
        case blocks.ExternalEvent():
            return ExternalEvent(
                subject=subject,
                block=block,
                start=start,
                end=end,
                status=block.status,
                all_day=block.all_day,
                title=block.title,
                masked=block.masked is not None,
                masked_reason=block.masked,
            )
