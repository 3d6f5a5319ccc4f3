"""Moving: a new start is judged as a booking's is, but never against the booking itself; then all of it moves at once (rules B6, K1, K5).

The booking, its id, its manage token and the entries of those who stay are kept.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from slotgraph.core.asking import Asking, deadline_of
from slotgraph.core.booking.attempts import Attempt, CalendarUnverified, Checked, check, invalid, takers
from slotgraph.core.booking.changes import announce
from slotgraph.core.booking.finding import BookingDesk, BookingRef, SeenBooking, load
from slotgraph.core.booking.idempotency import Call, key_faults
from slotgraph.core.booking.relocating import relocate, wish_relocation
from slotgraph.core.calendar_entries.wishing import LEASE
from slotgraph.core.calendar_entries.writer import CalendarWriter
from slotgraph.core.candidates import Candidates, EmployeeChoice, candidates_of
from slotgraph.core.clock import minute_from_instant
from slotgraph.core.errors import BadInput, SpanTaken, UnknownObject
from slotgraph.core.operation import Operation
from slotgraph.core.outbox import entries, leases
from slotgraph.core.plugin import Deadline
from slotgraph.core.policy import Action
from slotgraph.core.problems import (
    BookingIsCancelled,
    InvalidField,
    InvalidInput,
    KeyReused,
    NotFound,
    SlotNotOffered,
    SlotTaken,
    TooLate,
)
from slotgraph.core.records import (
    Booking,
    BookingChangeKind,
    BookingState,
    CalendarEntry,
    CalendarEntryState,
    OutboxRow,
)
from slotgraph.core.slots import SlotRule
from slotgraph.core.store import bookings, locks
from slotgraph.core.store.blocks import Own
from slotgraph.core.store.database import Transaction, savepoint
from slotgraph.core.values import Reference

_MUTATION = "rescheduleBooking"
JUDGED_AT_MOST = 3
"""How often a start is judged anew because the booking was changed while it was judged."""


@dataclass(frozen=True, slots=True)
class MoveRequest:
    """Where to move a booking. `employees` are other attendants; None keeps those who attend."""

    idempotency_key: str
    booking: BookingRef
    start: datetime
    employees: EmployeeChoice | None = None
    deadline_ms: int | None = None


Refusal = (
    SlotTaken | SlotNotOffered | CalendarUnverified | TooLate | BookingIsCancelled | InvalidInput | NotFound | KeyReused
)
MoveResult = SeenBooking | Refusal


@dataclass(frozen=True, slots=True)
class _Standing:
    """A booking and its entries outside, as they stood when a move was judged."""

    booking: Booking
    entries: tuple[CalendarEntry, ...]

    @property
    def references(self) -> frozenset[Reference]:
        """What is this booking's own outside, as far as it is known: never in its own way (rule B6)."""
        return frozenset(entry.reference for entry in self.entries if entry.reference is not None)

    @property
    def unanswered(self) -> list[CalendarEntry]:
        """Entries that may stand outside without anybody knowing as what."""
        waiting = (entry for entry in self.entries if entry.state is CalendarEntryState.PENDING)
        return sorted((entry for entry in waiting if entry.reference is None), key=lambda entry: entry.id)

    def is_as(self, other: "_Standing") -> bool:
        """Whether a move would be judged the same."""
        return (self.booking, self.references) == (other.booking, other.references)


@dataclass(frozen=True, slots=True)
class _Move:
    """One call on its way."""

    seen: SeenBooking
    request: MoveRequest
    call: Call
    deadline: Deadline
    may_be_late: bool

    @property
    def operation(self) -> Operation:
        return self.seen.operation

    @property
    def company_id(self) -> str:
        return self.seen.booking.company_id

    @property
    def booking_id(self) -> str:
        return self.seen.booking.id

    def why_not(self, booking: Booking) -> BookingIsCancelled | TooLate | None:
        """Why the booking as it stands cannot be moved anywhere; customers may until the limit before its old start (rule K5)."""
        if booking.state is BookingState.CANCELLED:
            return BookingIsCancelled()
        if not self.may_be_late and self.operation.clock.now() > booking.changeable_until:
            return TooLate(booking.changeable_until)
        return None


