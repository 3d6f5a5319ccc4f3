"""Rule K1 under load: takers of the same times, at several replicas, never overlap, never deadlock, and always read why not."""

import pytest
from slotgraph_tests_reliability_takers import Takers, halves, overlaps
from sqlalchemy import make_url, text

from slotgraph.core.store import locks

pytestmark = pytest.mark.postgresql

FEW, MANY, REPLICAS = 75, 1500, 4
TYPED = {"BookingConfirmed", "SlotTaken", "DatabaseBusy"}
"""What takers may be told; the last only where the machine is busy, or by those who wait in a circle."""


@pytest.fixture
async def takers(world):
    takers = await Takers.on(world, replicas=REPLICAS)
    yield takers
    await takers.close()


@pytest.fixture
def deadlocks(cluster, world):
    """How many the server has counted in this database."""

    def count():
        name = make_url(world.address).database
        ((counted,),) = cluster.run("SELECT deadlocks FROM pg_stat_database WHERE datname = %(name)s", {"name": name})
        return counted

    return count


async def drop_constraint(world):
    async with world.database.write() as connection:
        await connection.execute(text("ALTER TABLE block DROP CONSTRAINT block_overlaps"))


def switch_off_locks(monkeypatch):
    async def nothing(*_arguments):
        return None

    monkeypatch.setattr(locks, "lock_employees", nothing)


@pytest.mark.parametrize("count", [FEW, pytest.param(MANY, marks=pytest.mark.soak)])
@pytest.mark.parametrize("one", [True, False], ids=["of one employee", "of several"])
async def test_takers_never_overlap_nor_deadlock_and_read_why_not(takers, world, deadlocks, count, one):
    await takers.come(count, one=one)
    assert takers.outcomes.total() == count
    assert {"BookingConfirmed", "SlotTaken"} <= takers.outcomes.keys() <= TYPED
    assert (await overlaps(world), await halves(world), deadlocks()) == (0, [], 0)


async def test_without_the_lock_the_constraint_alone_lets_nobody_overlap(takers, world, monkeypatch):
    """But takers may wait for each other in a circle; who is thrown out of it is told to try again."""
    switch_off_locks(monkeypatch)
    await takers.come(FEW, one=True)
    assert takers.outcomes.keys() <= TYPED
    assert (await overlaps(world), await halves(world)) == (0, [])


async def test_without_the_constraint_the_lock_alone_lets_nobody_overlap(takers, world, deadlocks):
    await drop_constraint(world)
    await takers.come(FEW, one=True)
    assert takers.outcomes.keys() <= TYPED
    assert (await overlaps(world), await halves(world), deadlocks()) == (0, [], 0)


async def test_without_both_some_overlap(takers, world, monkeypatch):
    """The proof that the tests above can fail."""
    switch_off_locks(monkeypatch)
    await drop_constraint(world)
    await takers.come(FEW, one=True)
    assert await overlaps(world) > 0
