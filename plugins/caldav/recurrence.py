"""RRULE (RFC 5545 section 3.3.10) in wall time: jumps to the span asked for and counts every step. Knows no zone, no event.

dateutil walks from DTSTART without a bound: 35 s for a FREQ=SECONDLY that began six years before the hour asked for.
"""

from calendar import isleap, monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import count

from slotgraph.core.plugin import AnswerTooLarge

FREQUENCIES = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY")
_YEARLY, _MONTHLY, _WEEKLY, _DAILY, _HOURLY, _MINUTELY, _SECONDLY = range(7)
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_STEP = {
    _WEEKLY: timedelta(weeks=1),
    _DAILY: timedelta(days=1),
    _HOURLY: timedelta(hours=1),
    _MINUTELY: timedelta(minutes=1),
    _SECONDLY: timedelta(seconds=1),
}
_RANGES = {
    "BYMONTH": (1, 12),
    "BYWEEKNO": (-53, 53),
    "BYYEARDAY": (-366, 366),
    "BYMONTHDAY": (-31, 31),
    "BYHOUR": (0, 23),
    "BYMINUTE": (0, 59),
    "BYSECOND": (0, 60),
    "BYSETPOS": (-366, 366),
    "INTERVAL": (1, 1_000_000_000),
    "COUNT": (1, 1_000_000_000),
}
# About the work in a period, of YEARLY by month; what repeats within the hour is hardly ever meant and is refused soon.
_COST = {_YEARLY: 8, _MONTHLY: 15, _WEEKLY: 4, _DAILY: 2, _MINUTELY: 8, _SECONDLY: 20}
_DAY = timedelta(days=1)


