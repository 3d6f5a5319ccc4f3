"""Looking for our entries outside: found, moved, gone, or not answered for; one at a time (rule K6, decision 0010)."""

import asyncio
import logging
from datetime import timedelta

import pytest
from slotgraph_tests_core_booking_moved import moved

from slotgraph.core import tables
from slotgraph.core.errors import AccountRevoked, CalendarMissing, ProviderThrottled, ProviderUnreachable
from slotgraph.core.records import CalendarEntryState
from slotgraph.core.store.bookings import BookingFilter
from slotgraph.core.values import Present, Reference, Span

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SPAN = Span(30_012_480, 30_012_510)
"""Somewhere else in 2027."""


async def booked(world, start="2027-03-04 09:00", *, employee="anna"):
    """A booking whose entry was looked for already, and found."""
    booking = (await world.book(start, employee=employee)).booking
    world.clock.advance(2 * MINUTE)
    await world.joined.probing.sweep()
    return booking


async def entry(world):
    (row,) = await world.rows(tables.calendar_entry)
    return row


async def reference(world):
    row = await entry(world)
    return Reference(row.reference_calendar, row.reference_id)


async def looked(world, after):
    """Whether a look came after this time; it happened."""
    world.clock.advance(after)
    return await world.joined.probing.sweep()


async def delete(world):
    """Delete our entry outside, and miss it a first time."""
    world.calendars.remove_entry(await reference(world))
    assert await looked(world, HOUR) == 1


# When


async def test_an_entry_is_looked_for_two_minutes_after_it_was_written_and_then_every_hour(world):
    await world.link("anna")
    await world.book("2027-03-04 09:00", employee="anna")
    assert await looked(world, 2 * MINUTE - timedelta(seconds=1)) == 0
    assert await looked(world, timedelta(seconds=1)) == 1
    assert await looked(world, HOUR - timedelta(seconds=1)) == 0
    assert await looked(world, timedelta(seconds=1)) == 1
    assert await world.joined.probing.sweep() == 0
    assert world.calendars.calls["probe"] == 2


async def test_what_is_over_cancelled_removed_or_not_written_yet_is_not_looked_for(world):
    await world.link("anna")
    over = await booked(world, "2027-03-01 09:00")
    assert over.span.end == world.minute("2027-03-01 09:30")
    cancelled = await booked(world, "2027-03-04 10:00")
    await world.cancel(cancelled, actor=world.owner)
    world.calendars.fail("write", ProviderUnreachable())
    await world.book("2027-03-05 10:00", employee="anna")
    world.clock.advance(timedelta(hours=3))
    assert await world.joined.probing.sweep() == 0
    assert {row.probed_at for row in await world.rows(tables.calendar_entry)} == {None}


async def test_entries_of_an_account_that_was_unlinked_are_not_looked_for(world):
    calendar = await world.link("anna")
    await booked(world)
    await world.do.accounts.unlink(world.as_(world.owner), world.company_id, calendar.account_id)
    assert await looked(world, HOUR) == 0


async def test_those_not_looked_for_the_longest_come_first_and_all_have_their_turn(world, monkeypatch):
    monkeypatch.setattr("slotgraph.core.calendar_entries.probing.AT_ONCE", 2)
    await world.link("anna")
    for hour in range(9, 14):
        await world.book(f"2027-03-04 {hour:02}:00", employee="anna")
        world.clock.advance(timedelta(seconds=1))
    assert await looked(world, HOUR) == 5
    assert world.calendars.calls["probe"] == 5


async def test_two_processes_share_the_work(world):
    await world.link("anna")
    for hour in range(9, 13):
        await world.book(f"2027-03-04 {hour:02}:00", employee="anna")
    world.clock.advance(2 * MINUTE)
    released = world.calendars.hang("probe")
    first = asyncio.create_task(world.joined.probing.sweep())
    await world.called("probe", 3)
    assert await world.joined.probing.sweep() == 0
    released.set()
    assert await first == 4
    assert world.calendars.calls["probe"] == 4


async def test_no_more_than_a_few_of_an_account_are_asked_for_side_by_side(world):
    await world.link("anna")
    for hour in range(9, 14):
        await world.book(f"2027-03-04 {hour:02}:00", employee="anna")
    world.clock.advance(2 * MINUTE)
    released = world.calendars.hang("probe")
    sweep = asyncio.create_task(world.joined.probing.sweep())
    await world.called("probe", 3)
    for _ in range(50):
        await asyncio.sleep(0)
    assert world.calendars.calls["probe"] == 3
    released.set()
    assert await sweep == 5


