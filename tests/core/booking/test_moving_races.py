"""Moves that race each other, bookings and cancellations: one of the orders, never a crash, nothing half done (rules B6, K1, K2)."""

import asyncio
import random
from datetime import timedelta

import pytest
from slotgraph_tests_core_booking_held import together
from slotgraph_tests_core_booking_moved import START, ask, attending, blocked, entries_of, move, move_request, outside

from slotgraph.core import tables
from slotgraph.core.booking.attempts import CalendarUnverified
from slotgraph.core.booking.finding import SeenBooking
from slotgraph.core.booking.making import BookingConfirmed
from slotgraph.core.errors import ProviderUnreachable
from slotgraph.core.problems import BookingIsCancelled, KeyReused, SlotNotOffered, SlotTaken
from slotgraph.core.records import BookingState

LATER = "2027-03-03 11:00"


@pytest.fixture
async def team(world):
    """Anna and Ben with a calendar each."""
    for name in ("anna", "ben"):
        await world.link(name)
    return world


async def race(world, *requests, asked=None):
    """Move all at once: each has passed the check of our own tables and asks its calendar before one goes on."""
    before = world.calendars.calls["busy"]
    released = world.calendars.hang("busy")
    running = [asyncio.create_task(ask(world, request)) for request in requests]
    await world.called("busy", before + (asked or len(requests)))
    world.calendars.heal()
    released.set()
    return await asyncio.gather(*running)


async def overtaken(world, late, *early):
    """What a late call answers that has asked its calendars before the early ones happened, and is answered after."""
    before = world.calendars.calls["busy"]
    released = world.calendars.hang("busy")
    running = asyncio.create_task(late)
    await world.called("busy", before + 1)
    world.calendars.heal()
    for one in early:
        await one
    released.set()
    return await running


def kinds(results):
    return sorted(type(result).__name__ for result in results)


async def settle(world):
    """Fair weather until every wish is carried out."""
    world.calendars.heal()
    for _ in range(4):
        world.clock.advance(timedelta(minutes=20))
        await world.joined.writer.sweep()


async def everything_agrees(world):
    """What is blocked and what stands outside is what is booked, once for each who attends."""
    await settle(world)
    booked = [row for row in await world.rows(tables.booking) if row.state == "CONFIRMED"]
    attends = {
        (row.employee_id, one.start_minute, one.end_minute)
        for one in booked
        for row in await world.rows(tables.attendance)
        if row.booking_id == one.id
    }
    found = [(row.employee_id, row.start_minute, row.end_minute) for row in await world.rows(tables.block)]
    assert sorted(found) == sorted(attends)
    for name in ("anna", "ben"):
        mine = sorted(start for employee_id, start, _ in attends if employee_id == world.id_of(name))
        assert outside(world, name) == [world.moment(start) for start in mine]


async def test_of_two_that_move_to_one_place_one_comes_too_late_and_stays(team):
    first = (await team.book(START, employee="anna")).booking
    second = (await team.book("2027-03-03 10:00", employee="anna")).booking
    results = await race(team, *(move_request(team, one, LATER) for one in (first, second)))
    assert kinds(results) == ["SeenBooking", "SlotTaken"]
    await everything_agrees(team)


async def test_a_move_and_a_booking_of_one_place_one_has_it(team):
    booking = (await team.book(START, employee="anna")).booking
    late = move(team, booking, LATER)
    assert await overtaken(team, late, team.book("2027-03-03 11:15", employee="anna")) == SlotTaken()
    late = team.book("2027-03-03 12:00", employee="anna")
    assert await overtaken(team, late, move(team, booking, "2027-03-03 12:15")) == SlotTaken()
    await everything_agrees(team)


