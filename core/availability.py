"""From wall-clock rules to spans in UTC: weekly and dated availabilities, absences (rules A1, A2)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from slotgraph.core.clock import local_date, local_days, minute_from_wall
from slotgraph.core.values import Span

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Times:
    """First minute and first minute after, wall clock. `end <= start` runs past midnight; 00:00 as end closes the day."""

    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Weekly:
    """An opening on the same weekday (0 is Monday) of every week, between two days if given, the last one included."""

    times: Times
    weekday: int
    valid_from: date | None = None
    valid_until: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether this opening begins on that day."""
        if day.weekday() != self.weekday:
            return False
        return not (self.valid_from and day < self.valid_from) and not (self.valid_until and day > self.valid_until)


@dataclass(frozen=True, slots=True)
class Dated:
    """An extra opening on one date."""

    times: Times
    day: date

    def holds_on(self, day: date) -> bool:
        """Whether this opening begins on that day."""
        return day == self.day


Rule = Weekly | Dated


@dataclass(frozen=True, slots=True)
class DaysOff:
    """Whole local days off, the last one included."""

    first: date
    last: date


Absent = DaysOff | Span
"""An absence: whole days of the employee's zone, or an exact span."""


class Opening(NamedTuple):
    """One availability on one date: its span, and which of the given rules it comes from. The anchor of its grid is its start."""

    span: Span
    rule: int


def openings(rules: Iterable[Rule], tz: ZoneInfo, window: Span) -> list[Opening]:
    """Each availability on each date that touches the window, whole (not clipped), sorted; neither merged nor cut by absences.

    Whole, because the grid starts at the opening as written (rule S2).
    """
    listed = list(rules)
    day = local_date(window.start, tz) - _DAY
    last = local_date(window.end, tz)
    found: list[Opening] = []
    while day <= last:
        for number, rule in enumerate(listed):
            if rule.holds_on(day):
                span = _span_on(day, rule.times, tz)
                if span.start < span.end and span.start < window.end and span.end > window.start:
                    found.append(Opening(span, number))
        day += _DAY
    return sorted(found)


def _span_on(day: date, times: Times, tz: ZoneInfo) -> Span:
    end_day = day + _DAY if times.end <= times.start else day
    start = minute_from_wall(datetime.combine(day, times.start), tz)
    return Span(start, minute_from_wall(datetime.combine(end_day, times.end), tz, last=True))


def absent_spans(absences: Iterable[Absent], tz: ZoneInfo) -> list[Span]:
    """Absences as spans on this employee's local days, in the given order."""
    return [local_days(off.first, off.last, tz) if isinstance(off, DaysOff) else off for off in absences]