class Budget:
    """Steps that one answer may cost. Raises AnswerTooLarge when they are spent."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def spend(self, steps: int = 1) -> None:
        """Take steps off."""
        self.left -= steps
        if self.left < 0:
            raise AnswerTooLarge


@dataclass(frozen=True, slots=True)
class Rule:
    """A parsed RRULE. `by` holds the BY lists by name, empty ones left out; `days` the BYDAYs as (nth or 0, weekday from Monday 0).

    `until` is the raw text: what it means depends on the event's zone.
    """

    frequency: int
    interval: int
    count: int | None
    until: str | None
    by: dict[str, frozenset[int]]
    days: frozenset[tuple[int, int]]
    week_start: int

    @property
    def is_within_days(self) -> bool:
        """Whether it repeats more than once a day by its frequency."""
        return self.frequency >= _HOURLY

    def filled(self, start: datetime) -> "Rule":
        """The rule with what it leaves open taken from DTSTART."""
        by, days = dict(self.by), self.days
        if not days and not by.keys() & {"BYMONTHDAY", "BYYEARDAY"}:
            if self.frequency == _WEEKLY or (self.frequency == _YEARLY and "BYWEEKNO" in by):
                days = frozenset({(0, start.weekday())})
            elif self.frequency in (_YEARLY, _MONTHLY):
                by["BYMONTHDAY"] = frozenset({start.day})
                if self.frequency == _YEARLY:
                    by.setdefault("BYMONTH", frozenset({start.month}))
        for level, (name, value) in enumerate(
            (("BYHOUR", start.hour), ("BYMINUTE", start.minute), ("BYSECOND", start.second)), start=_HOURLY
        ):
            if self.frequency < level:
                by.setdefault(name, frozenset({value}))
        return Rule(self.frequency, self.interval, self.count, self.until, by, days, self.week_start)


def rule_from_text(text: str) -> Rule:
    """Parse an RRULE value. Raises ValueError; also for what is not known (RSCALE), for it could mean any day."""
    parts = dict(_pair(part) for part in text.strip().upper().split(";") if part)
    if parts.get("FREQ") not in FREQUENCIES:
        raise ValueError("a rule without frequency")
    frequency = FREQUENCIES.index(parts.pop("FREQ"))
    until, week_start, days = parts.pop("UNTIL", None), parts.pop("WKST", "MO"), parts.pop("BYDAY", "")
    if not parts.keys() <= _RANGES.keys() or week_start not in _WEEKDAYS:
        raise ValueError("a rule with an unknown part")
    numbers = {name: _numbers(name, value) for name, value in parts.items()}
    interval, limit = numbers.pop("INTERVAL", frozenset({1})), numbers.pop("COUNT", frozenset[int]())
    return Rule(
        frequency,
        max(interval),
        max(limit, default=None),
        until,
        numbers,
        frozenset(_weekday(day, frequency) for day in days.split(",") if day),
        _WEEKDAYS.index(week_start),
    )


def _pair(part: str) -> tuple[str, str]:
    name, sign, value = part.partition("=")
    if not sign or not value.strip():
        raise ValueError("a rule with a broken part")
    return name.strip(), value.strip()


def _numbers(name: str, text: str) -> frozenset[int]:
    low, high = _RANGES[name]
    if len(text) > 10_000:
        raise ValueError("a rule with an endless list")
    numbers = frozenset(int(part) for part in text.split(","))
    if any(not low <= number <= high or (number == 0 and low < 0) for number in numbers):
        raise ValueError("a rule with a number out of range")
    return frozenset(min(number, 59) for number in numbers) if name == "BYSECOND" else numbers


def _weekday(text: str, frequency: int) -> tuple[int, int]:
    text = text.strip()
    nth, name = text[:-2], text[-2:]
    if name not in _WEEKDAYS or (nth and not -53 <= int(nth) <= 53):
        raise ValueError("a rule with an unknown weekday")
    return int(nth or 0) if frequency <= _MONTHLY else 0, _WEEKDAYS.index(name)


def occurrences(rule: Rule, start: datetime, *, span: tuple[datetime, datetime], budget: Budget) -> Iterator[datetime]:
    """The rule's wall times between both ends of a span, the ends included, in order. DTSTART itself only if it fits the rule.

    UNTIL is the caller's: end the span there. Raises AnswerTooLarge when the budget is spent.
    """
    full = rule.filled(start)
    first, last = span
    # A COUNT has to be counted from the start; anything else begins where the span does.
    number = 0 if full.count else max(0, _period_at(full, start, first) - 1)
    left = full.count
    cost = _COST.get(full.frequency, 1) * (len(full.by.get("BYMONTH", range(12))) if full.frequency == _YEARLY else 1)
    for period in count(number):
        candidates = _candidates(full, start, period, last)
        if candidates is None:
            return
        budget.spend(cost)
        for candidate in _picked(full, candidates, budget):
            if candidate < start:
                continue
            if candidate > last or left == 0:
                return
            left = left - 1 if left else None
            if candidate >= first:
                yield candidate


def _period_at(rule: Rule, start: datetime, at: datetime) -> int:
    """The number of the period a time lies in, counted from DTSTART's; negative before it."""
    if rule.frequency == _YEARLY:
        return (at.year - start.year) // rule.interval
    if rule.frequency == _MONTHLY:
        return (12 * (at.year - start.year) + at.month - start.month) // rule.interval
    return (at - start) // (_STEP[rule.frequency] * rule.interval)


def _candidates(rule: Rule, start: datetime, period: int, last: datetime) -> Iterable[datetime] | None:
    """All fitting times of one period, in order; None if it begins after `last`."""
    try:
        begin = _beginning(rule, start, rule.interval * period)
    except (OverflowError, ValueError):  # past the year 9999
        return None
    if begin > last:
        return None
    days = [day for day in _days(rule, begin.date()) if _fits(rule, day)]
    if rule.is_within_days:
        return _times_within(rule, begin) if days else ()
    times = [
        time(hour, minute, second)
        for hour in sorted(rule.by["BYHOUR"])
        for minute in sorted(rule.by["BYMINUTE"])
        for second in sorted(rule.by["BYSECOND"])
    ]
    return (datetime.combine(day, at) for day in days for at in times)


