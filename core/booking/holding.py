"""Holding: a slot is kept free for minutes while the customer types (rules K1, K2). No calendar is asked: `book` does that.

A hold is judged by our own tables, S1-S4, when it is made; how it becomes a booking stands in `promoting`.
"""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import ceil

from slotgraph.core.asking import Asking
from slotgraph.core.booking.attempts import Attempt, all_or_some, by_own_data, invalid, refusal, takers
from slotgraph.core.booking.idempotency import Call, key_faults
from slotgraph.core.candidates import EmployeeChoice, ServiceRef, candidates
from slotgraph.core.clock import minute_from_instant
from slotgraph.core.errors import BadInput, RateLimited, SpanTaken, UnknownObject
from slotgraph.core.hold_token import read, source_mark, token_for, verify
from slotgraph.core.operation import Operation
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
from slotgraph.core.records import Employee, Hold
from slotgraph.core.store import blocks, holds, locks
from slotgraph.core.store.database import Transaction, savepoint
from slotgraph.core.values import Secret

_MUTATION = "holdSlot"
NO_TOKEN = "this is no token that holdSlot gave."  # noqa: S105 - a sentence


@dataclass(frozen=True, slots=True)
class HoldRequest:
    """Which slot to hold."""

    idempotency_key: str
    service: ServiceRef
    start: datetime
    employees: EmployeeChoice


@dataclass(frozen=True, slots=True)
class SlotHeld:
    """A slot that is kept, and the token that lets `book` use it."""

    hold: Hold
    hold_token: Secret


@dataclass(frozen=True, slots=True)
class HoldReleased:
    """Whether there was a hold to give back."""

    released: bool


HoldResult = SlotHeld | SlotTaken | SlotNotOffered | QuotaReached | InvalidInput | NotFound | KeyReused


