"""The application in this process: the company of tests/core/world.py behind it, clients without a network before it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from slotgraph.core.founding import create_agent, create_member
from slotgraph.core.policy import Role
from slotgraph.core.values import Secret
from slotgraph.schema import ids
from slotgraph.server.app import create_app
from slotgraph.server.settings import Settings

OWNER, AGENT = "owner@demo.example", "agent@slotgraph.example"
PASSWORD = "correct-horse-battery"
LOGIN = """mutation($email: EmailAddress!, $password: Secret!) {
  login(input: {email: $email, password: $password}) { __typename ... on Viewer { kind email } } }"""


@dataclass
class Visitor:
    """A client with a cookie jar of its own."""

    http: httpx.AsyncClient
    headers: dict[str, str] = field(default_factory=lambda: {"X-SlotGraph-Client": "tests"})

    async def send(self, query: str, *, operation_name: str | None = None, **variables: Any) -> httpx.Response:
        """The answer to a request."""
        body = {"query": query, "variables": variables, "operationName": operation_name}
        return await self.http.post("/graphql", json=body, headers=self.headers)

    async def post(self, query: str, **variables: Any) -> dict[str, Any]:
        """The whole answer as data."""
        return (await self.send(query, **variables)).json()

    async def ask(self, query: str, **variables: Any) -> Any:
        """The data of an answer without errors."""
        answer = await self.post(query, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def kind(self) -> str:
        """What the server takes the client for."""
        return (await self.ask("{ viewer { kind } }"))["viewer"]["kind"]


class Site:
    """The application with its `world`. `app(...)` makes another one, of other settings."""

    def __init__(self, world: Any, clients: AsyncExitStack) -> None:
        self.world = world
        self.app = self.another()
        self._clients = clients

    def another(self, **settings: Any) -> Any:
        return create_app(self.world.joined, Settings(**settings))

    async def visitor(self, app: Any = None, *, url: str = "http://testserver", **headers: str) -> Visitor:
        """Somebody new. Headers are written with underscores."""
        transport = httpx.ASGITransport(app or self.app)
        client = await self._clients.enter_async_context(httpx.AsyncClient(transport=transport, base_url=url))
        visitor = Visitor(client)
        visitor.headers |= {name.replace("_", "-"): value for name, value in headers.items()}
        return visitor

    async def member(self, email: str = OWNER, role: Role = Role.OWNER, **options: Any) -> Visitor:
        """Somebody of the company, logged in."""
        parts = self.world.joined.parts
        secret = Secret(PASSWORD)
        now = self.world.clock.now()
        await create_member(parts.database, parts.passwords, email, password=secret, company="demo", role=role, now=now)
        return await self.logged_in(email, **options)

    async def agent(self, email: str = AGENT) -> Visitor:
        """A support agent, logged in."""
        parts = self.world.joined.parts
        await create_agent(
            parts.database, parts.passwords, email, password=Secret(PASSWORD), now=self.world.clock.now()
        )
        return await self.logged_in(email)

    async def logged_in(self, email: str, **options: Any) -> Visitor:
        visitor = await self.visitor(**options)
        data = await visitor.ask(LOGIN, email=email, password=PASSWORD)
        assert data["login"]["__typename"] == "Viewer"
        return visitor

    def id(self, kind: str, name: str, *, company: str = "demo") -> str:
        """The global id of a thing of the world, by its name."""
        id_of = self.world.id_of
        return ids.encode(kind, id_of(company), id_of(name))

    @property
    def company(self) -> str:
        return ids.encode("Company", self.world.company_id)


@pytest.fixture
async def new_site(new_world: Callable[[], Any]) -> AsyncIterator[Callable[[], Any]]:
    """Makes sites, each with a database of its own."""
    async with AsyncExitStack() as clients:

        async def make() -> Site:
            return Site(await new_world(), clients)

        yield make


@pytest.fixture
async def site(new_site: Callable[[], Any]) -> Site:
    """The application in front of the company `demo` with Anna and Ben."""
    made: Site = await new_site()
    return made
