"""Reading and writing over the wire: real Radicale and Xandikos, and a server that does everything wrong."""

import asyncio
import logging
import re
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from slotgraph.core.plugin import (
    AccessForbidden,
    AnswerMalformed,
    AskedCalendar,
    BusyAnswer,
    BusyStatus,
    CalendarMissing,
    Entry,
    FailureCause,
    Gone,
    PluginFailed,
    Precision,
    Present,
    Provider,
    ReadMode,
    Reference,
    Span,
    Unverified,
    minute_from_instant,
)
from slotgraph.core.testing import FixedClock
from slotgraph.plugins.caldav.plugin import CalDavProvider, register_providers

PROVIDER = CalDavProvider(clock=FixedClock(datetime(2027, 3, 1, tzinfo=UTC)))
KEY = "0191f1a2-0000-7000-8000-000000000001"
FULL, PARTIAL = {"ladder": "full", "series": "fails"}, {"ladder": "partial", "series": "fails"}


def utc(text: str) -> int:
    return minute_from_instant(datetime.strptime(f"2027{text}", "%Y%m%dT%H%M").replace(tzinfo=UTC))


WINDOW = Span(utc("0315T0000"), utc("0318T0000"))
ENTRY = Entry(Span(utc("0316T0900"), utc("0316T1000")), "Europe/Berlin", "Haircut", "With Anna")
LATER = Entry(Span(utc("0317T0900"), utc("0317T1000")), "Europe/Berlin", "Haircut", "With Anna")


def event(*lines: str) -> str:
    inside = "\n".join(["BEGIN:VEVENT", "UID:1", *lines, "END:VEVENT"])
    return f"<C:calendar-data>BEGIN:VCALENDAR\n{inside}\nEND:VCALENDAR\n</C:calendar-data>"


def _multistatus(*data: str) -> str:
    """A multistatus of events of /work/."""
    responses = "".join(
        f"<D:response><D:href>/work/{number}.ics</D:href><D:propstat><D:prop>{text}</D:prop>"
        "<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
        for number, text in enumerate(data)
        if text
    )
    return f'<D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">{responses}</D:multistatus>'


async def busy(account, url: str, *, mode: ReadMode = ReadMode.AUTO, flags: dict[str, str] | None = None):
    asked = AskedCalendar(url, "Europe/Berlin", mode, flags or {})
    return (await PROVIDER.busy(account, [asked], WINDOW))[url]


def test_plugin_registers_the_provider() -> None:
    (provider,) = register_providers()
    assert isinstance(provider, Provider)
    assert [(field.name, field.kind.value) for field in provider.link.fields] == [
        ("url", "TEXT"),
        ("username", "TEXT"),
        ("password", "SECRET"),
    ]


@pytest.mark.parametrize(
    ("mode", "ladder", "asked_for", "precision"),
    [
        (ReadMode.AUTO, "partial", "C:prop", Precision.EXACT),
        (ReadMode.EXACT, "partial", "C:prop", Precision.EXACT),
        (ReadMode.FREE_BUSY_ONLY, "partial", "C:prop", Precision.EXACT),
        (ReadMode.AUTO, "free-busy", "free-busy-query", Precision.SERVER),
        (ReadMode.EXACT, "free-busy", "C:calendar-data/>", Precision.EXACT),
        (ReadMode.FREE_BUSY_ONLY, "free-busy", "free-busy-query", Precision.SERVER),
        (ReadMode.AUTO, "full", "C:calendar-data/>", Precision.EXACT),
        (ReadMode.EXACT, "full", "C:calendar-data/>", Precision.EXACT),
        (ReadMode.FREE_BUSY_ONLY, "full", None, FailureCause.FORBIDDEN),
        (ReadMode.AUTO, None, "free-busy-query", Precision.SERVER),
    ],
)
async def test_ladder(fake, account_for, mode, ladder, asked_for, precision) -> None:
    text = "BEGIN:VCALENDAR\nBEGIN:VFREEBUSY\nDTSTART:20200101T000000Z\nEND:VFREEBUSY\nEND:VCALENDAR\n"
    is_free_busy = asked_for == "free-busy-query"
    fake.tell("REPORT", "/work/", web.Response(text=text) if is_free_busy else _multistatus(""))
    flags = {"ladder": ladder, "series": "fails"} if ladder else {}
    answer = await busy(account_for(fake.url), f"{fake.url}work/", mode=mode, flags=flags)
    if asked_for is None:
        assert (answer, fake.seen) == (Unverified(precision), [])
    else:
        assert answer.precision is precision
        assert asked_for in fake.bodies[0]


