"""Booking: the slot is checked in our own tables, then live, then stored under the constraint, then written outside (rule K1).

No transaction is open during a provider call. Losing the race is the answer SlotTaken, never an error.
"""

import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial

from slotgraph.core import outbox
from slotgraph.core.asking import Asking, deadline_of
from slotgraph.core.calendar_writer import CalendarWriter
from slotgraph.core.candidates import Candidates, EmployeeChoice, ServiceRef, candidates
from slotgraph.core.checks import CalendarCheck, shown_checks
from slotgraph.core.clock import local_date, midnight, minute_from_instant, zone
from slotgraph.core.customers import MAX_NOTE, CustomerForm, customer_faults, customer_from_form, text_faults
from slotgraph.core.errors import BadInput, SpanTaken, UnknownObject
from slotgraph.core.freebusy import FreeBusyAnswer
from slotgraph.core.idempotency import REMEMBERED_FOR, idempotency_key, input_hash, is_key, lock_key
from slotgraph.core.judging import STRANGERS_SEE, BookingOverride, broken_by_calendars, broken_by_own_data, is_past
from slotgraph.core.manage_token import token_for
from slotgraph.core.operation import Operation
from slotgraph.core.plugin import Deadline
from slotgraph.core.policy import Action
from slotgraph.core.problems import InvalidField, InvalidInput, KeyReused, NotFound, SlotNotOffered, SlotTaken
from slotgraph.core.records import Booking, BookingState, Company, Employee, Service
from slotgraph.core.slots import SlotRule
from slotgraph.core.store import accounts, bookings, locks, schedule
from slotgraph.core.store.agenda import agendas
from slotgraph.core.store.bookings import IdempotencyKey, Remembered
from slotgraph.core.store.database import Transaction, savepoint
from slotgraph.core.store.directory import directory_of
from slotgraph.core.values import Secret, Span

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


@dataclass(frozen=True, slots=True)
class BookingConfirmed:
    """A booking that stands, and the token that lets the customer see, move and cancel it."""

    booking: Booking
    manage_token: Secret


@dataclass(frozen=True, slots=True)
class CalendarUnverified:
    """A calendar could not be asked, so nothing was booked."""

    sources: tuple[CalendarCheck, ...]
    message: str = "A calendar could not be asked just now, so nothing was booked. Please try again."


