"""From what a person types to their calendars: real servers, and servers that lead astray."""

from datetime import UTC, datetime

import pytest
from aiohttp import web

from slotgraph.core.plugin import (
    AccessForbidden,
    AccountRevoked,
    AddressRefused,
    AnswerMalformed,
    AnswerTooLarge,
    ProviderFailure,
    ProviderThrottled,
    ProviderTimeout,
    ProviderUnreachable,
    Purpose,
)
from slotgraph.core.testing import FixedClock
from slotgraph.plugins.caldav.discovery import home_of
from slotgraph.plugins.caldav.plugin import CalDavProvider

MARCH = datetime(2027, 3, 1, tzinfo=UTC)


async def no_records(domain: str, seconds: float) -> str | None:
    """A domain whose DNS knows of no calendar server."""
    return None


PROVIDER = CalDavProvider(lookup=no_records)
ME = "<C:calendar-home-set><D:href>{}</D:href></C:calendar-home-set>"


def _redirect(target: str, status: int = 301) -> web.Response:
    return web.Response(status=status, headers={"Location": target})


@pytest.mark.parametrize("path", ["", "alice/", ".well-known/caldav"])
async def test_radicale_is_found_from(radicale, account_for, path: str) -> None:
    made = radicale.calendar("alice", "work")
    account = account_for(radicale.url + path, "alice", radicale.users["alice"])
    (found,) = await PROVIDER.calendars(account)
    assert (found.id, found.name, found.writable, found.primary) == (made.url, "work", True, True)


@pytest.mark.parametrize("path", ["", "alice/", "alice/calendars/", ".well-known/caldav"])
async def test_xandikos_is_found_from(xandikos, account_for, path: str) -> None:
    made = xandikos.calendar("alice", "work")
    found = await PROVIDER.calendars(account_for(xandikos.url + path, "alice@home.example"))
    assert [calendar.id for calendar in found] == [made.url]
    assert "mailto:alice@home.example" in found[0].flags["addresses"].split()


async def test_open_says_who_where_and_what_for(radicale, account_for) -> None:
    radicale.calendar("alice", "work")
    opened = await PROVIDER.open(account_for(radicale.url, "alice", radicale.users["alice"]))
    assert opened.label == "alice at 127.0.0.1"
    assert opened.granted == frozenset(Purpose)
    assert len(opened.capabilities) == 1


async def test_wrong_password_is_told_with_the_servers_realm(radicale, account_for) -> None:
    with pytest.raises(AccountRevoked) as caught:
        await PROVIDER.open(account_for(radicale.url, "alice", "canary-wrong"))
    assert caught.value.server_answer == "Radicale - Password Required"
    assert "canary" not in f"{caught.value} {caught.value!r}"


async def test_realm_is_not_printed_with_control_characters(fake, account_for) -> None:
    fake.tell("PROPFIND", "/", web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="a\\"b\u200b"'}))
    with pytest.raises(AccountRevoked) as caught:
        await PROVIDER.open(account_for(fake.url))
    assert caught.value.server_answer == 'a"b'


async def test_login_without_basic_is_told_apart(fake, account_for) -> None:
    fake.tell("PROPFIND", "/", web.Response(status=401, headers={"WWW-Authenticate": 'Digest realm="x", nonce="y"'}))
    with pytest.raises(AccountRevoked, match="no Basic"):
        await PROVIDER.open(account_for(fake.url))


@pytest.mark.parametrize(
    ("answer", "failure", "said"),
    [
        (web.Response(status=200, text="<html/>", content_type="text/html"), AnswerMalformed, "200 text/html"),
        (web.Response(status=404, text="<html/>", content_type="text/html"), AnswerMalformed, "404 text/html"),
        (web.Response(status=405, text="no", content_type="text/plain"), AnswerMalformed, "405 text/plain"),
        (web.Response(status=501), AnswerMalformed, "501"),
        (web.Response(status=403), AccessForbidden, "403"),
        (web.Response(status=500), ProviderUnreachable, "500"),
        (web.Response(status=207, text="<html/>", content_type="text/html"), AnswerMalformed, "207 text/html"),
        (web.Response(status=207, text="x" * 3_000_000, content_type="application/xml"), AnswerTooLarge, None),
    ],
)
async def test_server_that_is_no_caldav_server_is_told_by_its_answer(
    fake, account_for, answer: web.Response, failure: type[ProviderFailure], said: str | None
) -> None:
    fake.tell("PROPFIND", "/", answer)
    with pytest.raises(ProviderFailure) as caught:
        await PROVIDER.open(account_for(fake.url))
    assert (type(caught.value), caught.value.server_answer) == (failure, said)


async def test_well_known_is_asked_where_the_address_itself_is_no_caldav(fake, account_for) -> None:
    fake.tell_calendar()
    fake.tell("PROPFIND", "/shop/", web.Response(status=200, text="<html/>"))
    fake.tell("PROPFIND", "/.well-known/caldav", _redirect("/", 302))
    assert len(await PROVIDER.calendars(account_for(f"{fake.url}shop/"))) == 1


async def test_circle_of_redirects_ends(fake, account_for) -> None:
    fake.tell("PROPFIND", "/", _redirect("/"))
    with pytest.raises(AnswerMalformed):
        await PROVIDER.open(account_for(fake.url))
    assert len(fake.seen) <= 12


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.2/",
        "http://10.0.0.1/",
        "http://localhost/",
        "//evil.example/",
        "https://evil.example/",
        "ftp://127.0.0.1/",
    ],
)
async def test_password_does_not_follow_a_redirect_to_another_server(fake, account_for, target: str) -> None:
    fake.tell("PROPFIND", "/", _redirect(target))
    with pytest.raises(AddressRefused, match="another server"):
        await PROVIDER.open(account_for(fake.url))
    assert fake.seen == [("PROPFIND", "/")]


