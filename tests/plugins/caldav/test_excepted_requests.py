"""What it costs to tell our entries apart in a server's own busy time (rule B6), and that whatever goes wrong there frees nothing."""

from datetime import UTC, datetime

import pytest
from aiohttp import web

from slotgraph.core.plugin import (
    AskedCalendar,
    BusyAnswer,
    FailureCause,
    ReadMode,
    Reference,
    Span,
    Unverified,
    minute_from_instant,
)
from slotgraph.plugins.caldav.plugin import CalDavProvider

MIDNIGHT = minute_from_instant(datetime(2027, 3, 16, tzinfo=UTC))
DAY, OWN = Span(MIDNIGHT, MIDNIGHT + 1440), Span(MIDNIGHT + 540, MIDNIGHT + 600)
AT_NINE = "20270316T090000Z/20270316T100000Z"
ENTRY = """BEGIN:VCALENDAR
BEGIN:VEVENT
UID:{uid}
DTSTART:20270316T{start}Z
DTEND:20270316T{end}Z
SUMMARY:Haircut
END:VEVENT
END:VCALENDAR
"""
REPORT, GET = ("REPORT", "/work"), ("GET", "/work/one.ics")


def said(text: str, status: int = 200) -> web.Response:
    return web.Response(status=status, text=text, content_type="text/calendar")


def freebusy(*periods: str) -> web.Response:
    lines = "\n".join(f"FREEBUSY:{period}" for period in periods)
    bounds = "DTSTART:20270301T000000Z\nDTEND:20270401T000000Z"
    return said(f"BEGIN:VCALENDAR\nBEGIN:VFREEBUSY\n{bounds}\n{lines}\nEND:VFREEBUSY\nEND:VCALENDAR\n")


def entry(uid: str = "one", start: str = "090000", end: str = "100000") -> web.Response:
    return said(ENTRY.format(uid=uid, start=start, end=end))


def found(*names: str) -> str:
    etag = "<D:propstat><D:prop><D:getetag>1</D:getetag></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>"
    responses = "".join(f"<D:response><D:href>/work/{name}.ics</D:href>{etag}</D:response>" for name in names)
    return f'<D:multistatus xmlns:D="DAV:">{responses}</D:multistatus>'


@pytest.fixture
def ask(fake, account_for):
    """Asks for the day without the entries of these names."""
    fake.tell(*GET, entry())
    account = account_for(fake.url)

    async def answer(*names: str) -> list[Span] | FailureCause:
        calendar = AskedCalendar(f"{fake.url}work", "UTC", ReadMode.AUTO, {"ladder": "free-busy"})
        excepted = frozenset(Reference(calendar.id, f"/work/{name}.ics") for name in names)
        told = (await CalDavProvider().busy(account, [calendar], DAY, excepted))[calendar.id]
        if isinstance(told, Unverified):
            return told.cause
        assert isinstance(told, BusyAnswer)
        return [one.span for one in told.busy]

    return answer


async def test_no_entry_and_nothing_busy_cost_one_request(fake, ask) -> None:
    fake.tell(*REPORT, freebusy(AT_NINE), freebusy())
    assert await ask() == [OWN]
    assert await ask("one") == []
    assert fake.seen == [REPORT, REPORT]


async def test_an_entry_costs_a_request_and_where_it_stands_alone_another(fake, ask) -> None:
    fake.tell(*REPORT, freebusy(AT_NINE), found("one"))
    assert await ask("one") == []
    assert fake.seen == [REPORT, GET, REPORT]
    assert '<C:time-range start="20270316T090000Z" end="20270316T100000Z"/>' in fake.bodies[-1]
    assert "<D:prop><D:getetag/></D:prop>" in fake.bodies[-1]
    assert "calendar-data" not in fake.bodies[-1]


async def test_entries_that_overlap_are_asked_for_together(fake, ask) -> None:
    fake.tell("GET", "/work/two.ics", entry("two", "093000", "110000"))
    fake.tell(*REPORT, freebusy(AT_NINE, "20270316T093000Z/PT1H30M"), found("one", "two"))
    assert await ask("one", "two") == []
    assert [method for method, _ in fake.seen] == ["REPORT", "GET", "GET", "REPORT"]
    assert '<C:time-range start="20270316T090000Z" end="20270316T110000Z"/>' in fake.bodies[-1]


async def test_an_entry_that_is_busy_at_other_times_than_it_says_costs_no_further_request(fake, ask) -> None:
    fake.tell(*REPORT, freebusy("20270316T083000Z/20270316T100000Z"), found("one"))
    assert await ask("one") == [Span(OWN.start - 30, OWN.end)]
    assert fake.seen == [REPORT, GET]


async def test_an_entry_of_broken_minutes_is_asked_for_in_whole_ones(fake, ask) -> None:
    fake.tell(*GET, entry(start="090020", end="095940"))
    fake.tell(*REPORT, freebusy("20270316T090020Z/20270316T095940Z"), found("one"))
    assert await ask("one") == []
    assert '<C:time-range start="20270316T090000Z" end="20270316T100000Z"/>' in fake.bodies[-1]


@pytest.mark.parametrize(
    "search",
    [
        found("one", "theirs"),
        found("theirs"),
        found(),
        found("one").replace("/work/", "https://elsewhere.example/work/"),
        found("one").replace("</D:multistatus>", ""),
        said("<html/>", 200),
        said("", 403),
        said("", 404),
        said("", 501),
    ],
)
async def test_what_the_search_does_not_confirm_stays_busy(fake, ask, search) -> None:
    fake.tell(*REPORT, freebusy(AT_NINE), search)
    assert await ask("one") == [OWN]


@pytest.mark.parametrize(
    "standing",
    [
        entry("theirs"),
        said(ENTRY.format(uid="one", start="090000", end="100000").replace("END:VEVENT\n", "")),
        said("<html/>"),
        said("", 403),
        said("", 404),
    ],
)
async def test_what_does_not_stand_there_as_our_entry_stays_busy(fake, ask, standing) -> None:
    fake.tell(*GET, standing)
    fake.tell(*REPORT, freebusy(AT_NINE), found("one"))
    assert await ask("one") == [OWN]
    assert fake.seen == [REPORT, GET]


@pytest.mark.parametrize("failing", [REPORT, GET])
async def test_what_may_pass_leaves_the_calendar_unverified(fake, ask, failing) -> None:
    fake.tell(*REPORT, freebusy(AT_NINE), found("one"))
    if failing == GET:
        fake.tell(*GET, said("", 500))
    else:
        fake.tell(*REPORT, freebusy(AT_NINE), said("", 500))
    assert await ask("one") is FailureCause.UNREACHABLE


async def test_two_periods_of_the_same_times_are_two_events(fake, ask) -> None:
    fake.tell(*REPORT, freebusy(AT_NINE, AT_NINE), found("one"))
    assert await ask("one") == [OWN, OWN]
