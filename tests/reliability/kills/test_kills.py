"""Rules K1-K3 under kill -9: at every step between "request read" and "entry written", and at random. Nothing is lost or doubled."""

import asyncio
import os
import random
import signal
from contextlib import contextmanager
from dataclasses import replace

import pytest
import slotgraph_tests_reliability_load_crowd as crowd_of_load
from slotgraph_tests_databases import engine_of
from slotgraph_tests_reliability_kills_naive import CHOOSES_ANEW, FORGETS_KEYS, KEEPS_NO_WISH, WRITES_FIRST
from slotgraph_tests_reliability_kills_orders import Order
from slotgraph_tests_reliability_kills_steps import ANSWERED, COMMITTED, REMEMBERED, STEPS
from slotgraph_tests_reliability_kills_victims import COMMAND, Targets, Victims
from slotgraph_tests_reliability_load_checker import ENDED, check
from slotgraph_tests_reliability_load_shop import shop_at
from sqlalchemy import update

from slotgraph.core import tables
from slotgraph.core.clock import SystemClock

CHANGES = [name for name in reversed(STEPS) if name != "wish"]
"""What is looked at once more some seconds later comes first."""

WISHING = ("book", "rescheduleBooking", "cancelBooking")
"""What leaves something to a worker that it can be killed at; a short run takes the first."""

DAYS = 18
EMPLOYEES = 2
REPLICAS = {"sqlite": 1, "postgresql": 2}
WRITTEN_SECONDS = 30.0
DEATH_SECONDS = 30.0
CLIENTS = 5
ATTEMPTS_PER_KILL = 10

# Short runs on the two databases share what takes so long; a long run does all of it.
EVERY_SECOND = {"sqlite": 0, "postgresql": 1}
KILLS = {"sqlite": 10, "postgresql": 10}
LONG_KILLS = 200


@pytest.fixture(autouse=True)
def few_clients(monkeypatch):
    """A load that leaves time for starting again."""
    monkeypatch.setattr(crowd_of_load, "CLIENTS", CLIENTS)


@pytest.fixture
def kind(request):
    return request.config.getoption("--database")


def shop_on(database, folder, kind, *, days=DAYS):
    return shop_at(database, folder, replicas=REPLICAS[kind], employees=EMPLOYEES, days=days, command=COMMAND)


def servers(shop, turn):
    """Who is killed, and who is asked again: somebody else where there is somebody."""
    count = len(shop.replicas)
    return shop.replicas[turn % count], shop.replicas[(turn + 1) % count]


async def pass_every_step(victims, change):
    """Nobody disturbs it: these are the steps to be killed at."""
    server, _ = servers(victims.shop, 0)
    call, orders = await victims.called(change, by=server), victims.orders(server)
    orders.give(Order(at=0))
    answer = await victims.answered(call, by=server)
    assert orders.passed() == STEPS[change], answer
    assert answer.kind in ENDED
    orders.give()


def few(change, kind):
    """Those of a short run: not those before a change is any other than a booking, and every second one on each database."""
    steps = STEPS[change]
    other = next((number for number, step in enumerate(steps, 1) if step not in STEPS["book"]), 1)
    return range(other, len(steps) + 1)[EVERY_SECOND[kind] :: len(EVERY_SECOND)]


async def kill_at_steps(victims, change, numbers):
    """Each time the next server dies, and the client asks again."""
    calls = [await victims.called(change, by=victims.shop.replicas[0]) for _ in numbers]
    for turn, (number, call) in enumerate(zip(numbers, calls, strict=True)):
        server, other = servers(victims.shop, turn)
        await server.up()
        orders = victims.orders(server)
        orders.give(Order(at=number))
        await victims.unanswered(call, by=server)
        assert orders.passed() == STEPS[change][:number]
        assert orders.left == 0
        answer = await victims.answered(call, by=other)
        assert answer.kind in ENDED, f"{change}, {number}: {answer}"


async def kill_the_worker_at_every_step(victims, change):
    """What one process has committed the next ones carry out, which die of it, one a step later than the other."""
    server, other = servers(victims.shop, 0)
    call, orders = await victims.called(change, by=server), victims.orders(server)
    made, wish = STEPS[change][: STEPS[change].index(COMMITTED) + 1], STEPS["wish"]
    orders.give(Order(at=len(made)), *(Order(at=number, of_request=False) for number in range(1, len(wish) + 1)))
    with standing_still(*({other} - {server})):
        await victims.unanswered(call, by=server)
        for left in reversed(range(len(wish))):
            let_leases_run_out(victims.shop.address)
            await until_killed(orders, left=left)
    assert orders.passed() == (*made, *(step for number in range(len(wish)) for step in wish[: number + 1]))
    assert (await victims.answered(call, by=server)).kind in ENDED