@pytest.mark.parametrize("href", ["http://127.0.0.2:8000/home/", "https://evil.example/", "//10.0.0.1/home/"])
async def test_href_to_another_server_is_refused(fake, account_for, href: str) -> None:
    fake.tell("PROPFIND", "/", _multistatus({"": ME.format(href)}))
    with pytest.raises(AnswerMalformed):
        await PROVIDER.calendars(account_for(fake.url))


@pytest.mark.parametrize("url", ["ftp://dav.example/", "http://me:canary@127.0.0.1/", "https://", "file:///etc/passwd"])
async def test_address_that_is_no_web_address_is_refused(account_for, url: str) -> None:
    with pytest.raises(ProviderFailure) as caught:
        await PROVIDER.open(account_for(url))
    assert "canary" not in str(caught.value)


async def test_stopped_server_is_unreachable(account_for, unused_tcp_port: int) -> None:
    with pytest.raises(ProviderUnreachable):
        await PROVIDER.open(account_for(f"http://127.0.0.1:{unused_tcp_port}/"))


async def test_spent_deadline_is_a_timeout(fake, account_for) -> None:
    fake.tell_calendar()
    with pytest.raises(ProviderTimeout):
        await PROVIDER.open(account_for(fake.url, seconds=0))


async def test_throttling_is_told_with_its_delay(fake, account_for) -> None:
    fake.tell("PROPFIND", "/", web.Response(status=503, headers={"Retry-After": "120"}))
    with pytest.raises(ProviderThrottled) as caught:
        await PROVIDER.open(account_for(fake.url))
    assert caught.value.retry_after == 120


@pytest.mark.parametrize("given", ["home.example", "me@home.example"])
async def test_dns_is_asked_for_a_bare_domain_only_after_its_well_known(account_for, given: str) -> None:
    asked = []

    async def lookup(domain: str, seconds: float) -> str | None:
        asked.append((domain, 0 < seconds <= 10))
        return "https://dav.elsewhere.example:8443/"

    with pytest.raises(AddressRefused, match=r"https://dav\.elsewhere\.example/"):
        await home_of(account_for(given), lookup=lookup)
    assert asked == [("home.example", True)]


async def test_dns_is_not_asked_for_a_given_address(fake, account_for) -> None:
    async def lookup(domain: str, seconds: float) -> str | None:
        raise AssertionError

    with pytest.raises(AnswerMalformed):
        await home_of(account_for(fake.url), lookup=lookup)


async def test_listing_leaves_out_doubles_and_what_holds_no_events(fake, account_for) -> None:
    from_home = {
        "home_work_": _calendar("Work"),
        "home_work.ics": _calendar("Work"),
        "home_work.xml": _calendar("Work"),
        "home_tasks": _calendar(
            "Tasks", '<C:supported-calendar-component-set><C:comp name="VTODO"/></C:supported-calendar-component-set>'
        ),
        "home_people": "<D:resourcetype><D:collection/></D:resourcetype>",
    }
    fake.tell_calendar()
    fake.tell("PROPFIND", "/home/", _multistatus(from_home))
    fake.tell("REPORT", "/home/work/", _multistatus({}))
    assert [calendar.name for calendar in await PROVIDER.calendars(account_for(fake.url))] == ["Work"]


def _calendar(name: str, more: str = "") -> str:
    return f"<D:resourcetype><D:collection/><C:calendar/></D:resourcetype><D:displayname>{name}</D:displayname>{more}"


def _multistatus(members: dict[str, str]) -> str:
    responses = "".join(
        f"<D:response><D:href>/{name.replace('_', '/')}</D:href><D:propstat><D:prop>{properties}</D:prop>"
        "<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
        for name, properties in members.items()
    )
    return f'<D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">{responses}</D:multistatus>'


PRIVILEGES = "<D:current-user-privilege-set><D:privilege>{}</D:privilege></D:current-user-privilege-set>"
ZONE = (
    "<C:calendar-timezone>BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:W. Europe Standard Time\nEND:VTIMEZONE\nEND:VCALENDAR\n"
    "</C:calendar-timezone>"
)


