"""What the doctor says of entries that wait to be written, and of those that were given up."""

from datetime import timedelta

import pytest
from slotgraph_tests_core_world import NOW, World
from slotgraph_tests_server_doctor_looking import looked, only, states

from slotgraph.core import tables
from slotgraph.core.errors import AccessForbidden
from slotgraph.server.doctor.calendar_entries import check_calendar_entries
from slotgraph.server.doctor.database import Absent

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def left(installation):
    """Settings of an installation with two bookings that could not be written."""
    settings = installation("world")
    world = await World.opened(settings.database_path or settings.database_url)
    await world.link("anna")
    world.calendars.fail("write", AccessForbidden())
    for hour in (9, 10):
        await world.book(f"2027-03-03 {hour:02}:00", employee="anna")
        world.clock.advance(MINUTE)
    yield settings, world
    await world.close()


def found_after(settings, wait):
    return list(check_calendar_entries(looked(settings), now=NOW + wait))


@pytest.mark.parametrize(
    ("wait", "state", "told"),
    [
        (MINUTE, "ok", "1 minute"),
        (59 * MINUTE, "ok", "59 minutes"),
        (119 * MINUTE, "warn", "119 minutes"),
        (timedelta(hours=2), "warn", "2 hours"),
        (timedelta(days=2, hours=3), "warn", "2 days"),
    ],
)
async def test_what_waits_is_told_and_wants_a_look_after_an_hour(left, wait, state, told):
    settings, _ = left
    found, sentence, _ = only(found_after(settings, wait))
    assert (found, sentence) == (state, f"2 wait to be written, moved or removed; the oldest for {told}.")


async def test_what_was_given_up_is_told_as_long_as_its_calendar_is_linked(left):
    settings, world = left
    async with world.database.write() as connection:
        await connection.execute(tables.outbox.update().values(state="DEAD", next_attempt_at=None))
    found = found_after(settings, MINUTE)
    assert states(found) == ["ok", "warn"]
    assert found[1].sentence == "2 were given up after three days in vain."
    async with world.database.write() as connection:
        await connection.execute(tables.calendar_entry.update().values(calendar_id=None))
    assert states(found_after(settings, MINUTE)) == ["ok"]


def test_where_nothing_waits_that_is_told_and_where_nothing_is_nothing(installation):
    told = only(found_after(installation(), MINUTE))
    assert told == ("ok", "None waits to be written, moved or removed.", "")
    assert found_after(installation("new"), MINUTE) == []
    assert list(check_calendar_entries(Absent.NOT_REACHED, now=NOW)) == []
