"""From cut-down iCalendar to the rows that block within a window: recurrence and its exceptions (rules B1-B3). No XML, no network.

Why not recurring-ical-events: nothing bounds it, and it fails a calendar whole; in tests it gives the second opinion.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from slotgraph.core.plugin import AnswerMalformed, AnswerTooLarge, BusyStatus, Span, instant_from_minute, zone
from slotgraph.plugins.caldav.blocking import status_of
from slotgraph.plugins.caldav.mapping import title_from_text
from slotgraph.plugins.caldav.moments import is_date, naive_from_text
from slotgraph.plugins.caldav.recurrence import Budget, Rule, occurrences, rule_from_text
from slotgraph.plugins.caldav.timing import Moment, Times, Timing, could_touch
from slotgraph.plugins.caldav.tokenizer import Component
from slotgraph.plugins.caldav.zones import NamedClock, Zones

MAX_ROWS = 20_000
_SLACK = timedelta(hours=25)  # zones have jumped over a whole day
_SLACK_WITHIN_DAYS = timedelta(hours=3)


class Row(NamedTuple):
    """One instance that blocks, plain enough to come back from another process. `status` is the name of a BusyStatus."""

    start: int
    end: int
    status: str
    title: str | None = None
    all_day: bool = False
    private: bool = False

    def __repr__(self) -> str:
        return "<Row: not shown>"


class Scope(NamedTuple):
    """What is asked: the window, the clock of the employee's zone, and how many steps the answer may cost."""

    window: Span
    home: NamedClock
    budget: Budget


class Change(NamedTuple):
    """A component with RECURRENCE-ID: the instance it replaces, or the first of all that it replaces."""

    event: Component
    replaces: Moment
    is_future_too: bool


def scope_for(window: Span, zone_name: str, *, steps: int) -> Scope:
    """The scope of a question."""
    return Scope(window, NamedClock(zone(zone_name)), Budget(steps))


def expanded(calendars: Iterable[Component], scope: Scope) -> list[Row]:
    """The instances in some calendar objects that block within the window, unsorted, whole (not clipped).

    Raises AnswerMalformed if a broken event could touch the window, AnswerTooLarge if it would cost more than the budget.
    """
    rows: list[Row] = []
    for calendar in calendars:
        rows.extend(_rows_of(calendar, scope))
        if len(rows) > MAX_ROWS:
            raise AnswerTooLarge
    return rows


def _rows_of(calendar: Component, scope: Scope) -> Iterator[Row]:
    until = instant_from_minute(scope.window.end).replace(tzinfo=None) + 2 * _SLACK
    zones = Zones((part for part in calendar.parts if part.name == "VTIMEZONE"), until, scope.budget)
    groups: dict[str, list[Component]] = {}
    for part in calendar.parts:
        if part.name == "VEVENT":
            uid = part.line("UID")
            groups.setdefault(uid.value if uid else "", []).append(part)
    for group in groups.values():
        scope.budget.spend(len(group))
        yield from _Series(group, Times(zones, scope.home), scope).rows()


