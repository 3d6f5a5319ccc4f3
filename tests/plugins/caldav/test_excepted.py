"""Rule B6 where a real server computes busy time: our own entry is told apart by what the server finds there, never by equal times."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from slotgraph.core.plugin import (
    AskedCalendar,
    BusyAnswer,
    Entry,
    Precision,
    ReadMode,
    Reference,
    Span,
    minute_from_instant,
)
from slotgraph.core.spans import merged
from slotgraph.core.testing import FixedClock
from slotgraph.plugins.caldav.excepting import MOST_EXCEPTED
from slotgraph.plugins.caldav.plugin import CalDavProvider

PROVIDER = CalDavProvider(clock=FixedClock(datetime(2027, 3, 1, tzinfo=UTC)))
MIDNIGHT = minute_from_instant(datetime(2027, 3, 16, tzinfo=UTC))
DAY = Span(MIDNIGHT, MIDNIGHT + 1440)
NINE, TEN, HALF_PAST_TEN, NOON, ONE = (MIDNIGHT + minutes for minutes in (540, 600, 630, 720, 780))
OWN = Span(NINE, TEN)
AT_NINE = ("DTSTART:20270316T090000Z", "DTEND:20270316T100000Z")
AT_NOON = ("DTSTART:20270316T120000Z", "DTEND:20270316T130000Z")
OVERLAPPING = {
    "at-equal-times": (AT_NINE, [OWN]),
    "longer": (("DTSTART:20270316T093000Z", "DTEND:20270316T103000Z"), [Span(NINE, HALF_PAST_TEN)]),
    "within-it": (("DTSTART:20270316T091500Z", "DTEND:20270316T093000Z"), [OWN]),
    "floating": (("DTSTART:20270316T090000", "DTEND:20270316T100000"), [OWN]),
    "tentative": ((*AT_NINE, "STATUS:TENTATIVE"), [OWN]),
    "all-day": (
        ("DTSTART;VALUE=DATE:20270316", "DTEND;VALUE=DATE:20270317"),
        [Span(DAY.start - 60, DAY.end)],  # the day in UTC, and the employee's own
    ),
    "series": (("DTSTART:20270302T090000Z", "DTEND:20270302T100000Z", "RRULE:FREQ=WEEKLY;COUNT=9"), [OWN]),
}
SERIES = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//SlotGraph//tests//EN
BEGIN:VEVENT
UID:series
DTSTAMP:20260101T000000Z
DTSTART:20270304T150000Z
DTEND:20270304T160000Z
RRULE:FREQ=WEEKLY;COUNT=2
END:VEVENT
BEGIN:VEVENT
UID:series
DTSTAMP:20260101T000000Z
RECURRENCE-ID:20270304T150000Z
{times}
END:VEVENT
END:VCALENDAR"""
MOVED_INSTANCES = {
    "to-equal-times": "\n".join(AT_NINE),
    "into-it": "DTSTART:20270316T091500Z\nDTEND:20270316T093000Z",
    "over-its-end": "DTSTART:20270316T093000Z\nDTEND:20270316T103000Z",
}


class Desk:
    """A calendar of a real server that computes busy time for us."""

    def __init__(self, server, account) -> None:
        self.calendar = server.calendar("alice", "my work")
        self._account = account

    async def write(self, span: Span = OWN, number: int = 1) -> Reference:
        entry = Entry(span, "Europe/Zurich", "Haircut", "")
        return await PROVIDER.write(self._account, self.calendar.url, entry, f"key-{number}")

    def change(self, reference: Reference, pattern: str, text: str) -> None:
        """What the owner does to our entry."""
        name = urlsplit(reference.id).path.rpartition("/")[2]
        self.calendar.put(name, re.sub(pattern, text, self.calendar.get(name)))

    async def busy(self, *references: Reference, mode: ReadMode = ReadMode.AUTO) -> list[Span]:
        flags = {"ladder": "free-busy"}
        asked = AskedCalendar(self.calendar.url, "Europe/Zurich", mode, flags)
        answers = await PROVIDER.busy(self._account, [asked], DAY, frozenset(references))
        answer = answers[self.calendar.url]
        assert isinstance(answer, BusyAnswer)
        assert answer.precision is Precision.SERVER
        return [one.span for one in answer.busy]


@pytest.fixture(params=["radicale", "xandikos"])
def desk(request, account_for) -> Desk:
    server = request.getfixturevalue(request.param)
    return Desk(server, account_for(server.url, "alice", server.users["alice"]))


