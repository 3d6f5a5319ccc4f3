"""A process that is paused while it writes, and goes on when its lease has run out: one entry outside, as it is wished (rule K3).

Others took over meanwhile. The proof with processes that are stopped is tests/reliability/workers/.
"""

import asyncio
from datetime import timedelta

import pytest
from slotgraph_tests_core_booking_moved import moved
from slotgraph_tests_core_calendar_entries_working import OVER, another, starts_outside, wishes

from slotgraph.core import tables
from slotgraph.core.errors import ProviderUnreachable

SECOND = timedelta(seconds=1)
NINE, TEN = "2027-03-03 09:00", "2027-03-03 10:00"


@pytest.fixture
async def paused(world):
    """A process that hangs in writing an entry at nine, and whose lease has run out; how it goes on, and the booking."""
    await world.link("anna")
    released = world.calendars.hang("write")
    process = asyncio.create_task(world.book(NINE, employee="anna"))
    await world.called("write")
    world.clock.advance(OVER)
    world.calendars.heal()
    (row,) = await world.rows(tables.booking)

    async def goes_on():
        released.set()
        await process

    yield goes_on, row
    released.set()
    await process


async def swept(world):
    """Carry out what is due until nothing is, as others do."""
    while await another(world).writer.sweep():
        pass


async def test_as_long_as_a_lease_runs_nobody_else_is_at_it(world):
    await world.link("anna")
    released = world.calendars.hang("write")
    process = asyncio.create_task(world.book(NINE, employee="anna"))
    await world.called("write")
    world.clock.advance(OVER - 2 * SECOND)
    assert await another(world).writer.sweep() == 0
    world.clock.advance(SECOND)
    others = asyncio.create_task(another(world).writer.sweep())
    await world.called("write", 2)
    released.set()
    await asyncio.gather(process, others)
    assert await wishes(world) == [("WRITE", "DONE")]


async def test_what_another_wrote_meanwhile_is_not_written_twice(world, paused):
    goes_on, _ = paused
    assert await another(world).writer.sweep() == 1
    assert await wishes(world) == [("WRITE", "DONE")]
    await goes_on()
    await swept(world)
    assert await starts_outside(world) == [NINE]
    assert (await world.entry_states(), await wishes(world)) == (["WRITTEN"], [("WRITE", "DONE")])


async def test_what_was_removed_meanwhile_is_removed_again(world, paused):
    """Also when the second look was over before the late write."""
    goes_on, booking = paused
    await world.cancel(booking, actor=world.owner)
    world.clock.advance(OVER)
    await swept(world)
    assert (await starts_outside(world), await wishes(world)) == ([], [("REMOVE_AGAIN", "DONE")])
    await goes_on()
    assert await starts_outside(world) == [NINE]
    await swept(world)
    assert await starts_outside(world) == []
    assert (await world.entry_states(), await wishes(world)) == (["REMOVED"], [("REMOVE_AGAIN", "DONE")])


async def test_what_was_moved_meanwhile_is_moved_again(world, paused):
    goes_on, booking = paused
    await moved(world, booking, TEN)
    world.clock.advance(OVER)
    await swept(world)
    assert (await starts_outside(world), await wishes(world)) == ([TEN], [("MOVE_AGAIN", "DONE")])
    await goes_on()
    assert await starts_outside(world) == [NINE]
    await swept(world)
    assert await starts_outside(world) == [TEN]
    assert (await world.entry_states(), await wishes(world)) == (["WRITTEN"], [("MOVE_AGAIN", "DONE")])


async def test_whoever_goes_on_while_another_is_at_it_lets_them_write_once_more(world, paused):
    goes_on, _ = paused
    released = world.calendars.hang("write")
    other = asyncio.create_task(another(world).writer.sweep())
    await world.called("write", 2)
    await goes_on()
    released.set()
    await other
    assert world.calendars.calls["write"] == 3
    assert (await starts_outside(world), await wishes(world)) == ([NINE], [("WRITE", "DONE")])


async def test_whoever_goes_on_after_its_calendar_was_unlinked_wishes_nothing(world, paused):
    goes_on, _ = paused
    await another(world).writer.sweep()
    (account,) = await world.rows(tables.account)
    await world.do.accounts.unlink(world.as_(world.owner), world.company_id, account.id)
    await goes_on()
    assert await wishes(world) == [("WRITE", "DONE")]


# Requests that land late, of whoever has ended


async def test_a_write_that_lands_after_the_removal_is_removed_ten_seconds_later(world):
    await world.link("anna")
    land = world.calendars.land_late("write")
    booking = (await world.book(NINE, employee="anna")).booking
    await world.cancel(booking, actor=world.owner)
    land()
    assert (await starts_outside(world), await world.entry_states()) == ([NINE], ["REMOVED"])
    await swept(world)
    assert await starts_outside(world) == [NINE]  # not yet
    world.clock.advance(OVER)
    await swept(world)
    assert (await starts_outside(world), await wishes(world)) == ([], [("REMOVE_AGAIN", "DONE")])


async def test_a_write_that_lands_after_the_move_is_moved_ten_seconds_later(world):
    await world.link("anna")
    land = world.calendars.land_late("write")
    booking = (await world.book(NINE, employee="anna")).booking
    await moved(world, booking, TEN)
    land()
    assert (await starts_outside(world), await world.entry_states()) == ([NINE], ["WRITTEN"])
    world.clock.advance(OVER)
    await swept(world)
    assert (await starts_outside(world), await wishes(world)) == ([TEN], [("MOVE_AGAIN", "DONE")])


async def test_what_was_heard_of_is_not_looked_at_again(world):
    await world.link("anna")
    booking = (await world.book(NINE, employee="anna")).booking
    booking = await moved(world, booking, TEN)
    assert await wishes(world) == [("MOVE", "DONE")]
    await world.cancel(booking, actor=world.owner)
    assert await wishes(world) == [("REMOVE", "DONE")]


async def test_a_try_that_was_cancelled_while_something_else_was_wished_may_yet_land(world):
    await world.link("anna")
    world.calendars.hang("write")
    process = asyncio.create_task(world.book(NINE, employee="anna"))
    await world.called("write")
    (booking,) = await world.rows(tables.booking)
    await world.cancel(booking, actor=world.owner)
    process.cancel()
    await asyncio.wait([process])
    world.calendars.heal()
    assert await another(world).writer.sweep() == 1
    assert await wishes(world) == [("REMOVE_AGAIN", "PENDING")]


async def test_a_try_that_failed_while_something_else_was_wished_may_yet_land(world):
    await world.link("anna")
    world.calendars.hang("write")
    process = asyncio.create_task(world.book(NINE, employee="anna", deadline_ms=300))
    await world.called("write")
    (booking,) = await world.rows(tables.booking)
    await world.cancel(booking, actor=world.owner)
    world.calendars.heal()
    await process  # its deadline came, and then it did what was wished instead
    assert await wishes(world) == [("REMOVE_AGAIN", "PENDING")]


async def test_a_move_without_a_known_reference_makes_the_entry_stand_at_the_new_time(world):
    """A provider that finds the entry of an unheard write tells where it stands, and leaves it as it is."""
    await world.link("anna")
    world.calendars.fail("write", ProviderUnreachable())
    booking = (await world.book(NINE, employee="anna")).booking
    world.calendars.heal()
    await moved(world, booking, TEN)
    assert (world.calendars.calls["write"], world.calendars.calls["move"]) == (2, 1)
    assert await starts_outside(world) == [TEN]
