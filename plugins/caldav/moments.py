"""The date, time, duration and offset texts of RFC 5545 section 3.3, as naive values. Knows no zone and no event."""

import re
from datetime import datetime, timedelta
from typing import NamedTuple

_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)Z?)?")
_DURATION = re.compile(r"([+-]?)P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.IGNORECASE)
_OFFSET = re.compile(r"([+-])(\d\d)(\d\d)(\d\d)?")
MAX_DURATION_DIGITS = 9


class Length(NamedTuple):
    """A duration: whole days by the wall clock, then exact time (RFC 5545 section 3.3.6)."""

    days: int
    exact: timedelta

    @property
    def about(self) -> timedelta:
        """Its length on a day without a change of offset."""
        return timedelta(self.days) + self.exact


def naive_from_text(text: str) -> datetime:
    """The naive time of a DATE or DATE-TIME; a trailing Z is the caller's to see. Raises ValueError."""
    match = _DATE.fullmatch(text.strip().upper())
    if not match:
        raise ValueError("not a date or time")
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    return datetime(year, month, day, hour, minute, min(second, 59))  # noqa: DTZ001 - wall time; :60 is a leap second


def is_date(text: str) -> bool:
    """Whether the text is a DATE, not a DATE-TIME."""
    return "T" not in text.upper()


def length_from_text(text: str) -> Length:
    """The length of a DURATION. Raises ValueError, also for a negative one: no event ends before it starts."""
    match = _DURATION.fullmatch(text.strip())
    if not match or text.strip().upper().endswith(("P", "T")):
        raise ValueError("not a duration")
    sign, *parts = match.groups()
    if any(part and len(part) > MAX_DURATION_DIGITS for part in parts):
        raise ValueError("an endless duration")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in parts)
    if sign == "-" and any((weeks, days, hours, minutes, seconds)):
        raise ValueError("a negative duration")
    return Length(7 * weeks + days, timedelta(hours=hours, minutes=minutes, seconds=seconds))


def offset_from_text(text: str) -> timedelta:
    """A UTC offset like +0100. Raises ValueError."""
    match = _OFFSET.fullmatch(text.strip())
    if not match:
        raise ValueError("not a UTC offset")
    sign, hours, minutes, seconds = match.groups()
    size = timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds or 0))
    return -size if sign == "-" else size