@pytest.mark.parametrize("mode", [ReadMode.AUTO, ReadMode.FREE_BUSY_ONLY])
async def test_own_entry_is_left_out_and_what_stands_elsewhere_stays(desk: Desk, mode: ReadMode) -> None:
    reference = await desk.write()
    desk.calendar.put_event(*AT_NOON)
    assert await desk.busy(mode=mode) == [OWN, Span(NOON, ONE)]
    assert await desk.busy(reference, mode=mode) == [Span(NOON, ONE)]


@pytest.mark.parametrize("name", OVERLAPPING)
async def test_own_entry_stays_busy_where_another_event_overlaps_it(desk: Desk, name: str) -> None:
    lines, busy = OVERLAPPING[name]
    reference = await desk.write()
    desk.calendar.put_event(*lines)
    assert merged(await desk.busy(reference)) == busy


@pytest.mark.parametrize("name", MOVED_INSTANCES)
async def test_instance_moved_over_it_stays_busy_though_xandikos_does_not_find_it(desk: Desk, name: str) -> None:
    reference = await desk.write()
    desk.calendar.put("series.ics", SERIES.format(times=MOVED_INSTANCES[name]))
    busy = await desk.busy()
    assert await desk.busy(reference) == busy
    assert sum(span.end - span.start for span in merged(busy)) >= 60


async def test_instance_at_the_times_of_an_entry_made_free_by_its_owner_stays_busy(desk: Desk) -> None:
    reference = await desk.write()
    desk.change(reference, "OPAQUE", "TRANSPARENT")
    assert await desk.busy(reference) == []
    desk.calendar.put("series.ics", SERIES.format(times="\n".join(AT_NINE)))
    assert await desk.busy(reference) == [OWN]


async def test_event_that_meets_it_costs_the_whole_time_only_where_the_server_merges_them(desk: Desk, request) -> None:
    reference = await desk.write()
    desk.calendar.put_event("DTSTART:20270316T100000Z", "DTEND:20270316T103000Z")
    merges = "radicale" in request.node.name
    assert await desk.busy(reference) == [Span(NINE if merges else TEN, HALF_PAST_TEN)]


async def test_entry_moved_by_its_owner_is_left_out_where_it_stands_now(desk: Desk) -> None:
    reference = await desk.write()
    desk.change(reference, r"T(09|10)0000Z", lambda found: f"T{int(found[1]) + 3}0000Z")
    assert await desk.busy() == [Span(NOON, ONE)]
    assert await desk.busy(reference) == []
    desk.calendar.put_event(*AT_NINE)
    assert await desk.busy(reference) == [OWN]


async def test_entry_deleted_by_its_owner_takes_nothing_with_it(desk: Desk) -> None:
    reference = await desk.write()
    desk.calendar.delete(reference.id.rpartition("/")[2])
    assert await desk.busy(reference) == []
    desk.calendar.put_event(*AT_NINE)
    assert await desk.busy(reference) == [OWN]


async def test_entry_made_a_series_by_its_owner_stays_busy(desk: Desk) -> None:
    reference = await desk.write()
    desk.change(reference, r"(DTEND.*)", r"\1RRULE:FREQ=DAILY;COUNT=3\n")
    assert await desk.busy(reference) == [OWN]


async def test_entry_is_known_under_the_name_that_the_server_gave_it(desk: Desk) -> None:
    first = await desk.write()
    text = desk.calendar.get("slotgraph-key-1.ics")
    desk.calendar.delete("slotgraph-key-1.ics")
    desk.calendar.put("given name.ics", text)
    assert await desk.busy(first) == [OWN], "somewhere, but nobody knows where"
    place = f"{desk.calendar.path}given%20name.ics#slotgraph-key-1"
    assert await desk.busy(Reference(desk.calendar.url, place)) == []


async def test_several_entries_of_ours_are_left_out_each_by_itself(desk: Desk) -> None:
    spans = [Span(NINE + 120 * number, TEN + 120 * number) for number in range(MOST_EXCEPTED + 1)]
    references = [await desk.write(span, number) for number, span in enumerate(spans)]
    assert await desk.busy(*references[1:]) == spans[:1]
    assert await desk.busy(*references) == spans, "so many are not asked for one by one"


async def test_entry_of_ours_in_another_calendar_changes_nothing(desk: Desk) -> None:
    reference = await desk.write()
    assert await desk.busy(replace(reference, calendar_id=f"{desk.calendar.url}other/")) == [OWN]
