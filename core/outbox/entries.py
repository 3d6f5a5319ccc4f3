"""Statements that read calendar entries: our own events in external calendars, and how their wishes stand."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Row, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from slotgraph.core import tables as t
from slotgraph.core.records import BookingChangeKind, CalendarEntry, CalendarEntryState
from slotgraph.core.store.notices import BookingChanged, publish
from slotgraph.core.values import FailureCause, Reference

_E, _O = t.calendar_entry.c, t.outbox.c
_JOINED = and_(_O.company_id == _E.company_id, _O.entry_id == _E.id)
_ENTRY_COLUMNS = (*t.calendar_entry.c, _O.attempts, _O.cause, _O.next_attempt_at)
_A = t.attendance.c
_ATTENDING = and_(_A.company_id == _E.company_id, _A.booking_id == _E.booking_id, _A.employee_id == _E.employee_id)
_SHOWN_COLUMNS = (*_ENTRY_COLUMNS, _A.employee_id.label("attendant"))


def _entry_from_row(row: Row[Any]) -> CalendarEntry:
    reference = None
    if row.reference_id is not None:
        reference = Reference(row.reference_calendar, row.reference_id, row.reference_etag)
    return CalendarEntry(
        company_id=row.company_id,
        id=row.id,
        booking_id=row.booking_id,
        employee_id=row.employee_id,
        calendar_id=row.calendar_id,
        state=CalendarEntryState(row.state),
        cause=FailureCause(row.cause) if row.cause else None,
        attempts=row.attempts,
        next_attempt_at=row.next_attempt_at,
        reference=reference,
    )


async def entries_of_bookings(
    connection: AsyncConnection, company_id: str, booking_ids: Collection[str]
) -> list[CalendarEntry]:
    """Calendar entries of some bookings: what stands outside or may yet, and for whoever attends what was removed last."""
    statement = (
        select(*_SHOWN_COLUMNS)
        .join_from(t.calendar_entry, t.outbox, _JOINED)
        .outerjoin(t.attendance, _ATTENDING)
        .where(_E.company_id == company_id, _E.booking_id.in_(booking_ids))
        .order_by(_E.employee_id, _E.state_at, _E.id)
    )
    standing, removed = [], {}
    for row in await connection.execute(statement):
        entry = _entry_from_row(row)
        if entry.state is not CalendarEntryState.REMOVED:
            standing.append(entry)
        elif row.attendant is not None:
            removed[entry.booking_id, entry.employee_id] = entry
    for entry in standing:
        removed.pop((entry.booking_id, entry.employee_id), None)
    return sorted([*standing, *removed.values()], key=lambda entry: entry.employee_id)


async def entry_by_id(connection: AsyncConnection, company_id: str, entry_id: str) -> CalendarEntry | None:
    """One calendar entry."""
    statement = (
        select(*_ENTRY_COLUMNS)
        .join_from(t.calendar_entry, t.outbox, _JOINED)
        .where(_E.company_id == company_id, _E.id == entry_id)
    )
    row = (await connection.execute(statement)).first()
    return _entry_from_row(row) if row else None


async def entries_by_ids(connection: AsyncConnection, company_id: str, ids: Collection[str]) -> list[CalendarEntry]:
    """Calendar entries of a company by their ids, in no order."""
    statement = (
        select(*_ENTRY_COLUMNS)
        .join_from(t.calendar_entry, t.outbox, _JOINED)
        .where(_E.company_id == company_id, _E.id.in_(ids))
    )
    return [_entry_from_row(row) for row in await connection.execute(statement)]


async def announce_entry(connection: AsyncConnection, company_id: str, entry_id: str) -> None:
    """Tell, once this write transaction commits, that an entry's state, cause or tries are others."""
    statement = select(_E.booking_id).where(_E.company_id == company_id, _E.id == entry_id)
    booking_id = (await connection.execute(statement)).scalar_one()
    await publish(connection, BookingChanged(company_id, booking_id, BookingChangeKind.CALENDAR_ENTRY))


async def standing_entries(
    connection: AsyncConnection, company_id: str, calendar_ids: Collection[str]
) -> Mapping[str, frozenset[Reference | None]]:
    """Our own entries that stand in some calendars as bookings do here, by calendar id; None for those that may be met as events.

    These are the ones whose writing has not been answered, those that somebody moved or deleted outside or that are missed (they
    are not where the booking is, or may come back), and those removed whose last writing may yet land.
    """
    elsewhere = (CalendarEntryState.MOVED_OUTSIDE, CalendarEntryState.GONE_OUTSIDE, CalendarEntryState.REMOVED)
    statement = (
        select(_E.calendar_id, _E.state, _E.missed_at, _E.reference_calendar, _E.reference_id, _E.reference_etag)
        .join_from(t.calendar_entry, t.outbox, _JOINED)
        .where(
            _E.company_id == company_id,
            _E.calendar_id.in_(calendar_ids),
            or_(_E.state != CalendarEntryState.REMOVED.value, and_(_O.unsure, _E.probed_at.is_not(None))),
        )
    )
    found: dict[str, set[Reference | None]] = {calendar_id: set() for calendar_id in calendar_ids}
    for row in await connection.execute(statement):
        is_there = row.missed_at is None and CalendarEntryState(row.state) not in elsewhere
        known = row.reference_id is not None and is_there
        reference = Reference(row.reference_calendar, row.reference_id, row.reference_etag) if known else None
        found[row.calendar_id].add(reference)
    return {calendar_id: frozenset(references) for calendar_id, references in found.items()}
