"""Who carries out what could not be written at once: the server itself, unless that is done apart."""

import pytest
from slotgraph_tests_core_calendar_entries_working import all_written, until

from slotgraph.core import tables
from slotgraph.core.errors import AccessForbidden
from slotgraph.server.app import create_app
from slotgraph.server.settings import Settings

ELSEWHERE = "postgresql://slotgraph@db/slotgraph"


@pytest.fixture
async def left(world):
    """A booking that could not be written, and whose next try has come."""
    await world.link("anna")
    world.calendars.fail("write", AccessForbidden())
    await world.book("2027-03-03 09:00", employee="anna")
    world.calendars.heal()
    (row,) = await world.rows(tables.outbox)
    world.clock.at = row.next_attempt_at
    return world


async def test_the_server_does_it_itself(left):
    app = create_app(left.joined, Settings())
    async with app.router.lifespan_context(app):
        await until(lambda: all_written(left))


async def test_it_leaves_it_to_those_who_do_it_apart(left):
    app = create_app(left.joined, Settings(worker="apart", database=ELSEWHERE))
    left.joined.writer.due.clear()
    async with app.router.lifespan_context(app):
        left.joined.writer.due.set()
        for _ in range(100):
            await left.rows(tables.outbox)
    assert left.joined.writer.due.is_set()  # nobody looked
    assert await left.entry_states() == ["PENDING"]