# What is seen


async def test_one_answer_that_it_is_gone_concludes_nothing(world):
    await world.link("anna")
    await booked(world)
    await delete(world)
    assert await world.entry_states() == ["WRITTEN"]
    assert (await entry(world)).missed_at == world.clock.now()


async def test_it_is_looked_for_again_after_ten_minutes_and_not_before(world):
    await world.link("anna")
    await booked(world)
    await delete(world)
    assert await looked(world, 10 * MINUTE - timedelta(seconds=1)) == 0
    assert await looked(world, timedelta(seconds=1)) == 1
    assert await world.entry_states() == ["GONE_OUTSIDE"]


async def test_two_answers_less_than_ten_minutes_apart_are_one(world):
    """Another of the account was missed twice: this one is looked for with it, too soon after it was missed first."""
    await world.link("anna")
    await booked(world)
    await delete(world)
    row = await entry(world)
    await world.change(tables.calendar_entry, row.id, probed_at=world.clock.now() - 2 * HOUR)
    await world.joined.probing.sweep()
    assert world.calendars.calls["probe"] == 3
    assert await world.entry_states() == ["WRITTEN"]


async def test_the_booking_keeps_its_time_and_shows_that_its_entry_is_gone(world):
    await world.link("anna")
    booking = await booked(world)
    await delete(world)
    await looked(world, 10 * MINUTE)
    (row,) = await world.rows(tables.booking)
    assert (row.state, row.start_minute) == ("CONFIRMED", booking.span.start)
    assert len(await world.rows(tables.block)) == 1
    which = BookingFilter(entry_states=(CalendarEntryState.GONE_OUTSIDE,))
    page = await world.do.booking_desk.bookings(world.as_(world.owner), world.company_id, which=which, first=5)
    assert [one.id for one in page] == [booking.id]


async def test_one_that_is_found_again_stands_as_before(world):
    await world.link("anna")
    await booked(world)
    known, kept = await reference(world), world.calendars.entries("annas")
    for missed_twice in (False, True):
        await delete(world)
        if missed_twice:
            await looked(world, 10 * MINUTE)
        world.calendars._calendars["annas"].entries = dict(kept)
        await looked(world, HOUR)
        row = await entry(world)
        assert (row.state, row.missed_at, row.reference_id) == ("WRITTEN", None, known.id)
    assert [row.cause for row in await world.rows(tables.outbox)] == [None]


async def test_one_that_stands_elsewhere_is_moved_outside_and_where_to_is_stored_nowhere(world):
    await world.link("anna")
    await booked(world)
    before = await world.rows(tables.calendar_entry), await world.rows(tables.booking), await world.rows(tables.block)
    world.calendars.move_entry(await reference(world), SPAN)
    await looked(world, HOUR)
    assert await world.entry_states() == ["MOVED_OUTSIDE"]
    (row,) = await world.rows(tables.calendar_entry)
    changed = {name for name, value in row._mapping.items() if before[0][0]._mapping[name] != value}
    assert changed == {"state", "state_at", "probed_at"}
    assert await world.rows(tables.booking) == before[1]
    assert await world.rows(tables.block) == before[2]
    for place in (str(SPAN.start).encode(), b"2027-01-24", b"2027-01-23"):
        assert place not in world.stored()


async def test_one_that_was_moved_back_stands_as_before(world):
    await world.link("anna")
    booking = await booked(world)
    world.calendars.move_entry(await reference(world), SPAN)
    await looked(world, HOUR)
    world.calendars.move_entry(await reference(world), booking.span)
    await looked(world, 2 * MINUTE)
    assert await world.entry_states() == ["WRITTEN"]


@pytest.mark.parametrize(
    "failure", [ProviderUnreachable(), AccountRevoked(), CalendarMissing(), RuntimeError("a bad plugin")]
)
async def test_no_answer_concludes_nothing_however_often(world, failure):
    """Nor that the calendar itself is gone: whether the entry went with it is not known."""
    await world.link("anna")
    await booked(world)
    world.calendars.fail("probe", failure)
    for _ in range(4):
        assert await looked(world, HOUR) == 1
    row = await entry(world)
    assert (row.state, row.missed_at) == ("WRITTEN", None)