class _Series:
    """The components of one UID: usually one master, and what replaces instances of it."""

    def __init__(self, group: Sequence[Component], times: Times, scope: Scope) -> None:
        self._times = times
        self._scope = scope
        self._masters = [event for event in group if event.line("RECURRENCE-ID") is None]
        self._overrides = [event for event in group if event.line("RECURRENCE-ID") is not None]

    def rows(self) -> Iterator[Row]:
        changes = [change for event in self._overrides if (change := self._change(event))]
        for event in self._overrides:
            yield from self._guarded(event, self._single)
        for event in self._masters:
            is_single = not any(line.name in ("RRULE", "RDATE") for line in event.lines)
            if is_single and not changes:
                yield from self._guarded(event, self._single)
            else:
                yield from self._guarded(event, lambda master: self._recurring(master, changes))

    def _guarded(self, event: Component, read: Callable[[Component], Iterator[Row]]) -> list[Row]:
        """The rows of one event; none of a broken one that cannot touch the window."""
        try:
            return list(read(event))
        except (ValueError, OverflowError):
            if not could_touch(event, self._scope.window):
                return []
            # No cause is chained: its text may quote the event.
            raise AnswerMalformed("An event in it cannot be read.") from None

    def _change(self, event: Component) -> Change | None:
        line = event.line("RECURRENCE-ID")
        if line is None:
            return None
        try:
            start = self._masters[0].line("DTSTART") if self._masters else None
            clock = self._times.moment(start).clock if start else None
            is_future_too = line.parameters.get("RANGE", "").upper() == "THISANDFUTURE"
            return Change(event, self._times.moment(line, clock), is_future_too)
        except (ValueError, OverflowError):
            # Which instance it replaces cannot be told: the original stays as well, which blocks more, never less.
            return None

    def _single(self, event: Component) -> Iterator[Row]:
        status = status_of(event)
        if status is not None:
            timing = self._times.timing(event)
            yield from self._row(event, timing.span_at(timing.start.wall), status, timing.start.all_day)

    def _recurring(self, master: Component, changes: Sequence[Change]) -> Iterator[Row]:
        status = status_of(master)
        if status is None and not any(change.is_future_too for change in changes):
            return
        rules = [rule_from_text(line.value) for line in master.lines_named("RRULE")]
        timing = self._times.timing(master)
        futures = self._futures(changes, timing)
        gone = self._gone(master, timing, changes)
        for wall, span in self._instances(master, timing, rules, reach=_reach(timing, futures)):
            instant = timing.start.clock.instant(wall)
            if instant in gone or wall.date() in gone:
                continue
            future = next((known for known in futures if known.since <= instant), None)
            if future is not None:
                yield from self._shifted(future, wall)
            elif status is not None:
                yield from self._row(master, span or timing.span_at(wall), status, timing.start.all_day)

    def _futures(self, changes: Sequence[Change], timing: Timing) -> list["_Future"]:
        """What replaces all instances from one on (RANGE=THISANDFUTURE), the latest first."""
        found = []
        for event, replaces, is_future_too in changes:
            if is_future_too:
                changed = self._times.timing(event)
                shift = changed.start.wall - timing.start.clock.wall(replaces.instant)
                found.append(_Future(event, changed, replaces.instant, shift))
        return sorted(found, key=lambda future: future.since, reverse=True)

    def _shifted(self, future: "_Future", wall: datetime) -> Iterator[Row]:
        status = status_of(future.event)
        if status is not None:
            span = future.timing.span_at(wall + future.shift)
            yield from self._row(future.event, span, status, future.timing.start.all_day)

    def _gone(self, master: Component, timing: Timing, changes: Sequence[Change]) -> set[datetime | date]:
        """The instances that are excluded or replaced: instants, and whole days where days are named."""
        moments = [change.replaces for change in changes]
        for moment in self._times.moments(master, "EXDATE", timing.start.clock):
            self._scope.budget.spend()
            moments.append(moment)
        if timing.start.all_day:
            return {self._times.day(moment).date() for moment in moments}
        # An EXDATE that is a day, for an event that has a time, is against the standard; its writers mean that day's instance.
        return {moment.wall.date() if moment.all_day else moment.instant for moment in moments}

    def _instances(
        self, master: Component, timing: Timing, rules: Iterable[Rule], *, reach: timedelta
    ) -> Iterator[tuple[datetime, Span | None]]:
        """Wall starts that may touch the window, DTSTART and RDATEs among them; with a span where an RDATE brings its own."""
        clock, window = timing.start.clock, self._scope.window
        first, last = (clock.wall(instant_from_minute(minute)) for minute in window)
        walls = {timing.start.wall}
        for rule in rules:
            slack = _SLACK_WITHIN_DAYS if rule.is_within_days else _SLACK
            end = min(last + reach + slack, _until(rule, timing)) if rule.until else last + reach + slack
            span = (first - reach - slack, end)
            walls.update(occurrences(rule, timing.start.wall, span=span, budget=self._scope.budget))
        for line in master.lines_named("RDATE"):
            for text in line.value.split(","):
                self._scope.budget.spend()
                wall, own_span = self._times.added(line, text, timing)
                if own_span is None:
                    walls.add(wall)
                else:
                    yield wall, own_span
        yield from ((wall, None) for wall in walls)

    def _row(self, event: Component, span: Span, status: BusyStatus, all_day: bool) -> Iterator[Row]:
        """The row of an instance, if it touches the window; nothing of zero length blocks (rule S7)."""
        if span.start < span.end and span.start < self._scope.window.end and span.end > self._scope.window.start:
            self._scope.budget.spend()
            summary = event.line("SUMMARY")
            is_private = event.value("CLASS") not in ("", "PUBLIC")
            title = title_from_text(summary.value) if summary else None
            yield Row(span.start, span.end, status.value, title, all_day, is_private)


class _Future(NamedTuple):
    """A change of all instances from an instant on: by how much they move on the wall clock, and how long they are then."""

    event: Component
    timing: Timing
    since: datetime
    shift: timedelta


def _reach(timing: Timing, futures: Sequence[_Future]) -> timedelta:
    """How far outside the window an instance may start and still touch it."""
    return max([timing.length.about, *(abs(future.shift) + future.timing.length.about for future in futures)])


def _until(rule: Rule, timing: Timing) -> datetime:
    """The last wall time that an UNTIL lets through, on the event's clock; a day means all of it."""
    text = rule.until or ""
    wall = naive_from_text(text)
    if text.strip().endswith("Z"):
        wall = timing.start.clock.wall(wall.replace(tzinfo=UTC))
    return wall.replace(hour=23, minute=59, second=59) if is_date(text) or timing.start.all_day else wall
