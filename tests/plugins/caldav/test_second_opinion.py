"""Our expansion beside that of recurring-ical-events, over clock changes (rule B3)."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar
from recurring_ical_events import of

from slotgraph.core.plugin import Span, minute_from_instant, span_from_instants
from slotgraph.plugins.caldav.expansion import expanded, scope_for
from slotgraph.plugins.caldav.tokenizer import tokenized

NEW_YEAR = minute_from_instant(datetime(2027, 1, 1, tzinfo=UTC))
_ZONES = st.sampled_from(
    ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Auckland"]
)


@given(
    zone=_ZONES,
    start=st.datetimes(datetime(2026, 9, 1), datetime(2027, 4, 30)).map(lambda at: at.replace(second=0, microsecond=0)),
    minutes=st.integers(1, 2_000),
    rule=st.sampled_from(
        [
            "FREQ=DAILY",
            "FREQ=DAILY;INTERVAL=3",
            "FREQ=WEEKLY;BYDAY=SU,MO",
            "FREQ=MONTHLY;BYDAY=-1SU",
            "FREQ=WEEKLY;COUNT=9",
        ]
    ),
    left_out=st.sets(st.integers(0, 8), max_size=3),
    window_day=st.integers(0, 200),
)
def test_series_over_clock_changes_block_what_recurring_ical_events_says(
    zone: str, start: datetime, minutes: int, rule: str, left_out: set[int], window_day: int
) -> None:
    end = start + timedelta(minutes=minutes)
    lines = [f"DTSTART;TZID={zone}:{start:%Y%m%dT%H%M%S}", f"DTEND;TZID={zone}:{end:%Y%m%dT%H%M%S}", f"RRULE:{rule}"]
    lines += [f"EXDATE;TZID={zone}:{start + timedelta(days=days):%Y%m%dT%H%M%S}" for days in left_out]
    text = "\r\n".join(["BEGIN:VCALENDAR", "BEGIN:VEVENT", "UID:1", *lines, "END:VEVENT", "END:VCALENDAR", ""])
    window = Span(NEW_YEAR + (window_day - 120) * 1440, NEW_YEAR + (window_day - 100) * 1440)
    calendars = tokenized(text, titles=False, addresses=frozenset())
    found = expanded(calendars, scope_for(window, "Europe/Berlin", steps=50_000))
    assert sorted((row.start, row.end) for row in found) == _second_opinion(text, window)


def _second_opinion(text: str, window: Span) -> list[tuple[int, int]]:
    first, last = (datetime.fromtimestamp(minute * 60, UTC) for minute in window)
    found = []
    for event in of(Calendar.from_ical(text)).between(first - timedelta(days=3), last + timedelta(days=3)):
        start, end = (event[name].dt.astimezone(UTC) for name in ("DTSTART", "DTEND"))
        if end < start:  # a start in the gap: it gives ends before starts there
            end = start + (event["DTEND"].dt.replace(tzinfo=None) - event["DTSTART"].dt.replace(tzinfo=None))
        span = span_from_instants(start, end)
        if span.start < span.end and span.start < window.end and span.end > window.start:
            found.append((span.start, span.end))
    return sorted(found)