async def test_partial_read_asks_for_no_title_and_for_attendees_only_with_an_address(fake, account_for) -> None:
    fake.tell("REPORT", "/work/", _multistatus(""))
    account, url = account_for(fake.url), f"{fake.url}work/"
    await busy(account, url, flags=PARTIAL)
    await busy(account, url, flags={**PARTIAL, "addresses": "mailto:me@home.example"})
    assert not any(name in fake.bodies[0] for name in ("SUMMARY", "ATTENDEE", "DESCRIPTION"))
    assert "ATTENDEE" in fake.bodies[1]
    assert all('name="VEVENT"' in body and "start=" in body and "end=" in body for body in fake.bodies)


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (web.Response(status=200, text="<html/>", content_type="text/html"), FailureCause.MALFORMED),
        ("<html/>", FailureCause.MALFORMED),
        ("", FailureCause.MALFORMED),
        (web.Response(status=401, headers={"WWW-Authenticate": "Basic"}), FailureCause.REAUTH_REQUIRED),
        (web.Response(status=403), FailureCause.FORBIDDEN),
        (web.Response(status=404), FailureCause.NOT_FOUND),
        (web.Response(status=410), FailureCause.NOT_FOUND),
        (web.Response(status=302, headers={"Location": "http://10.0.0.1/"}), FailureCause.MALFORMED),
        (web.Response(status=429, headers={"Retry-After": "60"}), FailureCause.THROTTLED),
        (web.Response(status=500), FailureCause.UNREACHABLE),
        (web.Response(status=507, text="<D:number-of-matches-within-limits/>"), FailureCause.TOO_LARGE),
        (b"<x>" + b"x" * 20_000_000, FailureCause.TOO_LARGE),
        (event("DTSTART:garbage"), FailureCause.MALFORMED),
        (event("DTSTART:20270316T090000Z", "DTEND:20270316T080000Z"), FailureCause.MALFORMED),
        (event("DTSTART:20270316T090000Z", "BEGIN:VALARM"), FailureCause.MALFORMED),
        (event("DTSTART:20000101T000000Z", "DURATION:PT1H", "RRULE:FREQ=SECONDLY"), FailureCause.TOO_LARGE),
        (event("DTSTART:20270101T000000Z", "RRULE:FREQ=DAILY;COUNT=3;BYSETPOS=" + "1," * 90 + "1"), None),
        ("<C:calendar-data/>", FailureCause.MALFORMED),
        ('<!DOCTYPE x [<!ENTITY a "b">]><x/>', FailureCause.MALFORMED),
    ],
)
async def test_bad_answer_is_never_free_time(fake, account_for, answer, cause: FailureCause | None) -> None:
    is_event = isinstance(answer, str) and answer.startswith("<C:")
    fake.tell("REPORT", "/work/", _multistatus(answer) if is_event else answer)
    got = await busy(account_for(fake.url), f"{fake.url}work/", flags=FULL)
    assert got.cause is cause if cause else isinstance(got, BusyAnswer)


@pytest.mark.parametrize("text", ["", "<html/>", _multistatus(""), "BEGIN:VCALENDAR\nEND:VCALENDAR\n", b"\xff\xfe"])
async def test_bad_free_busy_answer_is_never_free_time(fake, account_for, text: str | bytes) -> None:
    body = text if isinstance(text, bytes) else text.encode()
    fake.tell("REPORT", "/work/", web.Response(body=body, content_type="text/calendar"))
    assert await busy(account_for(fake.url), f"{fake.url}work/") == Unverified(FailureCause.MALFORMED)


async def test_href_to_another_server_makes_the_answer_malformed(fake, account_for) -> None:
    text = _multistatus(event("DTSTART:20270316T090000Z", "DURATION:PT1H")).replace(
        "/work/0.ics", "http://10.0.0.1/0.ics"
    )
    fake.tell("REPORT", "/work/", text)
    assert await busy(account_for(fake.url), f"{fake.url}work/", flags=FULL) == Unverified(FailureCause.MALFORMED)


