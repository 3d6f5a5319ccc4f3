"""The gate of rule T3: answers to support share the company's lock, the exclusion waits for them and holds new ones back."""

import asyncio

import pytest
from slotgraph_tests_databases import engine_of
from sqlalchemy import text

from slotgraph.core.gate import CompanyLocks, ProcessGate, RowGate, gate_of
from slotgraph.core.store.database import Database

WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


class Actors:
    """Tasks that enter the gate and stay until they are let go; `log` tells in which order they got in."""

    def __init__(self, gate, engine=None):
        self.gate = gate
        self.log = []
        self.release = {}
        self.tasks = {}
        self._engine = engine

    async def start(self, name, *companies, alone=False):
        """One more who is in when this returns, or waits."""
        self.release[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._enter(name, companies, alone=alone))
        await self.settled()

    async def _enter(self, name, companies, *, alone):
        entered = self.gate.exclusive(*companies) if alone else self.gate.shared(companies)
        async with entered:
            self.log.append(name)
            await self.release[name].wait()

    async def let_go(self, name):
        self.release[name].set()
        await self.settled()

    async def cancel(self, name):
        self.tasks[name].cancel()
        await self.settled()

    async def end(self):
        """Let everybody go, one after the other, as they come in."""
        for release in self.release.values():
            release.set()
        async with asyncio.timeout(10):
            await asyncio.gather(*self.tasks.values(), return_exceptions=True)

    async def settled(self):
        """Let everything that can go on go on: who is not in waits for a lock, and who was let go is gone."""
        for _ in range(10):
            await asyncio.sleep(0)
        if self._engine is not None:
            async with asyncio.timeout(10):
                while not await asyncio.to_thread(self._is_settled):
                    await asyncio.sleep(0.01)

    def _is_settled(self):
        running = [name for name, task in self.tasks.items() if not task.done()]
        if any(name in self.log and self.release[name].is_set() for name in running):
            return False
        if any(self.tasks[name].cancelling() for name in running):
            return False
        with self._engine.connect() as connection:
            waiting = connection.execute(text(WAITING)).scalar_one()
        return waiting == len([name for name in running if name not in self.log])


@pytest.fixture
async def actors(new_database):
    """On PostgreSQL the gate of rows; beside SQLite the locks in memory, without the one writer behind them."""
    address = new_database("empty")
    database = await Database.open(address)
    gate = gate_of(database)
    assert isinstance(gate, RowGate if database.is_shared else ProcessGate)
    actors = Actors(gate, engine_of(address)) if database.is_shared else Actors(CompanyLocks())
    yield actors
    await actors.end()
    await database.close()


async def test_readers_share_and_a_writer_waits_for_all_of_them(actors):
    await actors.start("one", "a")
    await actors.start("two", "a")
    await actors.start("writer", "a", alone=True)
    assert actors.log == ["one", "two"]
    await actors.let_go("one")
    assert actors.log == ["one", "two"]
    await actors.let_go("two")
    assert actors.log == ["one", "two", "writer"]


async def test_readers_that_come_while_a_writer_waits_go_in_behind_it(actors):
    """PostgreSQL's rows alone would let them in, and a stream of them would starve the exclusion."""
    await actors.start("early", "a")
    await actors.start("writer", "a", alone=True)
    await actors.start("late", "a")
    await actors.let_go("early")
    assert actors.log == ["early", "writer"]
    await actors.let_go("writer")
    assert actors.log == ["early", "writer", "late"]


async def test_two_writers_go_in_one_after_the_other(actors):
    await actors.start("one", "a", alone=True)
    await actors.start("two", "a", alone=True)
    assert actors.log == ["one"]
    await actors.let_go("one")
    assert actors.log == ["one", "two"]


async def test_companies_do_not_hold_each_other_up(actors):
    await actors.start("writer", "a", alone=True)
    await actors.start("other", "b")
    assert actors.log == ["writer", "other"]
    await actors.start("both", "b", "a")
    assert actors.log == ["writer", "other"]
    await actors.end()
    assert actors.log[-1] == "both"


@pytest.mark.parametrize(("free", "taken"), ["ab", "ba"])
async def test_whoever_waits_for_one_company_holds_no_share_of_another(actors, free, taken):
    await actors.start("writer", taken, alone=True)
    await actors.start("both", free, taken)
    await actors.start("elsewhere", free, alone=True)
    assert actors.log == ["writer", "elsewhere"]
    await actors.end()
    assert actors.log[-1] == "both"


@pytest.mark.parametrize("alone", [True, False])
async def test_whoever_gives_up_waiting_leaves_the_gate_open(actors, alone):
    await actors.start("holder", "a", alone=not alone)
    await actors.start("waiting", "a", alone=alone)
    await actors.cancel("waiting")
    await actors.let_go("holder")
    for kind in (True, False):
        await actors.start(f"after {kind}", "a", alone=kind)
        await actors.let_go(f"after {kind}")
    assert actors.log == ["holder", "after True", "after False"]


@pytest.mark.parametrize("alone", [True, False])
async def test_whoever_is_cancelled_inside_lets_go(actors, alone):
    await actors.start("inside", "a", alone=alone)
    for number in range(3):
        await actors.start(f"queue {number}", "a", alone=True)
    await actors.cancel("inside")
    await actors.end()
    assert actors.log == ["inside", "queue 0", "queue 1", "queue 2"]


async def test_a_waiting_writer_that_gives_up_lets_held_back_readers_in(actors):
    await actors.start("early", "a")
    await actors.start("writer", "a", alone=True)
    await actors.start("late", "a")
    assert actors.log == ["early"]
    await actors.cancel("writer")
    assert actors.log == ["early", "late"]
