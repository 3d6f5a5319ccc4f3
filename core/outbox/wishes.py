"""Statements that wish something of a calendar entry, and that let entries go with their calendar."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import and_, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from slotgraph.core import tables as t
from slotgraph.core.outbox.leases import is_unlinked, lease, set_entry
from slotgraph.core.records import BookingChangeKind, CalendarEntryState, OutboxAction, OutboxRow, OutboxState
from slotgraph.core.store.notices import BookingChanged, publish

_E, _O = t.calendar_entry.c, t.outbox.c


async def add_wish(
    connection: AsyncConnection,
    company_id: str,
    *,
    entry_id: str,
    booking_id: str,
    employee_id: str,
    calendar_id: str,
    at: datetime,
    lease_until: datetime,
) -> OutboxRow:
    """Add an entry that shall be written, leased to whoever adds it."""
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
            fence=1,
            lease=1,
            lease_until=lease_until,
        )
    )
    wish = OutboxAction.WRITE, OutboxState.PENDING
    return OutboxRow(company_id, entry_id, *wish, at, attempts=0, fence=1, lease_until=lease_until)


async def change_wish(
    connection: AsyncConnection,
    company_id: str,
    entry_id: str,
    *,
    action: OutboxAction,
    at: datetime,
    lease_until: datetime,
) -> OutboxRow | None:
    """Replace the wish of an entry by another, leased to whoever changes it; None if somebody else has it: then it waits for them.

    Of an entry whose calendar is unlinked nothing can be wished: None, too.
    """
    if await is_unlinked(connection, company_id, entry_id):
        return None
    own = (_O.company_id == company_id, _O.entry_id == entry_id)
    facts = {
        "action": action.value,
        "state": OutboxState.PENDING.value,
        "created_at": at,
        "attempts": 0,
        "cause": None,
        "next_attempt_at": at,
        "fence": _O.fence + 1,
    }
    await connection.execute(update(t.outbox).where(*own).values(**facts))
    await set_entry(connection, company_id, entry_id, state=CalendarEntryState.PENDING, at=at)
    return await lease(connection, company_id, entry_id, now=at, until=lease_until)


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
    locked = select(_E.id, _E.booking_id, _E.state).where(in_calendars).order_by(_E.id).with_for_update()
    for row in (await connection.execute(locked)).all():
        if row.state == CalendarEntryState.PENDING.value:
            await publish(connection, BookingChanged(company_id, row.booking_id, BookingChangeKind.CALENDAR_ENTRY))
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


async def wished(connection: AsyncConnection, company_id: str, entry_id: str) -> OutboxAction:
    """What was wished of an entry last."""
    statement = select(_O.action).where(_O.company_id == company_id, _O.entry_id == entry_id)
    return OutboxAction((await connection.execute(statement)).scalar_one())
