"""Booking: the slot is checked in our own tables, then live, then stored under the constraint, then written outside (rule K1).

No transaction is open during a provider call. Losing the race is the answer SlotTaken, never an error.
"""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from slotgraph.core.asking import Asking, deadline_of
from slotgraph.core.booking.attempts import Attempt, CalendarUnverified, Checked, check, invalid, takers
from slotgraph.core.booking.changes import announce
from slotgraph.core.booking.idempotency import Call, key_faults
from slotgraph.core.booking.promoting import from_hold, promote, token_faults, unless_over
from slotgraph.core.calendar_entries.wishing import wish_entries
from slotgraph.core.calendar_entries.writer import CalendarWriter
from slotgraph.core.candidates import EmployeeChoice, ServiceRef, candidates
from slotgraph.core.clock import minute_from_instant
from slotgraph.core.customers import MAX_NOTE, CustomerForm, customer_faults, customer_from_form, text_faults
from slotgraph.core.errors import BadInput, RateLimited, SpanTaken, UnknownObject
from slotgraph.core.judging import BookingOverride, is_past
from slotgraph.core.manage_token import token_for
from slotgraph.core.operation import Operation
from slotgraph.core.plugin import Deadline
from slotgraph.core.policy import Action
from slotgraph.core.problems import (
    InvalidField,
    InvalidInput,
    KeyReused,
    NotFound,
    QuotaReached,
    SlotNotOffered,
    SlotTaken,
)
from slotgraph.core.records import Booking, BookingChangeKind, BookingState, Employee, OutboxRow
from slotgraph.core.store import blocks, bookings, locks
from slotgraph.core.store.database import Transaction, savepoint
from slotgraph.core.values import Secret

_MUTATION = "book"


@dataclass(frozen=True, slots=True)
class BookRequest:
    """What to book for whom."""

    idempotency_key: str
    service: ServiceRef
    start: datetime
    employees: EmployeeChoice
    customer: CustomerForm
    note: str | None = None
    deadline_ms: int | None = None
    override: tuple[BookingOverride, ...] = ()
    """Rules to pass over, each once, in their order."""
    hold_token: Secret | None = None


@dataclass(frozen=True, slots=True)
class BookingConfirmed:
    """A booking that stands, and the token that lets the customer see, move and cancel it."""

    booking: Booking
    manage_token: Secret


BookResult = (
    BookingConfirmed
    | SlotTaken
    | SlotNotOffered
    | CalendarUnverified
    | QuotaReached
    | InvalidInput
    | NotFound
    | KeyReused
)


