"""`retryCalendarEntry`: what is tried again, by whom, and what is told (rules K4, K6)."""

import asyncio
from datetime import timedelta

import pytest
from slotgraph_tests_core_booking_moved import moved
from slotgraph_tests_core_calendar_entries_working import starts_outside, wishes

from slotgraph.core import tables
from slotgraph.core.errors import AccessForbidden
from slotgraph.core.policy import Role
from slotgraph.core.problems import InvalidInput, NotFound
from slotgraph.core.records import CalendarEntry, CalendarEntryState
from slotgraph.core.values import FailureCause, Reference

NINE, TEN = "2027-03-03 09:00", "2027-03-03 10:00"


async def the_entry(world):
    (row,) = await world.rows(tables.calendar_entry)
    return row


async def retry(world, *, actor=None, entry_id=None, company_id=None):
    entry_id = entry_id or (await the_entry(world)).id
    return await world.do.entry_retries.retry(world.as_(actor or world.owner), company_id or world.company_id, entry_id)


async def given_up(world, method, act):
    """Let something be tried in vain for three days."""
    world.calendars.fail(method, AccessForbidden())
    booking = await act()
    world.clock.advance(timedelta(days=3))
    await world.joined.writer.sweep()
    assert await world.entry_states() == ["FAILED"]
    world.calendars.heal()
    return booking


async def booked(world):
    await world.link("anna")
    return (await world.book("2027-03-08 09:00", employee="anna")).booking


async def test_a_write_that_was_given_up_is_written_now(world):
    await given_up(world, "write", lambda: booked(world))
    entry = await retry(world, actor=world.member("rita", Role.STAFF))
    assert isinstance(entry, CalendarEntry)
    assert (entry.state, entry.cause, entry.attempts, entry.next_attempt_at) == (
        CalendarEntryState.WRITTEN,
        None,
        1,
        None,
    )
    assert (await starts_outside(world), await wishes(world)) == (["2027-03-08 09:00"], [("WRITE", "DONE")])


async def test_a_removal_that_was_given_up_is_removed_now(world):
    booking = await booked(world)
    await given_up(world, "remove", lambda: world.cancel(booking, actor=world.owner))
    assert (await retry(world)).state is CalendarEntryState.REMOVED
    assert (await starts_outside(world), await wishes(world)) == ([], [("REMOVE", "DONE")])


async def test_a_move_that_was_given_up_is_moved_now(world):
    booking = await booked(world)
    await given_up(world, "move", lambda: moved(world, booking, "2027-03-08 10:00"))
    assert (await retry(world)).state is CalendarEntryState.WRITTEN
    assert (await starts_outside(world), await wishes(world)) == (["2027-03-08 10:00"], [("MOVE", "DONE")])


async def test_what_fails_again_is_pending_for_another_three_days(world):
    await given_up(world, "write", lambda: booked(world))
    world.calendars.fail("write", AccessForbidden())
    entry = await retry(world)
    assert (entry.state, entry.cause, entry.attempts) == (CalendarEntryState.PENDING, FailureCause.FORBIDDEN, 1)
    world.clock.advance(timedelta(days=2))
    world.calendars.heal()
    await world.joined.writer.sweep()
    assert await world.entry_states() == ["WRITTEN"]


@pytest.mark.parametrize("state", ["GONE_OUTSIDE", "MOVED_OUTSIDE"])
async def test_what_went_or_was_moved_outside_stands_again_where_the_booking_is(world, state):
    await booked(world)
    row = await the_entry(world)
    world.calendars.remove_entry(Reference(row.reference_calendar, row.reference_id))
    await world.change(tables.calendar_entry, row.id, state=state)
    assert (await retry(world)).state is CalendarEntryState.WRITTEN
    assert await starts_outside(world) == ["2027-03-08 09:00"]


async def test_what_its_holder_was_asked_about_stands_again(world):
    """Many had vanished at once: each stays WRITTEN, with a cause (decision 0010)."""
    await booked(world)
    row = await the_entry(world)
    world.calendars.remove_entry(Reference(row.reference_calendar, row.reference_id))
    async with world.database.write() as connection:
        await connection.execute(tables.outbox.update().values(cause="NOT_FOUND"))
    entry = await retry(world)
    assert (entry.state, entry.cause) == (CalendarEntryState.WRITTEN, None)
    assert await starts_outside(world) == ["2027-03-08 09:00"]


async def test_what_stands_as_it_should_is_left_alone(world):
    await booked(world)
    assert (await retry(world)).state is CalendarEntryState.WRITTEN
    assert (world.calendars.calls["write"], world.calendars.calls["move"]) == (1, 0)


async def test_what_waits_for_its_next_try_is_tried_now(world):
    world.calendars.fail("write", AccessForbidden())
    await booked(world)
    world.calendars.heal()
    entry = await retry(world)
    assert (entry.state, entry.attempts) == (CalendarEntryState.WRITTEN, 2)


async def test_what_somebody_is_at_is_left_to_them(world):
    await world.link("anna")
    released = world.calendars.hang("write")
    booking = asyncio.create_task(world.book(NINE, employee="anna"))
    await world.called("write")
    assert (await retry(world)).state is CalendarEntryState.PENDING
    assert world.calendars.calls["write"] == 1
    released.set()
    await booking
    assert await wishes(world) == [("WRITE", "DONE")]


async def test_what_was_removed_is_not_tried_again(world):
    await world.cancel(await booked(world), actor=world.owner)
    outcome = await retry(world)
    assert isinstance(outcome, InvalidInput)
    assert [(one.path, one.message) for one in outcome.fields] == [
        (("input", "entry"), "it was removed, and its time is not booked any more.")
    ]


async def test_what_is_unlinked_cannot_be_tried(world):
    await given_up(world, "write", lambda: booked(world))
    (account,) = await world.rows(tables.account)
    await world.do.accounts.unlink(world.as_(world.owner), world.company_id, account.id)
    outcome = await retry(world)
    assert isinstance(outcome, InvalidInput)
    assert "its calendar is unlinked" in outcome.fields[0].message
    assert await world.entry_states() == ["FAILED"]


async def test_nobody_else_learns_that_it_is_there(world):
    await given_up(world, "write", lambda: booked(world))
    other = await world.add_company("other")
    entry_id = (await the_entry(world)).id
    outcomes = [
        await world.do.entry_retries.retry(world.as_(), world.company_id, entry_id),
        await retry(world, entry_id=world.id_of("no entry")),
        await retry(world, company_id=other),
        await retry(world, actor=world.agent),
    ]
    assert outcomes == [NotFound(("input", "entry"))] * 4
    assert await world.entry_states() == ["FAILED"]
