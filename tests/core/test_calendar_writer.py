"""Our entries outside: written once, removed for good, whatever fails in between (rules K3, K4, B6)."""

import asyncio
import logging
from datetime import timedelta

import pytest

from slotgraph.core import tables
from slotgraph.core.booking.making import BookingConfirmed
from slotgraph.core.candidates import EmployeeChoice
from slotgraph.core.errors import (
    AccessForbidden,
    CalendarMissing,
    ProviderThrottled,
    ProviderUnreachable,
)

DAY = timedelta(days=1)


async def test_a_failed_write_stays_pending_and_is_swept_to_written(world):
    await world.link("anna")
    world.calendars.fail("write", ProviderUnreachable())
    assert isinstance(await world.book(employee="anna"), BookingConfirmed)
    (row,) = await world.rows(tables.outbox)
    assert (row.state, row.cause, row.attempts) == ("PENDING", "UNREACHABLE", 1)
    assert await world.joined.writer.sweep() == 0  # not due yet
    world.clock.advance(timedelta(minutes=1))
    assert await world.joined.writer.sweep() == 1
    assert await world.entry_states() == ["PENDING"]
    world.calendars.heal()
    world.clock.advance(timedelta(minutes=1))
    await world.joined.writer.sweep()
    (row,) = await world.rows(tables.outbox)
    assert (row.state, row.cause, row.attempts, row.next_attempt_at) == ("DONE", None, 3, None)
    assert await world.entry_states() == ["WRITTEN"]
    assert len(world.calendars.entries("annas")) == 1
    assert await world.joined.writer.sweep() == 0


async def test_retry_after_is_honoured(world):
    await world.link("anna")
    world.calendars.fail("write", ProviderThrottled(retry_after=600))
    await world.book(employee="anna")
    (row,) = await world.rows(tables.outbox)
    assert row.next_attempt_at == world.clock.now() + timedelta(minutes=10)


async def test_a_write_is_given_up_after_three_days_and_says_so(world):
    await world.link("anna")
    world.calendars.fail("write", AccessForbidden())
    await world.book(employee="anna")
    world.clock.advance(3 * DAY - timedelta(seconds=1))
    await world.joined.writer.sweep()
    assert await world.entry_states() == ["PENDING"]
    world.clock.advance(timedelta(minutes=1))
    await world.joined.writer.sweep()
    (row,) = await world.rows(tables.outbox)
    assert (row.state, row.cause) == ("DEAD", "FORBIDDEN")
    assert await world.entry_states() == ["FAILED"]
    world.calendars.heal()
    world.clock.advance(DAY)
    assert await world.joined.writer.sweep() == 0


async def test_a_lost_answer_makes_no_second_entry(world):
    await world.link("anna")
    world.calendars.lose_answer("write")
    await world.book(employee="anna")
    assert await world.entry_states() == ["PENDING"]
    world.clock.advance(timedelta(minutes=1))
    await world.joined.writer.sweep()
    assert await world.entry_states() == ["WRITTEN"]
    assert len(world.calendars.entries("annas")) == 1


async def test_a_write_that_hangs_costs_no_more_than_the_callers_deadline(world):
    await world.link("anna")
    world.calendars.hang("write")
    assert isinstance(await world.book(employee="anna", deadline_ms=60), BookingConfirmed)
    (row,) = await world.rows(tables.outbox)
    assert (row.state, row.cause) == ("PENDING", "TIMEOUT")


async def test_a_caller_who_hangs_up_while_it_is_written_has_booked(world):
    await world.link("anna")
    world.calendars.hang("write")
    booking = asyncio.create_task(world.book(employee="anna"))
    await world.called("write")
    booking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await booking
    world.calendars.heal()
    assert await world.joined.writer.sweep() == 1
    assert await world.entry_states() == ["WRITTEN"]


async def test_sweeps_and_callers_write_one_entry_once(world):
    await world.link("anna")
    released = world.calendars.hang("write")
    booking = asyncio.create_task(world.book(employee="anna"))
    await world.called("write")
    sweeps = [asyncio.create_task(world.joined.writer.sweep()) for _ in range(3)]
    await asyncio.sleep(0)
    released.set()
    await asyncio.gather(booking, *sweeps)
    assert world.calendars.calls["write"] == 1


