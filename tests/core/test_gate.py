"""The gate of rule T3: answers to support share the company's lock, the exclusion waits for them and holds new ones back."""

import asyncio

import pytest

from slotgraph.core.gate import Gate


async def settled():
    """Let everything that can go on go on."""
    for _ in range(10):
        await asyncio.sleep(0)


class Actors:
    """Tasks that enter the gate and stay until they are let go; `log` tells in which order they got in."""

    def __init__(self, gate):
        self.gate = gate
        self.log = []
        self.release = {}

    def start(self, name, *companies, alone=False):
        self.release[name] = asyncio.Event()
        return asyncio.create_task(self._enter(name, companies, alone=alone))

    async def _enter(self, name, companies, *, alone):
        entered = self.gate.exclusive(*companies) if alone else self.gate.shared(companies)
        async with entered:
            self.log.append(name)
            await self.release[name].wait()


@pytest.fixture
def actors():
    return Actors(Gate())


async def test_readers_share_and_a_writer_waits_for_all_of_them(actors):
    tasks = [actors.start("one", "a"), actors.start("two", "a"), actors.start("writer", "a", alone=True)]
    await settled()
    assert actors.log == ["one", "two"]
    actors.release["one"].set()
    await settled()
    assert actors.log == ["one", "two"]
    actors.release["two"].set()
    await settled()
    assert actors.log == ["one", "two", "writer"]
    actors.release["writer"].set()
    await asyncio.gather(*tasks)


async def test_readers_that_come_while_a_writer_waits_go_in_behind_it(actors):
    tasks = [actors.start("early", "a"), actors.start("writer", "a", alone=True)]
    await settled()
    tasks.append(actors.start("late", "a"))
    await settled()
    actors.release["early"].set()
    await settled()
    assert actors.log == ["early", "writer"]
    actors.release["writer"].set()
    await settled()
    assert actors.log == ["early", "writer", "late"]
    actors.release["late"].set()
    await asyncio.gather(*tasks)


async def test_two_writers_go_in_one_after_the_other(actors):
    tasks = [actors.start("one", "a", alone=True), actors.start("two", "a", alone=True)]
    await settled()
    assert actors.log == ["one"]
    actors.release["one"].set()
    await settled()
    assert actors.log == ["one", "two"]
    actors.release["two"].set()
    await asyncio.gather(*tasks)


async def test_companies_do_not_hold_each_other_up(actors):
    tasks = [actors.start("writer", "a", alone=True), actors.start("other", "b")]
    await settled()
    assert actors.log == ["writer", "other"]
    tasks.append(actors.start("both", "b", "a"))
    await settled()
    assert actors.log == ["writer", "other"]
    for release in actors.release.values():
        release.set()
    await asyncio.gather(*tasks)
    assert actors.log[-1] == "both"


@pytest.mark.parametrize("alone", [True, False])
async def test_whoever_gives_up_waiting_leaves_the_gate_open(actors, alone):
    holder = actors.start("holder", "a", alone=not alone)
    await settled()
    waiting = actors.start("waiting", "a", alone=alone)
    await settled()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    actors.release["holder"].set()
    await holder
    for kind in (True, False):
        name = f"after {kind}"
        after = actors.start(name, "a", alone=kind)
        actors.release[name].set()
        await asyncio.wait_for(after, 1)
    assert actors.log == ["holder", "after True", "after False"]


@pytest.mark.parametrize("alone", [True, False])
async def test_whoever_fails_or_is_cancelled_inside_lets_go(actors, alone):
    inside = actors.start("inside", "a", alone=alone)
    queue = [actors.start(f"queue {number}", "a", alone=True) for number in range(3)]
    await settled()
    inside.cancel()
    for number in range(3):
        actors.release[f"queue {number}"].set()
    await asyncio.wait_for(asyncio.gather(*queue), 1)
    assert actors.log == ["inside", "queue 0", "queue 1", "queue 2"]


async def test_a_waiting_writer_that_gives_up_lets_held_back_readers_in(actors):
    early = actors.start("early", "a")
    await settled()
    writer, late = actors.start("writer", "a", alone=True), actors.start("late", "a")
    await settled()
    assert actors.log == ["early"]
    writer.cancel()
    await settled()
    assert actors.log == ["early", "late"]
    for release in actors.release.values():
        release.set()
    await asyncio.gather(early, late)
