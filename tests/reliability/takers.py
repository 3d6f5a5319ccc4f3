"""Many who want the same times: replicas of a world on one database, takers who all have seen the time free before one of them goes on."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from slotgraph_tests_core_world import World

from slotgraph.core import tables
from slotgraph.core.booking.making import BookingConfirmed
from slotgraph.core.candidates import EmployeeChoice
from slotgraph.core.errors import DatabaseBusy
from slotgraph.core.values import Limits

TEAM = ("anna", "ben", "cleo", "dora")
CROWD = 25
"""How many want the same hour and a half of a day at once."""

FIRST_DAY = date(2027, 3, 2)
STARTS = [f"{hour:02}:{minute:02}" for hour in (10, 11) for minute in range(0, 60, 5)][:18]
BUFFERS = {"buffer_before_minutes": 5, "buffer_after_minutes": 10}


@dataclass
class Takers:
    """Replicas, and what became of those who came: the names of results and errors."""

    replicas: list[World]
    outcomes: Counter[str] = field(default_factory=Counter)

    @classmethod
    async def on(cls, world: World, *, replicas: int) -> "Takers":
        """Take a new world, and put more processes' worth of pools on its database."""
        for name in TEAM[2:]:
            await world.add_employee(name)
        await world.add_service("all", employees=TEAM, booking_interval_minutes=5, horizon_days=400, **BUFFERS)
        account = await world.add_account("shop")
        for name in TEAM:
            await world.add_calendar(name, account, employee=name)
        worlds = [world, *[await World.opened(world.address) for _ in range(replicas - 1)]]
        for one in worlds:
            one.calendars.limits = Limits(concurrency=CROWD)
            for name in TEAM:
                one.calendars.add_calendar(name, login="shop")
        return cls(worlds)

    async def close(self) -> None:
        """Close the replicas that were opened here."""
        for world in self.replicas[1:]:
            await world.close()

    async def come(self, count: int, *, one: bool, seed: int = 0) -> None:
        """So many takers, crowd by crowd, each on a day of its own; some cancel at once what they got. `one`: all want Anna."""
        chance = random.Random(seed)
        for day in _weekdays(-(-count // CROWD)):
            await self._crowd(day, chance, one=one)
            for world in self.replicas:
                world.clock.advance(timedelta(seconds=2))

    async def _crowd(self, day: date, chance: random.Random, *, one: bool) -> None:
        released = [world.calendars.hang("busy") for world in self.replicas]
        before = self._asked()
        tasks = []
        for number in range(CROWD):
            world = self.replicas[number % len(self.replicas)]
            tasks.append(asyncio.create_task(self._take(world, day, chance, one=one)))
        async with asyncio.timeout(60):
            while self._asked() - before + sum(task.done() for task in tasks) < CROWD:
                await asyncio.sleep(0)
        for event in released:
            event.set()
        self.outcomes.update(await asyncio.gather(*tasks))

    def _asked(self) -> int:
        return sum(world.calendars.calls["busy"] for world in self.replicas)

    async def _take(self, world: World, day: date, chance: random.Random, *, one: bool) -> str:
        choice = EmployeeChoice(employee=world.id_of("anna")) if one else _choice(chance)
        start, leaves = f"{day} {chance.choice(STARTS)}", chance.random() < 0.2
        try:
            outcome = await world.book(start, service="all", choice=choice)
            if isinstance(outcome, BookingConfirmed) and leaves:
                await world.cancel(outcome.booking, actor=world.owner)
        except DatabaseBusy as busy:
            return type(busy).__name__
        return type(outcome).__name__


def _choice(chance: random.Random) -> EmployeeChoice:
    """Anybody, one of some, or some together, named in any order."""
    kind = chance.choice(("any", "any_of", "together", "together"))
    if kind == "any":
        return EmployeeChoice()
    named = tuple(World.id_of(name) for name in chance.sample(TEAM, chance.choice((2, 3))))
    return EmployeeChoice(**{kind: named})


def _weekdays(count: int) -> Iterator[date]:
    day = FIRST_DAY
    while count:
        if day.weekday() < 5:
            yield day
            count -= 1
        day += timedelta(days=1)


async def overlaps(world: World) -> int:
    """How many neighbouring blocked spans of one employee overlap."""
    spans: dict[str, list[tuple[int, int]]] = {}
    for row in await world.rows(tables.block):
        spans.setdefault(row.employee_id, []).append((row.start_minute, row.end_minute))
    return sum(later[0] < earlier[1] for listed in spans.values() for earlier, later in pairwise(sorted(listed)))


async def halves(world: World) -> list[Any]:
    """Confirmed bookings that do not block all of their employees, and blocks that stand for none."""
    blocked = {(row.booking_id, row.employee_id) for row in await world.rows(tables.block)}
    confirmed = {row.id for row in await world.rows(tables.booking) if row.state == "CONFIRMED"}
    attended = {(row.booking_id, row.employee_id) for row in await world.rows(tables.attendance)}
    return sorted(blocked ^ {pair for pair in attended if pair[0] in confirmed})
