"""From wall-clock rules to spans in UTC: weekly and dated availabilities, absences (rules A1, A2)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time
from zoneinfo import ZoneInfo

from slotgraph.core.clock import MINUTES_PER_DAY, day_number, local_days, minute_of_wall_day
from slotgraph.core.values import Span


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


@dataclass(frozen=True, slots=True)
class Dated:
    """An extra opening on one date."""

    times: Times
    day: date


Rule = Weekly | Dated


@dataclass(frozen=True, slots=True)
class DaysOff:
    """Whole local days off, the last one included."""

    first: date
    last: date


Absent = DaysOff | Span
"""An absence: whole days of the employee's zone, or an exact span."""


def openings(rules: Iterable[Rule], tz: ZoneInfo, window: Span) -> list[Span]:
    """Each availability on each date that touches the window, whole (not clipped), sorted; neither merged nor cut by absences.

    Whole, because the grid starts where the opening does as written (rule S2).
    """
    weekly, dated = _by_day(rules)
    found: list[Span] = []
    # Wall clocks are less than a day from UTC, and an opening ends on the next day at the latest.
    for day in range(window.start // MINUTES_PER_DAY - 2, window.end // MINUTES_PER_DAY + 2):
        ruled = weekly[(day + _THURSDAY) % 7]
        if day in dated:
            ruled = ruled + dated[day]
        for start, end, valid in ruled:
            if valid is None or valid[0] <= day <= valid[1]:
                opens = minute_of_wall_day(day, start, tz)
                closes = minute_of_wall_day(day, end, tz, last=True)
                if opens < closes and opens < window.end and closes > window.start:
                    found.append(Span(opens, closes))
    found.sort()
    return found


_Ruled = tuple[int, int, tuple[int, int] | None]
"""The minutes of the day a rule starts and ends (past 1440: on the next day), and the first and last day it holds on."""

_THURSDAY = 3
"""The weekday of 1970-01-01."""


def _by_day(rules: Iterable[Rule]) -> tuple[list[list[_Ruled]], dict[int, list[_Ruled]]]:
    """Weekly rules by weekday, dated ones by day number."""
    weekly: list[list[_Ruled]] = [[], [], [], [], [], [], []]
    dated: dict[int, list[_Ruled]] = {}
    for rule in rules:
        opens, closes = rule.times.start, rule.times.end
        start, end = opens.hour * 60 + opens.minute, closes.hour * 60 + closes.minute
        if end <= start:
            end += MINUTES_PER_DAY
        if isinstance(rule, Weekly):
            weekly[rule.weekday].append((start, end, _validity(rule)))
        else:
            dated.setdefault(day_number(rule.day), []).append((start, end, None))
    return weekly, dated


def _validity(rule: Weekly) -> tuple[int, int] | None:
    if rule.valid_from is None and rule.valid_until is None:
        return None
    return day_number(rule.valid_from or date.min), day_number(rule.valid_until or date.max)


def absent_spans(absences: Iterable[Absent], tz: ZoneInfo) -> list[Span]:
    """Absences as spans on this employee's local days, in the given order."""
    return [local_days(off.first, off.last, tz) if isinstance(off, DaysOff) else off for off in absences]