# K5: cancelling, whatever state the writing is in


async def test_cancelling_removes_the_entry_and_frees_the_time(world):
    await world.link("anna")
    booking = (await world.book(employee="anna")).booking
    await world.cancel(booking, actor=world.owner)
    assert world.calendars.entries("annas") == {}
    assert await world.entry_states() == ["REMOVED"]
    assert await world.rows(tables.block) == []
    assert isinstance(await world.book(employee="anna"), BookingConfirmed)


async def test_cancelling_while_the_write_is_in_flight_leaves_nothing_outside(world):
    await world.link("anna")
    released = world.calendars.hang("write")
    booking = asyncio.create_task(world.book(employee="anna"))
    await world.called("write")
    (row,) = await world.rows(tables.booking)
    cancelling = asyncio.create_task(world.cancel(row, actor=world.owner))
    while (await world.rows(tables.outbox))[0].action != "REMOVE":
        await asyncio.sleep(0)
    released.set()
    await asyncio.gather(booking, cancelling)
    assert world.calendars.calls["write"] == 1
    assert world.calendars.entries("annas") == {}
    assert await world.entry_states() == ["REMOVED"]


async def test_cancelling_what_was_never_written_leaves_nothing_outside(world):
    await world.link("anna")
    world.calendars.fail("write", ProviderUnreachable())
    booking = (await world.book(employee="anna")).booking
    world.calendars.heal()
    await world.cancel(booking, actor=world.owner)
    assert world.calendars.entries("annas") == {}
    assert await world.entry_states() == ["REMOVED"]


async def test_cancelling_what_was_written_unheard_leaves_nothing_outside(world):
    await world.link("anna", world.event("2027-03-02T12:00", "2027-03-02T13:00"))
    world.calendars.lose_answer("write")
    booking = (await world.book("2027-03-02 09:00", employee="anna")).booking
    assert len(world.calendars.entries("annas")) == 1
    await world.cancel(booking, actor=world.owner)
    assert world.calendars.entries("annas") == {}
    assert await world.entry_states() == ["REMOVED"]


async def test_no_provider_is_ever_asked_to_remove_nothing_in_particular(world):
    """A reference without an id could name the whole calendar."""
    await world.link("anna")
    world.calendars.lose_answer("write")
    await world.cancel((await world.book(employee="anna")).booking, actor=world.owner)
    assert [bool(reference.id) for reference in world.calendars.removed] == [True]


async def test_a_failed_removal_stays_pending_and_the_time_stays_closed_until_it_is_gone(world):
    await world.link("anna")
    booking = (await world.book("2027-03-02 09:00", employee="anna")).booking
    world.calendars.fail("remove", ProviderUnreachable())
    await world.cancel(booking, actor=world.owner)
    assert await world.entry_states() == ["PENDING"]
    anna = EmployeeChoice(employee=world.id_of("anna"))
    assert (await world.starts(choice=anna))[0] == "09:30"  # B6
    world.calendars.heal()
    world.clock.advance(timedelta(minutes=1))
    await world.joined.writer.sweep()
    assert await world.entry_states() == ["REMOVED"]
    assert (await world.starts(choice=anna))[0] == "09:00"


async def test_a_calendar_that_is_gone_took_the_entry_along(world):
    await world.link("anna")
    booking = (await world.book(employee="anna")).booking
    world.calendars.fail("remove", CalendarMissing())
    await world.cancel(booking, actor=world.owner)
    # Once is not enough: a proxy in front of the server may say 404 to everything for a while.
    assert await world.entry_states() == ["PENDING"]
    world.clock.advance(timedelta(minutes=9))
    await world.joined.writer.sweep()
    assert await world.entry_states() == ["PENDING"]
    world.clock.advance(timedelta(minutes=16))
    await world.joined.writer.sweep()
    assert await world.entry_states() == ["REMOVED"]


async def test_nothing_of_a_customer_is_logged(world, caplog):
    caplog.set_level(logging.DEBUG)
    await world.link("anna")
    world.calendars.fail("write", ProviderUnreachable("for mia@example.org"))
    booking = (await world.book(employee="anna", note="secret wish")).booking
    await world.cancel(booking, actor=world.owner)
    for text in ("Mia", "mia@", "secret wish"):
        assert text not in caplog.text