async def test_whoever_would_swap_places_is_refused_and_nobody_waits_in_a_circle(team):
    """Each place is taken until the other one has gone."""
    first = (await team.book(START, employee="anna")).booking
    second = (await team.book(START, employee="ben")).booking
    results = await asyncio.gather(
        *(move(team, one, START, employee=name) for one, name in ((first, "ben"), (second, "anna")) * 3)
    )
    assert set(kinds(results)) == {"SlotTaken"}
    # To a time at which both are free they do cross, at once.
    results = await race(
        team,
        move_request(team, first, LATER, employee="ben"),
        move_request(team, second, LATER, employee="anna"),
    )
    assert kinds(results) == ["SeenBooking", "SeenBooking"]
    assert (await attending(team, first), await attending(team, second)) == (
        {team.id_of("ben")},
        {team.id_of("anna")},
    )
    await everything_agrees(team)


async def test_several_together_that_move_to_one_place_are_all_moved_or_none(team):
    both = together(team, "anna", "ben")
    first = (await team.book(START, choice=both)).booking
    second = (await team.book("2027-03-03 10:00", choice=both)).booking
    requests = [move_request(team, one, LATER, choice=choice) for one in (first, second) for choice in (None, both)]
    results = await race(team, *requests, asked=8)
    assert kinds(results) == ["SeenBooking"] * 2 + ["SlotTaken"] * 2
    await everything_agrees(team)


# One booking


async def test_moved_by_two_at_once_it_is_where_the_last_one_put_it(team):
    booking = (await team.book(START, employee="anna")).booking
    results = await race(team, *(move_request(team, booking, f"2027-03-03 {hour}:00") for hour in (10, 11, 12)))
    assert kinds(results) == ["SeenBooking"] * 3
    await everything_agrees(team)
    assert team.calendars.calls["write"] == 1


async def test_moved_to_somebody_else_meanwhile_it_is_judged_anew(team):
    """The late one keeps whoever attends by then: their calendar is asked before."""
    booking = (await team.book(START, employee="anna")).booking
    outcome = await overtaken(team, move(team, booking, LATER), move(team, booking, START, employee="ben"))
    assert outcome.booking.employee_ids == (team.id_of("ben"),)
    await everything_agrees(team)
    team.calendars.put("annas", team.event("2027-03-03T14:00", "2027-03-03T15:00"))
    late = move(team, booking, "2027-03-03 14:00")
    assert await overtaken(team, late, move(team, booking, LATER, employee="anna")) == SlotTaken()
    await everything_agrees(team)


async def test_two_who_give_it_to_different_people_leave_it_with_one(team):
    booking = (await team.book(START, employee="anna")).booking
    requests = [move_request(team, booking, LATER, employee="ben"), move_request(team, booking, LATER, employee="anna")]
    results = await race(team, *requests)
    assert kinds(results) == ["SeenBooking", "SeenBooking"]
    assert len(await attending(team, booking)) == 1
    await everything_agrees(team)


@pytest.mark.parametrize("by", ["owner", "customer"])
async def test_cancelled_meanwhile_it_is_not_moved(team, by):
    confirmed = await team.book(START, employee="anna")
    booking = confirmed.booking if by == "owner" else confirmed.manage_token
    cancelling = team.cancel(booking, actor=team.owner if by == "owner" else None)
    assert await overtaken(team, move(team, booking, LATER), cancelling) == BookingIsCancelled()
    await everything_agrees(team)
    assert await blocked(team) == {}
    assert await entries_of(team, confirmed.booking) == [(team.id_of("anna"), "REMOVED")]


async def test_a_cancellation_and_moves_at_once_leave_nothing(team):
    for _ in range(3):
        booking = (await team.book(START, employee="anna")).booking
        results = await asyncio.gather(
            move(team, booking, LATER, employee="ben"),
            team.cancel(booking, actor=team.owner),
            move(team, booking, "2027-03-03 12:00"),
        )
        assert isinstance(results[1], SeenBooking)
        assert all(isinstance(one, SeenBooking | BookingIsCancelled) for one in results)
        (state,) = [row.state for row in await team.rows(tables.booking) if row.id == booking.id]
        assert state == BookingState.CANCELLED.value
        assert await blocked(team) == {}
        await everything_agrees(team)


