"""Holds and those who race for them: one takes a slot, whatever comes at the same moment (rule K1)."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from slotgraph_tests_core_booking_held import (
    KEPT_FOR,
    START,
    ask,
    blocked,
    held,
    hold,
    hold_request,
    release,
    together,
)

from slotgraph.core import tables
from slotgraph.core.booking.holding import HoldReleased, SlotHeld
from slotgraph.core.booking.making import BookingConfirmed
from slotgraph.core.operation import Operation
from slotgraph.core.policy import Anonymous
from slotgraph.core.problems import SlotTaken
from slotgraph.core.store import locks

SECOND = timedelta(seconds=1)
CROWD = 12


def kinds(outcomes):
    return sorted(type(one).__name__ for one in outcomes)


def ones(outcomes, kind):
    return [one for one in outcomes if isinstance(one, kind)]


async def begun(world, *requests):
    """Bookings under way: each has passed the check of our own tables, and asks its calendar until it is let go on."""
    before, released = world.calendars.calls["busy"], world.calendars.hang("busy")
    running = [asyncio.create_task(world.do.bookings.book(world.as_(), request)) for request in requests]
    await world.called("busy", before + len(requests))
    return released, running


def with_token(world, kept, **more):
    return world.request(START, hold_token=kept.hold_token, **({"employee": "anna"} | more))


async def test_of_many_who_hold_a_slot_one_keeps_it(world):
    outcomes = await asyncio.gather(*(hold(world, employee="anna") for _ in range(CROWD)))
    assert kinds(outcomes) == ["SlotHeld"] + ["SlotTaken"] * (CROWD - 1)
    assert await blocked(world) == {("hold", "09:00", "09:30")}


async def test_of_many_who_hold_anybody_as_many_keep_a_slot_as_there_are(world):
    outcomes = await asyncio.gather(*(hold(world) for _ in range(CROWD)))
    assert {one.hold.employee_ids[0] for one in ones(outcomes, SlotHeld)} == {world.id_of("anna"), world.id_of("ben")}
    assert kinds(outcomes) == ["SlotHeld"] * 2 + ["SlotTaken"] * (CROWD - 2)


async def test_together_and_alone_at_once_leave_no_halves(world):
    choices = [{"choice": together(world, "anna", "ben")}, {"employee": "ben"}, {"employee": "anna"}]
    outcomes = await asyncio.gather(*(hold(world, **choices[number % 3]) for number in range(CROWD)))
    kept = {(row.hold_id, row.employee_id) for row in await world.rows(tables.block)}
    assert kept == {(one.hold.id, employee) for one in ones(outcomes, SlotHeld) for employee in one.hold.employee_ids}
    assert len(kept) == 2


async def test_of_those_who_hold_and_book_one_takes_it(world):
    released, running = await _linked_and_begun(world, [world.request(START, employee="anna") for _ in range(4)])
    released.set()
    outcomes = await asyncio.gather(*running, *(hold(world, employee="anna") for _ in range(4)))
    assert kinds(outcomes) in (["BookingConfirmed"] + ["SlotTaken"] * 7, ["SlotHeld"] + ["SlotTaken"] * 7)
    assert len(await world.rows(tables.block)) == 1


async def _linked_and_begun(world, requests):
    await world.link("anna")
    return await begun(world, *requests)


async def test_two_who_book_with_one_token_make_one_booking(world):
    kept = await held(world, employee="anna")
    released, running = await _linked_and_begun(world, [with_token(world, kept), with_token(world, kept)])
    released.set()
    outcomes = await asyncio.gather(*running)
    assert kinds(outcomes) == ["BookingConfirmed", "SlotTaken"]
    assert await blocked(world) == {("booking", "09:00", "09:30")}
    assert len(await world.rows(tables.booking)) == 1


async def test_a_booking_sent_again_while_it_is_on_its_way_is_one_booking(world):
    kept = await held(world, employee="anna")
    request = with_token(world, kept)
    released, running = await _linked_and_begun(world, [request, replace(request)])
    released.set()
    first, again = await asyncio.gather(*running)
    assert (first.booking.id, first.manage_token) == (again.booking.id, again.manage_token)
    assert len(await world.rows(tables.booking)) == 1


async def test_a_hold_asked_for_again_while_it_is_on_its_way_is_one_hold(world):
    request = hold_request(world, employee="anna")
    outcomes = await asyncio.gather(*(ask(world, request) for _ in range(CROWD)))
    assert {(one.hold.id, one.hold_token) for one in outcomes} == {(outcomes[0].hold.id, outcomes[0].hold_token)}
    assert len(await world.rows(tables.hold)) == len(await world.rows(tables.block)) == 1


class Paused(Operation):
    """An operation that waits where it first asks what is permitted."""

    reached: asyncio.Event
    go: asyncio.Event

    async def permits(self, *args, **facts):
        self.reached.set()
        await self.go.wait()
        return await super().permits(*args, **facts)


async def test_a_hold_asked_for_again_that_finds_itself_in_its_way_is_one_hold(world):
    request, late = hold_request(world, employee="anna"), Paused(Anonymous(), world.database, world.clock)
    late.reached, late.go = asyncio.Event(), asyncio.Event()
    running = asyncio.create_task(world.do.holds.hold(late, request))
    await late.reached.wait()
    first = await ask(world, request)
    late.go.set()
    assert await running == first


@pytest.mark.postgresql
async def test_without_locks_the_constraint_alone_lets_one_take_it_and_the_next_be_tried(world, monkeypatch):
    async def nothing(*_arguments):
        return None

    monkeypatch.setattr(locks, "lock_employees", nothing)
    outcomes = await asyncio.gather(*(hold(world, actor=world.owner) for _ in range(CROWD)))
    assert kinds(outcomes) == ["SlotHeld"] * 2 + ["SlotTaken"] * (CROWD - 2)
    assert len(await world.rows(tables.hold)) == len(await world.rows(tables.block)) == 2


# The moment at which a hold lapses


async def test_what_lapses_while_it_is_booked_is_booked_if_nobody_has_taken_it(world):
    """The customer came in time: notice and grid were judged when it was held."""
    await world.add_service("color", employees=("anna",), minimum_notice_minutes=26 * 60)
    kept = await held(world, employee="anna", service="color")
    request = with_token(world, kept, service="color")
    released, running = await _linked_and_begun(world, [request])
    world.clock.advance(KEPT_FOR + SECOND)
    released.set()
    assert kinds(await asyncio.gather(*running)) == ["BookingConfirmed"]
    assert await blocked(world) == {("booking", "09:00", "09:30")}


@pytest.mark.parametrize("taker", ["hold", "book"])
async def test_what_lapses_while_it_is_booked_is_lost_if_somebody_has_taken_it(world, taker):
    kept = await held(world, employee="anna")
    released, running = await _linked_and_begun(world, [with_token(world, kept)])
    world.clock.advance(KEPT_FOR)
    world.calendars.heal()
    slot = {"start": "2027-03-02 09:15", "employee": "anna"}
    taken = await (hold(world, **slot) if taker == "hold" else world.book(**slot))
    assert isinstance(taken, SlotHeld | BookingConfirmed)
    released.set()
    assert await asyncio.gather(*running) == [SlotTaken()]
    assert await blocked(world) == {("hold" if taker == "hold" else "booking", "09:15", "09:45")}


async def test_what_lapses_while_it_is_booked_and_was_taken_and_left_again_is_free(world):
    kept = await held(world, employee="anna")
    released, running = await _linked_and_begun(world, [with_token(world, kept)])
    world.clock.advance(KEPT_FOR)
    other = await held(world, employee="anna")
    await release(world, other.hold_token)
    released.set()
    assert kinds(await asyncio.gather(*running)) == ["BookingConfirmed"]
    assert await blocked(world) == {("booking", "09:00", "09:30")}


@pytest.mark.parametrize("round_", range(2))
async def test_promotion_and_takers_at_the_moment_a_hold_lapses_leave_one_block(world, round_):
    kept = await held(world, employee="anna")
    await world.link("anna")
    released, promoting = await begun(world, with_token(world, kept))
    world.clock.advance(KEPT_FOR)
    released_too, taking = await begun(world, *(world.request(START, employee="anna") for _ in range(4)))
    requests = [hold_request(world, "2027-03-02 09:15", employee="anna") for _ in range(4)]
    released.set()
    released_too.set()
    outcomes = await asyncio.gather(*promoting, *taking, *(ask(world, request) for request in requests))
    assert kinds(outcomes) in (["BookingConfirmed"] + ["SlotTaken"] * 8, ["SlotHeld"] + ["SlotTaken"] * 8)
    assert len(await world.rows(tables.block)) == 1


@pytest.mark.parametrize("round_", range(2))
async def test_who_books_and_gives_back_at_once_has_one_of_both(world, round_):
    kept = await held(world, choice=together(world, "anna", "ben"))
    request = with_token(world, kept, employee=None, choice=together(world, "anna", "ben"))
    booking, *released = await asyncio.gather(
        world.do.bookings.book(world.as_(), request), *(release(world, kept.hold_token) for _ in range(4))
    )
    assert released.count(HoldReleased(True)) <= 1
    assert isinstance(booking, BookingConfirmed)  # either its own, or free again
    assert {(row.booking_id, row.hold_id) for row in await world.rows(tables.block)} == {(booking.booking.id, None)}
    assert len(await world.rows(tables.block)) == 2