async def test_no_answer_between_two_that_it_is_gone_is_no_second_one(world):
    await world.link("anna")
    await booked(world)
    await delete(world)
    world.calendars.fail("probe", ProviderUnreachable())
    await looked(world, 10 * MINUTE)
    assert await world.entry_states() == ["WRITTEN"]
    world.calendars.heal()
    assert await looked(world, HOUR - MINUTE) == 0
    assert await looked(world, MINUTE) == 1
    assert await world.entry_states() == ["GONE_OUTSIDE"]


async def test_who_asked_to_be_left_alone_is(world):
    """Looking can wait: it never takes what is kept for bookings (B7)."""
    await world.link("anna")
    await booked(world)
    world.calendars.fail("probe", ProviderThrottled(retry_after=7200))
    await looked(world, HOUR)
    world.calendars.heal()
    asked = world.calendars.calls["probe"]
    assert await looked(world, HOUR) == 1
    assert world.calendars.calls["probe"] == asked
    await world.book("2027-03-04 10:00", employee="anna")
    assert await world.entry_states() == ["WRITTEN", "WRITTEN"]


# Changed meanwhile


async def hanging(world):
    """A look that hangs; what lets it go on, and the sweep."""
    released = world.calendars.hang("probe")
    asked = world.calendars.calls["probe"]
    sweep = asyncio.create_task(world.joined.probing.sweep())
    await world.called("probe", asked + 1)
    return released, sweep


@pytest.mark.parametrize("change", ["moved", "cancelled", "unlinked"])
async def test_what_was_changed_while_it_was_looked_for_is_left_as_it_is(world, change):
    calendar = await world.link("anna")
    booking = await booked(world)
    world.calendars.remove_entry(await reference(world))
    world.clock.advance(HOUR)
    released, sweep = await hanging(world)
    if change == "cancelled":
        await world.cancel(booking, actor=world.owner)
    elif change == "unlinked":
        await world.do.accounts.unlink(world.as_(world.owner), world.company_id, calendar.account_id)
    else:
        await moved(world, booking, "2027-03-04 15:00")
    before = await entry(world)
    released.set()
    await sweep
    assert await entry(world) == before


async def test_one_that_is_gone_is_not_concluded_once_something_else_is_wished(world):
    await world.link("anna")
    booking = await booked(world)
    await delete(world)
    world.clock.advance(10 * MINUTE)
    released, sweep = await hanging(world)
    await world.cancel(booking, actor=world.owner)
    released.set()
    await sweep
    assert await world.entry_states() == ["REMOVED"]


async def test_one_that_stands_where_it_was_before_a_reschedule_that_came_meanwhile_is_not_taken_for_moved(world):
    await world.link("anna")
    booking = await booked(world)
    world.clock.advance(HOUR)
    released, sweep = await hanging(world)
    world.calendars.answer("probe", Present(booking.span))
    released.set()
    await moved(world, booking, "2027-03-04 15:00")
    await sweep
    assert await world.entry_states() == ["WRITTEN"]


# What the company does then


async def found_elsewhere(world, outside):
    """A booking whose entry was deleted, or moved."""
    booking = await booked(world)
    if outside == "gone":
        await delete(world)
        await looked(world, 10 * MINUTE)
    else:
        world.calendars.move_entry(await reference(world), SPAN)
        await looked(world, HOUR)
    return booking


@pytest.mark.parametrize("outside", ["gone", "moved"])
async def test_a_reschedule_makes_it_stand_again(world, outside):
    await world.link("anna")
    booking = await found_elsewhere(world, outside)
    booking = await moved(world, booking, "2027-03-04 15:00")
    assert await world.entry_states() == ["WRITTEN"]
    assert [one.span for one in world.calendars.entries("annas").values()] == [booking.span]
    assert await looked(world, 2 * MINUTE) == 1
    assert await world.entry_states() == ["WRITTEN"]


@pytest.mark.parametrize("outside", ["gone", "moved"])
async def test_a_cancellation_removes_what_is_left_of_it(world, outside):
    await world.link("anna")
    booking = await found_elsewhere(world, outside)
    await world.cancel(booking, actor=world.owner)
    assert world.calendars.entries("annas") == {}
    assert await world.entry_states() == ["REMOVED"]


async def test_nothing_of_an_entry_or_its_customer_is_logged(world, caplog):
    caplog.set_level(logging.DEBUG)
    await world.link("anna")
    await booked(world)
    await delete(world)
    await looked(world, 10 * MINUTE)
    for text in ("Mia", "Cut", str(SPAN.start)):
        assert text not in caplog.text
