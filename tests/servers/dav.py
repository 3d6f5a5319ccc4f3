"""Real CalDAV servers for tests, on free ports, with throw-away folders. No client: it only prepares and looks.

Take the fixtures of tests/conftest.py; nothing needs to be imported:

    async def test_something(radicale):                   # or xandikos; one process per test session
        work = radicale.calendar("alice", "work")         # MKCALENDAR; removed again after the test
        work.put_event("DTSTART:20270301T090000Z", "DTEND:20270301T100000Z", uid="one")
        work.put("two.ics", "BEGIN:VCALENDAR\\n...")       # raw; line ends are made CRLF
        ...                                               # radicale.url, work.url, radicale.users["alice"]
        assert work.names() == ["one.ics", "two.ics"]     # also work.get(name), work.delete(name), work.texts()

    async def test_stopped_server(own_radicale):          # a process of its own:
        await own_radicale.process.stop()                 # and .start() again

Both have the users alice, bob and carol@caldav.example (whose login tells her address, so that one can tell what she
declined). Radicale checks their passwords; Xandikos has no logins: its one home is alice's, whoever asks.
"""

import base64
import http.client
import socket
import uuid
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, unquote, urlsplit
from xml.etree import ElementTree

from slotgraph.server.demo.process import HOST, ServerProcess
from slotgraph.server.demo.radicale import RadicaleServer

ADDRESS = "carol@caldav.example"
USERS = {"alice": "alice's secret", "bob": "bob's secret", ADDRESS: "carol's secret"}
_MKCALENDAR = """<?xml version="1.0" encoding="utf-8"?>
<C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop>
<D:displayname>{name}</D:displayname>
<C:supported-calendar-component-set><C:comp name="VEVENT"/></C:supported-calendar-component-set>
</D:prop></D:set></C:mkcalendar>"""
_PROPFIND = '<?xml version="1.0"?><D:propfind xmlns:D="DAV:"><D:prop><D:getetag/></D:prop></D:propfind>'
_MISSING = frozenset({404})
_XML = {"Content-Type": "application/xml; charset=utf-8"}


class Process(Protocol):
    """What starts and stops."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


@dataclass
class DavServer:
    """A running server: its address, its users with their passwords, its process, and where calendars of a user lie."""

    url: str
    users: Mapping[str, str]
    process: Process
    home: str
    _made: list["DavCalendar"] = field(default_factory=list)

    def calendar(self, user: str = "alice", name: str | None = None) -> "DavCalendar":
        """Make a calendar; without a name it gets one of its own."""
        name = name or f"calendar-{uuid.uuid4().hex[:8]}"
        made = DavCalendar(self, user, f"{self.home.format(user=quote(user))}{quote(name)}/")
        self._request("MKCALENDAR", made.path, user, body=_MKCALENDAR.format(name=name).encode(), headers=_XML)
        self._made.append(made)
        return made

    def remove_calendars(self) -> None:
        """Remove every calendar made here."""
        while self._made:
            made = self._made.pop()
            self._request("DELETE", made.path, made.user, accept=_MISSING)

    def _request(
        self,
        method: str,
        path: str,
        user: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] = {},
        accept: frozenset[int] = frozenset(),
    ) -> tuple[int, bytes]:
        login = base64.b64encode(f"{user}:{self.users[user]}".encode()).decode()
        with closing(http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=20)) as connection:
            connection.request(method, path, body=body, headers={"Authorization": f"Basic {login}", **headers})
            answer = connection.getresponse()
            text = answer.read()
        assert answer.status < 300 or answer.status in accept, f"{method} {path}: {answer.status} {text[:200]!r}"
        return answer.status, text


@dataclass(frozen=True)
class DavCalendar:
    """A calendar collection, written and read without any of our own code."""

    server: DavServer
    user: str
    path: str

    @property
    def url(self) -> str:
        return self.server.url.rstrip("/") + self.path

    def put(self, name: str, ics: str | bytes) -> None:
        """Store a resource as it is; text gets CRLF."""
        body = ics if isinstance(ics, bytes) else "\r\n".join(ics.strip().splitlines()).encode() + b"\r\n"
        headers = {"Content-Type": "text/calendar; charset=utf-8"}
        self.server._request("PUT", self.path + quote(name), self.user, body=body, headers=headers)

    def put_event(self, *lines: str, uid: str | None = None, around: str = "") -> str:
        """Store one event of the given content lines as `<uid>.ics`; `around`: other components (VTIMEZONE)."""
        uid = uid or uuid.uuid4().hex
        event = ["BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260101T000000Z", *lines, "END:VEVENT"]
        parts = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//SlotGraph//tests//EN", *around.split("\n"), *event]
        self.put(f"{uid}.ics", "\n".join(line for line in [*parts, "END:VCALENDAR"] if line))
        return uid

    def get(self, name: str) -> str | None:
        """A resource's text, or None if there is none."""
        status, text = self.server._request("GET", self.path + quote(name), self.user, accept=_MISSING)
        return None if status == 404 else text.decode()

    def delete(self, name: str) -> None:
        self.server._request("DELETE", self.path + quote(name), self.user)

    def names(self) -> list[str]:
        """The names of all resources, sorted."""
        _, text = self.server._request(
            "PROPFIND", self.path, self.user, body=_PROPFIND.encode(), headers={"Depth": "1", **_XML}
        )
        paths = [unquote(urlsplit(href.text or "").path) for href in ElementTree.fromstring(text).iter("{DAV:}href")]
        return sorted(path.rsplit("/", 1)[1] for path in paths if not path.endswith("/"))

    def texts(self) -> list[str]:
        """The texts of all resources, in the order of their names."""
        return [self.get(name) or "" for name in self.names()]


def free_port() -> int:
    """A loopback port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def radicale_server(folder: Path) -> DavServer:
    """A Radicale, not yet started."""
    server = RadicaleServer(folder, port=free_port(), users=USERS)
    return DavServer(server.url, USERS, server, home="/{user}/")


def calendar_of(server: RadicaleServer, user: str, name: str) -> DavCalendar:
    """A calendar that is there already, in a server that was started elsewhere."""
    return DavCalendar(
        DavServer(server.url, server.users, server, home="/{user}/"), user, f"/{quote(user)}/{quote(name)}/"
    )


def xandikos_server(folder: Path) -> DavServer:
    """A Xandikos, not yet started."""
    port = free_port()
    options = ["--directory", f"{folder}/data", "--state-dir", f"{folder}/state", "--current-user-principal", "/alice/"]
    options += ["--autocreate", "--no-detect-systemd", "--listen-address", HOST, "--port", str(port)]
    process = ServerProcess("xandikos", ["serve", *options], folder=folder, port=port)
    return DavServer(f"http://{HOST}:{port}/", USERS, process, home="/alice/calendars/")
