"""Clients whose server is killed under their request, at a step or at random; they ask again with the same key (rule K2)."""

import asyncio
import os
import random
import signal
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Self

import aiohttp
from slotgraph_tests_reliability_kills_orders import Orders
from slotgraph_tests_reliability_load_crowd import SECONDS, Call, Crowd, Got
from slotgraph_tests_reliability_load_history import Attempt, Mutation, Wanted
from slotgraph_tests_reliability_load_replicas import Replica
from slotgraph_tests_reliability_load_shop import STEP, own_id

from slotgraph.core.calendar_entries.wishing import LEASE
from slotgraph.core.clock import SystemClock, minute_from_instant

COMMAND = ("-P", str(Path(__file__).with_name("restarting_serve.py")))
"""For shop_at."""

SERVICE = "Cut"
HOURS = (0, 1, 3, 5, 6, 7, 8, 9)
"""After a day's first start: those at which nobody is busy."""

_CLOCK = SystemClock()
CUSTOMER = {"name": "Mia Muster", "email": "mia@example.org"}


@dataclass
class Victims(Crowd):
    """One request after the other, each about a time of its own that any of the employees can take."""

    folder: Path = Path()
    _starts: Iterator[datetime] = field(default_factory=lambda: iter(()))
    _chance: random.Random = field(default_factory=lambda: random.Random(1))

    async def __aenter__(self) -> Self:
        self._starts = self._all_starts()
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    def orders(self, server: Replica) -> Orders:
        return Orders(self.folder, server.port)

    async def answered(self, call: Call, *, by: Replica) -> Attempt:
        """Ask until there is an answer."""
        while not await self._ask(self._session, call, waits=SECONDS, url=by.url):
            await by.up()
        return self.history[-1]

    async def unanswered(self, call: Call, *, by: Replica) -> None:
        """Ask somebody who dies of it."""
        assert not await self._ask(self._session, call, waits=SECONDS, url=by.url), self.history[-1]

    async def called(self, change: str, *, by: Replica) -> Call:
        """A call that makes a change; what it is about was made before."""
        match change:
            case "book":
                return self._book_at()
            case "holdSlot":
                return self._hold_at()
            case "book what is held":
                await self.answered(self._hold_at(), by=by)
                return self._book_held(self._held[-1])
            case "rescheduleBooking":
                await self.answered(self._book_at(), by=by)
                return self._move_of(self._booked[-1])
            case _:
                await self.answered(self._book_at(), by=by)
                return self._cancel_of(self._booked[-1])

    def _all_starts(self) -> Iterator[datetime]:
        for day in self.shop.days:
            starts = self.shop.starts(day)[:: 60 // STEP]
            yield from (starts[hour] for hour in HOURS)

    def _key(self) -> str:
        return str(uuid.UUID(int=self._chance.getrandbits(128)))

    def _slot_of_its_own(self) -> tuple[dict[str, object], Wanted]:
        start, service = next(self._starts), self.shop.services[SERVICE]
        slot = {"service": service, "start": start.isoformat(), "employees": {"anyOf": [*self.shop.employees.values()]}}
        return slot, Wanted(own_id(service), minute_from_instant(start), tuple(self.shop.employees))

    def _book_at(self) -> Call:
        (slot, wanted), key = self._slot_of_its_own(), self._key()
        asked = {"idempotencyKey": key, "slot": slot, "customer": CUSTOMER, "note": key}
        return Call(Mutation.BOOK, key, asked, wanted)

    def _hold_at(self) -> Call:
        (slot, wanted), key = self._slot_of_its_own(), self._key()
        return Call(Mutation.HOLD, key, {"idempotencyKey": key, "slot": slot}, wanted, member=True)

    def _book_held(self, held: Got) -> Call:
        slot, key = held.call.input["slot"], self._key()
        asked = {"idempotencyKey": key, "slot": slot, "customer": CUSTOMER, "note": key, "holdToken": held.token}
        return Call(Mutation.BOOK, key, asked, held.call.wanted, thing=held.id)

    def _cancel_of(self, booked: Got) -> Call:
        key = self._key()
        asked = {"idempotencyKey": key, "booking": {"manageToken": booked.token}, "reason": "changed my mind"}
        return Call(Mutation.CANCEL, key, asked, thing=booked.id)

    def _move_of(self, booked: Got) -> Call:
        """To another time, with whom it was."""
        start, key = next(self._starts), self._key()
        asked = {"idempotencyKey": key, "booking": {"manageToken": booked.token}, "start": start.isoformat()}
        assert booked.call.wanted is not None
        wanted = Wanted(booked.call.wanted.service, minute_from_instant(start), None)
        return Call(Mutation.MOVE, key, asked, wanted, booked.id)


@dataclass
class Targets(Crowd):
    """Many at a time, whose servers are shot at. They wait when they hear that one is down; `kills` are the moments at which one was."""

    kills: list[float] = field(default_factory=list)
    _owed: int = 0
    _doomed: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _down: set[str] = field(default_factory=set)

    def shoot(self, chance: random.Random) -> None:
        """Kill one of the servers in a moment; once more later, if all of them are about to be."""
        servers = [self.shop.replicas[number] for number in range(len(self.shop.replicas))]
        there = [one for one in servers if one.url not in self._doomed]
        if there:
            one = chance.choice(there)
            self._doomed[one.url] = asyncio.create_task(self._kill(one, chance))
        else:
            self._owed += 1

    @property
    def faults(self) -> list[tuple[float, float]]:
        """When somebody may have been killed who had not heard what became of a call outside."""
        return [(moment, moment + LEASE.total_seconds()) for moment in self.kills]

    async def settled(self) -> None:
        """Wait until all servers run."""
        while self._doomed:
            await asyncio.gather(*self._doomed.values())

    async def _kill(self, server: Replica, chance: random.Random) -> None:
        await asyncio.sleep(chance.uniform(0, 0.1))
        os.kill(server.pid, signal.SIGUSR1)
        self.kills.append(_CLOCK.now().timestamp())
        self._down.add(server.url)
        await asyncio.sleep(0.05)
        await server.up()
        self._down.discard(server.url)
        del self._doomed[server.url]
        if self._owed:
            self._owed -= 1
            self.shoot(chance)

    async def _ask(self, session: aiohttp.ClientSession, call: Call, *, waits: float, url: str) -> bool:
        if url in self._down:
            await asyncio.wait([self._doomed[url]])
        return await super()._ask(session, call, waits=waits, url=url)
