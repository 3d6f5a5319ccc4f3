"""What our own tables say about employees in a window: openings, absences and blocked spans, ready for cutting slots."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from slotgraph.core.availability import DaysOff, Opening, absent_spans, openings
from slotgraph.core.clock import MINUTES_PER_DAY, zone
from slotgraph.core.records import Absence, Availability, Employee
from slotgraph.core.store import schedule
from slotgraph.core.values import Span


@dataclass(frozen=True, slots=True)
class Agenda:
    """One employee's own data in a window; openings whole, absences and blocked spans as they are."""

    openings: Sequence[Opening]
    absent: Sequence[Span]
    blocked: Sequence[Span]


async def agendas(
    connection: AsyncConnection, company_id: str, employees: Sequence[Employee], *, window: Span
) -> dict[str, Agenda]:
    """The agenda of each employee, by id."""
    ids = [employee.id for employee in employees]
    availabilities = await schedule.availabilities_of(connection, company_id, ids)
    absences = await schedule.absences_of(connection, company_id, ids)
    # An opening may begin before the window and run into it: blocked spans are wanted for all of it.
    wide = Span(window.start - MINUTES_PER_DAY, window.end + MINUTES_PER_DAY)
    blocked = await schedule.blocked_spans(connection, company_id, ids, window=wide)
    return {
        employee.id: _agenda_of(employee, availabilities, absences, blocked=blocked.get(employee.id, ()), window=wide)
        for employee in employees
    }


def _agenda_of(
    employee: Employee,
    availabilities: Sequence[Availability],
    absences: Sequence[Absence],
    *,
    blocked: Sequence[Span],
    window: Span,
) -> Agenda:
    tz = zone(employee.time_zone)
    rules = [one.rule for one in availabilities if one.employee_id == employee.id]
    off: list[DaysOff | Span] = [one.times for one in absences if one.employee_id in (None, employee.id)]
    return Agenda(openings(rules, tz, window), absent_spans(off, tz), blocked)
