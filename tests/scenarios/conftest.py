"""Stores the scenarios in real servers, and reads them there."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from ipaddress import ip_network
from pathlib import Path

import pytest
import pytest_asyncio
import slotgraph_tests_scenarios_scenario as _scenarios
from slotgraph_tests_servers_dav import DavCalendar, DavServer, radicale_server, xandikos_server

from slotgraph.core.addresses import AddressPolicy
from slotgraph.core.clock import SystemClock
from slotgraph.core.offload import Offload
from slotgraph.core.plugin import Account, AskedCalendar, Deadline, ReadMode, Span, Unverified
from slotgraph.core.transport import HttpTransport
from slotgraph.plugins.caldav.plugin import CalDavProvider

REFUSALS = frozenset(range(400, 600))


class Desk:
    """One server, where contents are stored by hand and read by the connector."""

    def __init__(self, name: str, server: DavServer, transport: HttpTransport, offload: Offload) -> None:
        self.name = name
        self.server = server
        self.flags: Mapping[str, str] = {}
        self._transport = transport
        self._offload = offload
        self._provider = CalDavProvider()

    async def link(self, resources: list[bytes]) -> None:
        """Find out what linking finds while these stand in the only calendar."""
        calendar, refusal = self.store(resources)
        assert refusal is None
        found = {one.id: one for one in await self._provider.calendars(self._account())}
        self.flags = found[calendar.url].flags

    def store(self, resources: list[bytes]) -> tuple[DavCalendar, int | None]:
        """A new calendar with these resources, and the status if one was refused."""
        calendar = self.server.calendar(_scenarios.OWNER)
        headers = {"Content-Type": "text/calendar; charset=utf-8"}
        for number, body in enumerate(resources):
            path = f"{calendar.path}{number}.ics"
            status, _ = self.server._request("PUT", path, _scenarios.OWNER, body=body, headers=headers, accept=REFUSALS)
            if status in REFUSALS:
                return calendar, status
        return calendar, None

    async def read(self, calendar: DavCalendar, scenario: object, mode: ReadMode) -> object:
        """What the connector makes of a scenario's window, as the scenario would have it."""
        asked = AskedCalendar(calendar.url, scenario.zone.key, mode, self.flags)
        answer = (await self._provider.busy(self._account(), [asked], Span(*scenario.window)))[calendar.url]
        if isinstance(answer, Unverified):
            return f"{_scenarios.UNVERIFIED}{answer.cause.value}"
        found = (_scenarios.Block(busy.span.start, busy.span.end, busy.status.value) for busy in answer.busy)
        return tuple(sorted(found))

    def _account(self) -> Account:
        async def nothing_rotates(credentials: object) -> None:
            raise AssertionError("a CalDAV password does not rotate")

        owner, server = _scenarios.OWNER, self.server
        credentials = {"url": server.url, "username": owner, "password": server.users[owner]}
        return Account(credentials, self._transport, Deadline(SystemClock(), 20), self._offload, nothing_rotates)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desks(quick_folder: Path) -> AsyncIterator[dict[str, Desk]]:
    """A desk per server, linked.

    The servers are this module's own: Radicale 3.9.0 keeps the first definition of a zone it meets, from whatever calendar, until it
    is stopped (seen November 2026), so that what other tests store would show here.
    """
    transport = HttpTransport(SystemClock(), AddressPolicy((ip_network("127.0.0.0/8"),), allow_http=True))
    offload = Offload()
    (series,) = [one for one in _scenarios.scenarios() if one.name == "weekly-for-ten-years"]
    made: dict[str, Desk] = {}
    async with AsyncExitStack() as stack:
        stack.push_async_callback(offload.close)
        stack.push_async_callback(transport.close)
        for name, kind in (("radicale", radicale_server), ("xandikos", xandikos_server)):
            folder = quick_folder / f"scenarios-{name}"
            folder.mkdir()
            server = kind(folder)
            await server.process.start()
            stack.push_async_callback(server.process.stop)
            made[name] = Desk(name, server, transport, offload)
            await made[name].link(series.resources())
        yield made


@pytest.fixture(params=_scenarios.SERVERS)
def desk(request: pytest.FixtureRequest, desks: dict[str, Desk]) -> Desk:
    """Each of the servers. Calendars stay until it is stopped: each scenario gets one of its own."""
    return desks[request.param]
