"""The provider contract on Radicale and Xandikos, on all rungs of the ladder."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import ClassVar
from urllib.parse import urlsplit

import pytest

from slotgraph.core.addresses import AddressPolicy
from slotgraph.core.clock import FixedClock, SystemClock
from slotgraph.core.offload import Offload
from slotgraph.core.plugin import Account, Answer, Deadline, Precision, Provider, ReadMode, Reference, Transport
from slotgraph.core.testing import OutsideEvent, ShownAs
from slotgraph.core.testing.contract import ProviderContract
from slotgraph.core.testing.faults import Fault
from slotgraph.core.testing.seed import busy, deaf, spoilt
from slotgraph.core.transport import HttpTransport
from slotgraph.plugins.caldav.plugin import CalDavProvider

OWNER = "alice@caldav.example"
WINDOW_START = datetime(2027, 3, 23, 9)
_NOW = datetime(2027, 3, 20, 12, tzinfo=UTC)
_MICROSOFT = {ShownAs.OUT_OF_OFFICE: "OOF", ShownAs.WORKING_ELSEWHERE: "WORKINGELSEWHERE"}


def content_lines(event: OutsideEvent) -> Iterator[str]:
    """The event's lines as a client writes them, but for UID and DTSTAMP; overrides of it are events of their own."""
    yield f"SUMMARY:{event.title}"
    yield _time("DTSTART", event.start, event)
    yield _time("DTEND", event.end, event)
    if event.times > 1:
        yield f"RRULE:FREQ=DAILY;INTERVAL={event.every_days};COUNT={event.times}"
    for left_out in event.left_out:
        yield _time("EXDATE", left_out, event)
    if event.shown_as is ShownAs.FREE:
        yield "TRANSP:TRANSPARENT"
    if event.shown_as in _MICROSOFT:
        yield f"X-MICROSOFT-CDO-BUSYSTATUS:{_MICROSOFT[event.shown_as]}"
    if event.cancelled or event.shown_as is ShownAs.TENTATIVE:
        yield f"STATUS:{'CANCELLED' if event.cancelled else 'TENTATIVE'}"
    if event.declined:
        yield "ORGANIZER:mailto:boss@caldav.example"
        yield f"ATTENDEE;PARTSTAT=DECLINED:mailto:{OWNER}"
    if event.private:
        yield "CLASS:PRIVATE"


def _time(name: str, at: object, event: OutsideEvent) -> str:
    if not isinstance(at, datetime):
        return f"{name};VALUE=DATE:{at:%Y%m%d}"
    zone = event.zone_as_written or event.zone
    if zone in (None, "UTC"):
        return f"{name}:{at:%Y%m%dT%H%M%S}{'Z' if zone else ''}"
    return f"{name};TZID={zone}:{at:%Y%m%dT%H%M%S}"


def _overrides(event: OutsideEvent, uid: str) -> Iterator[str]:
    for change in event.changed:
        yield from ("BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260101T000000Z")
        yield _time("RECURRENCE-ID", change.original, event)
        yield _time("DTSTART", change.start, event)
        yield _time("DTEND", change.end, event)
        if change.cancelled:
            yield "STATUS:CANCELLED"
        yield "END:VEVENT"


def _definition(event: OutsideEvent) -> list[str]:
    """The VTIMEZONE that clients put beside a zone they name by its IANA name."""
    if event.zone in (None, "UTC") or event.zone_as_written:
        return []
    return ["BEGIN:VTIMEZONE", f"TZID:{event.zone}", *_OBSERVANCES[event.zone], "END:VTIMEZONE"]


def _observance(kind: str, since: str, before: str, after: str, rule: str = "") -> list[str]:
    lines = [f"BEGIN:{kind}", f"DTSTART:{since}", f"TZOFFSETFROM:{before}", f"TZOFFSETTO:{after}"]
    return [*lines, *([f"RRULE:FREQ=YEARLY;{rule}"] if rule else []), f"END:{kind}"]


_OBSERVANCES = {
    "Europe/Zurich": [
        *_observance("DAYLIGHT", "19960331T020000", "+0100", "+0200", "BYMONTH=3;BYDAY=-1SU"),
        *_observance("STANDARD", "19961027T030000", "+0200", "+0100", "BYMONTH=10;BYDAY=-1SU"),
    ],
    "America/New_York": [
        *_observance("DAYLIGHT", "20070311T020000", "-0500", "-0400", "BYMONTH=3;BYDAY=2SU"),
        *_observance("STANDARD", "20071104T020000", "-0400", "-0500", "BYMONTH=11;BYDAY=1SU"),
    ],
    "Asia/Kolkata": _observance("STANDARD", "19700101T000000", "+0530", "+0530"),
}