BookResult = BookingConfirmed | SlotTaken | SlotNotOffered | CalendarUnverified | InvalidInput | NotFound | KeyReused


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One booking on its way: who can be had, for which span, in which order of preference."""

    operation: Operation
    request: BookRequest
    who: Candidates
    start: int
    key: IdempotencyKey

    @property
    def span(self) -> Span:
        return self.who.service.shape(self.who.company).span(self.start)

    @property
    def blocked(self) -> Span:
        return self.who.service.shape(self.who.company).blocked(self.start)


class Bookings:
    """Makes bookings."""

    def __init__(self, asking: Asking, writer: CalendarWriter, *, manage_key: bytes) -> None:
        self._asking = asking
        self._writer = writer
        self._manage_key = manage_key

    async def book(self, operation: Operation, request: BookRequest) -> BookResult:
        """Check the slot once more, live, and book it."""
        faults = tuple(_faults(request))
        if faults:
            return InvalidInput(faults)
        if request.override and not await operation.permits(Action.OVERRIDE_RULES, request.service.company_id):
            return _invalid(("input", "override"), "only members of the company may pass over rules.")
        key = idempotency_key(
            operation.actor, request.service.company_id, mutation=_MUTATION, key=request.idempotency_key
        )
        async with operation.database.read() as connection:
            earlier = await self._earlier(connection, operation, key, request)
        if earlier is not None:
            return earlier
        start = minute_from_instant(request.start)
        if BookingOverride.NOTICE in request.override and is_past(start, operation.clock.now()):
            return _invalid(("input", "slot", "start"), "must not lie in the past: no override passes over that.")
        try:
            deadline = deadline_of(operation.clock, request.deadline_ms, path=("input", "deadlineMs"))
            who = await candidates(
                operation, request.service, request.employees, action=Action.BOOK, path=("input", "slot")
            )
        except BadInput as error:
            return _invalid(error.path, error.reason)
        except UnknownObject as error:
            return NotFound(error.path)
        attempt = _Attempt(operation, request, who, start, key)
        outcome = await self._attempt(attempt, deadline)
        if isinstance(outcome, BookingConfirmed | KeyReused):
            return outcome
        # Sent again while the first was on its way, a call finds its own booking in its way: that is no refusal (K2).
        async with operation.database.read() as connection:
            return await self._earlier(connection, operation, key, request) or outcome

    async def _attempt(self, attempt: _Attempt, deadline: Deadline) -> BookResult:
        operation = attempt.operation
        async with operation.database.read() as connection:
            broken = await _broken_by_own_data(connection, attempt, attempt.who.employees, attempt.request.override)
        free = _all_or_some(attempt, broken)
        if not free:
            return await _refusal(attempt, broken.values())
        company_id = attempt.who.company.id
        answer = await self._asking.ask(
            operation, company_id, free, window=attempt.blocked, deadline=deadline, for_booking=True
        )
        verdicts = {one.id: _broken_live(attempt, one, answer) for one in free}
        verified = _all_or_some(attempt, verdicts)
        if verified:
            async with operation.database.write() as connection:
                outcome = await self._store(connection, attempt, verified)
            if outcome is not None:
                return await self._written(operation, outcome, deadline=deadline)
        cannot = attempt.who.together and SlotRule.EXTERNAL_BUSY in verdicts.values()
        if SlotRule.VERIFIED in verdicts.values() and not cannot:
            unverified = [
                check for check in answer.checks if verdicts.get(check.employee_id or "") is SlotRule.VERIFIED
            ]
            return CalendarUnverified(await shown_checks(unverified, operation, company_id))
        return SlotTaken()

    async def _store(
        self, connection: Transaction, attempt: _Attempt, verified: Sequence[Employee]
    ) -> BookingConfirmed | KeyReused | None:
        """Judge once more under the lock and insert for the first who are still free; None if none are."""
        await lock_key(connection, attempt.key)
        await locks.lock_employees(connection, attempt.who.company.id, [one.id for one in verified])
        earlier = await self._earlier(connection, attempt.operation, attempt.key, attempt.request)
        if earlier is not None:
            return earlier
        unchanged = await _unchanged(connection, attempt, verified)
        broken = await _broken_by_own_data(connection, attempt, unchanged, attempt.request.override)
        for employees in await _in_order_of_choice(connection, attempt, _all_or_some(attempt, broken)):
            booking = _booking_of(attempt, employees)
            try:
                async with savepoint(connection):
                    await _insert(connection, attempt, booking)
            except SpanTaken:
                continue
            return self._confirmed(booking)
        return None

    async def _earlier(
        self, connection: Transaction, operation: Operation, key: IdempotencyKey, request: BookRequest
    ) -> BookingConfirmed | KeyReused | None:
        """The first success under this key, rendered anew (rule K2)."""
        since = operation.clock.now() - REMEMBERED_FOR
        success = await bookings.remembered(connection, key, since=since)
        if success is None:
            return None
        if success.input_hash != _hash(request):
            return KeyReused()
        found = await bookings.bookings_by_ids(connection, key.company_id, [success.result_id])
        return self._confirmed(found[0])

    def _confirmed(self, booking: Booking) -> BookingConfirmed:
        token = token_for(self._manage_key, booking.company_id, booking_id=booking.id, generation=booking.generation)
        return BookingConfirmed(booking, Secret(token))

    async def _written(
        self, operation: Operation, outcome: BookingConfirmed | KeyReused, *, deadline: Deadline
    ) -> BookingConfirmed | KeyReused:
        """Try the external writes at once, within what is left of the caller's deadline."""
        if isinstance(outcome, BookingConfirmed):
            booking = outcome.booking
            async with operation.database.read() as connection:
                entries = await outbox.entries_of_bookings(connection, booking.company_id, [booking.id])
            for entry in entries:
                await self._writer.try_now(booking.company_id, entry.id, deadline=deadline)
        return outcome


def _faults(request: BookRequest) -> Iterator[InvalidField]:
    if not is_key(request.idempotency_key):
        yield InvalidField(("input", "idempotencyKey"), "must be a UUID, new for each intent.")
    yield from customer_faults(("input", "customer"), request.customer)
    if request.note and request.note.strip():
        yield from text_faults(("input", "note"), request.note, longest=MAX_NOTE, lines=True)
    if request.start.second or request.start.microsecond:
        yield InvalidField(("input", "slot", "start"), "starts are whole minutes; take one as it was offered.")


def _invalid(path: tuple[str, ...], message: str) -> InvalidInput:
    return InvalidInput((InvalidField(path, message),))


def _hash(request: BookRequest) -> str:
    """The hash of what is asked for; how long the caller waits and the key itself do not count."""
    start = request.start.astimezone(UTC)
    return input_hash(replace(request, deadline_ms=None, idempotency_key="", start=start))


async def _broken_by_own_data(
    connection: Transaction, attempt: _Attempt, employees: Iterable[Employee], override: Collection[BookingOverride]
) -> Mapping[str, SlotRule | None]:
    """The first rule that is not passed over and that the start breaks for each employee, by our own tables."""
    who, now, listed = attempt.who, attempt.operation.clock.now(), list(employees)
    own = await agendas(connection, who.company.id, listed, window=attempt.blocked, now=now)
    judged = partial(broken_by_own_data, attempt.start, who=who, now=now, override=override)
    return {one.id: judged(employee=one, own=own.of(one)) for one in listed}


