"""A whole installation for one journey: the demo company, its calendars on a real Radicale, the API over HTTP on loopback."""

import asyncio
import contextlib
import json
import socket
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from slotgraph.core.clock import SystemClock
from slotgraph.server.app import create_app
from slotgraph.server.demo.calendars import USERS
from slotgraph.server.demo.company import found_demo
from slotgraph.server.demo.radicale import RadicaleServer
from slotgraph.server.demo.seeding import seed
from slotgraph.server.joining import Joined
from slotgraph.server.opening import opened
from slotgraph.server.serving import bound_socket
from slotgraph.server.settings import Settings

PASSWORD = "a-good-password"


@dataclass
class Visitor:
    """A GraphQL client over HTTP: nobody, or somebody logged in."""

    http: httpx.AsyncClient

    async def post(self, query: str, **variables: Any) -> dict[str, Any]:
        """The whole answer."""
        body = {"query": query, "variables": variables}
        answer = await self.http.post("/graphql", json=body, headers={"X-SlotGraph-Client": "journey"})
        return answer.json()

    async def ask(self, query: str, **variables: Any) -> Any:
        """The data of an answer without errors."""
        answer = await self.post(query, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def log_in(self, email: str) -> None:
        """Start a session."""
        document = """mutation($email: EmailAddress!, $password: Secret!) {
          login(input: {email: $email, password: $password}) { __typename ... on Viewer { kind } } }"""
        data = await self.ask(document, email=email, password=PASSWORD)
        assert data["login"]["__typename"] == "Viewer"


@dataclass
class Town:
    """The installation and its calendar server."""

    url: str
    radicale: RadicaleServer
    joined: Joined
    data: Path
    _clients: list[httpx.AsyncClient] = field(default_factory=list)

    def visitor(self) -> Visitor:
        """Somebody new, with a cookie jar of their own."""
        client = httpx.AsyncClient(base_url=self.url, timeout=30)
        self._clients.append(client)
        return Visitor(client)

    async def member(self, email: str) -> Visitor:
        """Somebody logged in."""
        visitor = self.visitor()
        await visitor.log_in(email)
        return visitor

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()

    async def ics(self, login: str, calendar: str) -> dict[str, str]:
        """What stands in a calendar at the server, by path: asked with a client that is not ours."""
        auth = (login, self.radicale.users[login])
        async with httpx.AsyncClient(base_url=self.radicale.url, auth=auth, timeout=10) as client:
            listed = await client.request("PROPFIND", f"/{login}/{calendar}/", headers={"Depth": "1"})
            assert listed.status_code == 207
            paths = [part.split("</href>")[0] for part in listed.text.split("<href>")[1:]]
            return {path: (await client.get(path)).text for path in paths if path.endswith(".ics")}


@contextlib.asynccontextmanager
async def town(folder: Path) -> AsyncIterator[Town]:
    """A town of its own; everything in it ends with the block."""
    clock = SystemClock()
    passwords = {user.login: f"calendar-password-of-{user.login}" for user in USERS}
    listening = bound_socket("127.0.0.1", 0)
    port = listening.getsockname()[1]
    settings = Settings(
        data_folder=str(folder / "data"),
        port=port,
        allow_private_addresses=("127.0.0.1/32",),
        allow_http_calendars=True,
    )
    radicale = RadicaleServer(folder / "radicale", port=_free_port(), users=passwords)
    async with radicale:
        await seed(radicale, clock.now().date())
        async with opened(settings) as joined:
            await found_demo(
                joined,
                calendar_url=radicale.url,
                calendar_passwords=passwords,
                password=PASSWORD,
                today=clock.now().date(),
            )
            config = uvicorn.Config(create_app(joined, settings), access_log=False, log_config=None, ws="none")
            server = uvicorn.Server(config)
            serving = asyncio.create_task(server._serve(sockets=[listening]))
            place = Town(f"http://127.0.0.1:{port}", radicale, joined, settings.data_path)
            try:
                while not server.started and not serving.done():
                    await asyncio.sleep(0.01)
                yield place
            finally:
                await place.close()
                server.should_exit = True
                await serving


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def key() -> str:
    """A new idempotency key."""
    return str(uuid.uuid4())


def week() -> dict[str, str]:
    """The window of the next fourteen days, as input."""
    start = SystemClock().now().replace(microsecond=0)
    return {"from": start.isoformat(), "to": (start + timedelta(days=14)).isoformat()}


def three_weeks() -> dict[str, str]:
    """This calendar week and the next two, as days of an overview: all of what the demo's calendars are laid out around."""
    today = SystemClock().now().date()
    monday = today - timedelta(days=today.weekday())
    return {"from": monday.isoformat(), "until": (monday + timedelta(days=20)).isoformat()}


def shown(answer: object) -> str:
    """An answer as text, to be searched for what must not be in it."""
    return json.dumps(answer, ensure_ascii=False)
