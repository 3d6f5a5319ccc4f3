"""Put the demo's calendars into an empty Radicale, once. What stands in them: see `calendars`."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from ipaddress import ip_network
from xml.etree import ElementTree

from slotgraph.core.addresses import AddressPolicy
from slotgraph.core.clock import SystemClock
from slotgraph.core.errors import SettingError
from slotgraph.core.transport import Deadline, HttpTransport, Transport
from slotgraph.server.demo.calendars import USERS, DemoUser, contents
from slotgraph.server.demo.diary import Resource
from slotgraph.server.demo.process import HOST
from slotgraph.server.demo.radicale import RadicaleServer
from slotgraph.server.demo.vtimezone import vtimezone

SEED_SECONDS = 60.0
_EXISTS = frozenset({405, 409})


async def seed(radicale: RadicaleServer, today: date) -> bool:
    """Fill a running, empty server; one that was filled before is left as it is. Returns whether it was filled now.

    A filling that was interrupted is taken up again: the mark is set last. Raises SettingError if a demo user has no
    password there or the server refuses.
    """
    mark = radicale.folder / "seeded"
    if mark.exists():
        return False
    clock = SystemClock()
    transport = HttpTransport(clock, AddressPolicy(allowed_networks=(ip_network(f"{HOST}/32"),), allow_http=True))
    try:
        filler = _Filler(radicale, transport, Deadline(clock, SEED_SECONDS), today)
        for user in USERS:
            await filler.fill(user)
    finally:
        await transport.close()
    mark.touch()
    return True


@dataclass(frozen=True, slots=True)
class _Filler:
    """One seeding of one server."""

    radicale: RadicaleServer
    transport: Transport
    deadline: Deadline
    today: date

    async def fill(self, user: DemoUser) -> None:
        if user.login not in self.radicale.users:
            raise SettingError(f"The calendar server has no user {user.login}.")
        for calendar, resources in contents(self.today)[user.login].items():
            await self._make(user, calendar)
            await self._put(user, calendar, resources)

    async def _make(self, user: DemoUser, calendar: str) -> None:
        body = _mkcalendar(user.calendars[calendar], user.zone)
        await self._request("MKCALENDAR", f"{user.login}/{calendar}/", user, "application/xml", body)

    async def _put(self, user: DemoUser, calendar: str, resources: Sequence[Resource]) -> None:
        for name, ics in resources:
            await self._request("PUT", f"{user.login}/{calendar}/{name}", user, "text/calendar", ics)

    async def _request(self, method: str, path: str, user: DemoUser, content_type: str, body: bytes) -> None:
        login = base64.b64encode(f"{user.login}:{self.radicale.users[user.login]}".encode()).decode()
        headers = {"Authorization": f"Basic {login}", "Content-Type": f"{content_type}; charset=utf-8"}
        url = self.radicale.url + path
        answer = await self.transport.request(method, url, headers=headers, body=body, deadline=self.deadline)
        if answer.status >= 300 and not (method == "MKCALENDAR" and answer.status in _EXISTS):
            raise SettingError(f"The calendar server answered {method} {path} with {answer.status}.")


def _mkcalendar(name: str, zone: str) -> bytes:
    """RFC 4791 section 5.3.1, with the name for people and the zone of floating times."""
    dav, caldav = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}"
    root = ElementTree.Element(f"{caldav}mkcalendar")
    properties = ElementTree.SubElement(ElementTree.SubElement(root, f"{dav}set"), f"{dav}prop")
    ElementTree.SubElement(properties, f"{dav}displayname").text = name
    calendar = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//SlotGraph//demo//EN\r\n%sEND:VCALENDAR\r\n"
    timezone = calendar % vtimezone(zone).to_ical()
    ElementTree.SubElement(properties, f"{caldav}calendar-timezone").text = timezone.decode()
    components = ElementTree.SubElement(properties, f"{caldav}supported-calendar-component-set")
    ElementTree.SubElement(components, f"{caldav}comp", name="VEVENT")
    return b'<?xml version="1.0" encoding="utf-8"?>' + ElementTree.tostring(root, encoding="unicode").encode()
