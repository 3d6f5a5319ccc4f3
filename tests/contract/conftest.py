"""What seeds a CalDAV server for the provider contract: outside events as iCalendar, written without any of our own client code."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from ipaddress import ip_network
from urllib.parse import urlsplit

import pytest
from icalendar import Calendar, Event, vCalAddress

from slotgraph.core.addresses import AddressPolicy
from slotgraph.core.clock import SystemClock
from slotgraph.core.offload import Offload
from slotgraph.core.plugin import Account, Deadline, instant_from_minute
from slotgraph.core.testing import FixedClock, ShownAs
from slotgraph.core.testing.seed import deaf, spoilt
from slotgraph.core.transport import HttpTransport
from slotgraph.plugins.caldav.plugin import CalDavProvider
from slotgraph.server.demo.vtimezone import vtimezone

NOW = datetime(2027, 3, 20, 12, tzinfo=UTC)
OUTLOOK_WORDS = {ShownAs.OUT_OF_OFFICE: "OOF", ShownAs.WORKING_ELSEWHERE: "WORKINGELSEWHERE"}


def add_time(component, name, at, *, outside):
    """A wall time the way a client writes it: with the zone's name, floating, in UTC, or a date."""
    tzid = outside.zone_as_written or outside.zone
    if not isinstance(at, datetime) or tzid is None:
        component.add(name, at)
    elif tzid == "UTC":
        component.add(name, at.replace(tzinfo=UTC))
    else:
        component.add(name, at, parameters={"TZID": tzid})


def event_from(outside, owner):
    event = Event()
    event.add("summary", outside.title)
    add_time(event, "dtstart", outside.start, outside=outside)
    add_time(event, "dtend", outside.end, outside=outside)
    if outside.times > 1:
        event.add("rrule", {"freq": "daily", "interval": outside.every_days, "count": outside.times})
    for left_out in outside.left_out:
        add_time(event, "exdate", left_out, outside=outside)
    if outside.shown_as is ShownAs.FREE:
        event.add("transp", "TRANSPARENT")
    if outside.shown_as is ShownAs.TENTATIVE:
        event.add("status", "TENTATIVE")
    if outside.shown_as in OUTLOOK_WORDS:
        event.add("x-microsoft-cdo-busystatus", OUTLOOK_WORDS[outside.shown_as])
    if outside.cancelled:
        event.add("status", "CANCELLED")
    if outside.private:
        event.add("class", "PRIVATE")
    if outside.declined:
        event.add("organizer", vCalAddress("mailto:boss@caldav.example"))
        event.add("attendee", vCalAddress(f"mailto:{owner}"), parameters={"PARTSTAT": "DECLINED"})
    return event


def override_from(changed, outside):
    override = Event()
    add_time(override, "recurrence-id", changed.original, outside=outside)
    add_time(override, "dtstart", changed.start, outside=outside)
    add_time(override, "dtend", changed.end, outside=outside)
    if changed.cancelled:
        override.add("status", "CANCELLED")
    return override


def ics_from(outside, uid, owner):
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//SlotGraph//tests//EN")
    if outside.zone not in (None, "UTC") and outside.zone_as_written is None:
        calendar.add_component(vtimezone(outside.zone))
    for component in [event_from(outside, owner), *(override_from(changed, outside) for changed in outside.changed)]:
        component.add("uid", uid)
        component.add("dtstamp", NOW)
        calendar.add_component(component)
    return calendar.to_ical()


class CalDavSeed:
    """Two empty calendars of one login; everything behind the provider's back goes through tests/servers/dav.py."""

    def __init__(self, server, account, *, owner):
        self.provider = CalDavProvider(clock=FixedClock(NOW))
        self.account = account
        self._owner = owner
        self._calendars = {calendar.url: calendar for calendar in (server.calendar(owner), server.calendar(owner))}
        self.calendar_id, self.other_calendar_id = self._calendars
        self._put = 0

    async def put(self, calendar_id, event):
        self._put += 1
        ics = ics_from(event, f"outside-{self._put}", self._owner)
        await asyncio.to_thread(self._calendars[calendar_id].put, f"outside-{self._put}.ics", ics)

    async def remove_entry(self, reference):
        name = urlsplit(reference.id).path.rpartition("/")[2]
        await asyncio.to_thread(self._calendars[reference.calendar_id].delete, name)

    async def move_entry(self, reference, span):
        name, calendar = urlsplit(reference.id).path.rpartition("/")[2], self._calendars[reference.calendar_id]
        text = await asyncio.to_thread(calendar.get, name)
        for line, minute in zip(("DTSTART", "DTEND"), span, strict=True):
            text = re.sub(rf"{line}[:;].*", f"{line}:{instant_from_minute(minute):%Y%m%dT%H%M%SZ}", text)
        await asyncio.to_thread(calendar.put, name, text)

    async def remove_calendar(self, calendar_id):
        await asyncio.to_thread(self._calendars[calendar_id].delete, "")

    def broken(self, fault):
        return spoilt(self.account, fault)

    def losing_answers(self):
        return deaf(self.account)


@asynccontextmanager
async def _caldav_seed(server: object, owner: str) -> AsyncIterator[CalDavSeed]:
    async def nothing_rotates(credentials: object) -> None:
        raise AssertionError("a CalDAV password does not rotate")

    clock, offload = SystemClock(), Offload()
    transport = HttpTransport(clock, AddressPolicy((ip_network("127.0.0.0/8"),), allow_http=True))
    credentials = {"url": server.url, "username": owner, "password": server.users[owner]}
    account = Account(credentials, transport, Deadline(clock, 20), offload, nothing_rotates)
    try:
        yield CalDavSeed(server, account, owner=owner)
    finally:
        await transport.close()
        await offload.close()


@pytest.fixture
def caldav_seed() -> Callable[[object, str], AbstractAsyncContextManager[CalDavSeed]]:
    """A seed on a running server: `async with caldav_seed(radicale, "alice") as seed:`."""
    return _caldav_seed
