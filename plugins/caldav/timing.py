"""When an event is: its start and length on the right clock, and the span of an instance of it. Knows no recurrence."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from slotgraph.core.plugin import Span, instant_from_minute, local_days, span_from_instants
from slotgraph.plugins.caldav.moments import Length, is_date, length_from_text, naive_from_text
from slotgraph.plugins.caldav.tokenizer import Component, Line
from slotgraph.plugins.caldav.zones import UTC_CLOCK, NamedClock, WallClock, Zones

_DAY = timedelta(days=1)
_LEADING_DATE = re.compile(r"\s*(\d{8})")


class Moment(NamedTuple):
    """A time as written: wall time, the clock it is read on, and whether it is a whole day."""

    wall: datetime
    clock: WallClock
    all_day: bool

    @property
    def instant(self) -> datetime:
        """The instant it means."""
        return self.clock.instant(self.wall)


class Timing(NamedTuple):
    """An event's start and length. `home` is the employee's zone, in which whole days lie (rule B2).

    A length given by DTEND is `nominal`, kept on the wall clock as clients show it: 22:00-06:00 is that in the night of a change
    too (RFC 5545 section 3.8.5.3 would have it last as many hours; no client was seen doing that).
    """

    start: Moment
    length: Length
    nominal: bool
    home: NamedClock

    def span_at(self, wall: datetime) -> Span:
        """The span of the instance that starts at a wall time."""
        if self.start.all_day:
            first = wall.date()
            return local_days(first, first + timedelta(days=self.length.days - 1), self.home.zone)
        start = self.start.clock.instant(wall)
        if self.nominal:
            end = self.start.clock.instant(wall + self.length.about)
        else:
            end = self.start.clock.instant(wall + timedelta(self.length.days)) + self.length.exact
        # A start inside the gap may come to lie behind its end.
        return span_from_instants(start, end if end >= start else start + self.length.about)


class Times:
    """Reads the times of one calendar object: its zones, and the employee's for what has none."""

    def __init__(self, zones: Zones, home: NamedClock) -> None:
        self._zones = zones
        self._home = home

    def moment(self, line: Line, clock: WallClock | None = None) -> Moment:
        """Read a time; a floating one on `clock` (an EXDATE often lacks its event's TZID), else on the employee's."""
        wall = naive_from_text(line.value)
        if is_date(line.value):
            return Moment(wall, self._home, all_day=True)
        if line.value.strip().upper().endswith("Z"):
            return Moment(wall, UTC_CLOCK, all_day=False)
        if tzid := line.parameters.get("TZID"):
            return Moment(wall, self._zones.clock(tzid), all_day=False)
        return Moment(wall, clock or self._home, all_day=False)

    def timing(self, event: Component) -> Timing:
        """Read an event's start and length. Raises ValueError: no start, unreadable, or an end before the start."""
        dtstart, dtend, duration = (event.line(name) for name in ("DTSTART", "DTEND", "DURATION"))
        if dtstart is None:
            raise ValueError("an event without start")
        start = self.moment(dtstart)
        if dtend is not None:
            return self._until(start, self.moment(dtend, start.clock))
        length = length_from_text(duration.value) if duration else Length(0, timedelta())
        if start.all_day:
            length = Length(max(1, -(-length.about // _DAY)), timedelta())
        return Timing(start, length, nominal=False, home=self._home)

    def _until(self, start: Moment, end: Moment) -> Timing:
        if start.all_day != end.all_day:
            raise ValueError("a day and a time as ends of one event")
        is_same_clock = start.clock == end.clock
        length = end.wall - start.wall if is_same_clock else end.instant - start.instant
        if length < timedelta():
            raise ValueError("an event that ends before it starts")
        if start.all_day:
            # Equal dates are against RFC 5545 section 3.6.1, but written by clients for one day.
            return Timing(start, Length(max(1, length.days), timedelta()), nominal=True, home=self._home)
        return Timing(start, Length(0, length), nominal=is_same_clock, home=self._home)

    def added(self, line: Line, text: str, timing: Timing) -> tuple[datetime, Span | None]:
        """An RDATE's wall start on the event's clock, and its span if it brings its own end (VALUE=PERIOD)."""
        clock = timing.start.clock
        start_text, is_period, end_text = text.partition("/")
        start = self.moment(line._replace(value=start_text), clock)
        wall = start.wall if start.clock == clock else clock.wall(start.instant)
        if not is_period:
            return wall, None
        if end_text.strip().upper().startswith(("P", "+P")):
            return wall, Timing(start, length_from_text(end_text), nominal=False, home=self._home).span_at(start.wall)
        end = self.moment(line._replace(value=end_text), clock)
        if end.instant < start.instant:
            raise ValueError("a period that ends before it starts")
        return wall, span_from_instants(start.instant, end.instant)

    def moments(self, event: Component, name: str, clock: WallClock) -> Iterator[Moment]:
        """All times of the lines of a name."""
        for line in event.lines_named(name):
            for text in line.value.split(","):
                yield self.moment(line._replace(value=text), clock)

    def day(self, moment: Moment) -> datetime:
        """The midnight of the day a moment means for an all-day event."""
        wall = moment.wall if moment.clock != UTC_CLOCK else self._home.wall(moment.instant)
        return wall.replace(hour=0, minute=0, second=0)


def could_touch(event: Component, window: Span) -> bool:
    """Whether a broken event could touch the window: by the dates that can still be read in it; if none, it could."""
    start, end = (_leading_day(event.line(name)) for name in ("DTSTART", "DTEND"))
    if start is None:
        return True
    first, last = (instant_from_minute(minute).replace(tzinfo=None) for minute in window)
    is_bounded = end is not None and not any(line.name in ("RRULE", "RDATE", "DURATION") for line in event.lines)
    # Two days of slack on both sides: the zone may be what is broken.
    ends_before = is_bounded and end is not None and max(start, end) + 3 * _DAY <= first
    return (min(start, end) if end else start) - 2 * _DAY < last and not ends_before


def _leading_day(line: Line | None) -> datetime | None:
    match = _LEADING_DATE.match(line.value) if line else None
    try:
        day = naive_from_text(match[1]) if match else None
    except ValueError:
        return None
    return day if day and 1000 < day.year < 9000 else None
