"""The answer of a slot search: slots, days, and how the calendars answered."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from slotgraph.core.candidates import EmployeeChoice, ServiceRef
from slotgraph.core.checks import CalendarCheck
from slotgraph.core.clock import local_date, midnight, zone
from slotgraph.core.plugin import Deadline
from slotgraph.core.slots import Shape
from slotgraph.core.spans import overlaps
from slotgraph.core.values import Span

_DAY = timedelta(days=1)


class Takers(Protocol):
    """Knows who can take a start."""

    def takers(self, start: int) -> tuple[str, ...]:
        """Their ids."""


class Slot(NamedTuple):
    """An offered start, in minutes. Who can take it is looked up only when asked for: a search has many."""

    start: int
    end: int
    offering: Takers

    @property
    def employee_ids(self) -> tuple[str, ...]:
        """Who can take it."""
        return self.offering.takers(self.start)


@dataclass(frozen=True, slots=True)
class SlotDay:
    """One local day of a search. Not complete: a calendar did not answer, so no slot does not mean booked out."""

    day: date
    slots: Sequence[Slot]
    complete: bool


@dataclass(frozen=True, slots=True)
class SlotSearch:
    """Answer of a slot search; `searched` is what was really searched, after notice and horizon, of the `window` asked for."""

    service: ServiceRef
    employees: EmployeeChoice
    window: Span
    searched: Span
    slots: Sequence[Slot]
    complete: bool
    sources: Sequence[CalendarCheck]
    unverified: Sequence[Span]
    """Where some calendar did not answer: sorted, disjoint."""
    shape: Shape
    time_zone: str
    """The zone of the days."""
    deadline: Deadline
    """By which the search, and what follows from it, has to be done."""

    @property
    def company_id(self) -> str:
        """Whose slots these are."""
        return self.service.company_id

    @property
    def days(self) -> list[SlotDay]:
        """One item per local day of the window, empty days included."""
        tz = zone(self.time_zone)
        day, last = local_date(self.window.start, tz), local_date(max(self.window.start, self.window.end - 1), tz)
        starts = [slot.start for slot in self.slots]
        days = []
        while day <= last:
            days.append(self._day(day, starts, tz))
            day += _DAY
        return days

    def _day(self, day: date, starts: Sequence[int], tz: ZoneInfo) -> SlotDay:
        whole = Span(midnight(day, tz), midnight(day + _DAY, tz))
        slots = self.slots[bisect_left(starts, whole.start) : bisect_left(starts, whole.end)]
        part = Span(max(whole.start, self.searched.start), min(whole.end, self.searched.end))
        return SlotDay(day, slots, is_complete(part, self.shape, self.unverified))


def is_complete(part: Span, shape: Shape, unverified: Sequence[Span]) -> bool:
    """Whether every calendar answered, or may be ignored, for all that decides about the starts in a part, buffers included."""
    return part.start >= part.end or not overlaps(shape.reach(part), unverified)
