"""Agents at the gate without HTTP: requests that tell what they hand over, and others that do as the test says."""

import asyncio
import contextlib
import random
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from starlette.responses import JSONResponse, Response

from slotgraph.core import audit, tables
from slotgraph.core.operation import Operation
from slotgraph.core.policy import Role
from slotgraph.core.profile import ProfileChange
from slotgraph.core.records import AccessLogEntry, SupportCase
from slotgraph.core.support import CaseRequest
from slotgraph.schema.build import build
from slotgraph.schema.reach import Reach, reach_of
from slotgraph.server.auth import Caller, Cookie
from slotgraph.server.graphql_endpoint import JSON, GraphQLRequest, Run, failure, refusal
from slotgraph.server.support_gate import SupportGate

TITLE = "canary-title"
LINGER_SECONDS = 0.03
OVERVIEW = """query Look($company: ID!, $from: Date!, $until: Date!) {
  overview(input: {company: $company, from: $from, until: $until}) { entries { ... on ExternalEvent { title } } } }"""
DAYS = {"from": "2027-03-02", "until": "2027-03-03"}


@dataclass
class Wire:
    """Takes what is handed over, each message after some yields, and counts titled bytes before and after a moment.

    One that `lingers` takes the body only when the doors are shut, or after a while if that waits for it.
    """

    yields: Callable[[], int] = lambda: 0
    lingers: bool = False
    patience_seconds: float = LINGER_SECONDS
    acknowledged: asyncio.Event = field(default_factory=asyncio.Event)
    titled_before: int = 0
    titled_after: int = 0
    status: int | None = None
    body: bytes = b""

    async def __call__(self, message: Any) -> None:
        for _ in range(self.yields()):
            await asyncio.sleep(0)
        if self.lingers and "body" in message:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.acknowledged.wait(), self.patience_seconds)
        self.status = message.get("status", self.status)
        body = message.get("body", b"")
        self.body += body
        if TITLE.encode() in body:
            if self.acknowledged.is_set():
                self.titled_after += len(body)
            else:
                self.titled_before += len(body)


async def no_more() -> Any:
    """Nothing comes from the client any more."""
    return {"type": "http.disconnect"}


async def sent(response: Response, wire: Any) -> None:
    """Let a response be sent into a wire."""
    await response({"type": "http", "method": "POST", "headers": []}, no_more, wire)


class Company:
    """The company of a site, its owner, an agent, and calendars full of titles.

    The owner shuts support out `elsewhere`: in the same process, unless a test puts another one on the same database there.
    """

    def __init__(self, site: Any) -> None:
        self.world = self.elsewhere = site.world
        self.owner = self.world.owner
        self.agent = self.world.agent
        self.id: str = self.world.company_id
        self.global_id = site.company

    async def fill(self) -> None:
        """Titles in Anna's calendar, to be shown."""
        await self.world.change(tables.employee, self.world.id_of("anna"), show_appointments=True)
        event = self.world.event
        await self.world.link(
            "anna",
            *(
                event(f"2027-03-02 {hour:02}:00", f"2027-03-02 {hour:02}:30", title=f"{TITLE}-{hour}")
                for hour in range(8, 18)
            ),
        )

    async def open_case(self, company_id: str | None = None, *, hours: int = 1) -> SupportCase:
        owner = self.world.member("owner", Role.OWNER)
        if company_id is not None:
            owner = type(owner)(company_id, owner.id, owner.user_id, owner.email, owner.role)
        request = CaseRequest(company_id or self.id, "Look", hours, grant_customer_data=False)
        case = await self.world.do.support.open_case(self.world.as_(owner), request)
        assert isinstance(case, SupportCase)
        return case

    async def close(self, case: SupportCase) -> None:
        await self.elsewhere.do.support.close_case(self.elsewhere.as_(self.owner), case.company_id, case.id)

    async def exclude(self, on: bool = True) -> None:
        change = ProfileChange(exclude_support=on)
        await self.elsewhere.do.profiles.update(self.elsewhere.as_(self.owner), self.id, change)

    def pass_time(self) -> None:
        """A second goes by."""
        for world in {self.world, self.elsewhere}:
            world.clock.advance(timedelta(seconds=1))

    async def log(self, company_id: str | None = None) -> list[AccessLogEntry]:
        """The access log as it is committed now, the oldest entry first."""
        async with self.world.database.read() as connection:
            entries = await audit.page(connection, company_id or self.id, first=200)
        return entries[::-1]

    def request(self, query: str = OVERVIEW, **variables: Any) -> tuple[Run, Reach]:
        """An agent's request, and what it reaches."""
        given = variables or {"company": self.global_id, **DAYS}
        caller = Caller(self.agent, None, "tests")
        asked = GraphQLRequest(query, given)
        run = Run(self.world.joined, build(), caller, asked, JSON, Cookie(secure=False), development=False)
        return run, reach_of(build(), query=query, variables=given, operation_name=None)

    def gate(self, kind: type[SupportGate] = SupportGate) -> SupportGate:
        return kind(self.world.do.support, self.world.joined.gate, self.world.database.notices)

    async def look(self, wire: Any, gate: SupportGate) -> None:
        """An agent loads the overview into a wire."""
        run, reach = self.request()
        await sent(gate.admit(run, reach, None), wire)


@dataclass
class Scripted:
    """An agent's request whose answer is whatever a script makes, each time it is run."""

    company: Company
    script: Callable[["Scripted", Operation], Awaitable[str]]
    runs: int = 0
    notes: list[Any] = field(default_factory=list)

    def operation(self) -> Operation:
        return self.company.world.as_(self.company.agent)

    async def response(self, operation: Operation) -> Response:
        self.runs += 1
        return JSONResponse(await self.script(self, operation))

    def refused(self, message: str, code: Any) -> Response:
        return refusal(200, message, code)

    def failed(self, error: Any) -> Response:
        return failure(error)


async def interleaved(company: Company, gate: SupportGate, *, seeds: range, how: str) -> Wire:
    """Support's doors are shut while an agent looks in, at another moment for each seed; all that was handed over."""
    total = Wire()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(0.0001)  # else this loop, which never rests, starves the threads of the database
    try:
        for seed in seeds:
            wire = await _round(company, gate, random.Random(seed), how=how)
            total.titled_before += wire.titled_before
            total.titled_after += wire.titled_after
    finally:
        sys.setswitchinterval(interval)
    return total


async def _round(company: Company, gate: SupportGate, chance: random.Random, *, how: str) -> Wire:
    """An agent looks in, and somewhere on the way the doors are shut."""
    case = await company.open_case()
    wire = Wire(lambda: int(3 ** (chance.random() * 6)), lingers=chance.random() < 0.25)
    asked = company.world.calendars.calls["titles"]
    look = asyncio.create_task(company.look(wire, gate))
    moments: dict[str, Callable[[], bool]] = {
        "at any time": lambda: True,
        "while the calendars are asked": lambda: company.world.calendars.calls["titles"] > asked,
        "while the answer leaves": lambda: wire.status is not None,
    }
    has_come = moments[chance.choice([*moments])]
    while not has_come() and not look.done():
        await asyncio.sleep(0)
    for _ in range(int(3 ** (chance.random() * 6))):
        await asyncio.sleep(0)
    await (company.exclude() if how == "exclude" else company.close(case))
    wire.acknowledged.set()
    await look
    await company.exclude(on=False)
    company.pass_time()
    return wire