def _all_or_some(attempt: _Attempt, broken: Mapping[str, SlotRule | None]) -> list[Employee]:
    """Those who keep all rules judged; of those who are wanted together all or none (rule S5)."""
    fit = [one for one in attempt.who.employees if one.id in broken and broken[one.id] is None]
    return [] if attempt.who.together and len(fit) < len(attempt.who.employees) else fit


async def _unchanged(connection: Transaction, attempt: _Attempt, employees: Sequence[Employee]) -> list[Employee]:
    """Those of the employees who can still be booked for what was judged: it may have been changed while calendars were asked."""
    who = attempt.who
    directory = await directory_of(connection, who.company.id)
    if directory is None or directory.services.get(who.service.id) != who.service:
        return []
    if _steps(directory.company, who.service) != _steps(who.company, who.service):
        return []
    bookable = {(one.id, one.time_zone) for one in directory.employees_of(who.service.id) if one.active}
    return [one for one in employees if (one.id, one.time_zone) in bookable]


def _steps(company: Company, service: Service) -> tuple[object, ...]:
    """What of a company decides which starts there are."""
    return service.shape(company), company.grid_anchor, company.time_zone


def _broken_live(attempt: _Attempt, employee: Employee, answer: FreeBusyAnswer) -> SlotRule | None:
    shape = attempt.who.service.shape(attempt.who.company)
    return broken_by_calendars(attempt.start, shape=shape, employee=employee, answer=answer)


async def _refusal(attempt: _Attempt, broken: Iterable[SlotRule | None]) -> BookResult:
    """Why nobody can be had: by the rule that was got furthest along, or, of those wanted together, by the first in the way."""
    rules = sorted((rule for rule in broken if rule is not None), key=list(SlotRule).index)
    if not rules:
        return SlotNotOffered(SlotRule.SERVICE)
    decisive = rules[0 if attempt.who.together else -1]
    if decisive in (SlotRule.BOOKING, SlotRule.HOLD):
        return SlotTaken()
    detailed = await attempt.operation.permits(Action.READ_CALENDAR_CHECK_DETAIL, attempt.who.company.id)
    return SlotNotOffered(decisive if detailed else STRANGERS_SEE.get(decisive, decisive))


async def _in_order_of_choice(
    connection: Transaction, attempt: _Attempt, free: Sequence[Employee]
) -> list[tuple[Employee, ...]]:
    """Who is tried, one after the other: all together, or each alone, the least booked of the start's ISO week first, ties by id.

    The week is the company's (rule S5). Whoever needs no rule passed over comes before those who do (rule K8).
    """
    if attempt.who.together:
        return [tuple(free)] if free else []
    tz = zone(attempt.who.company.time_zone)
    day = local_date(attempt.start, tz)
    monday = day - timedelta(days=day.weekday())
    week = Span(midnight(monday, tz), midnight(monday + timedelta(days=7), tz))
    counts = await bookings.counts_between(connection, attempt.who.company.id, [one.id for one in free], between=week)
    broken = await _broken_by_own_data(connection, attempt, free, ()) if attempt.request.override else {}
    order = sorted(free, key=lambda one: (broken.get(one.id) is not None, counts.get(one.id, 0), one.id))
    return [(one,) for one in order]


def _booking_of(attempt: _Attempt, employees: Sequence[Employee]) -> Booking:
    request, who = attempt.request, attempt.who
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


async def _insert(connection: Transaction, attempt: _Attempt, booking: Booking) -> None:
    """Store the booking and its key, and for each attendance a block and a wish for the calendar. Raises SpanTaken."""
    company_id, at = booking.company_id, booking.created_at
    await schedule.delete_expired_holds(
        connection, company_id, booking.employee_ids, span=attempt.blocked, now=attempt.operation.clock.now()
    )
    await bookings.insert_booking(connection, booking)
    for employee_id in booking.employee_ids:
        await schedule.insert_block(
            connection,
            company_id,
            block_id=uuid.uuid4().hex,
            employee_id=employee_id,
            booking_id=booking.id,
            span=attempt.blocked,
        )
    await _wish(connection, booking)
    success = Remembered(_hash(attempt.request), "BookingConfirmed", booking.id)
    await bookings.remember(connection, attempt.key, success=success, at=at, lapsed=at - REMEMBERED_FOR)


async def _wish(connection: Transaction, booking: Booking) -> None:
    """Ask for an entry in the default calendar of each employee who has one (rules K3, K4)."""
    company_id = booking.company_id
    defaults = await accounts.default_calendars(connection, company_id, booking.employee_ids)
    for employee_id, calendar_id in defaults.items():
        await outbox.add_wish(
            connection,
            company_id,
            entry_id=uuid.uuid4().hex,
            booking_id=booking.id,
            employee_id=employee_id,
            calendar_id=calendar_id,
            at=booking.created_at,
        )
