"""A booking sent again while the first is still on its way is the first one's booking, not a lost race (rule K2)."""

import asyncio
import uuid

from slotgraph.core.booking.making import BookingConfirmed
from slotgraph.core.problems import KeyReused, SlotTaken

START = "2027-03-02 09:00"


async def overtaken(world, late, early):
    """What the late call answers: it has looked for an earlier success, then the early one was booked and written outside."""
    released = world.calendars.hang("busy")
    running = asyncio.create_task(world.do.bookings.book(world.as_(), late))
    await world.called("busy", 1)
    world.calendars.heal()
    confirmed = await world.do.bookings.book(world.as_(), early)
    released.set()
    return confirmed, await running


async def test_a_retry_that_finds_its_own_event_in_its_way_gets_its_booking(world):
    await world.link("anna")
    request = world.request(START, employee="anna", key=str(uuid.uuid4()))
    first, again = await overtaken(world, request, request)
    assert isinstance(again, BookingConfirmed)
    assert (again.booking.id, again.manage_token) == (first.booking.id, first.manage_token)


async def test_other_input_under_the_key_of_a_call_in_flight_is_refused(world):
    await world.link("anna")
    key = str(uuid.uuid4())
    late, early = (world.request(START, employee="anna", key=key, note=note) for note in ("late", "early"))
    _, refused = await overtaken(world, late, early)
    assert isinstance(refused, KeyReused)


async def test_another_key_has_lost_the_race(world):
    await world.link("anna")
    _, refused = await overtaken(world, world.request(START, employee="anna"), world.request(START, employee="anna"))
    assert isinstance(refused, SlotTaken)
