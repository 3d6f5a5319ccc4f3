"""ANY and TOGETHER at booking, many at once: fair, the same each time, nobody twice, all or none (rules K1, S5)."""

import asyncio
from datetime import timedelta

import pytest
from slotgraph_tests_core_booking_held import any_of, together
from slotgraph_tests_core_booking_moved import blocked, entries_of

from slotgraph.core import tables
from slotgraph.core.booking.making import BookingConfirmed
from slotgraph.core.errors import ProviderUnreachable
from slotgraph.core.problems import SlotTaken

TEAM = ("anna", "ben", "carla", "dora")
START = "2027-03-02 09:00"


@pytest.fixture
async def team(world):
    """Four who do `care`, with a calendar each."""
    for name in ("carla", "dora"):
        await world.add_employee(name)
    await world.add_service("care", employees=TEAM)
    for name in TEAM:
        await world.link(name)
    return world


def by_id(world, *names):
    return sorted(names or TEAM, key=world.id_of)


def requests(world, count, start=START, **more):
    return [world.request(start, service="care", **more) for _ in range(count)]


def kinds(results):
    return sorted(type(result).__name__ for result in results)


def taken(results):
    """Who was booked, by id."""
    return sorted(one.booking.employee_ids for one in results if isinstance(one, BookingConfirmed))


# Any


async def test_as_many_at_once_as_there_are_employees_take_each_once(team):
    """Nobody hears SlotTaken before all are taken."""
    results = await team.race(requests(team, 9), accounts=4)
    assert taken(results) == [(team.id_of(name),) for name in by_id(team)]
    assert kinds(results) == ["BookingConfirmed"] * 4 + ["SlotTaken"] * 5
    assert await team.entry_states() == ["WRITTEN"] * 4
    assert all(len(team.calendars.entries(f"{name}s")) == 1 for name in TEAM)


async def test_starts_that_overlap_share_the_employees_out(team):
    """Half of them begin in the middle of the others: of each employee only one of the two can be had."""
    both = [*requests(team, 4), *requests(team, 4, "2027-03-02 09:15")]
    results = await team.race(both, accounts=4)
    assert kinds(results) == ["BookingConfirmed"] * 4 + ["SlotTaken"] * 4
    assert len(set(taken(results))) == 4


async def test_however_they_race_the_week_is_shared_out_evenly(team):
    """Sixteen at once, four at each of four starts: four each."""
    every = [one for hour in (9, 10, 11, 12) for one in requests(team, 4, f"2027-03-02 {hour:02}:00")]
    results = await team.race(every, accounts=4)
    shares = [one for (one,) in taken(results)]
    assert {employee_id: shares.count(employee_id) for employee_id in shares} == {team.id_of(name): 4 for name in TEAM}


async def test_one_after_the_other_the_order_is_always_the_same(team):
    """The least booked of the week, ties by id: round and round."""
    order = [team.id_of(name) for name in by_id(team)]
    got = [(await team.book(f"2027-03-0{day} 09:00", service="care")).booking.employee_ids for day in (2, 3, 4, 5)]
    got += [(await team.book(f"2027-03-0{day} 10:00", service="care")).booking.employee_ids for day in (5, 4, 3, 2)]
    assert got == [(one,) for one in order] * 2


async def test_the_week_is_the_companys_whatever_zone_somebody_works_in(world):
    """On Monday at half past midnight in Tokyo it is still Sunday, of the week before, in Zurich."""
    await world.add_employee("kiyo", opened=False, time_zone="Asia/Tokyo")
    await world.add_employee("mari", opened=False, time_zone="Asia/Tokyo")
    await world.add_service("night", employees=("kiyo", "mari"))
    for name in ("kiyo", "mari"):
        await world.open_on(name, "2027-03-08", "00:00", "01:00")
        await world.open_on(name, "2027-03-08", "12:00", "13:00")
    first, second = by_id(world, "kiyo", "mari")
    before = await world.book("2027-03-07 16:30", service="night")
    assert before.booking.employee_ids == (world.id_of(first),)
    # In Tokyo's week the first has one already; in Zurich's nobody has.
    after = await world.book("2027-03-08 04:00", service="night")
    assert after.booking.employee_ids == (world.id_of(first),)
    again = await world.book("2027-03-08 04:30", service="night", choice=any_of(world, first, second))
    assert again.booking.employee_ids == (world.id_of(second),)