@contextmanager
def standing_still(*servers):
    """They take no wish from anybody."""
    for server in servers:
        os.killpg(server.pid, signal.SIGSTOP)
    yield
    for server in servers:
        os.killpg(server.pid, signal.SIGCONT)


async def until_killed(orders, *, left):
    clock = SystemClock()
    began = clock.monotonic()
    while orders.left > left:
        assert clock.monotonic() - began < DEATH_SECONDS, "nobody died"
        await asyncio.sleep(0.01)


def let_leases_run_out(address):
    """As if time had passed. On SQLite whoever starts knows that nobody else is at it."""
    if "://" in address:
        with engine_of(address).begin() as connection:
            lapsed = {"lease_until": SystemClock().now()}
            connection.execute(update(tables.outbox).where(tables.outbox.c.lease.is_not(None)).values(**lapsed))


async def kill_at_random(shop, *, kills, seed):
    """Under a load whose requests are under way when it happens."""
    chance = random.Random(seed)
    crowd = Targets(shop, kills * ATTEMPTS_PER_KILL, seed=seed)
    await crowd.come(at={(number + 0.5) / kills: lambda: crowd.shoot(chance) for number in range(kills)})
    await crowd.settled()
    return crowd


@pytest.mark.parametrize(
    "long", [pytest.param(False, id="short"), pytest.param(True, id="long", marks=pytest.mark.soak)]
)
async def test_a_killed_server_loses_and_doubles_nothing(new_database, tmp_path, kind, long, seed, show):
    async with shop_on(new_database("empty"), tmp_path, kind) as shop:
        async with Victims(shop, 0, folder=tmp_path) as victims:
            for change in WISHING if long else WISHING[:1]:
                await kill_the_worker_at_every_step(victims, change)
            for change in CHANGES:
                await pass_every_step(victims, change)
                await kill_at_steps(victims, change, range(1, len(STEPS[change]) + 1) if long else few(change, kind))
        kills = LONG_KILLS if long else KILLS[kind]
        crowd = await kill_at_random(shop, kills=kills, seed=seed)
        seconds = await shop.until_written(WRITTEN_SECONDS)
        facts = replace(shop.facts(), faults=crowd.faults)
        findings = check([*victims.history, *crowd.history], shop.stored(), shop.outside(), facts)
        story = f"{len(crowd.kills)} kills at random; outbox empty after {seconds:.1f} s\n{findings}"
        show(story)
        shop.replicas.stop()
    assert len(crowd.kills) == kills
    assert findings.total == 0, story
    assert "Traceback" not in shop.replicas.said()


NAIVE = {
    WRITES_FIRST: STEPS["book"].index(REMEMBERED) + 4,
    KEEPS_NO_WISH: STEPS["book"].index(COMMITTED) + 1,
    CHOOSES_ANEW: STEPS["book"].index(ANSWERED) + 1,
    FORGETS_KEYS: STEPS["book"].index(COMMITTED) + 1,
}
"""Behind which step each is killed; what writes first is then about to commit."""


async def test_what_is_built_naively_loses_and_doubles(new_database, tmp_path, kind):
    """The proof that the test above can fail: each of four builds is killed once."""
    async with shop_on(new_database("empty"), tmp_path, kind, days=1) as shop:
        server, other = servers(shop, 0)
        async with Victims(shop, 0, folder=tmp_path) as victims:
            made = {wrong: await victims.called("book", by=server) for wrong in NAIVE}
            for wrong, call in made.items():
                await server.up()
                orders = victims.orders(server)
                orders.give(Order(at=NAIVE[wrong], wrong=wrong))
                await victims.unanswered(call, by=server)
                assert (await victims.answered(call, by=other)).kind in ENDED
        let_leases_run_out(shop.address)
        await shop.until_written(WRITTEN_SECONDS)
        outside = shop.outside()
        findings = check(victims.history, shop.stored(), outside, shop.facts())
    starts = [event.span.start for events in outside.values() for event in events]
    booked = {wrong: starts.count(call.wanted.start) for wrong, call in made.items()}
    assert booked == {WRITES_FIRST: 2, KEEPS_NO_WISH: 0, CHOOSES_ANEW: 2, FORGETS_KEYS: 2}, findings
    assert findings.counts["duplicates outside"] == 2, findings
    assert findings.counts["missing outside"] == 1, findings
    assert findings.counts["keys with two ids"] == 1, findings
