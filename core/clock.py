"""Time: the only reader of the wall clock, whole minutes since the epoch, and time zones by their IANA names."""

import time
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo, available_timezones

from slotgraph.core.values import Span

MINUTES_PER_DAY = 1440
YEARS = range(1900, 3000)
"""The years callers may speak of. Whoever computes with days and zones around these stays inside what Python's calendar holds."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.toordinal()
_MINUTE = timedelta(minutes=1)


class Clock(Protocol):
    """What everything that needs the time takes."""

    def now(self) -> datetime:
        """The instant, aware, in UTC."""

    def monotonic(self) -> float:
        """Seconds for measuring how long something took."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - this is the clock

    def monotonic(self) -> float:
        return time.monotonic()


def minute_from_instant(instant: datetime) -> int:
    """The whole minute an aware instant lies in, rounded down."""
    return int((instant - _EPOCH).total_seconds() // 60)


def minute_ceiling(instant: datetime) -> int:
    """The first whole minute at or after an aware instant."""
    return -int(-(instant - _EPOCH).total_seconds() // 60)


def instant_from_minute(minute: int) -> datetime:
    """The instant of a whole minute, aware, in UTC."""
    return _EPOCH + timedelta(minutes=minute)


def span_from_instants(start: datetime, end: datetime) -> Span:
    """The span that covers `[start, end)`, rounded outward to whole minutes (rule S7); zero length stays zero length."""
    first = minute_from_instant(start)
    return Span(first, max(first, minute_ceiling(end)) if end > start else first)


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """All IANA zone names known here."""
    return frozenset(available_timezones())


def is_zone_name(name: str) -> bool:
    """Whether this is an IANA zone name known here (case counts)."""
    return name in zone_names()


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The zone of an IANA name. Raises ValueError if there is none."""
    if not is_zone_name(name):
        raise ValueError(f"{name!r} is no IANA time zone")
    return ZoneInfo(name)


def _exists(wall: datetime, tz: ZoneInfo) -> bool:
    return wall.replace(tzinfo=tz).astimezone(UTC).astimezone(tz).replace(tzinfo=None, fold=0) == wall.replace(fold=0)


def minute_from_wall(wall: datetime, tz: ZoneInfo, *, last: bool = False) -> int:
    """The minute of a naive wall time in a zone (rule A1).

    A time inside a DST gap moves forward to the gap's end; an ambiguous one means the first of the two, or the last if `last`.
    """
    aware = wall.replace(tzinfo=tz, fold=1 if last else 0)
    if not _exists(wall, tz):
        return _end_of_gap(wall, tz)
    return minute_ceiling(aware.astimezone(UTC))


def _end_of_gap(wall: datetime, tz: ZoneInfo) -> int:
    """The first minute after the gap that swallowed this wall time, by bisection between the two readings of it."""
    readings = [minute_from_instant(wall.replace(tzinfo=tz, fold=fold).astimezone(UTC)) for fold in (0, 1)]
    low, high = min(readings) - 1, max(readings)
    before = _offset(low, tz)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(middle, tz) == before:
            low = middle
        else:
            high = middle
    return high


def _offset(minute: int, tz: ZoneInfo) -> timedelta | None:
    return instant_from_minute(minute).astimezone(tz).utcoffset()


def day_number(day: date) -> int:
    """Days since 1970-01-01: what date arithmetic is done in where it has to be quick."""
    return day.toordinal() - _EPOCH_DAY


def minute_of_wall_day(day: int, minute: int, tz: ZoneInfo, *, last: bool = False) -> int:
    """The minute of a wall time given as day number and minute of that day, or of the next if past 1440; read like `minute_from_wall`."""
    if minute >= MINUTES_PER_DAY:
        day, minute = day + 1, minute - MINUTES_PER_DAY
    offset = _steady_offset(tz, day)
    if offset is not None:
        return day * MINUTES_PER_DAY + minute - offset
    return _minute_of_unsteady_day(day, minute, tz, last)


@lru_cache(maxsize=65536)
def _steady_offset(tz: ZoneInfo, day: int) -> int | None:
    """Minutes a zone is ahead of UTC all through a local day; None if that changes, on the day or close to it, or is no whole minute."""
    offsets = {_offset((day + near) * MINUTES_PER_DAY, tz) for near in (-1, 0, 1, 2)}
    if len(offsets) > 1:
        return None
    minutes, rest = divmod(offsets.pop() or timedelta(), _MINUTE)
    return None if rest else minutes


@lru_cache(maxsize=4096)
def _minute_of_unsteady_day(day: int, minute: int, tz: ZoneInfo, last: bool) -> int:
    wall = datetime.fromordinal(day + _EPOCH_DAY) + timedelta(minutes=minute)
    return minute_from_wall(wall, tz, last=last)


def wall_from_minute(minute: int, tz: ZoneInfo) -> datetime:
    """The naive wall time of a minute in a zone."""
    return instant_from_minute(minute).astimezone(tz).replace(tzinfo=None)


def local_date(minute: int, tz: ZoneInfo) -> date:
    """The local day a minute lies on."""
    return wall_from_minute(minute, tz).date()


def midnight(day: date, tz: ZoneInfo) -> int:
    """The minute a local day begins: its 00:00, or the end of the gap that swallowed it."""
    return minute_of_wall_day(day_number(day), 0, tz)


def local_days(first: date, last: date, tz: ZoneInfo) -> Span:
    """The span of the whole local days `first` to `last`, the last one included. DST days are 23 or 25 hours long."""
    return Span(midnight(first, tz), midnight(last + timedelta(days=1), tz))