def _beginning(rule: Rule, start: datetime, units: int) -> datetime:
    day = datetime(start.year, start.month, start.day)  # noqa: DTZ001 - wall time
    if rule.frequency == _YEARLY:
        return day.replace(year=start.year + units, month=1, day=1)
    if rule.frequency == _MONTHLY:
        year, month = divmod(12 * start.year + start.month - 1 + units, 12)
        return day.replace(year=year, month=month + 1, day=1)
    if rule.frequency == _WEEKLY:
        return day - _DAY * ((day.weekday() - rule.week_start) % 7) + _STEP[_WEEKLY] * units
    if rule.frequency == _DAILY:
        return day + _DAY * units
    whole = {
        _HOURLY: start.replace(minute=0, second=0),
        _MINUTELY: start.replace(second=0),
        _SECONDLY: start,
    }[rule.frequency]
    return whole + _STEP[rule.frequency] * units


def _days(rule: Rule, begin: date) -> Iterable[date]:
    if rule.frequency == _YEARLY:
        months = sorted(rule.by.get("BYMONTH", range(1, 13)))
        return (date(begin.year, month, 1 + n) for month in months for n in range(monthrange(begin.year, month)[1]))
    if rule.frequency == _MONTHLY:
        return (begin.replace(day=1 + n) for n in range(monthrange(begin.year, begin.month)[1]))
    if rule.frequency == _WEEKLY:
        return (begin + _DAY * n for n in range(7))
    return (begin,)


def _times_within(rule: Rule, begin: datetime) -> Iterable[datetime]:
    """The times of a period shorter than a day: what is longer limits, what is shorter expands."""
    fixed = (
        (_HOURLY, "BYHOUR", begin.hour),
        (_MINUTELY, "BYMINUTE", begin.minute),
        (_SECONDLY, "BYSECOND", begin.second),
    )
    for level, name, value in fixed:
        if level <= rule.frequency and name in rule.by and value not in rule.by[name]:
            return ()
    minutes = [begin.minute] if rule.frequency >= _MINUTELY else sorted(rule.by["BYMINUTE"])
    seconds = [begin.second] if rule.frequency >= _SECONDLY else sorted(rule.by["BYSECOND"])
    return (begin.replace(minute=minute, second=second) for minute in minutes for second in seconds)


def _picked(rule: Rule, candidates: Iterable[datetime], budget: Budget) -> Iterator[datetime]:
    positions = rule.by.get("BYSETPOS")
    listed = list(candidates)
    budget.spend(len(listed))
    for index, candidate in enumerate(listed):
        if not positions or index + 1 in positions or index - len(listed) in positions:
            yield candidate


def _fits(rule: Rule, day: date) -> bool:
    by = rule.by
    if "BYMONTH" in by and day.month not in by["BYMONTH"]:
        return False
    if "BYWEEKNO" in by and not by["BYWEEKNO"] & _week_numbers(day, rule.week_start):
        return False
    if "BYYEARDAY" in by and not by["BYYEARDAY"] & set(
        _places(day.timetuple().tm_yday, 366 if isleap(day.year) else 365)
    ):
        return False
    if "BYMONTHDAY" in by and not by["BYMONTHDAY"] & set(_places(day.day, monthrange(day.year, day.month)[1])):
        return False
    return not rule.days or any(_is_weekday(rule, day, nth) for nth, weekday in rule.days if weekday == day.weekday())


def _places(place: int, size: int) -> tuple[int, int]:
    """A place counted from the beginning and from the end."""
    return place, place - size - 1


def _is_weekday(rule: Rule, day: date, nth: int) -> bool:
    """Whether a day is the nth of its weekday: in its month, or in its year if the rule is yearly without months."""
    if nth == 0:
        return True
    if rule.frequency == _YEARLY and "BYMONTH" not in rule.by:
        place, size = day.timetuple().tm_yday, 366 if isleap(day.year) else 365
    else:
        place, size = day.day, monthrange(day.year, day.month)[1]
    return nth in ((place - 1) // 7 + 1, -((size - place) // 7 + 1))


def _week_numbers(day: date, week_start: int) -> frozenset[int]:
    """The week's number in its year from both ends: week 1 is the first with four days in the year."""
    middle = day - _DAY * ((day.weekday() - week_start) % 7) + 3 * _DAY
    number = (middle.timetuple().tm_yday - 1) // 7 + 1
    closing = date(middle.year, 12, 28)
    weeks = ((closing - _DAY * ((closing.weekday() - week_start) % 7) + 3 * _DAY).timetuple().tm_yday - 1) // 7 + 1
    return frozenset((number, number - weeks - 1))
