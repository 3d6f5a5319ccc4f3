"""What a child of the zygote does: fill a company, or change it, with a clock that stands and dice that always fall alike."""

import asyncio
import json
import logging
import os
import random
import sys
import traceback
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

import aiosqlite  # noqa: F401 - these three are imported late by others, and would be in every child
from slotgraph_tests_core_world import NOW, ZONE, World
from slotgraph_tests_reliability_busy_day import Known, busy_day, outside
from slotgraph_tests_reliability_disks import Other, disk_of
from slotgraph_tests_reliability_mutations import CHANGES
from slotgraph_tests_reliability_points import COMMITTED, Points, dying_at, in_pieces
from slotgraph_tests_reliability_state import rows

from slotgraph.core import tables
from slotgraph.core.clock import is_zone_name
from slotgraph.core.store.database import Database
from slotgraph.core.store.migrate import migrate
from slotgraph.schema.build import build

Answer = dict[str, Any]
WAIT_SECONDS = 0.2
"""How long a change waits for another process that writes."""
PATIENCE_SECONDS = 20.0
ENOUGH = 100


def warm_up() -> None:
    """Do once what every child would do again."""
    build()
    is_zone_name(ZONE)


def run(pipe: int, do: str, **given: Any) -> None:
    """Do one thing, tell what came of it, and end this process."""
    try:
        told = asyncio.run(DEEDS[do](**given))
        with open(pipe, "w") as answer:
            json.dump(told, answer)
        os._exit(0)
    except BaseException:  # noqa: BLE001 - it would run on in the zygote's loop
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)


def throw_dice_again() -> None:
    """From here on all that is random comes out the same in every process: ids, tokens, salts, nonces."""
    dice = random.Random(1)
    os.urandom = dice.randbytes
    random._urandom = dice.randbytes  # type: ignore[attr-defined] - `secrets` takes it from there


async def begin(*, address: str) -> Answer:
    """Make the tables, and the company of core/world.py."""
    migrate(address)
    await World.make(address)
    return {}


async def fill(*, address: str) -> Answer:
    """Make the busy day; what is known of it."""
    world = await World.opened(address)
    known = await busy_day(world)
    await world.close()
    return {"known": known}


async def _next_rounds(world: World) -> None:
    """Carry out what is left, as others do when its leases have run out and its next tries have come."""
    o = tables.outbox
    while True:
        async with world.database.write() as connection:
            come = {"lease_until": None, "next_attempt_at": world.clock.now()}
            await connection.execute(o.update().where(o.c.state == "PENDING").values(**come))
        if not await world.joined.writer.sweep():
            return


@asynccontextmanager
async def _world(address: str, *, wait_seconds: float | None = None) -> AsyncIterator[tuple[World, Points]]:
    """One that waits no longer than told goes on side by side; others take turns, in the same order every time."""
    world = World(await Database.open(address, wait_seconds=wait_seconds or PATIENCE_SECONDS), address)
    outside(world)
    throw_dice_again()
    async with AsyncExitStack() as taken:
        for engine in (world.database.engines.readers, world.database.engines.writers):
            if wait_seconds is None:
                await _leave_one(engine, taken)
        yield world, Points(world.database.engines.writers.sync_engine)
    await world.close()


async def _leave_one(engine: Any, taken: AsyncExitStack) -> None:
    """Take all connections but one."""
    for _ in range(engine.pool.size() - 1):
        await taken.enter_async_context(engine.connect())


async def change(
    *, address: str, name: str, known: Known, deadly: int | None = None, later: bool = False, naive: bool = False
) -> Answer:
    """Make a change, with the point at which to die; what was answered, the points, and all rows after each commit.

    `later`: carry out as well what is left to the next round. `naive`: each statement commits.
    """
    states: list[list[str]] = []
    async with _world(address) as (world, points):
        points.tell(lambda _, point: states.append(rows(address)) if point == COMMITTED else None)
        if naive:
            in_pieces(world.database.engines.writers.sync_engine)
        if deadly is not None:
            points.tell(dying_at(deadly))
        outcome = await CHANGES[name].do(world, known)
        if later:
            await _next_rounds(world)
    return {"gave": outcome.gave, "errors": outcome.errors, "points": points.passed, "states": states}


async def cramped(*, address: str, name: str, known: Known, naive: bool = False) -> Answer:
    """Make a change on a full disk, again and again with a little more room, until it succeeds; what was left to later comes then.

    What was answered, logged, and is stored after each attempt; and what is stored in the end.
    """
    attempts: list[Answer] = []
    async with _world(address) as (world, _):
        disk, said = disk_of(address), _Said()
        if naive:
            in_pieces(world.database.engines.writers.sync_engine)
        while not attempts or attempts[-1]["gave"] is None:
            assert len(attempts) < ENOUGH, attempts
            throw_dice_again()
            world.clock.advance(timedelta(hours=1))  # for those who count how often somebody tries
            world.clock.at = NOW
            with disk.room_for(len(attempts)):
                outcome = await CHANGES[name].do(world, known)
            told = {"gave": outcome.gave, "errors": outcome.errors, "said": said.taken()}
            attempts.append(told | {"rows": rows(address)})
        await _next_rounds(world)
        return {"attempts": attempts, "rows": rows(address)}


async def locked(*, address: str, name: str, known: Known, after: int) -> Answer:
    """Make a change of a file that another process begins to write, and goes on writing, after so many commits; then again."""
    commits = 0
    async with _world(address, wait_seconds=WAIT_SECONDS) as (world, points):
        with Other(address) as other:

            def begin(_number: int, point: str) -> None:
                nonlocal commits
                commits += point == COMMITTED
                if point == COMMITTED and commits == after:
                    other.begin()

            points.tell(begin)
            if after == 0:
                other.begin()
            outcome = await CHANGES[name].do(world, known)
            between = rows(address)
        throw_dice_again()
        again = await CHANGES[name].do(world, known)
        await _next_rounds(world)
        return {"errors": outcome.errors, "rows": between, "again": again.gave, "at last": rows(address)}


class _Said(logging.Handler):
    """What is logged by us."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[str] = []
        logging.getLogger("slotgraph").addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(record.getMessage())

    def taken(self) -> list[str]:
        """What was said since the last time."""
        lines, self._lines = self._lines, []
        return lines


DEEDS = {"begin": begin, "fill": fill, "change": change, "cramped": cramped, "locked": locked}
