"""The blocks of an overview: external events, and those of our own data."""

from collections.abc import Sequence
from dataclasses import dataclass

from slotgraph.core.availability import absent_spans, openings
from slotgraph.core.clock import zone
from slotgraph.core.operation import Operation
from slotgraph.core.policy import MaskedReason
from slotgraph.core.records import Absence, Availability, Booking, BookingState, Calendar, Employee
from slotgraph.core.spans import clipped
from slotgraph.core.store import bookings, schedule
from slotgraph.core.store.bookings import BookingFilter
from slotgraph.core.store.directory import Directory
from slotgraph.core.values import BusyStatus, Forgettable, Span

MAX_BOOKINGS = 10_000


@dataclass(frozen=True, slots=True, repr=False)
class ExternalEvent(Forgettable):
    """An event of an external calendar. `all_day` is None where only busy time was read; `masked` says why there is no title."""

    span: Span
    employee_id: str
    calendar: Calendar | None
    status: BusyStatus
    all_day: bool | None
    title: str | None
    masked: MaskedReason | None


@dataclass(frozen=True, slots=True)
class OverviewBooking:
    """A confirmed booking in one attendant's column."""

    span: Span
    employee_id: str
    booking: Booking


@dataclass(frozen=True, slots=True)
class OverviewAbsence:
    """An absence on one employee's local days."""

    span: Span
    employee_id: str
    absence: Absence


@dataclass(frozen=True, slots=True)
class OverviewAvailability:
    """An availability on one date."""

    span: Span
    employee_id: str
    availability: Availability


OverviewEntry = ExternalEvent | OverviewBooking | OverviewAbsence | OverviewAvailability


async def own_entries(
    operation: Operation, directory: Directory, employees: Sequence[Employee], window: Span
) -> list[OverviewEntry]:
    """The blocks of our own data that touch the window."""
    company_id, ids = directory.company.id, [one.id for one in employees]
    which = BookingFilter(
        ends_after=window.start,
        starts_before=window.end,
        employee_ids=tuple(ids),
        states=(BookingState.CONFIRMED,),
    )
    async with operation.database.read() as connection:
        booked = await bookings.bookings_page(connection, company_id, which=which, first=MAX_BOOKINGS)
        available = await schedule.availabilities_of(connection, company_id, ids)
        absent = await schedule.absences_of(connection, company_id, ids, window=window)
    entries: list[OverviewEntry] = [
        OverviewBooking(one.span, employee_id, one)
        for one in booked
        for employee_id in one.employee_ids
        if employee_id in ids
    ]
    for employee in employees:
        entries += _schedule_entries(employee, available, absent, window=window)
    return entries


def _schedule_entries(
    employee: Employee, available: Sequence[Availability], absent: Sequence[Absence], *, window: Span
) -> list[OverviewEntry]:
    tz = zone(employee.time_zone)
    entries: list[OverviewEntry] = [
        OverviewAvailability(span, employee.id, one)
        for one in available
        if one.employee_id == employee.id
        for span in openings([one.rule], tz, window)
    ]
    for absence in absent:
        if absence.employee_id in (None, employee.id):
            (span,) = absent_spans([absence.times], tz)
            if clipped([span], window):
                entries.append(OverviewAbsence(span, employee.id, absence))
    return entries