async def test_calendar_gone_inside_a_207_is_not_free(fake, account_for) -> None:
    gone = "<D:response><D:href>/work/</D:href><D:status>HTTP/1.1 404 Not Found</D:status></D:response>"
    fake.tell("REPORT", "/work/", _multistatus("").replace("</D:multistatus>", f"{gone}</D:multistatus>"))
    assert await busy(account_for(fake.url), f"{fake.url}work/", flags=FULL) == Unverified(FailureCause.NOT_FOUND)


async def test_event_held_back_is_not_free(fake, account_for) -> None:
    fake.tell("REPORT", "/work/", _multistatus("<C:calendar-data/>").replace("200 OK", "404 Not Found"))
    assert await busy(account_for(fake.url), f"{fake.url}work/", flags=PARTIAL) == Unverified(FailureCause.MALFORMED)


async def test_broken_calendar_costs_no_other(fake, account_for) -> None:
    fake.tell("REPORT", "/work/", _multistatus(event("DTSTART:garbage")))
    fake.tell(
        "REPORT", "/home/", _multistatus(event("DTSTART:20270316T090000Z", "DURATION:PT1H")).replace("/work/", "/home/")
    )
    asked = [AskedCalendar(f"{fake.url}{name}/", "UTC", ReadMode.EXACT, FULL) for name in ("work", "home")]
    broken, good = (await PROVIDER.busy(account_for(fake.url), asked, WINDOW)).values()
    assert broken == Unverified(FailureCause.MALFORMED)
    assert [one.span for one in good.busy] == [ENTRY.span]


async def test_no_more_requests_run_at_a_time_than_the_limits_say(account_for) -> None:
    at_work, most = 0, 0

    async def answer(request: web.Request) -> web.Response:
        nonlocal at_work, most
        at_work, most = at_work + 1, max(most, at_work + 1)
        await asyncio.sleep(0.01)
        at_work -= 1
        return web.Response(status=207, text=_multistatus(""))

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    asked = [AskedCalendar(f"{url}{number}/", "UTC", ReadMode.EXACT, {"ladder": "full"}) for number in range(8)]
    answers = await PROVIDER.busy(account_for(url), asked, WINDOW)
    await runner.cleanup()
    assert all(isinstance(answer, BusyAnswer) for answer in answers.values())
    assert most == PROVIDER.limits.concurrency


@pytest.fixture(params=["radicale", "xandikos"])
def calendar(request: pytest.FixtureRequest, account_for):
    """A new calendar on each of the real servers, and an account that may use it."""
    server = request.getfixturevalue(request.param)
    made = server.calendar("alice")
    return made, account_for(server.url, "alice", server.users["alice"], seconds=20)


@pytest.mark.parametrize("series", ["works", "untried", "fails"])
async def test_instance_moved_far_into_the_window_is_found(calendar, series: str) -> None:
    made, account = calendar
    moved = ["RECURRENCE-ID:20270608T090000Z", "DTSTART:20270316T110000Z", "DTEND:20270316T120000Z"]
    around = "\n".join(["BEGIN:VEVENT", "UID:s", "DTSTAMP:20260101T000000Z", *moved, "END:VEVENT"])
    lines = ["DTSTART:20270601T090000Z", "DTEND:20270601T100000Z", "RRULE:FREQ=WEEKLY;COUNT=3"]
    made.put_event(*lines, uid="s", around=around)
    answer = await busy(account, made.url, mode=ReadMode.EXACT, flags={"ladder": "full", "series": series})
    assert [one.span for one in answer.busy] == [Span(utc("0316T1100"), utc("0316T1200"))]


@pytest.mark.parametrize(
    ("series", "start", "filters"),
    [
        ("works", "20270313T000000Z", ["RDATE", "RRULE"]),
        ("untried", "20260314T000000Z", ["RDATE", "RRULE"]),
        ("fails", "20260314T000000Z", []),
    ],
)
async def test_series_are_asked_for_apart_or_by_a_wide_range(
    fake, account_for, series: str, start: str, filters: list[str]
) -> None:
    fake.tell("REPORT", "/work/", _multistatus(""))
    await busy(account_for(fake.url), f"{fake.url}work/", flags={"ladder": "full", "series": series})
    assert sorted(name for body in fake.bodies for name in re.findall(r'prop-filter name="(\w+)"', body)) == filters
    assert [found for body in fake.bodies for found in re.findall(r'start="(\w+)"', body)] == [start]


