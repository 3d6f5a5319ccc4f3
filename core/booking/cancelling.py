"""Cancelling: in one transaction the state, the blocked span, the wishes for the calendars and the key (rules K1, K2, K5)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from slotgraph.core.asking import MAX_DEADLINE_MS
from slotgraph.core.booking.changes import announce
from slotgraph.core.booking.finding import BookingDesk, BookingRef, SeenBooking, load
from slotgraph.core.booking.idempotency import Call, key_faults
from slotgraph.core.calendar_entries.wishing import wish_change
from slotgraph.core.calendar_entries.writer import CalendarWriter
from slotgraph.core.customers import text_faults
from slotgraph.core.operation import Operation
from slotgraph.core.outbox import entries
from slotgraph.core.plugin import Deadline
from slotgraph.core.policy import Action
from slotgraph.core.problems import InvalidField, InvalidInput, KeyReused, NotFound, TooLate
from slotgraph.core.records import (
    Booking,
    BookingChangeKind,
    BookingState,
    CalendarEntryState,
    OutboxAction,
    OutboxRow,
)
from slotgraph.core.store import blocks, bookings, locks
from slotgraph.core.store.database import Transaction

_MUTATION = "cancelBooking"
MAX_REASON = 1000


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """Which booking to cancel, and why."""

    idempotency_key: str
    booking: BookingRef
    reason: str | None = None


CancelResult = SeenBooking | TooLate | InvalidInput | NotFound | KeyReused


class Cancellations:
    """Cancels bookings."""

    def __init__(self, desk: BookingDesk, writer: CalendarWriter) -> None:
        self._desk = desk
        self._writer = writer

    async def cancel(self, operation: Operation, request: CancelRequest) -> CancelResult:
        """Cancel a booking; cancelling twice gives the same answer."""
        faults = tuple(_faults(request))
        if faults:
            return InvalidInput(faults)
        seen = await self._desk.booking_to_change(operation, request.booking)
        if seen is None:
            return NotFound(("input", "booking"))
        deadline = Deadline(operation.clock, MAX_DEADLINE_MS / 1000)
        wishes: list[OutboxRow] = []
        refusal = await self._cancel(seen, request, wishes)
        if refusal is not None:
            return refusal
        await self._writer.try_all(wishes, deadline=deadline)
        booking = await load(seen.operation, seen.booking.company_id, seen.booking.id)
        return SeenBooking(booking or seen.booking, seen.operation)

    async def _cancel(
        self, seen: SeenBooking, request: CancelRequest, wishes: list[OutboxRow]
    ) -> TooLate | KeyReused | None:
        """One transaction; `wishes` are then to be carried out."""
        operation, booking = seen.operation, seen.booking
        now, company_id = operation.clock.now(), booking.company_id
        call = _call(operation, request, booking)
        may_be_late = await operation.permits(Action.CHANGE_BOOKING_LATE, company_id)
        async with operation.database.write() as connection:
            await call.lock(connection)
            await locks.lock_employees(connection, company_id, booking.employee_ids)
            earlier = await call.first_success(connection, now=now)
            if earlier is not None:
                return earlier if isinstance(earlier, KeyReused) else None
            await locks.lock_booking(connection, company_id, booking.id)
            (fresh,) = await bookings.bookings_by_ids(connection, company_id, [booking.id])
            if fresh.state is BookingState.CONFIRMED:
                if not may_be_late and now > fresh.changeable_until:
                    return TooLate(fresh.changeable_until)
                wishes += await _store(connection, fresh, reason=(request.reason or "").strip() or None, at=now)
            await call.remember(connection, "Booking", booking.id, now=now)
        return None


async def _store(connection: Transaction, booking: Booking, *, reason: str | None, at: datetime) -> list[OutboxRow]:
    """The state, the blocked span, and the wish that the entries outside go."""
    company_id = booking.company_id
    await bookings.set_cancelled(connection, company_id, booking.id, reason=reason)
    await blocks.delete_blocks_of_booking(connection, company_id, booking.id)
    await announce(connection, booking, BookingChangeKind.CANCELLED)
    known = await entries.entries_of_bookings(connection, company_id, [booking.id])
    standing = [entry for entry in known if entry.state is not CalendarEntryState.REMOVED]
    return await wish_change(connection, standing, OutboxAction.REMOVE, at=at)


def _faults(request: CancelRequest) -> Iterator[InvalidField]:
    yield from key_faults(request.idempotency_key)
    if request.reason and request.reason.strip():
        yield from text_faults(("input", "reason"), request.reason, longest=MAX_REASON, lines=True)


def _call(operation: Operation, request: CancelRequest, booking: Booking) -> Call:
    """By id or by token, it is the same booking."""
    asked_for = (booking.company_id, booking.id, request.reason)
    return Call.of(
        operation.actor, booking.company_id, mutation=_MUTATION, key=request.idempotency_key, asked_for=asked_for
    )
