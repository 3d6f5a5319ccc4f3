"""Making, changing and deleting absences of one employee or of the whole company (rule A2). Bookings inside them stay."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace

from slotgraph.core.administration.bounds import MAX_ABSENCES, full, given_or, year_faults
from slotgraph.core.availability import Absent, DaysOff
from slotgraph.core.clock import MINUTES_PER_DAY
from slotgraph.core.customers import MAX_NOTE, text_faults
from slotgraph.core.errors import Forbidden
from slotgraph.core.operation import Operation
from slotgraph.core.policy import Action
from slotgraph.core.problems import InvalidField, InvalidInput, NotFound
from slotgraph.core.records import Absence
from slotgraph.core.store import companies, schedule
from slotgraph.core.store.database import Transaction
from slotgraph.core.store.locks import lock_company, lock_employees, lock_everybody
from slotgraph.core.values import OMITTED, Omitted

MAX_DAYS = 3660
"""How long one absence may last: ten years."""


@dataclass(frozen=True, slots=True)
class AbsenceForm:
    """An absence to make (without `id`) or to change. An `employee_id` of None is the whole company, a `note` of None is none.

    What is OMITTED is None at first, and stays as it is later.
    """

    times: Absent
    id: str | None = None
    employee_id: str | None | Omitted = OMITTED
    note: str | None | Omitted = OMITTED


UpsertAbsenceResult = Absence | InvalidInput | NotFound


async def upsert(operation: Operation, company_id: str, form: AbsenceForm) -> UpsertAbsenceResult:
    """Make or change an absence; bookings inside it stay. Raises Forbidden for one of the company that the actor may not make."""
    before = None
    if form.id is not None:
        before = await _found(operation, company_id, form.id)
        if before is None:
            return NotFound(("input", "id"))
    whose = given_or(form.employee_id, before.employee_id if before else None)
    if not await operation.permits(Action.EDIT_SCHEDULE, company_id, employee_id=whose):
        if whose is None:
            raise Forbidden("You may not make absences of the whole company.")
        return NotFound(("input", "employee"))
    note = given_or(form.note, before.note if before else None)
    note = (note or "").strip() or None
    faults = (*_note_faults(note), *_times_faults(form.times))
    if faults:
        return InvalidInput(faults)
    after = Absence(company_id, before.id if before else uuid.uuid4().hex, whose, note, form.times)
    async with operation.database.write() as connection:
        return await _store(connection, after, before=before, keeps_note=isinstance(form.note, Omitted))


async def delete(operation: Operation, company_id: str, absence_id: str) -> Absence | NotFound:
    """Delete an absence, and give it back as it was."""
    before = await _found(operation, company_id, absence_id)
    if before is None:
        return NotFound(("input", "absence"))
    async with operation.database.write() as connection:
        await _lock(connection, before)
        if await _if_still_theirs(connection, before) is None:
            return NotFound(("input", "absence"))
        await schedule.delete_absence(connection, company_id, absence_id)
    return before


async def _found(operation: Operation, company_id: str, absence_id: str) -> Absence | None:
    """The absence if the actor may change it."""
    async with operation.database.read() as connection:
        found = await schedule.absence_by_id(connection, company_id, absence_id)
    if found is None:
        return None
    may = await operation.permits(Action.EDIT_SCHEDULE, company_id, employee_id=found.employee_id)
    return found if may else None


def _note_faults(note: str | None) -> Iterator[InvalidField]:
    if note is not None:
        yield from text_faults(("input", "note"), note, longest=MAX_NOTE, lines=True)


def _times_faults(times: Absent) -> Iterator[InvalidField]:
    if isinstance(times, DaysOff):
        path = ("input", "times", "days")
        yield from year_faults((*path, "from"), times.first)
        yield from year_faults((*path, "until"), times.last)
        days = (times.last - times.first).days + 1
        if days < 1:
            yield InvalidField((*path, "until"), "must not lie before from.")
        elif days > MAX_DAYS:
            yield InvalidField((*path, "until"), f"an absence lasts at most {MAX_DAYS} days.")
        return
    path = ("input", "times", "range")
    if times.end <= times.start:
        yield InvalidField((*path, "end"), "must lie after start.")
    elif times.end - times.start > MAX_DAYS * MINUTES_PER_DAY:
        yield InvalidField((*path, "end"), f"an absence lasts at most {MAX_DAYS} days.")


async def _store(
    connection: Transaction, after: Absence, *, before: Absence | None, keeps_note: bool
) -> UpsertAbsenceResult:
    """Under the lock of all whose time it is or was: what was read before it must still hold."""
    await _lock(connection, *([after] if before is None else [before, after]))
    company_id, whose = after.company_id, after.employee_id
    if whose is not None and await companies.employee_by_id(connection, company_id, whose) is None:
        return NotFound(("input", "employee"))
    is_theirs_already = before is not None and before.employee_id == whose
    if not is_theirs_already and await schedule.count_absences(connection, company_id, whose) >= MAX_ABSENCES:
        has = "a company" if whose is None else "an employee"
        return full(f"{has} has at most {MAX_ABSENCES} absences of its own; delete one first.")
    if before is None:
        await schedule.insert_absence(connection, after)
        return after
    now = await _if_still_theirs(connection, before)
    if now is None:
        return NotFound(("input", "id"))
    if keeps_note:
        after = replace(after, note=now.note)
    await schedule.update_absence(connection, after)
    return after


async def _if_still_theirs(connection: Transaction, before: Absence) -> Absence | None:
    now = await schedule.absence_by_id(connection, before.company_id, before.id)
    return now if now is not None and now.employee_id == before.employee_id else None


async def _lock(connection: Transaction, *absences: Absence) -> None:
    """Lock those whose time it is: an absence of the company is everybody's."""
    company_id = absences[0].company_id
    whose = {absence.employee_id for absence in absences}
    if None in whose:
        await lock_company(connection, company_id)
        await lock_everybody(connection, company_id)
    else:
        await lock_employees(connection, company_id, [one for one in whose if one is not None])
