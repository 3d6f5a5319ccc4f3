"""What lands late outside, and what breaks us, is found in the end: removed once more, or shown (rules K3, K4)."""

from datetime import timedelta

from slotgraph.core import tables
from slotgraph.core.errors import ProviderUnreachable
from slotgraph.core.records import OutboxState

HOUR = timedelta(hours=1)


async def settle(world, *, after=timedelta(seconds=20)):
    world.clock.advance(after)
    await world.joined.writer.sweep()


async def test_a_writing_that_lands_long_after_its_entry_was_removed_is_removed_once_more(world):
    await world.link("anna")
    land = world.calendars.land_late("write")
    booking = (await world.book(employee="anna")).booking
    await world.cancel(booking, actor=world.owner)
    await settle(world)
    await settle(world)  # the second look
    assert world.calendars.entries("annas") == {}
    assert {row.state for row in await world.rows(tables.outbox)} == {"DONE"}
    land()
    assert len(world.calendars.entries("annas")) == 1
    world.clock.advance(HOUR)
    await world.joined.probing.sweep()
    await settle(world)
    await settle(world)
    assert world.calendars.entries("annas") == {}
    assert await world.entry_states() == ["REMOVED"]


async def test_what_was_removed_unsurely_is_looked_for_until_an_hour_later_and_then_no_more(world):
    await world.link("anna")
    world.calendars.lose_answer("write")
    booking = (await world.book(employee="anna")).booking
    await world.cancel(booking, actor=world.owner)
    await settle(world)
    await settle(world)
    for _ in range(4):
        world.clock.advance(HOUR)
        await world.joined.probing.sweep()
    assert world.calendars.calls["probe"] in (1, 2)
    (entry,) = await world.rows(tables.calendar_entry)
    assert (entry.state, entry.probed_at) == ("REMOVED", None)


async def test_a_removal_that_needs_no_second_look_is_not_looked_for(world):
    await world.link("anna")
    booking = (await world.book(employee="anna")).booking
    await world.cancel(booking, actor=world.owner)
    world.clock.advance(2 * HOUR)
    await world.joined.probing.sweep()
    assert world.calendars.calls["probe"] == 0


async def test_the_second_look_may_fail_for_days_and_the_entry_stays_removed(world):
    """Whoever comes back after it must not find two entries of theirs."""
    await world.link("anna")
    world.calendars.lose_answer("write")
    booking = (await world.book(employee="anna")).booking
    await world.cancel(booking, actor=world.owner)
    world.calendars.fail("remove", ProviderUnreachable())
    for _ in range(8):
        await settle(world, after=12 * HOUR)
    assert {row.state for row in await world.rows(tables.outbox)} == {OutboxState.DEAD.value}
    assert await world.entry_states() == ["REMOVED"]


async def test_a_wish_that_breaks_us_is_put_off_and_the_booking_stands(world, monkeypatch):
    await world.link("anna")

    def broken(*args, **options):
        raise ZeroDivisionError

    monkeypatch.setattr("slotgraph.core.entry_text.EntryTexts.entry_of", broken)
    assert type(await world.book(employee="anna")).__name__ == "BookingConfirmed"
    (row,) = await world.rows(tables.outbox)
    assert (row.state, row.cause, row.attempts) == ("PENDING", "PLUGIN_ERROR", 1)
    for _ in range(8):
        await settle(world, after=12 * HOUR)
    assert await world.entry_states() == ["FAILED"]


async def test_a_caller_in_haste_says_nothing_of_the_account(world):
    await world.link("anna")
    world.calendars.hang("write")
    await world.book(employee="anna", deadline_ms=60)
    assert world.joined.writer.failing == set()
    world.calendars.heal()
    assert await world.joined.writer.sweep() == 1
    assert await world.entry_states() == ["WRITTEN"]
