"""Pure: our own entries, titles and zone properties between iCalendar text and values. The expansion of events is in `expansion`."""

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from icalendar import Calendar, Event

from slotgraph.core.plugin import AnswerMalformed, Entry, Span, instant_from_minute
from slotgraph.plugins.caldav.blocking import status_of
from slotgraph.plugins.caldav.moments import naive_from_text
from slotgraph.plugins.caldav.recurrence import Budget
from slotgraph.plugins.caldav.timing import Times
from slotgraph.plugins.caldav.tokenizer import MAX_TITLE, Component, tokenized, unescaped
from slotgraph.plugins.caldav.zones import UTC_CLOCK, Zones, zone_name

PRODUCT = "-//SlotGraph//SlotGraph//EN"
MARK = "X-SLOTGRAPH-KEY"
"""Property by which an operator recognises our entries; we ourselves go by the Reference (rule B6)."""

_ANOTHER = "What stands at the entry's address is not the entry."
_REPEATING = ("RRULE", "RDATE", "RECURRENCE-ID")
_PLAIN_KEY = re.compile(r"[A-Za-z0-9-]{1,64}")
# Controls, line separators that some parsers break lines at, bidi overrides, and halves of surrogate pairs.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def printable(text: str, *, lines: bool) -> str:
    """Text without control characters; with `lines` its line breaks stay, else they become blanks."""
    joined = text.replace("\r\n", "\n").replace("\r", "\n")
    cleaned = _UNPRINTABLE.sub("", joined)
    return cleaned if lines else " ".join(cleaned.split())


def title_from_text(raw: str) -> str | None:
    """A SUMMARY's title, without escapes and control characters; None if nothing is left."""
    return printable(unescaped(raw), lines=False)[:MAX_TITLE] or None


def uid_from_key(key: str) -> str:
    """The UID of the entry of a key, safe as a file name: the same for the same key."""
    return f"slotgraph-{key if _PLAIN_KEY.fullmatch(key) else hashlib.sha256(key.encode()).hexdigest()}"


def text_from_entry(entry: Entry, uid: str, *, stamp: datetime) -> str:
    """An entry as iCalendar.

    Times are in UTC: no VTIMEZONE that a server could misread, and clients show them in the reader's zone. No ATTENDEE and no
    ORGANIZER, so that no server sends invitations.
    """
    event = Event()
    event.add("uid", uid)
    event.add("dtstamp", stamp)
    event.add("dtstart", instant_from_minute(entry.span.start))
    event.add("dtend", instant_from_minute(entry.span.end))
    event.add("summary", printable(entry.title, lines=False))
    if description := printable(entry.description, lines=True).strip():
        event.add("description", description)
    event.add("status", "CONFIRMED")
    event.add("transp", "OPAQUE")
    event.add(MARK, uid)
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add_component(event)
    text: str = calendar.to_ical().decode()
    return text


class Shown(NamedTuple):
    """What an entry of ours shows in the calendar."""

    span: Span
    title: str | None

    def __repr__(self) -> str:
        return "<Shown: not shown>"


def shown_of(entry: Entry) -> Shown:
    """What an entry shows once it stands as given."""
    return Shown(entry.span, printable(entry.title, lines=False)[:MAX_TITLE] or None)


def read_entry(body: bytes, uid: str) -> Shown:
    """What the entry of a UID shows. Raises AnswerMalformed if it is another event's text, or cannot be read."""
    try:
        for calendar, event in _events(body, titles=True):
            if _uid_of(event) == uid:
                summary = event.line("SUMMARY")
                return Shown(_span(calendar, event), title_from_text(summary.value) if summary else None)
    except (ValueError, OverflowError):
        pass
    raise AnswerMalformed(_ANOTHER)


def read_blocked(body: bytes, uid: str) -> Span | None:
    """The one span that the entry of a UID blocks; None if it was made to block nothing, or to repeat.

    Raises AnswerMalformed if it is another event's text, or cannot be read.
    """
    try:
        (calendar, event), *others = _events(body, titles=False)
        if _uid_of(event) == uid:
            repeats = bool(others) or any(line.name in _REPEATING for line in event.lines)
            span = _span(calendar, event)
            return None if repeats or status_of(event) is None or span.start == span.end else span
    except (ValueError, OverflowError):
        pass
    raise AnswerMalformed(_ANOTHER)


def _events(body: bytes, *, titles: bool) -> Iterator[tuple[Component, Component]]:
    """Each event of a text, behind the calendar object it stands in."""
    for calendar in tokenized(body.decode(), titles=titles):
        for part in calendar.parts:
            if part.name == "VEVENT":
                yield calendar, part


def _uid_of(event: Component) -> str | None:
    line = event.line("UID")
    return line.value.strip() if line else None


def _span(calendar: Component, event: Component) -> Span:
    """Floating times, which a client may have made of ours, are read as UTC."""
    timing = _times(calendar, event).timing(event)
    return timing.span_at(timing.start.wall)


def _times(calendar: Component, event: Component) -> Times:
    start = event.line("DTSTART")
    if start is None:
        raise ValueError("an event without start")
    definitions = [part for part in calendar.parts if part.name == "VTIMEZONE"]
    return Times(Zones(definitions, naive_from_text(start.value) + timedelta(days=366), Budget(20_000)), UTC_CLOCK)


def zone_from_text(text: str) -> str | None:
    """The IANA zone of a calendar-timezone property (RFC 4791 section 5.2.2), if it can be told."""
    try:
        calendars = tokenized(text)
    except ValueError:
        return None
    for calendar in calendars:
        for part in calendar.parts:
            for line in (part.line("TZID"), part.line("X-LIC-LOCATION")):
                if line and (name := zone_name(line.value)):
                    return name
    return None
