"""Rules K1-K3 under kill -9: at every step between "request read" and "entry written", and at random. Nothing is lost or doubled."""

import asyncio
import os
import random
import signal
from contextlib import contextmanager

import pytest
from slotgraph_tests_databases import engine_of
from slotgraph_tests_reliability_kills_naive import CHOOSES_ANEW, FORGETS_KEYS, KEEPS_NO_WISH, WRITES_FIRST
from slotgraph_tests_reliability_kills_orders import Order
from slotgraph_tests_reliability_kills_steps import ANSWERED, COMMITTED, STEPS
from slotgraph_tests_reliability_kills_victims import COMMAND, Targets, Victims
from slotgraph_tests_reliability_load_checker import ENDED, check
from slotgraph_tests_reliability_load_shop import shop_at
from sqlalchemy import update

from slotgraph.core import tables
from slotgraph.core.clock import SystemClock

CHANGES = [name for name in reversed(STEPS) if name != "wish"]
"""What is looked at once more some seconds later comes first."""

DAYS = 17
EMPLOYEES = 2
REPLICAS = {"sqlite": 1, "postgresql": 2}
WRITTEN_SECONDS = 30.0
DEATH_SECONDS = 30.0
ATTEMPTS_PER_KILL = 25


@pytest.fixture
def kind(request):
    return request.config.getoption("--database")


def shop_on(database, folder, kind, *, days=DAYS):
    return shop_at(database, folder, replicas=REPLICAS[kind], employees=EMPLOYEES, days=days, command=COMMAND)


def servers(shop, number):
    """Who is killed, and who is asked again: somebody else where there is somebody."""
    count = len(shop.replicas)
    return shop.replicas[number % count], shop.replicas[(number + 1) % count]


async def kill_at_every_step(victims, change):
    """First nobody disturbs it: the steps are those that are killed at afterwards."""
    steps = STEPS[change]
    for number in range(len(steps) + 1):
        server, other = servers(victims.shop, number)
        await server.up()
        call, orders = await victims.called(change, by=other), victims.orders(server)
        orders.give(Order(at=number))
        if number:
            await victims.unanswered(call, by=server)
            assert orders.passed() == steps[:number]
            assert orders.left == 0
            answer = await victims.answered(call, by=other)
        else:
            answer = await victims.answered(call, by=server)
            assert orders.passed() == steps
            orders.give()
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
            await until(lambda: orders.left == left)
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


async def until(happened):
    clock = SystemClock()
    began = clock.monotonic()
    while not happened():
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
    crowd = Targets(shop, kills * ATTEMPTS_PER_KILL, seed=seed, changes_and_holds=True)
    await crowd.come(at={(number + 0.5) / kills: lambda: crowd.shoot(chance) for number in range(kills)})
    await crowd.settled()
    return crowd


@pytest.mark.parametrize(
    "kills", [pytest.param(20, id="short"), pytest.param(200, id="long", marks=pytest.mark.soak)]
)
async def test_a_killed_server_loses_and_doubles_nothing(new_database, tmp_path, kind, kills):
    async with shop_on(new_database("empty"), tmp_path, kind) as shop:
        async with Victims(shop, 0, folder=tmp_path) as victims:
            await kill_the_worker_at_every_step(victims, "book")
            for change in CHANGES:
                await kill_at_every_step(victims, change)
        crowd = await kill_at_random(shop, kills=kills, seed=kills)
        seconds = await shop.until_written(WRITTEN_SECONDS)
        findings = check([*victims.history, *crowd.history], shop.stored(), shop.outside(), shop.facts())
        story = f"{crowd.killed} kills at random; outbox empty after {seconds:.1f} s\n{findings}"
        print(story)
        shop.replicas.stop()
    assert crowd.killed >= 0.8 * kills
    assert findings.total == 0, story
    assert "Traceback" not in shop.replicas.said()
