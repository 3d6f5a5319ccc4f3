"""Accounts over the real transport, and a small CalDAV server that does as it is told, however nasty."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network

import pytest_asyncio
from aiohttp import web
from slotgraph_tests_plugins_caldav_keeping import KeepingDav

from slotgraph.core.addresses import AddressPolicy
from slotgraph.core.clock import SystemClock
from slotgraph.core.offload import Offload
from slotgraph.core.plugin import Account, Deadline
from slotgraph.core.transport import HttpTransport

MakeAccount = Callable[..., Account]
PRINCIPAL = (
    "<D:current-user-principal><D:href>/me/</D:href></D:current-user-principal>"
    "<C:calendar-home-set><D:href>/home/</D:href></C:calendar-home-set>"
)
CALENDAR = (
    "<D:resourcetype><D:collection/><C:calendar/></D:resourcetype><D:displayname>Work</D:displayname>"
    "<D:supported-report-set><D:supported-report><D:report><C:free-busy-query/></D:report></D:supported-report>"
    "</D:supported-report-set>"
)


def multistatus(**members: str) -> str:
    """A multistatus body: properties by href; a name stands for its path (`home_work` is /home/work)."""
    responses = "".join(
        f"<D:response><D:href>{href if ':' in href else '/' + href.replace('_', '/')}</D:href>"
        f"<D:propstat><D:prop>{properties}</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
        for href, properties in members.items()
    )
    return f'<D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">{responses}</D:multistatus>'


@dataclass
class FakeDav:
    """Answers by method and path; what is not told gets a 404 with HTML. `seen` keeps what was asked."""

    url: str = ""
    seen: list[tuple[str, str]] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    answers: dict[tuple[str, str], list[web.Response | str | bytes]] = field(default_factory=dict)

    def tell(self, method: str, path: str, *answers: web.Response | str | bytes) -> None:
        """What to answer, one after the other, the last one again and again; text is the body of a 207."""
        self.answers[method, path] = list(answers)

    def tell_calendar(self) -> None:
        """A principal with one empty calendar at /home/work/."""
        self.tell("PROPFIND", "/", multistatus(me=PRINCIPAL))
        self.tell("PROPFIND", "/home/", multistatus(home_work=CALENDAR))
        self.tell("REPORT", "/home/work", multistatus())

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.seen.append((request.method, request.path))
        self.bodies.append(await request.text())
        told = self.answers.get(
            (request.method, request.path), [web.Response(status=404, text="<html/>", content_type="text/html")]
        )
        answer = told.pop(0) if len(told) > 1 else told[0]
        if isinstance(answer, (str, bytes)):
            text = answer if isinstance(answer, bytes) else answer.encode()
            return web.Response(status=207, body=text, content_type="application/xml")
        return web.Response(status=answer.status, body=answer.body, headers=answer.headers)


@pytest_asyncio.fixture
async def fake() -> AsyncIterator[FakeDav]:
    """The nasty server, on a free loopback port."""
    server = FakeDav()
    async with served(server):
        yield server


@pytest_asyncio.fixture
async def keeping() -> AsyncIterator[KeepingDav]:
    """The server with habits, on a free loopback port."""
    server = KeepingDav()
    async with served(server):
        yield server


@asynccontextmanager
async def served(server: FakeDav | KeepingDav) -> AsyncIterator[None]:
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", server.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    yield
    await runner.cleanup()


@pytest_asyncio.fixture
async def account_for() -> AsyncIterator[MakeAccount]:
    """Make accounts that may reach loopback: `account_for(url, username, password, seconds=10)`."""
    transport = HttpTransport(SystemClock(), AddressPolicy((ip_network("127.0.0.0/8"),), allow_http=True))
    offload = Offload()

    async def save(_: object) -> None:
        raise AssertionError("a password never changes by itself")

    def make(
        url: str, username: str = "me@home.example", password: str = "canary-password", *, seconds: float = 10
    ) -> Account:
        credentials = {"url": url, "username": username, "password": password}
        return Account(credentials, transport, Deadline(SystemClock(), seconds), offload, save)

    yield make
    await transport.close()
    await offload.close()
