"""Time zones as iCalendar names them: IANA, Windows, prefixed names, and VTIMEZONE definitions. No expansion of events."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from slotgraph.core.plugin import is_zone_name, zone
from slotgraph.plugins.caldav.moments import naive_from_text, offset_from_text
from slotgraph.plugins.caldav.recurrence import Budget, occurrences, rule_from_text
from slotgraph.plugins.caldav.tokenizer import Component, unescaped

_WINDOWS = {name.casefold(): iana for name, iana in WINDOWS_TO_OLSON.items()}
_LAST_YEAR = 9990  # a few hours do not matter there, and zone arithmetic would leave the calendar
_FIRST_YEAR = 10
_FOLLOWED = timedelta(days=12 * 366)


class WallClock(Protocol):
    """Turns wall times (naive) into instants (aware, UTC) and back."""

    def instant(self, wall: datetime) -> datetime:
        """The instant of a wall time; in a gap by the offset before it, of two the first (RFC 5545 section 3.3.5)."""

    def wall(self, instant: datetime) -> datetime:
        """The naive wall time of an instant."""


class NamedClock(NamedTuple):
    """The wall clock of an IANA zone."""

    zone: ZoneInfo

    def instant(self, wall: datetime) -> datetime:
        if not _FIRST_YEAR < wall.year < _LAST_YEAR:
            return wall.replace(tzinfo=UTC)
        return wall.replace(tzinfo=self.zone).astimezone(UTC)

    def wall(self, instant: datetime) -> datetime:
        return instant.astimezone(self.zone).replace(tzinfo=None)


UTC_CLOCK = NamedClock(ZoneInfo("UTC"))


class Onset(NamedTuple):
    """A change of offset, at a wall time read with the offset before it."""

    at: datetime
    before: timedelta
    after: timedelta


class DefinedClock(NamedTuple):
    """The wall clock of a VTIMEZONE: its changes up to the end of the years asked for, sorted."""

    onsets: tuple[Onset, ...]

    def instant(self, wall: datetime) -> datetime:
        last = next((onset for onset in reversed(self.onsets) if onset.at <= wall), None)
        if last is None:
            offset = self.onsets[0].before
        elif wall - last.at < last.after - last.before:
            offset = last.before  # inside the gap
        else:
            offset = last.after
        return (wall - offset).replace(tzinfo=UTC)

    def wall(self, instant: datetime) -> datetime:
        naive = instant.replace(tzinfo=None)
        for onset in reversed(self.onsets):
            if naive + onset.before >= onset.at:
                return naive + onset.after
        return naive + self.onsets[0].before


def zone_name(tzid: str) -> str | None:
    """The IANA name that a TZID means, if it can be told: as it is, a Windows name, or behind a vendor's prefix."""
    bare = tzid.strip().strip('"')
    if is_zone_name(bare):
        return bare
    if bare.casefold() in _WINDOWS:
        return _WINDOWS[bare.casefold()]
    # "/freeassociation.sourceforge.net/Europe/Berlin", "/mozilla.org/20070129_1/America/Argentina/Salta"
    parts = bare.strip("/").split("/")
    names = ("/".join(parts[-length:]) for length in (3, 2) if len(parts) > length)
    return next((name for name in names if is_zone_name(name)), None)


class Zones:
    """The zones one calendar object speaks of. Raises ValueError for a TZID that means nothing.

    Definitions are followed through the twelve years before `until`; further back an hour makes no difference any more.
    """

    def __init__(self, definitions: Iterable[Component], until: datetime, budget: Budget) -> None:
        self._definitions = {unescaped(line.value.strip()): part for part in definitions if (line := part.line("TZID"))}
        self._until = until
        self._budget = budget
        self._known: dict[str, WallClock] = {}

    def clock(self, tzid: str) -> WallClock:
        """The wall clock of a TZID. A name that is known wins over its definition, which is often a cut-down one."""
        if tzid not in self._known:
            self._known[tzid] = self._found(tzid)
        return self._known[tzid]

    def _found(self, tzid: str) -> WallClock:
        # Outlook's names hold commas, escaped in the definition and in quotes where they are used; some escape them there too.
        definition = self._definitions.get(unescaped(tzid))
        location = definition.line("X-LIC-LOCATION") if definition else None
        name = zone_name(tzid) or (zone_name(location.value) if location else None)
        if name:
            return NamedClock(zone(name))
        if definition is None:
            raise ValueError("a time zone is neither known nor defined")
        return DefinedClock(tuple(sorted(self._onsets(definition))))

    def _onsets(self, definition: Component) -> list[Onset]:
        found = [onset for part in definition.parts for onset in self._changes(part)]
        if not found:
            raise ValueError("a time zone definition is empty")
        return found

    def _changes(self, observance: Component) -> list[Onset]:
        start, before, after = (observance.line(name) for name in ("DTSTART", "TZOFFSETFROM", "TZOFFSETTO"))
        if start is None or before is None or after is None:
            raise ValueError("a time zone definition lacks its times")
        offsets = offset_from_text(before.value), offset_from_text(after.value)
        first = naive_from_text(start.value)
        walls = {first}
        for line in observance.lines_named("RDATE"):
            walls.update(naive_from_text(part) for part in line.value.split(","))
        for line in observance.lines_named("RRULE"):
            rule = rule_from_text(line.value)
            if rule.until and rule.until.endswith("Z"):
                end = naive_from_text(rule.until) + offsets[0]
            else:
                end = naive_from_text(rule.until) if rule.until else self._until
            # Outlook begins its definitions in 1601.
            since = max(first, min(end, self._until) - _FOLLOWED)
            walls.update(occurrences(rule, first, span=(since, min(end, self._until)), budget=self._budget))
        return [Onset(wall, *offsets) for wall in walls]