@pytest.mark.parametrize("series", ["works", "untried"])
async def test_dates_listed_apart_are_found(calendar, series: str) -> None:
    made, account = calendar
    made.put_event("DTSTART:20250101T090000Z", "DTEND:20250101T100000Z", "RDATE:20270316T090000Z")
    answer = await busy(account, made.url, mode=ReadMode.EXACT, flags={"ladder": "full", "series": series})
    assert [one.span for one in answer.busy] == [ENTRY.span]


async def test_free_busy_answer_of_a_real_server(calendar) -> None:
    made, account = calendar
    made.put_event("DTSTART:20270316T090000Z", "DTEND:20270316T100000Z", "STATUS:TENTATIVE")
    made.put_event("DTSTART;VALUE=DATE:20270317", "DTEND;VALUE=DATE:20270318")
    answer = await busy(account, made.url)
    assert answer.precision is Precision.SERVER
    assert [(one.span, one.status) for one in answer.busy] == [
        (ENTRY.span, BusyStatus.TENTATIVE),
        (Span(utc("0316T2300"), utc("0317T2300")), BusyStatus.BUSY),
        (Span(utc("0317T0000"), utc("0318T0000")), BusyStatus.BUSY),
    ]


async def test_entry_stands_as_written(calendar) -> None:
    made, account = calendar
    reference = await PROVIDER.write(account, made.url, ENTRY, KEY)
    (text,) = made.texts()
    assert "SUMMARY:Haircut" in text
    assert "ATTENDEE" not in text
    assert made.names() == [f"slotgraph-{KEY}.ics"]
    assert reference.id == f"{urlsplit(made.url).path}slotgraph-{KEY}.ics"
    assert reference.etag


async def test_entry_changed_outside_is_moved_and_removed_all_the_same(calendar) -> None:
    made, account = calendar
    reference = await PROVIDER.write(account, made.url, ENTRY, KEY)
    made.put(f"slotgraph-{KEY}.ics", made.texts()[0].replace("SUMMARY:Haircut", "SUMMARY:Changed"))
    moved = await PROVIDER.move(account, reference, LATER, KEY)
    assert await PROVIDER.probe(account, moved) == Present(LATER.span)
    made.put(f"slotgraph-{KEY}.ics", made.texts()[0].replace("SUMMARY:Haircut", "SUMMARY:Changed"))
    await PROVIDER.remove(account, moved, KEY)
    assert made.names() == []


async def test_entry_removed_outside_stands_again_when_it_is_moved(calendar) -> None:
    made, account = calendar
    reference = await PROVIDER.write(account, made.url, ENTRY, KEY)
    made.delete(f"slotgraph-{KEY}.ics")
    assert await PROVIDER.probe(account, await PROVIDER.move(account, reference, LATER, KEY)) == Present(LATER.span)


async def test_entry_moved_by_its_owner_is_probed_where_it_went(calendar) -> None:
    made, account = calendar
    reference = await PROVIDER.write(account, made.url, ENTRY, KEY)
    made.put(f"slotgraph-{KEY}.ics", made.texts()[0].replace("20270316T", "20270317T"))
    assert await PROVIDER.probe(account, reference) == Present(LATER.span)


async def test_writing_into_a_missing_calendar_is_told(radicale, account_for) -> None:
    account = account_for(radicale.url, "alice", radicale.users["alice"])
    with pytest.raises(CalendarMissing):
        await PROVIDER.write(account, f"{radicale.url}alice/nowhere/", ENTRY, KEY)


async def test_writing_into_anothers_calendar_is_forbidden(radicale, account_for) -> None:
    made = radicale.calendar("bob")
    with pytest.raises(AccessForbidden):
        await PROVIDER.write(account_for(radicale.url, "alice", radicale.users["alice"]), made.url, ENTRY, KEY)


PATH = f"/work/slotgraph-{KEY}.ics"
OURS = f"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:slotgraph-{KEY}\nDTSTART:20270316T090000Z\nDURATION:PT1H\nEND:VEVENT\nEND:VCALENDAR\n"


