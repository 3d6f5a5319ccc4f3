"""What moving a booking changes, in a transaction that holds the locks: blocked spans, attendances, wishes (rules K1, K3)."""

import uuid
from datetime import datetime

from slotgraph.core.calendar_entries.wishing import wish_changes, wish_entries
from slotgraph.core.outbox import entries
from slotgraph.core.records import Booking, CalendarEntryState, OutboxAction, OutboxRow
from slotgraph.core.store import blocks, bookings
from slotgraph.core.store.database import Transaction
from slotgraph.core.values import Span


async def relocate(connection: Transaction, booking: Booking, moved: Booking, *, blocked: Span, at: datetime) -> None:
    """Let a booking be as `moved`, its attendants blocked for this span. Raises SpanTaken: roll back to where you were."""
    company_id, before, after = booking.company_id, set(booking.employee_ids), set(moved.employee_ids)
    await blocks.delete_expired_holds(connection, company_id, moved.employee_ids, span=blocked, now=at)
    for employee_id in sorted(before - after):
        own = {"booking_id": booking.id, "employee_id": employee_id}
        await blocks.delete_blocks_of_attendant(connection, company_id, **own)
        await bookings.delete_attendance(connection, booking, employee_id)
    for employee_id in sorted(after):
        own = {"booking_id": booking.id, "employee_id": employee_id}
        if employee_id not in before:
            await bookings.insert_attendance(connection, moved, employee_id)
        # Updated, for its own place is in nobody's way; and never gone, not even for a moment.
        if employee_id not in before or not await blocks.move_block(connection, company_id, span=blocked, **own):
            await blocks.insert_block(connection, company_id, block_id=uuid.uuid4().hex, span=blocked, **own)
    await bookings.set_span(connection, company_id, booking.id, span=moved.span)


async def wish_relocation(
    connection: Transaction, booking: Booking, moved: Booking, *, at: datetime
) -> list[OutboxRow]:
    """Wish that the entries of those who stay move, that those of whoever left go, and one for whoever has none; those to be tried at once.

    Whoever comes back while their entry is still on its way out keeps it.
    """
    known = await entries.entries_of_bookings(connection, booking.company_id, [booking.id])
    concerned = {*booking.employee_ids, *moved.employee_ids}
    standing = [
        entry
        for entry in known
        if entry.state is not CalendarEntryState.REMOVED
        and entry.calendar_id is not None
        and entry.employee_id in concerned
    ]
    written = {entry.employee_id for entry in standing}
    # Calendars before entries: so does whoever lets an account go.
    added = await wish_entries(connection, moved, [one for one in moved.employee_ids if one not in written], at=at)
    stays = {True: OutboxAction.MOVE, False: OutboxAction.REMOVE}
    changes = [(entry, stays[entry.employee_id in moved.employee_ids]) for entry in standing]
    return [*added, *await wish_changes(connection, changes, at=at)]
