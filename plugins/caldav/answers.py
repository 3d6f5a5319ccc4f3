"""What is made of report answers, in one call that may run in another process: bytes in, plain rows out. No network."""

import re
from typing import NamedTuple

from slotgraph.core.plugin import AnswerMalformed, AnswerTooLarge, CalendarMissing, Span
from slotgraph.plugins.caldav.expansion import Row, Scope, expanded, scope_for
from slotgraph.plugins.caldav.freebusy import rows_from_freebusy
from slotgraph.plugins.caldav.multistatus import Found, forgetting_addresses, multistatus, path_of
from slotgraph.plugins.caldav.tokenizer import TIME_PROPERTIES, tokenized

CALDAV = "{urn:ietf:params:xml:ns:caldav}"
MAX_RESOURCES = 50_000
_ASKED = frozenset(TIME_PROPERTIES)
_FOLD = re.compile(r"\r?\n[ \t]")
_EVENT = re.compile(r"^(?:BEGIN|END):VEVENT[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_NAME = re.compile(r"^([A-Za-z0-9-]+)[;:]", re.MULTILINE)


class Question(NamedTuple):
    """What was asked of one calendar, in plain values."""

    url: str
    window: tuple[int, int]
    zone: str
    titles: bool
    addresses: frozenset[str]
    left_out: frozenset[str]
    steps: int


@forgetting_addresses()
def read_events(bodies: tuple[bytes, ...], question: Question) -> tuple[Row, ...]:
    """The rows of calendar-query answers about the same calendar, sorted; a resource in several of them counts once.

    Raises AnswerMalformed and AnswerTooLarge.
    """
    scope = scope_for(Span(*question.window), question.zone, steps=question.steps)
    seen = set(question.left_out)
    rows: list[Row] = []
    for body in bodies:
        for found in multistatus(body, question.url):
            path = path_of(found.url)
            if path not in seen:
                seen.add(path)
                rows.extend(_rows(found, scope, question))
                _check_count(len(seen))
    return tuple(sorted(rows, key=_by_span))


def _check_count(count: int) -> None:
    if count > MAX_RESOURCES:
        raise AnswerTooLarge


def _by_span(row: Row) -> tuple[int, int]:
    return row.start, row.end


def _rows(found: Found, scope: Scope, question: Question) -> list[Row]:
    text = calendar_data(found, question.url)
    if text is None:
        return []
    try:
        calendars = tokenized(text, titles=question.titles, addresses=question.addresses)
        if not calendars or any(part.name != "VCALENDAR" for part in calendars):
            raise ValueError("no iCalendar object")
        return expanded(calendars, scope)
    except ValueError:
        # It is no iCalendar, or not even its nesting holds, so no date in it can be trusted.
        raise AnswerMalformed("An event in it cannot be read.") from None


def calendar_data(found: Found, calendar_url: str) -> str | None:
    """A resource's iCalendar text; None if it is gone or is the calendar itself.

    Raises AnswerMalformed if it was held back, CalendarMissing where the calendar itself is gone (Xandikos says so inside a 207).
    """
    text = found.text(f"{CALDAV}calendar-data")
    if text is not None:
        return text
    if path_of(found.url).rstrip("/") == path_of(calendar_url).rstrip("/"):
        if found.status in (404, 410):
            raise CalendarMissing
        return None
    if found.status in (404, 410):
        return None
    raise AnswerMalformed("The server held an event back.")


def read_freebusy(body: bytes, question: Question) -> tuple[Row, ...]:
    """The rows of a free-busy-query answer, sorted. Raises AnswerMalformed."""
    try:
        text = body.decode("utf-8-sig")
        rows = rows_from_freebusy(tokenized(text), Span(*question.window), question.zone)
    except ValueError:  # UnicodeDecodeError is one
        raise AnswerMalformed("The answer is no VFREEBUSY.") from None
    return tuple(sorted(rows, key=_by_span))


class Verdict(NamedTuple):
    """What a probing answer shows, of the texts that came: how many, and whether any held more than was asked for or lacked an RRULE.

    `held_back`: how many did not come. Xandikos 0.4.10 sends none that lacks one of the properties asked for (seen November 2026).
    """

    events: int
    held_back: int
    has_more_than_asked: bool
    has_event_without_rule: bool


@forgetting_addresses()
def read_probe(body: bytes, url: str) -> Verdict:
    """Look which properties came back; none of their values is kept."""
    texts: list[str] = []
    held_back = 0
    for found in multistatus(body, url):
        try:
            text = calendar_data(found, url)
        except AnswerMalformed:
            held_back += 1
        else:
            texts += [text] if text else []
    shown = [inside for inside in map(_event_properties, texts) if inside]
    return Verdict(
        events=len(shown),
        held_back=held_back,
        has_more_than_asked=any(inside - _ASKED for inside in shown),
        has_event_without_rule=any("RRULE" not in inside for inside in shown),
    )


def _event_properties(text: str) -> frozenset[str]:
    """The names of all properties in a text's events, and BEGIN and END for what is nested in them."""
    inside = _EVENT.split(_FOLD.sub("", text))[1::2]
    return frozenset(name.upper() for event in inside for name in _NAME.findall(event))