async def test_the_limit_that_counts_is_that_of_where_it_stands_by_then(team):
    """Put within its limit by the company meanwhile, it is too late for the customer."""
    confirmed = await team.book(START, employee="anna")
    late = move(team, confirmed.manage_token, "2027-03-05 09:00")
    outcome = await overtaken(team, late, move(team, confirmed.booking, "2027-03-01 12:00"))
    assert type(outcome).__name__ == "TooLate"
    assert outside(team, "anna") == ["2027-03-01 12:00"]


# The same call again


async def test_the_same_call_at_the_same_time_moves_once(team):
    booking = (await team.book(START, employee="anna")).booking
    results = await race(team, *[move_request(team, booking, LATER)] * 4)
    assert kinds(results) == ["SeenBooking"] * 4
    assert team.calendars.calls["move"] == 1


async def test_a_retry_that_finds_its_own_new_entry_in_its_way_is_the_first_success(team):
    booking = (await team.book(START, employee="anna")).booking
    request = move_request(team, booking, LATER, employee="ben")
    outcome = await overtaken(team, ask(team, request), ask(team, request))
    assert isinstance(outcome, SeenBooking)
    assert team.calendars.calls["write"] == 2


async def test_a_retry_whose_calendars_are_silent_is_the_first_success(team):
    booking = (await team.book(START, employee="anna")).booking
    request = move_request(team, booking, LATER)

    async def calendar_gone():
        team.calendars.remove_calendar("annas")

    assert isinstance(await overtaken(team, ask(team, request), ask(team, request), calendar_gone()), SeenBooking)
    assert isinstance(await move(team, booking, LATER), CalendarUnverified)


async def test_other_input_under_the_key_of_a_call_in_flight_is_refused(team):
    booking = (await team.book(START, employee="anna")).booking
    first = move_request(team, booking, LATER)
    other = move_request(team, booking, "2027-03-03 12:00", key=first.idempotency_key)
    assert await overtaken(team, ask(team, other), ask(team, first)) == KeyReused()
    assert outside(team, "anna") == [LATER]


# Many of everything


async def act(world, chance, known):
    """Somebody books, moves or cancels, or the worker comes along."""
    start = f"2027-03-03 {chance.randrange(9, 12):02}:{chance.choice((0, 15, 30, 45)):02}"
    choice = chance.random()
    name = chance.choice(("anna", "ben"))
    if choice < 0.3 or not known:
        who = together(world, "anna", "ben") if chance.random() < 0.3 else world.choice(name)
        outcome = await world.book(start, choice=who)
        if isinstance(outcome, BookingConfirmed):
            known.append(outcome.booking)
        return outcome
    booking = chance.choice(known)
    if choice < 0.75:
        others = chance.choice((None, world.choice(name), world.choice(), together(world, "anna", "ben")))
        return await move(world, booking, start, choice=others)
    if choice < 0.9:
        return await world.cancel(booking, actor=world.owner)
    await world.joined.writer.sweep()
    return None


async def test_whatever_races_in_the_end_outside_stands_what_is_booked(team):
    chance, known = random.Random(1), []
    lawful = SeenBooking | BookingConfirmed | SlotTaken | SlotNotOffered | CalendarUnverified | BookingIsCancelled
    for _ in range(6):
        team.calendars.heal()
        method = chance.choice(("write", "move", "remove"))
        if chance.random() < 0.4:
            team.calendars.fail(method, ProviderUnreachable())
        elif chance.random() < 0.5:
            team.calendars.lose_answer(method)
        outcomes = await asyncio.gather(*(act(team, chance, known) for _ in range(5)))
        assert all(outcome is None or isinstance(outcome, lawful) for outcome in outcomes), outcomes
    await everything_agrees(team)