@pytest.mark.parametrize("status", [403, 409, 412])
async def test_refused_write_is_done_if_the_entry_is_found_there(fake, account_for, status: int) -> None:
    fake.tell("PUT", PATH, web.Response(status=status))
    fake.tell("GET", PATH, web.Response(text=OURS, headers={"ETag": '"7"'}))
    written = await PROVIDER.write(account_for(fake.url), f"{fake.url}work/", ENTRY, KEY)
    assert written == Reference(f"{fake.url}work/", PATH, '"7"')


@pytest.mark.parametrize(
    ("status", "failure"), [(403, AccessForbidden), (409, CalendarMissing), (412, AnswerMalformed)]
)
async def test_refused_write_is_not_done_if_nothing_is_there(fake, account_for, status: int, failure: type) -> None:
    fake.tell("PUT", PATH, web.Response(status=status))
    with pytest.raises(failure):
        await PROVIDER.write(account_for(fake.url), f"{fake.url}work/", ENTRY, KEY)


async def test_foreign_event_at_our_address_is_not_taken_for_the_entry(fake, account_for) -> None:
    fake.tell("PUT", PATH, web.Response(status=412))
    fake.tell("GET", PATH, web.Response(text=OURS.replace("UID:slotgraph", "UID:other")))
    with pytest.raises(AnswerMalformed):
        await PROVIDER.write(account_for(fake.url), f"{fake.url}work/", ENTRY, KEY)


async def test_server_that_ignores_if_none_match_is_fine(fake, account_for) -> None:
    fake.tell("PUT", PATH, web.Response(status=204))
    fake.tell("GET", PATH, web.Response(text=OURS))
    assert (await PROVIDER.write(account_for(fake.url), f"{fake.url}work/", ENTRY, KEY)).id == PATH


@pytest.mark.parametrize("status", [200, 204, 404, 410])
async def test_removing_is_fine_whether_it_was_there_or_not(fake, account_for, status: int) -> None:
    fake.tell("DELETE", PATH, web.Response(status=status))
    fake.tell("PROPFIND", "/work/", _multistatus("<D:resourcetype/>"))
    await PROVIDER.remove(account_for(fake.url), Reference(f"{fake.url}work/", PATH), KEY)


@pytest.mark.parametrize("cut", ["", "/", "work/", "../"])
async def test_removal_by_a_cut_reference_never_reaches_the_calendar(fake, account_for, cut: str) -> None:
    with pytest.raises(PluginFailed):
        await PROVIDER.remove(account_for(fake.url), Reference(f"{fake.url}work/", cut), KEY)
    assert fake.seen == []


async def test_reference_to_another_server_gets_no_password(fake, account_for) -> None:
    reference = Reference(f"{fake.url}work/", f"{fake.url.replace('127.0.0.1', 'localhost')}x.ics")
    assert await PROVIDER.probe(account_for(fake.url), reference) == Unverified(FailureCause.UNREACHABLE)
    assert fake.seen == []


async def test_gone_needs_a_calendar_that_answers(fake, account_for) -> None:
    reference = Reference(f"{fake.url}work/", PATH)
    assert await PROVIDER.probe(account_for(fake.url), reference) == Unverified(FailureCause.NOT_FOUND)
    fake.tell("PROPFIND", "/work/", _multistatus("<D:resourcetype/>"))
    assert await PROVIDER.probe(account_for(fake.url), reference) == Gone()


async def test_nothing_secret_is_logged_even_at_debug(calendar, caplog: pytest.LogCaptureFixture) -> None:
    made, account = calendar
    made.put_event("DTSTART:20270316T090000Z", "DTEND:20270316T100000Z", "SUMMARY:canary-title")
    with caplog.at_level(logging.DEBUG):
        await PROVIDER.open(account)
        asked = AskedCalendar(made.url, "UTC", ReadMode.EXACT, FULL)
        answer = (await PROVIDER.titles(account, [asked], WINDOW))[made.url]
        await PROVIDER.write(account, made.url, Entry(LATER.span, "UTC", "canary-entry", ""), KEY)
    assert [one.title for one in answer.events] == ["canary-title"]
    assert "canary" not in caplog.text
    assert "secret" not in caplog.text
    assert all(not logging.getLogger(name).propagate for name in ("caldav", "httpx", "niquests"))
