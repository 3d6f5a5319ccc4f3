"""VFREEBUSY (RFC 5545 section 3.6.4) as servers really write it: both period forms, unmerged, unclipped. No network."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from slotgraph.core.plugin import (
    AnswerTooLarge,
    BusyStatus,
    Span,
    instant_from_minute,
    local_days,
    span_from_instants,
    zone,
)
from slotgraph.plugins.caldav.blocking import status_from_fbtype
from slotgraph.plugins.caldav.expansion import MAX_ROWS, Row
from slotgraph.plugins.caldav.moments import length_from_text, naive_from_text
from slotgraph.plugins.caldav.tokenizer import Component, Line

_DAY = timedelta(days=1)


def rows_from_freebusy(calendars: Iterable[Component], window: Span, zone_name: str) -> list[Row]:
    """The rows that touch the window, unsorted. Raises ValueError if no VFREEBUSY speaks of the whole window."""
    answers = [part for calendar in calendars for part in calendar.parts if part.name == "VFREEBUSY"]
    if not answers:
        raise ValueError("no VFREEBUSY")
    rows: list[Row] = []
    for answer in answers:
        _check_reach(answer, window)
        for line in answer.lines_named("FREEBUSY"):
            rows.extend(row for row in _rows(line, zone_name) if row.start < window.end and row.end > window.start)
            if len(rows) > MAX_ROWS:
                raise AnswerTooLarge
    return rows


def _check_reach(answer: Component, window: Span) -> None:
    """An answer for less than was asked must not pass for a free rest."""
    start, end = (answer.line(name) for name in ("DTSTART", "DTEND"))
    if start is None and end is None and not answer.lines_named("FREEBUSY"):
        # RFC 4791 section 7.10 demands both; SOGo's outbox says "free" of somebody busy in just this way.
        raise ValueError("a VFREEBUSY that says nothing")
    begins_late = start is not None and _instant(start.value) > instant_from_minute(window.start)
    ends_early = end is not None and _instant(end.value) < instant_from_minute(window.end)
    if begins_late or ends_early:
        raise ValueError("a VFREEBUSY for another time")


def _rows(line: Line, zone_name: str) -> Iterator[Row]:
    status = status_from_fbtype(line.parameters.get("FBTYPE", "BUSY"))
    for text in line.value.split(","):
        if not text.strip() or status is None:
            continue
        start, end = _period(text)
        yield from _blocked(start, end, status, zone_name)


def _period(text: str) -> tuple[datetime, datetime]:
    """Both ends of a period, `start/end` or `start/duration`. Raises ValueError, also for times that are not UTC."""
    start_text, slash, end_text = text.strip().upper().partition("/")
    if not slash:
        raise ValueError("not a period")
    start = _instant(start_text)
    if end_text.startswith(("P", "+P")):
        end = start + length_from_text(end_text).about
    else:
        end = _instant(end_text)
    if end < start:
        raise ValueError("a period that ends before it starts")
    return start, end


def _instant(text: str) -> datetime:
    if not text.strip().upper().endswith("Z"):
        raise ValueError("a time that is not UTC")
    return naive_from_text(text).replace(tzinfo=UTC)


def _blocked(start: datetime, end: datetime, status: BusyStatus, zone_name: str) -> Iterator[Row]:
    is_whole_days = start.time() == end.time() == datetime.min.time()
    if is_whole_days and start == end:
        # Xandikos 0.4.10 gives an all-day event without DTEND like this (seen November 2026).
        end = start + _DAY
    span = span_from_instants(start, end)
    if span.start == span.end:
        return
    yield Row(span.start, span.end, status.value)
    if is_whole_days:
        # Servers give an all-day event as midnight to midnight UTC; it may as well be a real event of that time, so both block.
        days = local_days(start.date(), (end - _DAY).date(), zone(zone_name))
        yield Row(days.start, days.end, status.value)