async def test_whoever_is_lost_while_calendars_are_asked_is_passed_over(team):
    released = team.calendars.hang("busy")
    booking = asyncio.create_task(team.book(START, service="care"))
    await team.called("busy", 4)
    team.calendars.heal()
    first, second, *_ = by_id(team)
    for name in (first, second):
        await team.book(START, service="care", employee=name)
    released.set()
    third = (await booking).booking.employee_ids
    assert third == (team.id_of(by_id(team)[2]),)


async def test_whoever_is_busy_or_cannot_be_asked_is_passed_over_in_a_race_too(team):
    busy, silent, *others = by_id(team)
    team.calendars.put(f"{busy}s", team.event("2027-03-02T09:00", "2027-03-02T10:00"))
    team.calendars.fail("busy", ProviderUnreachable(), login=f"{silent}s")
    results = await team.race(requests(team, 3), accounts=4)
    # Who cannot be asked just now may be free: the last of the three is not told that all are taken.
    assert taken(results) == [(team.id_of(name),) for name in others]
    assert kinds(results) == ["BookingConfirmed", "BookingConfirmed", "CalendarUnverified"]


# Together


async def test_of_those_who_need_one_of_the_same_employees_one_gets_all(team):
    """Each two of them share one: only one of the three can be had, and nobody is left half booked."""
    pairs = (("anna", "ben"), ("ben", "carla"), ("carla", "anna"))
    asked = [team.request(START, service="care", choice=together(team, *pair)) for pair in pairs]
    results = await team.race(asked, accounts=2)
    assert kinds(results) == ["BookingConfirmed", "SlotTaken", "SlotTaken"]
    (won,) = taken(results)
    assert set(await blocked(team)) == set(won)
    assert {row.employee_id for row in await team.rows(tables.attendance)} == set(won)
    assert await team.entry_states() == ["WRITTEN", "WRITTEN"]


async def test_named_in_any_order_they_do_not_wait_for_each_other(team):
    orders = (TEAM, TEAM[::-1], (*TEAM[2:], *TEAM[:2])) * 3
    asked = [team.request(START, service="care", choice=together(team, *order)) for order in orders]
    results = await team.race(asked, accounts=4)
    assert kinds(results) == ["BookingConfirmed"] + ["SlotTaken"] * 8
    assert len(await blocked(team)) == 4


async def test_some_together_and_any_at_once_never_overlap(team):
    every = [
        *(team.request(START, service="care", choice=together(team, "anna", "ben")) for _ in range(3)),
        *requests(team, 4),
    ]
    results = await team.race(every, accounts=3)
    booked = [one for employee_ids in taken(results) for one in employee_ids]
    assert len(booked) == len(set(booked)) == len(await team.rows(tables.block))
    assert set(kinds(results)) == {"BookingConfirmed", "SlotTaken"}


async def test_each_attendance_has_an_entry_with_a_state_of_its_own(team):
    team.calendars.fail("write", ProviderUnreachable(), login="annas")
    booking = (await team.book(START, service="care", choice=together(team, "anna", "ben"))).booking
    assert dict(await entries_of(team, booking)) == {team.id_of("anna"): "PENDING", team.id_of("ben"): "WRITTEN"}
    team.calendars.heal()
    team.clock.advance(timedelta(minutes=20))
    await team.joined.writer.sweep()
    assert await team.entry_states() == ["WRITTEN", "WRITTEN"]
    assert [len(team.calendars.entries(f"{name}s")) for name in ("anna", "ben")] == [1, 1]


async def test_one_of_several_lost_while_calendars_are_asked_costs_the_others_nothing(team):
    released = team.calendars.hang("busy")
    both = asyncio.create_task(team.book(START, service="care", choice=together(team, "anna", "ben")))
    await team.called("busy", 2)
    team.calendars.heal()
    await team.book(START, service="care", employee="ben")
    released.set()
    assert await both == SlotTaken()
    assert await blocked(team) == {team.id_of("ben"): [(START, "09:30")]}
    assert isinstance(await team.book(START, service="care", employee="anna"), BookingConfirmed)
