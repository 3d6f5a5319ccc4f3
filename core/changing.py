"""Seeing and cancelling bookings: by id for members and tokens, by manage token for customers (rules K2, K5)."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from slotgraph.core import outbox
from slotgraph.core.asking import MAX_DEADLINE_MS
from slotgraph.core.calendar_writer import CalendarWriter
from slotgraph.core.customers import text_faults
from slotgraph.core.idempotency import REMEMBERED_FOR, idempotency_key, input_hash, is_key, lock_key
from slotgraph.core.manage_token import read, verify
from slotgraph.core.operation import Operation
from slotgraph.core.plugin import Deadline
from slotgraph.core.policy import Action, Customer
from slotgraph.core.problems import InvalidField, InvalidInput, KeyReused, NotFound, TooLate
from slotgraph.core.records import Booking, BookingState, CalendarEntry, OutboxAction
from slotgraph.core.store import bookings, locks, schedule
from slotgraph.core.store.bookings import BookingFilter, Remembered
from slotgraph.core.store.database import Transaction
from slotgraph.core.values import Secret

_MUTATION = "cancelBooking"
MAX_REASON = 1000


@dataclass(frozen=True, slots=True)
class BookingRef:
    """A booking: by company and id, or by manage token. Exactly one is given."""

    company_id: str | None = None
    id: str | None = None
    manage_token: Secret | None = None


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """Which booking to cancel, and why."""

    idempotency_key: str
    booking: BookingRef
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class SeenBooking:
    """A booking and the operation that may see it: a customer's manage token makes them an actor of their own."""

    booking: Booking
    operation: Operation


CancelResult = SeenBooking | TooLate | InvalidInput | NotFound | KeyReused