async def test_listing_tells_rights_zone_and_the_calendar_for_invitations(fake, account_for) -> None:
    inbox = "<C:schedule-inbox-URL><D:href>/inbox/</D:href></C:schedule-inbox-URL>"
    fake.tell("PROPFIND", "/", _multistatus({"": ME.format("/home/") + inbox}))
    fake.tell(
        "PROPFIND",
        "/inbox/",
        _multistatus(
            {"inbox_": "<C:schedule-default-calendar-URL><D:href>/home/c/</D:href></C:schedule-default-calendar-URL>"}
        ),
    )
    calendars = {
        "home_a_": _calendar("A", PRIVILEGES.format("<D:read/>") + ZONE),
        "home_b_": _calendar("B", PRIVILEGES.format("<D:bind/><D:write-content/>")),
        "home_c_": _calendar("C", PRIVILEGES.format("<D:all/>")),
    }
    fake.tell("PROPFIND", "/home/", _multistatus(calendars))
    found = {calendar.name: calendar for calendar in await PROVIDER.calendars(account_for(fake.url))}
    assert [found[name].writable for name in "ABC"] == [False, True, True]
    assert [found[name].primary for name in "ABC"] == [False, False, True]
    assert found["A"].time_zone == "Europe/Berlin"
    assert {calendar.flags["ladder"] for calendar in found.values()} == {"full"}
    assert all(calendar.titles_on_wire for calendar in found.values())


EVENT = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART:20270301T090000Z\n{}END:VEVENT\nEND:VCALENDAR\n"


@pytest.mark.parametrize(
    ("events", "ladder"),
    [
        ({"home_work_1.ics": EVENT.format("")}, "partial"),
        ({"home_work_1.ics": EVENT.format(""), "home_work_2.ics": EVENT.format("SUMMARY:x\n")}, "full"),
        ({"home_work_1.ics": EVENT.format("DTSTAMP:20270101T000000Z\n")}, "full"),
        ({"home_work_1.ics": EVENT.format("BEGIN:VALARM\nTRIGGER:PT0S\nEND:VALARM\n")}, "full"),
        ({"home_work_1.ics": EVENT.format(""), "home_work_2.ics": ""}, "full"),
        ({}, "full"),
    ],
    ids=["nothing more", "a title in one", "a time stamp", "an alarm", "one held back", "no event to judge by"],
)
async def test_partial_read_is_believed_only_when_events_show_it(
    fake, account_for, events: dict[str, str], ladder: str
) -> None:
    fake.tell_calendar()
    fake.tell("PROPFIND", "/home/", _multistatus({"home_work_": _calendar("Work")}))
    data = {name: f"<C:calendar-data>{text}</C:calendar-data>" for name, text in events.items()}
    fake.tell("REPORT", "/home/work/", _multistatus(data))
    (found,) = await PROVIDER.calendars(account_for(fake.url))
    assert (found.flags["ladder"], found.titles_on_wire) == (ladder, ladder == "full")


async def test_one_calendars_events_speak_for_the_server(fake, account_for) -> None:
    fake.tell_calendar()
    fake.tell("PROPFIND", "/home/", _multistatus({"home_a_": _calendar("A"), "home_b_": _calendar("B")}))
    fake.tell("REPORT", "/home/a/", _multistatus({}))
    fake.tell(
        "REPORT", "/home/b/", _multistatus({"home_b_1": f"<C:calendar-data>{EVENT.format('')}</C:calendar-data>"})
    )
    assert [one.flags["ladder"] for one in await PROVIDER.calendars(account_for(fake.url))] == ["partial", "partial"]


async def test_server_that_holds_events_back_from_a_partial_read_is_not_asked_so(xandikos, account_for) -> None:
    used = xandikos.calendar("alice", "a")
    used.put_event("DTSTART:20270301T090000Z", "DTEND:20270301T100000Z", "SUMMARY:x", "RRULE:FREQ=DAILY")
    (found,) = await CalDavProvider(clock=_march(), lookup=no_records).calendars(account_for(xandikos.url))
    assert (found.flags["ladder"], found.flags["series"]) == ("free-busy", "works")


async def test_server_that_sends_more_than_asked_is_not_believed(radicale, account_for) -> None:
    used = radicale.calendar("alice", "a")
    used.put_event("DTSTART:20270301T090000Z", "DTEND:20270301T100000Z", "SUMMARY:x")
    provider = CalDavProvider(clock=_march(), lookup=no_records)
    (found,) = await provider.calendars(account_for(radicale.url, "alice", radicale.users["alice"]))
    assert (found.flags["ladder"], found.flags["series"], found.titles_on_wire) == ("free-busy", "untried", False)


def _march() -> FixedClock:
    return FixedClock(MARCH)