@dataclass
class ServerSeed:
    provider: Provider
    account: Account
    calendars: dict[str, object]
    calendar_id: str
    other_calendar_id: str
    _count: int = 0

    async def put(self, calendar_id: str, event: OutsideEvent) -> None:
        self._count += 1
        uid = f"outside-{self._count}"
        around = "\n".join([*_definition(event), *_overrides(event, uid)])
        await asyncio.to_thread(self.calendars[calendar_id].put_event, *content_lines(event), uid=uid, around=around)

    async def remove_entry(self, reference: Reference) -> None:
        name = urlsplit(reference.id).path.rpartition("/")[2]
        await asyncio.to_thread(self.calendars[reference.calendar_id].delete, name)

    async def remove_calendar(self, calendar_id: str) -> None:
        await asyncio.to_thread(self.calendars[calendar_id].delete, "")

    def broken(self, fault: Fault) -> Account:
        return spoilt(self.account, fault)

    def losing_answers(self) -> Account:
        return deaf(self.account)


@asynccontextmanager
async def seeded(server: object, username: str) -> AsyncIterator[ServerSeed]:
    """Two empty calendars on a server."""
    made = [await asyncio.to_thread(server.calendar, "alice") for _ in range(2)]
    transport, offload = (
        HttpTransport(SystemClock(), AddressPolicy((ip_network("127.0.0.0/8"),), allow_http=True)),
        Offload(),
    )

    async def save(credentials: object) -> None:
        raise AssertionError("nothing rotates")

    credentials = {"url": server.url, "username": username, "password": server.users["alice"]}
    account = Account(credentials, transport, Deadline(SystemClock(), 20), offload, save)
    calendars = {calendar.url: calendar for calendar in made}
    try:
        yield ServerSeed(CalDavProvider(clock=FixedClock(_NOW)), account, calendars, made[0].url, made[1].url)
    finally:
        await transport.close()
        await offload.close()


class TestOnRadicale(ProviderContract):
    read_modes = (ReadMode.AUTO, ReadMode.EXACT)
    cannot: ClassVar[Mapping[str, str]] = {
        "declined_event_does_not_block": "Radicale knows no e-mail address of a user, so no attendee can be told to be the holder"
    }

    @pytest.fixture
    async def seed(self, radicale: object) -> AsyncIterator[ServerSeed]:
        async with seeded(radicale, "alice") as seed:
            yield seed


class CuttingTransport:
    """Lets a server send only the event properties asked for, as Cyrus does; Xandikos sends no event that lacks one of them."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner

    async def request(self, method: str, url: str, *, body: bytes | None = None, **options: object) -> Answer:
        whole = re.sub(rb"(<C:calendar-data)>.*</C:calendar-data>", rb"\1/>", body or b"", flags=re.DOTALL)
        answer = await self._inner.request(method, url, body=whole, **options)
        wanted = re.findall(rb'<C:prop name="([^"]+)"/>', body or b"")
        return replace(answer, body=_cut(answer.body, wanted)) if wanted else answer


def _cut(body: bytes, wanted: list[bytes]) -> bytes:
    unfolded = re.sub(rb"(?:&#13;|\r)?\n[ \t]", b"", body)
    event = re.compile(rb"(BEGIN:VEVENT)(.*?)(END:VEVENT)", re.DOTALL)
    kept = re.compile(rb"(?:" + b"|".join(wanted) + rb")[;:]")
    return event.sub(
        lambda match: b"\n".join([match[1], *filter(kept.match, match[2].split(b"\n")), match[3]]), unfolded
    )


class TestOnPartialServer(ProviderContract):
    faults = (Fault.NOT_FOUND, Fault.TRUNCATED, Fault.EMPTY)

    @pytest.fixture
    async def seed(self, xandikos: object) -> AsyncIterator[ServerSeed]:
        async with seeded(xandikos, OWNER) as seed:
            seed.account = replace(seed.account, transport=CuttingTransport(seed.account.transport))
            yield seed

    async def test_reads_are_exact_without_a_title_on_the_wire(self, seed: ServerSeed) -> None:
        await seed.put(seed.calendar_id, OutsideEvent(WINDOW_START, WINDOW_START + timedelta(hours=1)))
        calendar = next(one for one in await seed.provider.calendars(seed.account) if one.id == seed.calendar_id)
        assert (calendar.flags["ladder"], calendar.titles_on_wire) == ("partial", False)
        assert (await busy(seed, ReadMode.FREE_BUSY_ONLY)).precision is Precision.EXACT


class TestOnXandikos(ProviderContract):
    faults = (Fault.NOT_FOUND, Fault.TRUNCATED, Fault.EMPTY)

    @pytest.fixture
    async def seed(self, xandikos: object) -> AsyncIterator[ServerSeed]:
        async with seeded(xandikos, OWNER) as seed:
            yield seed
