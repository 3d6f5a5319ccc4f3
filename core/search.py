"""The slot search: own tables and live calendars in, offered starts out; nothing is written and nothing is kept (rules S1-S5, S7)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from slotgraph.core.asking import Asking, deadline_of
from slotgraph.core.candidates import Candidates, EmployeeChoice, ServiceRef, candidates
from slotgraph.core.checks import CalendarCheck, CheckState, shown_checks
from slotgraph.core.clock import (
    MINUTES_PER_DAY,
    is_zone_name,
    local_date,
    local_days,
    minute_ceiling,
    zone,
)
from slotgraph.core.errors import BadInput, UnknownObject
from slotgraph.core.freebusy import FreeBusyAnswer
from slotgraph.core.judging import bounded
from slotgraph.core.operation import Operation
from slotgraph.core.policy import Action
from slotgraph.core.records import Employee
from slotgraph.core.slots import MAX_WINDOW_DAYS, Day, Shape, offered_starts, union_of_starts
from slotgraph.core.spans import overlaps
from slotgraph.core.store.agenda import Agenda, agendas
from slotgraph.core.values import Span

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SlotQuery:
    """What slots to search: a window of aware instants, the zone of the days (None: the company's)."""

    service: ServiceRef
    employees: EmployeeChoice
    start: datetime
    end: datetime
    time_zone: str | None = None
    deadline_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """An offered start, in minutes, and who can take it."""

    start: int
    end: int
    employee_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SlotDay:
    """One local day of a search. Not complete: a calendar did not answer, so no slot does not mean booked out."""

    day: date
    slots: Sequence[Slot]
    complete: bool


@dataclass(frozen=True, slots=True)
class SlotSearch:
    """Answer of a slot search; `searched` is what was really searched, after notice and horizon."""

    company_id: str
    searched: Span
    slots: Sequence[Slot]
    days: Sequence[SlotDay]
    complete: bool
    sources: Sequence[CalendarCheck]


class Search:
    """Searches slots."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    async def slots(self, operation: Operation, query: SlotQuery) -> SlotSearch:
        """Search. Raises BadInput or UnknownObject before any calendar is asked."""
        window = checked_window(query)
        deadline = deadline_of(operation.clock, query.deadline_ms, path=("input", "deadlineMs"))
        who = await candidates(operation, query.service, query.employees, action=Action.SEARCH_SLOTS, path=("input",))
        shape = who.service.shape(who.company)
        now = operation.clock.now()
        bounds = {one.id: bounded(window, who.service, one, now=now) for one in who.employees}
        searched = _hull(window, bounds.values())
        reach = shape.reach(searched)
        async with operation.database.read() as connection:
            own = await agendas(connection, who.company.id, who.employees, window=reach)
        answer = await self._asking.ask(operation, who.company.id, who.employees, window=reach, deadline=deadline)
        # Support may have been shut out while the calendars were asked (T3).
        if not await operation.permits(Action.SEARCH_SLOTS, who.company.id):
            raise UnknownObject(("input", "service"))
        offered = {one.id: _starts(own[one.id], answer, one, shape, bounds[one.id]) for one in who.employees}
        slots = [Slot(start, start + shape.duration, ids) for start, ids in union_of_starts(offered)]
        return SlotSearch(
            company_id=who.company.id,
            searched=searched,
            slots=slots,
            days=_days(slots, answer, who, shape=shape, searched=searched, window=window, zone_name=query.time_zone),
            complete=all(check.state is not CheckState.UNVERIFIED for check in answer.checks),
            sources=await shown_checks(answer.checks, operation, who.company.id),
        )


def checked_window(query: SlotQuery) -> Span:
    """The window in minutes. Raises BadInput if it is inverted or too wide, or a zone is unknown (rule S4)."""
    # Whole minutes first: instants of one zone would be subtracted by their wall times.
    window = Span(minute_ceiling(query.start), minute_ceiling(query.end))
    if query.end.timestamp() <= query.start.timestamp():
        raise BadInput(("input", "to"), "the window must end after it begins (`from`).")
    if window.end - window.start > MAX_WINDOW_DAYS * MINUTES_PER_DAY:
        raise BadInput(("input", "to"), f"a window is at most {MAX_WINDOW_DAYS} days; ask for less.")
    if query.time_zone is not None and not is_zone_name(query.time_zone):
        raise BadInput(("input", "timeZone"), "this is no IANA time zone, for example Europe/Zurich.")
    return window


def _hull(window: Span, bounds: Collection[Span]) -> Span:
    if not bounds:
        return window
    return Span(min(span.start for span in bounds), max(span.end for span in bounds))


def _starts(own: Agenda, answer: FreeBusyAnswer, employee: Employee, shape: Shape, starts: Span) -> list[int]:
    blocked = [
        *own.blocked,
        *answer.busy.get(employee.id, ()),
        *answer.unverified.get(employee.id, ()),
    ]
    return offered_starts(Day(own.openings, own.absent, blocked), shape, starts)


def _days(
    slots: Sequence[Slot],
    answer: FreeBusyAnswer,
    who: Candidates,
    *,
    shape: Shape,
    searched: Span,
    window: Span,
    zone_name: str | None,
) -> list[SlotDay]:
    tz = zone(zone_name or who.company.time_zone)
    by_day: dict[date, list[Slot]] = {}
    for slot in slots:
        by_day.setdefault(local_date(slot.start, tz), []).append(slot)
    days = []
    day, last = local_date(window.start, tz), local_date(window.end - 1, tz)
    while day <= last:
        whole = local_days(day, day, tz)
        part = Span(max(whole.start, searched.start), min(whole.end, searched.end))
        complete = part.start >= part.end or _is_complete(shape.reach(part), answer)
        days.append(SlotDay(day, by_day.get(day, []), complete))
        day += _DAY
    return days


def _is_complete(span: Span, answer: FreeBusyAnswer) -> bool:
    """Whether every calendar answered for all that decides about starts in a span, buffers included."""
    return not any(overlaps(span, unverified) for unverified in answer.unverified.values())
