"""A repeated call with the same key gets the first success again, and nobody else's (rule K2)."""

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest

from slotgraph.core import tables
from slotgraph.core.booking.attempts import CalendarUnverified
from slotgraph.core.booking.making import BookingConfirmed
from slotgraph.core.candidates import EmployeeChoice
from slotgraph.core.customers import CustomerForm
from slotgraph.core.errors import (
    ProviderUnreachable,
)
from slotgraph.core.policy import Permission, Token
from slotgraph.core.problems import KeyReused, SlotTaken
from slotgraph.core.records import BookingState

DAY = timedelta(days=1)


async def test_a_repeated_call_gets_the_first_success_again(world):
    await world.link("anna")
    request = world.request(employee="anna")
    first = await world.do.bookings.book(world.as_(), request)
    calls = dict(world.calendars.calls)
    world.clock.advance(timedelta(hours=23))
    again = await world.do.bookings.book(world.as_(), replace(request, deadline_ms=500))
    assert (again.booking, again.manage_token) == (first.booking, first.manage_token)
    assert dict(world.calendars.calls) == calls
    upper = replace(request, idempotency_key=request.idempotency_key.upper())
    assert (await world.do.bookings.book(world.as_(), upper)).booking.id == first.booking.id


@pytest.mark.parametrize(
    "change",
    [
        {"note": "other"},
        {"customer": CustomerForm("Mia Muster", "mia@example.net")},
        {"employees": EmployeeChoice()},
    ],
)
async def test_the_same_key_with_other_input_is_refused(world, change):
    request = world.request(employee="anna")
    await world.do.bookings.book(world.as_(), request)
    assert await world.do.bookings.book(world.as_(), replace(request, **change)) == KeyReused()
    assert len(await world.rows(tables.booking)) == 1


async def test_keys_of_different_actors_never_meet(world):
    request = world.request("2027-03-02 09:00", employee="anna")
    await world.do.bookings.book(world.as_(), request)
    for actor in (world.owner, Token(world.company_id, "t", frozenset({Permission.BOOK}))):
        assert await world.do.bookings.book(world.as_(actor), request) == SlotTaken()


async def test_a_replay_tells_the_booking_as_it_is_now(world):
    request = world.request(employee="anna")
    first = await world.do.bookings.book(world.as_(), request)
    await world.cancel(first.booking, actor=world.owner)
    assert (await world.do.bookings.book(world.as_(), request)).booking.state is BookingState.CANCELLED


async def test_refusals_are_not_remembered(world):
    await world.link("anna")
    request = world.request(employee="anna")
    world.calendars.fail("busy", ProviderUnreachable())
    assert isinstance(await world.do.bookings.book(world.as_(), request), CalendarUnverified)
    world.calendars.heal()
    assert isinstance(await world.do.bookings.book(world.as_(), request), BookingConfirmed)


async def test_a_key_is_free_again_after_24_hours(world):
    request = world.request("2027-03-02 09:00", employee="anna")
    await world.do.bookings.book(world.as_(), request)
    world.clock.advance(DAY)
    later = replace(request, start=world.at("2027-03-03 09:00"))
    assert isinstance(await world.do.bookings.book(world.as_(), later), BookingConfirmed)


async def test_the_same_key_at_the_same_time_does_not_book_a_second_employee(world):
    for name in ("anna", "ben"):
        await world.link(name)
    results = await world.race([world.request()] * 3, accounts=2)
    assert len({result.booking.id for result in results}) == 1
    assert len(await world.rows(tables.booking)) == 1


async def test_a_key_that_lapsed_is_good_for_another_success_and_retention_forgets_the_others(world):
    key = str(uuid.uuid4())
    for day in ("02", "03"):
        await world.book(f"2027-03-{day} 09:00", employee="anna", key=key if day == "02" else None)
    world.clock.advance(DAY)
    assert isinstance(await world.book("2027-03-04 09:00", employee="anna", key=key), BookingConfirmed)
    assert len(await world.rows(tables.idempotency)) == 2
    await world.joined.retention.sweep()
    (left,) = await world.rows(tables.idempotency)
    assert left.key == key


async def test_the_same_key_at_the_same_time_makes_one_booking(world):
    await world.link("anna")
    request = world.request(employee="anna")
    results = await world.race([request] * 5)
    assert len({result.booking.id for result in results}) == 1
    assert len(await world.rows(tables.booking)) == len(world.calendars.entries("annas")) == 1


async def test_the_same_key_at_the_same_time_for_another_employee_is_told_to_be_reused(world):
    for name in ("anna", "ben"):
        await world.link(name)
    key = str(uuid.uuid4())
    results = await world.race([world.request(employee=name, key=key) for name in ("anna", "ben")])
    assert sorted(type(result).__name__ for result in results) == ["BookingConfirmed", "KeyReused"]
    assert len(await world.rows(tables.booking)) == 1
