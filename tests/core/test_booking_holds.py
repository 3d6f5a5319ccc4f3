"""Booking beside holds: a live one stands in the way, a lapsed one is taken away by who books its time (rule K1)."""

import asyncio
from datetime import timedelta

import pytest

from slotgraph.core import tables
from slotgraph.core.booking.making import BookingConfirmed
from slotgraph.core.candidates import EmployeeChoice
from slotgraph.core.problems import SlotTaken

MINUTE = timedelta(minutes=1)


async def blocks(world):
    """What every block stands for: the employee, its first minute, and whether it is a hold."""
    rows = await world.rows(tables.block)
    return {(row.employee_id, row.start_minute, row.expires_at is not None) for row in rows}


async def held(world, *, name="anna", start="2027-03-02 09:00", end="2027-03-02 09:30", lapses=MINUTE):
    await world.hold(name, start, end, expires_at=world.clock.now() + lapses)


async def test_a_live_hold_is_taken_for_everybody(world):
    await held(world)
    for actor in (None, world.owner):
        assert await world.book("2027-03-02 09:15", employee="anna", actor=actor) == SlotTaken()
    assert await world.rows(tables.booking) == []


async def test_a_lapsed_hold_does_not_stand_in_the_way(world):
    await held(world)
    world.clock.advance(MINUTE)
    assert isinstance(await world.book("2027-03-02 09:15", employee="anna"), BookingConfirmed)
    assert await blocks(world) == {(world.id_of("anna"), world.minute("2027-03-02 09:15"), False)}


async def test_only_lapsed_holds_in_the_way_of_the_blocked_span_go(world):
    await world.add_service("long", employees=("anna",), buffer_before_minutes=15)
    for start, end in (("08:30", "08:45"), ("08:45", "09:00"), ("09:30", "09:45")):
        await held(world, start=f"2027-03-02 {start}", end=f"2027-03-02 {end}")
    await held(world, name="ben")
    world.clock.advance(MINUTE)
    assert isinstance(await world.book("2027-03-02 09:00", service="long"), BookingConfirmed)
    anna, ben = world.id_of("anna"), world.id_of("ben")
    assert await blocks(world) == {
        (anna, world.minute("2027-03-02 08:30"), True),
        (anna, world.minute("2027-03-02 08:45"), False),
        (anna, world.minute("2027-03-02 09:30"), True),
        (ben, world.minute("2027-03-02 09:00"), True),
    }


async def test_any_employee_is_one_whose_time_is_not_held(world):
    for name, other in (("anna", "ben"), ("ben", "anna")):
        day = "2027-03-02" if name == "anna" else "2027-03-03"
        await held(world, name=name, start=f"{day} 09:00", end=f"{day} 09:30")
        confirmed = await world.book(f"{day} 09:00")
        assert confirmed.booking.employee_ids == (world.id_of(other),)


@pytest.mark.parametrize(("passed", "first"), [(MINUTE - timedelta(seconds=1), "09:30"), (MINUTE, "09:00")])
async def test_what_is_held_is_not_offered_until_it_lapses(world, passed, first):
    await held(world)
    world.clock.advance(passed)
    starts = await world.starts(choice=EmployeeChoice(employee=world.id_of("anna")))
    assert starts[0] == first


async def test_a_hold_placed_while_calendars_were_asked_wins(world):
    """The transaction judges once more."""
    await world.link("anna")
    released = world.calendars.hang("busy")
    booking = asyncio.create_task(world.book("2027-03-02 09:00", employee="anna"))
    await world.called("busy")
    await held(world)
    released.set()
    assert await booking == SlotTaken()
    assert await world.rows(tables.booking) == []
