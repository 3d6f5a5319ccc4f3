"""Making, changing and deleting availabilities: weekly and dated openings (rules A1, A2). Overlapping ones are fine (S2)."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time

from slotgraph.core.administration.bounds import MAX_AVAILABILITIES, full, year_faults
from slotgraph.core.availability import Dated, Rule, Times, Weekly
from slotgraph.core.operation import Operation
from slotgraph.core.policy import Action
from slotgraph.core.problems import InvalidField, InvalidInput, NotFound
from slotgraph.core.records import Availability
from slotgraph.core.store import companies, schedule
from slotgraph.core.store.database import Transaction
from slotgraph.core.store.locks import lock_employees


@dataclass(frozen=True, slots=True)
class AvailabilityRef:
    """An availability by its id; whether it is weekly or dated belongs to what it is known by."""

    id: str
    kind: type[Weekly] | type[Dated]


@dataclass(frozen=True, slots=True)
class AvailabilityForm:
    """An availability to make (without `ref`) or to change: whose, and when."""

    employee_id: str
    rule: Rule
    ref: AvailabilityRef | None = None


UpsertAvailabilityResult = Availability | InvalidInput | NotFound


async def upsert(operation: Operation, company_id: str, form: AvailabilityForm) -> UpsertAvailabilityResult:
    """Make or change an availability; bookings stay."""
    if not await operation.permits(Action.EDIT_SCHEDULE, company_id, employee_id=form.employee_id):
        return NotFound(("input", "employee"))
    before = None
    if form.ref is not None:
        before = await _found(operation, company_id, form.ref)
        if before is None:
            return NotFound(("input", "id"))
    faults = tuple(_faults(form))
    if faults:
        return InvalidInput(faults)
    async with operation.database.write() as connection:
        return await _store(connection, company_id, form, before=before)


async def delete(operation: Operation, company_id: str, ref: AvailabilityRef) -> Availability | NotFound:
    """Delete an availability, and give it back as it was; bookings stay."""
    before = await _found(operation, company_id, ref)
    if before is None:
        return NotFound(("input", "availability"))
    async with operation.database.write() as connection:
        await lock_employees(connection, company_id, [before.employee_id])
        if not await _is_still_theirs(connection, before):
            return NotFound(("input", "availability"))
        await schedule.delete_availability(connection, company_id, before.id)
    return before


async def _found(operation: Operation, company_id: str, ref: AvailabilityRef) -> Availability | None:
    """The availability if the actor may change it."""
    async with operation.database.read() as connection:
        found = await schedule.availability_by_id(connection, company_id, ref.id)
    if found is None or not isinstance(found.rule, ref.kind):
        return None
    may = await operation.permits(Action.EDIT_SCHEDULE, company_id, employee_id=found.employee_id)
    return found if may else None


def _faults(form: AvailabilityForm) -> Iterator[InvalidField]:
    rule = form.rule
    path = ("input", "times", "weekly" if isinstance(rule, Weekly) else "dated")
    if form.ref is not None and not isinstance(rule, form.ref.kind):
        reason = "what is weekly stays weekly, what is dated stays dated; delete this one and make another."
        yield InvalidField(("input", "times"), reason)
    yield from _times_faults(path, rule.times)
    if isinstance(rule, Dated):
        yield from year_faults((*path, "date"), rule.day)
        return
    yield from year_faults((*path, "validFrom"), rule.valid_from)
    yield from year_faults((*path, "validUntil"), rule.valid_until)
    if rule.valid_from is not None and rule.valid_until is not None and rule.valid_until < rule.valid_from:
        yield InvalidField((*path, "validUntil"), "must not lie before validFrom.")


def _times_faults(path: tuple[str, ...], times: Times) -> Iterator[InvalidField]:
    for field, wall in (("start", times.start), ("end", times.end)):
        if wall.second or wall.microsecond:
            yield InvalidField((*path, field), "times are whole minutes.")
    if times.start == times.end != time(0):
        # A1 would read it as a whole day, which is rarely what was meant.
        reason = "is the start as well. For a whole day say 00:00:00 to 00:00:00; to the end of a day, 00:00:00."
        yield InvalidField((*path, "end"), reason)


async def _store(
    connection: Transaction, company_id: str, form: AvailabilityForm, *, before: Availability | None
) -> UpsertAvailabilityResult:
    """Under the lock of whose it is, and of whose it was: what was read before it must still hold."""
    concerned = {form.employee_id} | ({before.employee_id} if before else set())
    await lock_employees(connection, company_id, concerned)
    if await companies.employee_by_id(connection, company_id, form.employee_id) is None:
        return NotFound(("input", "employee"))
    after = Availability(company_id, before.id if before else uuid.uuid4().hex, form.employee_id, form.rule)
    is_theirs_already = before is not None and before.employee_id == form.employee_id
    count = await schedule.count_availabilities(connection, company_id, form.employee_id)
    if not is_theirs_already and count >= MAX_AVAILABILITIES:
        return full(f"an employee has at most {MAX_AVAILABILITIES} availabilities; delete one first.")
    if before is None:
        await schedule.insert_availability(connection, after)
        return after
    if not await _is_still_theirs(connection, before):
        return NotFound(("input", "id"))
    await schedule.update_availability(connection, after)
    return after


async def _is_still_theirs(connection: Transaction, before: Availability) -> bool:
    now = await schedule.availability_by_id(connection, before.company_id, before.id)
    return now is not None and now.employee_id == before.employee_id