class Moves:
    """Moves bookings."""

    def __init__(self, desk: BookingDesk, asking: Asking, writer: CalendarWriter) -> None:
        self._desk = desk
        self._asking = asking
        self._writer = writer

    async def reschedule(self, operation: Operation, request: MoveRequest) -> MoveResult:
        """Check the new start, live, and move the booking there. Raises RateLimited."""
        faults = tuple(_faults(request))
        if faults:
            return InvalidInput(faults)
        try:
            deadline = deadline_of(operation.clock, request.deadline_ms, path=("input", "deadlineMs"))
        except BadInput as error:
            return invalid(error.path, error.reason)
        seen = await self._desk.booking_to_change(operation, request.booking)
        if seen is None:
            return NotFound(("input", "booking"))
        may_be_late = await seen.operation.permits(Action.CHANGE_BOOKING_LATE, seen.booking.company_id)
        move = _Move(seen, request, _call(seen, request), deadline, may_be_late)
        refusal = await self._moved(move)
        if refusal is not None:
            # Sent again while the first was on its way, a call may find its own entry in its way: that is no refusal (K2).
            async with seen.operation.database.read() as connection:
                earlier = await _earlier(connection, move)
            if not isinstance(earlier, str):
                return earlier or refusal
        booking = await load(seen.operation, move.company_id, move.booking_id)
        return SeenBooking(booking or seen.booking, seen.operation)

    async def _moved(self, move: _Move) -> Refusal | None:
        """Move it; None once it is. What was changed while it was judged is judged anew: the last one to move it wins."""
        for _ in range(JUDGED_AT_MOST):
            standing = await _standing(move)
            refusal = await self._attempt(move, standing)
            if not isinstance(refusal, SlotTaken):
                return refusal
            await self._try_unanswered(move, standing)
            if standing.is_as(await _standing(move)):
                return refusal
        return SlotTaken()

    async def _attempt(self, move: _Move, standing: _Standing) -> Refusal | None:
        async with move.operation.database.read() as connection:
            earlier = await _earlier(connection, move)
        if earlier is not None:
            return earlier if isinstance(earlier, KeyReused) else None
        why_not = move.why_not(standing.booking)
        if why_not is not None:
            return why_not
        who = await _attendants(move, standing.booking)
        if not isinstance(who, Candidates):
            return who
        start = minute_from_instant(move.request.start)
        attempt = Attempt(move.operation, who, start, own=Own(booking_id=move.booking_id))
        checked = await check(attempt, self._asking, deadline=move.deadline, except_=standing.references)
        if not checked.employees:
            return checked.otherwise
        wishes: list[OutboxRow] = []
        async with move.operation.database.write() as connection:
            refusal = await _store(connection, move, attempt, standing.booking, checked=checked, wishes=wishes)
        await self._writer.try_all(wishes, deadline=move.deadline)
        return refusal

    async def _try_unanswered(self, move: _Move, standing: _Standing) -> None:
        """Learn which of the events outside are this booking's own, where their writing was never answered."""
        if not standing.unanswered:
            return
        now, leased = move.operation.clock.now(), []
        async with move.operation.database.write() as connection:
            for entry in standing.unanswered:
                row = await leases.lease(connection, entry.company_id, entry.id, now=now, until=now + LEASE)
                if row is not None:
                    leased.append(row)
        await self._writer.try_all(leased, deadline=move.deadline)


def _faults(request: MoveRequest) -> Iterator[InvalidField]:
    yield from key_faults(request.idempotency_key)
    if request.start.second or request.start.microsecond:
        yield InvalidField(("input", "start"), "starts are whole minutes; take one as it was offered.")


def _call(seen: SeenBooking, request: MoveRequest) -> Call:
    """By id or by token, it is the same booking; how long the caller waits does not make it another call."""
    booking = seen.booking
    asked_for = (booking.company_id, booking.id, request.start.astimezone(UTC), request.employees)
    return Call.of(
        seen.operation.actor,
        booking.company_id,
        mutation=_MUTATION,
        key=request.idempotency_key,
        asked_for=asked_for,
    )


async def _earlier(connection: Transaction, move: _Move) -> str | KeyReused | None:
    return await move.call.first_success(connection, now=move.operation.clock.now())


async def _standing(move: _Move) -> _Standing:
    async with move.operation.database.read() as connection:
        (booking,) = await bookings.bookings_by_ids(connection, move.company_id, [move.booking_id])
        known = await entries.entries_of_bookings(connection, move.company_id, [move.booking_id])
    return _Standing(booking, tuple(entry for entry in known if entry.state is not CalendarEntryState.REMOVED))


async def _attendants(move: _Move, booking: Booking) -> Candidates | SlotNotOffered | InvalidInput | NotFound:
    """Who shall attend: those named, or all who attend now. Nobody was named who lacks a service that is not offered any more."""
    move.operation.forget_directory(move.company_id)
    directory = await move.operation.directory(move.company_id)
    service = directory.services.get(booking.service_id) if directory else None
    if directory is None or service is None or not service.active:
        return SlotNotOffered(SlotRule.SERVICE)
    if move.request.employees is not None:
        try:
            return candidates_of(directory, service, move.request.employees, path=("input",))
        except BadInput as error:
            return invalid(error.path, error.reason)
        except UnknownObject as error:
            return NotFound(error.path)
    bookable = {employee.id: employee for employee in directory.employees_of(service.id) if employee.active}
    if not all(employee_id in bookable for employee_id in booking.employee_ids):
        return SlotNotOffered(SlotRule.SERVICE)
    kept = [bookable[employee_id] for employee_id in booking.employee_ids]
    return Candidates(directory.company, service, kept, together=len(kept) > 1)


async def _store(
    connection: Transaction,
    move: _Move,
    attempt: Attempt,
    judged: Booking,
    *,
    checked: Checked,
    wishes: list[OutboxRow],
) -> Refusal | None:
    """Judge once more under the locks and move it for the first who are still free; `wishes` are then to be carried out."""
    now = move.operation.clock.now()
    await move.call.lock(connection)
    involved = {*judged.employee_ids, *(one.id for one in checked.employees)}
    await locks.lock_employees(connection, move.company_id, involved)
    await locks.lock_booking(connection, move.company_id, move.booking_id)
    earlier = await _earlier(connection, move)
    if earlier is not None:
        return earlier if isinstance(earlier, KeyReused) else None
    (booking,) = await bookings.bookings_by_ids(connection, move.company_id, [move.booking_id])
    why_not = move.why_not(booking)
    if why_not is not None:
        return why_not
    if booking.employee_ids != judged.employee_ids:
        return SlotTaken()  # others attend by now, and were not locked
    for employees in await takers(connection, attempt, checked.employees):
        moved = replace(booking, span=attempt.span, employee_ids=tuple(sorted(one.id for one in employees)))
        try:
            async with savepoint(connection):
                await relocate(connection, booking, moved, blocked=attempt.blocked, at=now)
        except SpanTaken:
            continue
        wishes += await wish_relocation(connection, booking, moved, at=now)
        await announce(connection, moved, BookingChangeKind.MOVED)
        await move.call.remember(connection, "Booking", booking.id, now=now)
        return None
    return checked.otherwise