class BookingDesk:
    """Finds, lists and cancels bookings."""

    def __init__(self, writer: CalendarWriter, *, manage_key: bytes) -> None:
        self._writer = writer
        self._manage_key = manage_key

    async def booking(self, operation: Operation, ref: BookingRef) -> SeenBooking | None:
        """The booking an actor may see; None if there is none for them."""
        if ref.manage_token is not None:
            return await self._by_manage_token(operation, ref.manage_token)
        if ref.company_id is None or ref.id is None:
            return None
        if not await operation.permits(Action.READ_BOOKING, ref.company_id, booking_id=ref.id):
            return None
        booking = await _load(operation, ref.company_id, ref.id)
        return SeenBooking(booking, operation) if booking else None

    async def _by_manage_token(self, operation: Operation, token: Secret) -> SeenBooking | None:
        named = read(token.reveal())
        if named is None:
            return None
        booking = await _load(operation, named.company_id, named.booking_id)
        generation = booking.generation if booking else 0
        if not verify(self._manage_key, token.reveal(), generation=generation) or booking is None:
            return None
        customer = Customer(booking.company_id, booking.id)
        return SeenBooking(booking, Operation(customer, operation.database, operation.clock, operation.client))

    async def bookings(
        self,
        operation: Operation,
        company_id: str,
        *,
        which: BookingFilter,
        first: int,
        after: tuple[int, str] | None = None,
    ) -> Sequence[Booking] | None:
        """Up to `first` bookings of a company in order of start; None if the actor may not see them."""
        if not await operation.permits(Action.READ_BOOKING, company_id):
            return None
        sees_customers = await operation.permits(Action.READ_CUSTOMER, company_id)
        if which.customer_email is not None and not sees_customers:
            return []
        async with operation.database.read() as connection:
            return await bookings.bookings_page(connection, company_id, which=which, first=first, after=after)

    async def bookings_by_ids(
        self, operation: Operation, company_id: str, booking_ids: Collection[str]
    ) -> Sequence[Booking]:
        """Some bookings of a company; none if the actor may not see all of its bookings."""
        if not await operation.permits(Action.READ_BOOKING, company_id):
            return []
        async with operation.database.read() as connection:
            return await bookings.bookings_by_ids(connection, company_id, booking_ids)

    async def entries(
        self, operation: Operation, company_id: str, booking_ids: Collection[str]
    ) -> Sequence[CalendarEntry] | None:
        """Where the calendar entries of some bookings are on their way; None for customers and strangers."""
        if not await operation.permits(Action.READ_CALENDAR_ENTRY, company_id):
            return None
        async with operation.database.read() as connection:
            return await outbox.entries_of_bookings(connection, company_id, booking_ids)

    async def entries_by_ids(
        self, operation: Operation, company_id: str, entry_ids: Collection[str]
    ) -> Sequence[CalendarEntry]:
        """Some calendar entries; none for customers and strangers."""
        if not await operation.permits(Action.READ_CALENDAR_ENTRY, company_id):
            return []
        async with operation.database.read() as connection:
            return await outbox.entries_by_ids(connection, company_id, entry_ids)

    async def cancel(self, operation: Operation, request: CancelRequest) -> CancelResult:
        """Cancel a booking; cancelling twice gives the same answer."""
        faults = tuple(_faults(request))
        if faults:
            return InvalidInput(faults)
        seen = await self.booking(operation, request.booking)
        if seen is None or not await seen.operation.permits(
            Action.CHANGE_BOOKING, seen.booking.company_id, booking_id=seen.booking.id
        ):
            return NotFound(("input", "booking"))
        refusal = await self._cancel(seen, request)
        if refusal is not None:
            return refusal
        await self._removed_outside(seen)
        booking = await _load(seen.operation, seen.booking.company_id, seen.booking.id)
        return SeenBooking(booking or seen.booking, seen.operation)

    async def _cancel(self, seen: SeenBooking, request: CancelRequest) -> TooLate | KeyReused | None:
        """One transaction: the state, the blocked span, the wishes for the calendars and the key."""
        operation, booking = seen.operation, seen.booking
        now = operation.clock.now()
        key = idempotency_key(operation.actor, booking.company_id, mutation=_MUTATION, key=request.idempotency_key)
        hashed = _hash(request, booking)
        may_be_late = await operation.permits(Action.CHANGE_BOOKING_LATE, booking.company_id)
        async with operation.database.write() as connection:
            since = now - REMEMBERED_FOR
            await lock_key(connection, key)
            await locks.lock_employees(connection, booking.company_id, booking.employee_ids)
            earlier = await bookings.remembered(connection, key, since=since)
            if earlier is not None:
                return None if earlier.input_hash == hashed else KeyReused()
            fresh = (await bookings.bookings_by_ids(connection, booking.company_id, [booking.id]))[0]
            if fresh.state is BookingState.CONFIRMED:
                if not may_be_late and now > fresh.changeable_until:
                    return TooLate(fresh.changeable_until)
                await _store_cancelled(connection, fresh, reason=(request.reason or "").strip() or None, at=now)
            success = Remembered(hashed, "Booking", booking.id)
            await bookings.remember(connection, key, success=success, at=now, lapsed=since)
        return None

    async def _removed_outside(self, seen: SeenBooking) -> None:
        """Try at once to remove the entries outside; what fails stays PENDING."""
        booking, operation = seen.booking, seen.operation
        deadline = Deadline(operation.clock, MAX_DEADLINE_MS / 1000)
        async with operation.database.read() as connection:
            entries = await outbox.entries_of_bookings(connection, booking.company_id, [booking.id])
        for entry in entries:
            await self._writer.try_now(booking.company_id, entry.id, deadline=deadline)


async def _load(operation: Operation, company_id: str, booking_id: str) -> Booking | None:
    async with operation.database.read() as connection:
        found = await bookings.bookings_by_ids(connection, company_id, [booking_id])
    return found[0] if found else None


async def _store_cancelled(connection: Transaction, booking: Booking, *, reason: str | None, at: datetime) -> None:
    """The state, the blocked span, and the wish that the entries outside go."""
    await bookings.set_cancelled(connection, booking.company_id, booking.id, reason=reason)
    await schedule.delete_blocks_of_booking(connection, booking.company_id, booking.id)
    entries = await outbox.entries_of_bookings(connection, booking.company_id, [booking.id])
    # In the order in which letting an account go locks them, lest the two wait for each other.
    for entry in sorted(entries, key=lambda one: one.id):
        await outbox.change_wish(connection, booking.company_id, entry.id, action=OutboxAction.REMOVE, at=at)


def _faults(request: CancelRequest) -> Iterator[InvalidField]:
    if not is_key(request.idempotency_key):
        yield InvalidField(("input", "idempotencyKey"), "must be a UUID, new for each intent.")
    if request.reason and request.reason.strip():
        yield from text_faults(("input", "reason"), request.reason, longest=MAX_REASON, lines=True)


def _hash(request: CancelRequest, booking: Booking) -> str:
    """The hash of what is asked for: by id or by token, it is the same booking."""
    ref = BookingRef(booking.company_id, booking.id)
    return input_hash(replace(request, booking=ref, idempotency_key=""))