class Bookings:
    """Makes bookings."""

    def __init__(self, asking: Asking, writer: CalendarWriter, *, manage_key: bytes) -> None:
        self._asking = asking
        self._writer = writer
        self._manage_key = manage_key

    async def book(self, operation: Operation, request: BookRequest) -> BookResult:
        """Check the slot once more, live, and book it; from a hold, if one is named that is not over."""
        faults = tuple(_faults(request))
        if faults:
            return InvalidInput(faults)
        company_id = request.service.company_id
        if request.override and not await operation.permits(Action.OVERRIDE_RULES, company_id):
            return invalid(("input", "override"), "only members of the company may pass over rules.")
        call = _call(operation, request)
        async with operation.database.read() as connection:
            earlier = await self._earlier(connection, operation, call)
        if earlier is not None:
            return earlier
        start = minute_from_instant(request.start)
        if BookingOverride.NOTICE in request.override and is_past(start, operation.clock.now()):
            return invalid(("input", "slot", "start"), "must not lie in the past: no override passes over that.")
        path = ("input", "slot")
        try:
            deadline = deadline_of(operation.clock, request.deadline_ms, path=("input", "deadlineMs"))
            who = await candidates(operation, request.service, request.employees, action=Action.BOOK, path=path)
            attempt = await self._begun(Attempt(operation, who, start, request.override), request)
        except BadInput as error:
            return invalid(error.path, error.reason)
        except UnknownObject as error:
            return NotFound(error.path)
        outcome = await self._attempt(attempt, request, call, deadline=deadline)
        if isinstance(outcome, BookingConfirmed | KeyReused):
            return outcome
        # Sent again while the first was on its way, a call finds its own booking in its way: that is no refusal (K2).
        async with operation.database.read() as connection:
            return await self._earlier(connection, operation, call) or outcome

    async def _begun(self, attempt: Attempt, request: BookRequest) -> Attempt:
        """The attempt, from the hold that is named, if one is. Raises BadInput."""
        if request.hold_token is None:
            return attempt
        return await from_hold(attempt, request.hold_token, request.employees, manage_key=self._manage_key)

    async def _attempt(self, attempt: Attempt, request: BookRequest, call: Call, *, deadline: Deadline) -> BookResult:
        try:
            checked = await check(attempt, self._asking, deadline=deadline)
        except RateLimited as limited:
            return QuotaReached(limited.retry_after, str(limited))
        if not checked.employees:
            return checked.otherwise
        wishes: list[OutboxRow] = []
        async with attempt.operation.database.write() as connection:
            outcome = await self._store(connection, attempt, request, call, checked=checked, wishes=wishes)
        await self._writer.try_all(wishes, deadline=deadline)
        return outcome

    async def _store(
        self,
        connection: Transaction,
        attempt: Attempt,
        request: BookRequest,
        call: Call,
        *,
        checked: Checked,
        wishes: list[OutboxRow],
    ) -> BookResult:
        """Judge once more under the lock and insert for the first who are still free; `wishes` are then to be carried out."""
        await call.lock(connection)
        await locks.lock_employees(connection, attempt.company_id, [one.id for one in checked.employees])
        earlier = await self._earlier(connection, attempt.operation, call)
        if earlier is not None:
            return earlier
        attempt = await unless_over(connection, attempt, otherwise=request.override)
        for employees in await takers(connection, attempt, checked.employees):
            booking = _booking_of(attempt, request, employees)
            try:
                async with savepoint(connection):
                    await _insert(connection, attempt, booking)
            except SpanTaken:
                continue
            wishes += await wish_entries(connection, booking, booking.employee_ids, at=booking.created_at)
            await announce(connection, booking, BookingChangeKind.CREATED)
            await call.remember(connection, "BookingConfirmed", booking.id, now=booking.created_at)
            return self._confirmed(booking)
        return checked.otherwise

    async def _earlier(
        self, connection: Transaction, operation: Operation, call: Call
    ) -> BookingConfirmed | KeyReused | None:
        """The first success under this key, rendered anew (rule K2)."""
        made = await call.first_success(connection, now=operation.clock.now())
        if made is None or isinstance(made, KeyReused):
            return made
        (booking,) = await bookings.bookings_by_ids(connection, call.key.company_id, [made])
        return self._confirmed(booking)

    def _confirmed(self, booking: Booking) -> BookingConfirmed:
        token = token_for(self._manage_key, booking.company_id, booking_id=booking.id, generation=booking.generation)
        return BookingConfirmed(booking, Secret(token))


def _faults(request: BookRequest) -> Iterator[InvalidField]:
    yield from key_faults(request.idempotency_key)
    yield from customer_faults(("input", "customer"), request.customer)
    if request.note and request.note.strip():
        yield from text_faults(("input", "note"), request.note, longest=MAX_NOTE, lines=True)
    if request.start.second or request.start.microsecond:
        yield InvalidField(("input", "slot", "start"), "starts are whole minutes; take one as it was offered.")
    if request.hold_token is not None:
        yield from token_faults(request.hold_token)


def _call(operation: Operation, request: BookRequest) -> Call:
    """How long the caller waits and the key itself do not make it another call."""
    start, token = request.start.astimezone(UTC), request.hold_token
    asked_for = replace(request, deadline_ms=None, idempotency_key="", start=start, hold_token=None)
    return Call.of(
        operation.actor,
        request.service.company_id,
        mutation=_MUTATION,
        key=request.idempotency_key,
        asked_for=(asked_for, token and token.reveal()),
    )


def _booking_of(attempt: Attempt, request: BookRequest, employees: Sequence[Employee]) -> Booking:
    who = attempt.who
    return Booking(
        company_id=who.company.id,
        id=uuid.uuid4().hex,
        service_id=who.service.id,
        employee_ids=tuple(one.id for one in employees),
        span=attempt.span,
        state=BookingState.CONFIRMED,
        cancellation_limit_hours=who.service.cancellation_limit_hours,
        generation=0,
        customer=customer_from_form(request.customer, who.company),
        note=(request.note or "").strip() or None,
        cancel_reason=None,
        created_at=attempt.operation.clock.now(),
    )


async def _insert(connection: Transaction, attempt: Attempt, booking: Booking) -> None:
    """Store the booking, and a block for each attendance: that of its hold, or a new one. Raises SpanTaken."""
    company_id, at, own = booking.company_id, booking.created_at, attempt.own
    await blocks.delete_expired_holds(
        connection, company_id, booking.employee_ids, span=attempt.blocked, now=at, apart_from=own
    )
    await bookings.insert_booking(connection, booking)
    if own.hold_id is not None:
        await promote(connection, attempt, booking, own.hold_id)
        return
    for employee_id in booking.employee_ids:
        await blocks.insert_block(
            connection,
            company_id,
            block_id=uuid.uuid4().hex,
            employee_id=employee_id,
            booking_id=booking.id,
            span=attempt.blocked,
        )
