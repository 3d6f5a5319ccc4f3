"""The outbox: what still has to be written into external calendars, one row per calendar entry (rules K3, K4).

A row is the entry's latest wish. Changing the wish raises the fence; whoever finishes an older wish finds the fence changed and leaves the
row PENDING. Who carries the wishes out is not decided here.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from slotgraph.core import tables as t
from slotgraph.core.records import (
    CalendarEntry,
    CalendarEntryState,
    OutboxAction,
    OutboxRow,
    OutboxState,
)
from slotgraph.core.values import FailureCause, Reference

_E, _O = t.calendar_entry.c, t.outbox.c
_JOINED = and_(_O.company_id == _E.company_id, _O.entry_id == _E.id)
_ENTRY_COLUMNS = (*t.calendar_entry.c, _O.attempts, _O.cause, _O.next_attempt_at)


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
    """Calendar entries of some bookings."""
    statement = (
        select(*_ENTRY_COLUMNS)
        .join_from(t.calendar_entry, t.outbox, _JOINED)
        .where(_E.company_id == company_id, _E.booking_id.in_(booking_ids))
        .order_by(_E.employee_id)
    )
    return [_entry_from_row(row) for row in await connection.execute(statement)]


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


async def standing_entries(
    connection: AsyncConnection, company_id: str, calendar_ids: Collection[str]
) -> Mapping[str, frozenset[Reference | None]]:
    """Our own entries that may stand in some calendars, by calendar id; None for those whose writing has not been answered."""
    standing = (CalendarEntryState.PENDING.value, CalendarEntryState.WRITTEN.value, CalendarEntryState.FAILED.value)
    statement = select(_E.calendar_id, _E.reference_calendar, _E.reference_id, _E.reference_etag).where(
        _E.company_id == company_id, _E.calendar_id.in_(calendar_ids), _E.state.in_(standing)
    )
    found: dict[str, set[Reference | None]] = {calendar_id: set() for calendar_id in calendar_ids}
    for row in await connection.execute(statement):
        known = row.reference_id is not None
        reference = Reference(row.reference_calendar, row.reference_id, row.reference_etag) if known else None
        found[row.calendar_id].add(reference)
    return {calendar_id: frozenset(references) for calendar_id, references in found.items()}


async def add_wish(
    connection: AsyncConnection,
    company_id: str,
    *,
    entry_id: str,
    booking_id: str,
    employee_id: str,
    calendar_id: str,
    at: datetime,
) -> None:
    """Add an entry that shall be written, due at once."""
    await connection.execute(
        insert(t.calendar_entry).values(
            company_id=company_id,
            id=entry_id,
            booking_id=booking_id,
            employee_id=employee_id,
            calendar_id=calendar_id,
            state=CalendarEntryState.PENDING.value,
            state_at=at,
        )
    )
    await connection.execute(
        insert(t.outbox).values(
            company_id=company_id,
            entry_id=entry_id,
            action=OutboxAction.WRITE.value,
            state=OutboxState.PENDING.value,
            created_at=at,
            attempts=0,
            next_attempt_at=at,
            fence=0,
        )
    )


async def change_wish(
    connection: AsyncConnection, company_id: str, entry_id: str, *, action: OutboxAction, at: datetime
) -> None:
    """Replace the wish of an entry by another, due at once. Of an entry whose calendar is unlinked nothing can be wished."""
    if await _is_unlinked(connection, company_id, entry_id):
        return
    await connection.execute(
        update(t.outbox)
        .where(_O.company_id == company_id, _O.entry_id == entry_id)
        .values(
            action=action.value,
            state=OutboxState.PENDING.value,
            created_at=at,
            attempts=0,
            cause=None,
            next_attempt_at=at,
            fence=_O.fence + 1,
        )
    )
    await _set_entry(connection, company_id, entry_id, state=CalendarEntryState.PENDING, at=at)


async def wish(connection: AsyncConnection, company_id: str, entry_id: str) -> OutboxRow | None:
    """The wish of an entry, if it is still PENDING."""
    statement = select(t.outbox).where(
        _O.company_id == company_id, _O.entry_id == entry_id, _O.state == OutboxState.PENDING.value
    )
    row = (await connection.execute(statement)).first()
    return _wish_from_row(row) if row else None


def _wish_from_row(row: Row[Any]) -> OutboxRow:
    return OutboxRow(
        row.company_id,
        row.entry_id,
        OutboxAction(row.action),
        OutboxState(row.state),
        row.created_at,
        row.attempts,
        row.fence,
    )


async def due(connection: AsyncConnection, *, now: datetime, limit: int) -> list[OutboxRow]:
    """The wishes whose next try has come, the oldest first."""
    statement = (
        select(t.outbox)
        .where(_O.state == OutboxState.PENDING.value, _O.next_attempt_at <= now)
        .order_by(_O.next_attempt_at, _O.entry_id)
        .limit(limit)
    )
    return [_wish_from_row(row) for row in await connection.execute(statement)]


async def settle(
    connection: AsyncConnection,
    row: OutboxRow,
    *,
    state: CalendarEntryState,
    reference: Reference | None,
    at: datetime,
) -> bool:
    """Note that a wish was carried out. False if it had changed meanwhile: then only the reference is kept.

    Of an entry whose calendar was unlinked meanwhile no reference is kept, only that it stands.
    """
    if await _is_unlinked(connection, row.company_id, row.entry_id):
        reference = None
    settled = await _update_wish(connection, row, state=OutboxState.DONE, cause=None, next_attempt_at=None)
    where = (_E.company_id == row.company_id, _E.id == row.entry_id)
    values: dict[str, Any] = {}
    if reference is not None:
        values = {
            "reference_calendar": reference.calendar_id,
            "reference_id": reference.id,
            "reference_etag": reference.etag,
        }
    if settled:
        values |= {"state": state.value, "state_at": at}
    if values:
        await connection.execute(update(t.calendar_entry).where(*where).values(**values))
    return settled


async def postpone(
    connection: AsyncConnection, row: OutboxRow, *, cause: FailureCause, next_attempt_at: datetime | None, at: datetime
) -> None:
    """Note a failed try. Without a next one the wish is given up and the entry FAILED, visibly; so is one that is unlinked."""
    if await _is_unlinked(connection, row.company_id, row.entry_id):
        next_attempt_at = None
    state = OutboxState.DEAD if next_attempt_at is None else OutboxState.PENDING
    changed = await _update_wish(connection, row, state=state, cause=cause, next_attempt_at=next_attempt_at)
    if changed and next_attempt_at is None:
        await _set_entry(connection, row.company_id, row.entry_id, state=CalendarEntryState.FAILED, at=at)


async def left_outside(
    connection: AsyncConnection, company_id: str, calendar_ids: Collection[str], *, now_minute: int
) -> int:
    """How many entries of ours stand in some calendars for bookings that are not over."""
    b = t.booking.c
    statement = (
        select(func.count())
        .select_from(t.calendar_entry)
        .join(t.booking, and_(b.company_id == _E.company_id, b.id == _E.booking_id))
        .where(
            _E.company_id == company_id,
            _E.calendar_id.in_(calendar_ids),
            _E.reference_id.is_not(None),
            _E.state != CalendarEntryState.REMOVED.value,
            b.end_minute > now_minute,
        )
    )
    return (await connection.execute(statement)).scalar_one()


async def let_go(connection: AsyncConnection, company_id: str, calendar_ids: Collection[str], *, at: datetime) -> None:
    """Forget where the entries in some calendars stand; what was still wished of them is given up, visibly."""
    in_calendars = and_(_E.company_id == company_id, _E.calendar_id.in_(calendar_ids))
    # Whoever changes or settles a wish locks its entry first, too.
    await connection.execute(select(_E.id).where(in_calendars).order_by(_E.id).with_for_update())
    await connection.execute(
        update(t.outbox)
        .where(
            _O.company_id == company_id,
            _O.state == OutboxState.PENDING.value,
            _O.entry_id.in_(select(_E.id).where(in_calendars)),
        )
        .values(state=OutboxState.DEAD.value, next_attempt_at=None)
    )
    await connection.execute(
        update(t.calendar_entry)
        .where(in_calendars, _E.state == CalendarEntryState.PENDING.value)
        .values(state=CalendarEntryState.FAILED.value, state_at=at)
    )
    await connection.execute(
        update(t.calendar_entry)
        .where(in_calendars)
        .values(calendar_id=None, reference_calendar=None, reference_id=None, reference_etag=None)
    )


async def _is_unlinked(connection: AsyncConnection, company_id: str, entry_id: str) -> bool:
    """Whether an entry's calendar was unlinked; if not, nobody unlinks it before the transaction ends."""
    statement = select(_E.calendar_id).where(_E.company_id == company_id, _E.id == entry_id).with_for_update()
    return (await connection.execute(statement)).scalar() is None


async def _update_wish(
    connection: AsyncConnection,
    row: OutboxRow,
    *,
    state: OutboxState,
    cause: FailureCause | None,
    next_attempt_at: datetime | None,
) -> bool:
    statement = (
        update(t.outbox)
        .where(_O.company_id == row.company_id, _O.entry_id == row.entry_id, _O.fence == row.fence)
        .values(
            state=state.value,
            attempts=_O.attempts + 1,
            cause=cause and cause.value,
            next_attempt_at=next_attempt_at,
        )
    )
    return (await connection.execute(statement)).rowcount == 1


async def _set_entry(
    connection: AsyncConnection, company_id: str, entry_id: str, *, state: CalendarEntryState, at: datetime
) -> None:
    await connection.execute(
        update(t.calendar_entry)
        .where(_E.company_id == company_id, _E.id == entry_id)
        .values(state=state.value, state_at=at)
    )
