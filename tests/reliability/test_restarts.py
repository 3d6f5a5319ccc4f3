"""A database that goes away in the middle of a change, or lets nobody in, and comes back: our process goes on without a restart."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from slotgraph_tests_core_world import World
from slotgraph_tests_reliability_busy_day import outside
from slotgraph_tests_reliability_mutations import CHANGES, Outcome
from slotgraph_tests_reliability_points import COMMITTED, Points
from slotgraph_tests_reliability_state import faults, rows
from sqlalchemy import text

from slotgraph.core.calendar_entries.wishing import LEASE
from slotgraph.core.store.database import Database

UNREACHABLE = "The database cannot be reached just now; try again in a moment."
BUSY = "The database is busy; try again in a moment."
LOCKED_OUT = [
    ("acceptInvitation", 0),
    ("upsertEmployee", 0),
    *((name, after) for name, change in CHANGES.items() if change.commits > 1 for after in (0, 1)),
]
"""Changes, and after how many commits of theirs another process begins to write."""


@pytest.mark.sqlite
@pytest.mark.parametrize(("name", "after"), LOCKED_OUT)
def test_a_file_that_another_process_goes_on_writing_is_busy_and_nothing_is_half_done(
    name: str, after: int, zygote: Any, new_company: Callable[[], str], known: dict[str, str], whole: Any
) -> None:
    """From the beginning, or as soon as so many commits are made; when the other one is gone, the change comes to its end."""
    address = new_company()
    _, states = whole(name)
    told = zygote.told("locked", address=address, name=name, known=known, after=after)
    # What has committed may be answered already: then the rest is left to the next round.
    assert told["errors"] == [{"message": BUSY, "code": "DEADLINE"}] or (after and told["errors"] == [])
    assert told["rows"] == states[after]
    assert told["again"] == CHANGES[name].gives
    assert told["at last"] == rows(address) == states[-1]
    assert faults(address) == []


CUT_OFF = [
    ("upsertEmployee (new)", "INSERT INTO employee"),
    ("acceptInvitation", "INSERT INTO session"),
    ("book", "INSERT INTO block"),
    ("book", "COMMIT"),
    ("book", COMMITTED),
    ("cancelBooking", "COMMIT"),
]
"""Changes, and the point at which the server is stopped."""


@pytest.fixture(scope="module")
def own_cluster(quick_folder: Path) -> Iterator[Any]:
    """A PostgreSQL of this module's own."""
    from slotgraph_tests_reliability_restarting import RestartableCluster

    cluster = RestartableCluster(quick_folder.parent)
    yield cluster
    cluster.end()


@pytest.fixture(scope="module")
def own_company(own_cluster: Any, zygote: Any) -> tuple[Any, dict[str, str]]:
    """A database of it with the company of busy_day.py, and what is known of it."""
    address = own_cluster.new_database()
    zygote.told("begin", address=address)
    return address, zygote.told("fill", address=address)["known"]


@pytest.fixture
async def own_world(own_cluster: Any, own_company: Any) -> AsyncIterator[Any]:
    """A copy of that company."""
    if not own_cluster.is_up:  # the test before failed
        own_cluster.start()
    address = own_cluster.new_database(like=own_company[0])
    world = World(await Database.open(address), address)
    outside(world)
    yield world
    await world.close()


async def use_all_connections(database: Database) -> None:
    """Leave as many connections in both pools as there may be."""

    async def select(side: Callable[[], Any]) -> None:
        async with side() as connection:
            await connection.execute(text("SELECT pg_sleep(0.01)"))

    await asyncio.gather(*(select(side) for side in (database.read, database.write) for _ in range(8)))


async def tried(name: str, world: Any, known: dict[str, str]) -> Outcome:
    async with asyncio.timeout(60):
        return await CHANGES[name].do(world, known)


@pytest.mark.postgresql
@pytest.mark.parametrize(("name", "where"), CUT_OFF)
async def test_a_server_that_is_restarted_in_the_middle_of_a_change_undoes_it_and_is_used_again(
    name: str, where: str, own_world: Any, own_cluster: Any, own_company: Any
) -> None:
    """Stopped as by `pg_ctl stop -m immediate` at a point of the change, and only there; what had committed stays."""
    world, known = own_world, own_company[1]
    await use_all_connections(world.database)
    before = rows(world.address)
    points = Points(world.database.engines.writers.sync_engine)
    points.tell(lambda _, point: point.startswith(where) and own_cluster.is_up and own_cluster.stop())
    outcome = await tried(name, world, known)
    assert not own_cluster.is_up
    unreachable = [{"message": UNREACHABLE, "code": "DEADLINE"}]
    if (name, where) == ("book", COMMITTED):
        # All that it answers it knew before: what stands is answered as standing.
        assert (outcome.gave, outcome.errors) == (CHANGES[name].gives, [])
    else:
        assert outcome.errors == unreachable
    assert (await tried("eraseCustomer", world, known)).errors == unreachable
    own_cluster.start()
    assert (rows(world.address) == before) is (where != COMMITTED)
    points.silence()
    assert (await tried(name, world, known)).gave == CHANGES[name].gives
    for other in ("upsertAbsence (new)", "eraseCustomer", "updateCompanyProfile"):
        assert (await tried(other, world, known)).gave == CHANGES[other].gives
    world.clock.advance(LEASE)  # of whoever could not note how their try went
    await world.joined.writer.sweep()
    assert [state for state in await world.entry_states() if state == "PENDING"] == []
