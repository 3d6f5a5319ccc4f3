"""What our own tables say about employees in a window: openings, absences and blocked spans, ready for cutting slots."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from slotgraph.core.availability import DaysOff, absent_spans, openings
from slotgraph.core.clock import MINUTES_PER_DAY, zone
from slotgraph.core.records import Absence, Availability, Employee
from slotgraph.core.store import blocks, schedule
from slotgraph.core.store.blocks import NOTHING, Blocked, Own
from slotgraph.core.values import Span


@dataclass(frozen=True, slots=True)
class Agenda:
    """One employee's own data in a window; openings whole, absences and the blocked spans of bookings and holds as they are."""

    openings: Sequence[Span]
    absent: Sequence[Span]
    booked: Sequence[Span]
    held: Sequence[Span]


class Agendas:
    """The agendas of some employees, each worked out when it is asked for: many at once would take long."""

    def __init__(
        self,
        availabilities: Iterable[Availability],
        absences: Iterable[Absence],
        blocked: Mapping[str, Blocked],
        window: Span,
    ) -> None:
        self._availabilities: defaultdict[str, list[Availability]] = defaultdict(list)
        self._absences: defaultdict[str | None, list[Absence]] = defaultdict(list)
        self._blocked = blocked
        self._window = window
        for availability in availabilities:
            self._availabilities[availability.employee_id].append(availability)
        for absence in absences:
            self._absences[absence.employee_id].append(absence)

    def of(self, employee: Employee) -> Agenda:
        """One employee's agenda."""
        absences = [*self._absences[None], *self._absences[employee.id]]
        return agenda_of(
            employee,
            self._availabilities[employee.id],
            absences,
            blocked=self._blocked[employee.id],
            window=self._window,
        )


async def agendas(
    connection: AsyncConnection,
    company_id: str,
    employees: Sequence[Employee],
    *,
    window: Span,
    now: datetime,
    apart_from: Own = NOTHING,
) -> Agendas:
    """Read what the agendas of some employees are made of, with the holds that live now."""
    ids = [employee.id for employee in employees]
    # The window decides alone; the day around it is for telling somebody's hours on the day of a start.
    wide = Span(window.start - MINUTES_PER_DAY, window.end + MINUTES_PER_DAY)
    availabilities = await schedule.availabilities_of(connection, company_id, ids)
    absences = await schedule.absences_of(connection, company_id, ids, window=wide)
    blocked = await blocks.blocked_spans(connection, company_id, ids, window=wide, now=now, apart_from=apart_from)
    return Agendas(availabilities, absences, blocked, wide)


def agenda_of(
    employee: Employee,
    availabilities: Sequence[Availability],
    absences: Sequence[Absence],
    *,
    blocked: Blocked,
    window: Span,
) -> Agenda:
    """The agenda of one employee in a window, from availabilities and absences of several."""
    tz = zone(employee.time_zone)
    rules = [one.rule for one in availabilities if one.employee_id == employee.id]
    off: list[DaysOff | Span] = [one.times for one in absences if one.employee_id in (None, employee.id)]
    return Agenda(openings(rules, tz, window), absent_spans(off, tz), blocked.booked, blocked.held)