class Holds:
    """Holds slots and gives them back. A stranger's source may keep `per_stranger` slots of a company at a time; 0: any number."""

    def __init__(self, asking: Asking, *, manage_key: bytes, per_stranger: int) -> None:
        self._asking = asking
        self._manage_key = manage_key
        self._per_stranger = per_stranger

    async def hold(self, operation: Operation, request: HoldRequest) -> HoldResult:
        """Keep a slot free; the same call again gets the same hold, lapsed or not. A stranger's call counts as a search."""
        faults = tuple(_faults(request))
        if faults:
            return InvalidInput(faults)
        call = _call(operation, request)
        async with operation.database.read() as connection:
            earlier = await self._earlier(connection, operation, call)
        if earlier is not None:
            return earlier
        try:
            await self._asking.begin_search(operation, request.service.company_id)
            who = await candidates(
                operation, request.service, request.employees, action=Action.BOOK, path=("input", "slot")
            )
        except RateLimited as limited:
            return QuotaReached(limited.retry_after, str(limited))
        except BadInput as error:
            return invalid(error.path, error.reason)
        except UnknownObject as error:
            return NotFound(error.path)
        outcome = await self._attempt(Attempt(operation, who, minute_from_instant(request.start)), call)
        if isinstance(outcome, SlotHeld | KeyReused):
            return outcome
        # Sent again while the first was on its way, a call finds its own hold in its way: that is no refusal (K2).
        async with operation.database.read() as connection:
            return await self._earlier(connection, operation, call) or outcome

    async def release(self, operation: Operation, token: Secret) -> HoldReleased | InvalidInput:
        """Give a held slot back, at once; whoever has the token may. A hold that is over, or that is none, is fine."""
        named = read(token.reveal())
        if named is None:
            return invalid(("input", "holdToken"), NO_TOKEN)
        genuine = verify(self._manage_key, token.reveal())
        if not await operation.permits(Action.BOOK, named.company_id) or not genuine:
            return HoldReleased(False)
        async with operation.database.read() as connection:
            hold = await holds.hold_by_id(connection, *named)
        now = operation.clock.now()
        if hold is None or not hold.is_live(now):
            return HoldReleased(False)
        async with operation.database.write() as connection:
            await locks.lock_employees(connection, hold.company_id, hold.employee_ids)
            freed = await blocks.delete_blocks_of_hold(connection, hold.company_id, hold.id)
            await holds.end_hold(connection, hold.company_id, hold.id, at=now)
        return HoldReleased(freed > 0)

    async def _attempt(self, attempt: Attempt, call: Call) -> HoldResult:
        operation = attempt.operation
        async with operation.database.read() as connection:
            broken = await by_own_data(connection, attempt, attempt.who.employees)
        free = all_or_some(attempt.who, broken)
        if not free:
            return await refusal(attempt, broken.values())
        source = await self._source(attempt)
        async with operation.database.write() as connection:
            return await self._store(connection, attempt, call, employees=free, source=source)

    async def _source(self, attempt: Attempt) -> str | None:
        """What the holds of this caller are counted by; None if they are not: those of the company's members and tokens."""
        operation = attempt.operation
        if not self._per_stranger or await operation.permits(Action.HOLD_WITHOUT_QUOTA, attempt.company_id):
            return None
        return source_mark(self._manage_key, attempt.company_id, operation.source)

    async def _store(
        self,
        connection: Transaction,
        attempt: Attempt,
        call: Call,
        *,
        employees: Sequence[Employee],
        source: str | None,
    ) -> HoldResult:
        """Judge once more under the locks, and block the span for the first who are still free."""
        await call.lock(connection)
        if source is not None:
            await locks.lock_name(connection, "holds", attempt.company_id, source)
        await locks.lock_employees(connection, attempt.company_id, [one.id for one in employees])
        earlier = await self._earlier(connection, attempt.operation, call)
        if earlier is not None:
            return earlier
        if source is not None and (seconds := await self._seconds_to_wait(connection, attempt, source)):
            return QuotaReached(seconds, "You are holding too many slots already. Book one of them, or let one lapse.")
        for taken in await takers(connection, attempt, employees):
            hold = _hold_of(attempt, taken)
            try:
                async with savepoint(connection):
                    await _insert(connection, attempt, hold, source=source)
            except SpanTaken:
                continue
            await call.remember(connection, "SlotHeld", hold.id, now=hold.created_at)
            return self._held(hold)
        return SlotTaken()

    async def _seconds_to_wait(self, connection: Transaction, attempt: Attempt, source: str) -> int:
        """How long until one hold fewer is kept than may be; 0 if another one may be kept now."""
        now = attempt.operation.clock.now()
        lapses = await holds.lapses_of_source(connection, attempt.company_id, source, now=now)
        too_many = len(lapses) - self._per_stranger
        return 0 if too_many < 0 else ceil((lapses[too_many] - now).total_seconds())

    async def _earlier(self, connection: Transaction, operation: Operation, call: Call) -> SlotHeld | KeyReused | None:
        """The first success under this key, rendered anew (rule K2)."""
        made = await call.first_success(connection, now=operation.clock.now())
        if made is None or isinstance(made, KeyReused):
            return made
        hold = await holds.hold_by_id(connection, call.key.company_id, made)
        return self._held(hold) if hold else None

    def _held(self, hold: Hold) -> SlotHeld:
        return SlotHeld(hold, Secret(token_for(self._manage_key, hold.company_id, hold_id=hold.id)))


def _faults(request: HoldRequest) -> Iterator[InvalidField]:
    yield from key_faults(request.idempotency_key)
    if request.start.second or request.start.microsecond:
        yield InvalidField(("input", "slot", "start"), "starts are whole minutes; take one as it was offered.")


def _call(operation: Operation, request: HoldRequest) -> Call:
    asked_for = replace(request, idempotency_key="", start=request.start.astimezone(UTC))
    return Call.of(
        operation.actor,
        request.service.company_id,
        mutation=_MUTATION,
        key=request.idempotency_key,
        asked_for=asked_for,
    )


def _hold_of(attempt: Attempt, employees: Sequence[Employee]) -> Hold:
    company, now = attempt.who.company, attempt.operation.clock.now()
    return Hold(
        company_id=company.id,
        id=uuid.uuid4().hex,
        service_id=attempt.who.service.id,
        employee_ids=tuple(one.id for one in employees),
        span=attempt.span,
        expires_at=now + timedelta(minutes=company.hold_minutes),
        created_at=now,
    )


async def _insert(connection: Transaction, attempt: Attempt, hold: Hold, *, source: str | None) -> None:
    """Store the hold, and a block for each who is kept free. Raises SpanTaken."""
    company_id, span = hold.company_id, attempt.blocked
    await blocks.delete_expired_holds(connection, company_id, hold.employee_ids, span=span, now=hold.created_at)
    await holds.insert_hold(connection, hold, source=source)
    for employee_id in hold.employee_ids:
        await blocks.insert_hold(
            connection,
            company_id,
            block_id=uuid.uuid4().hex,
            employee_id=employee_id,
            span=span,
            expires_at=hold.expires_at,
            hold_id=hold.id,
        )
