"""Moving to other attendants, to several, to any: whoever stays keeps their entry, whoever leaves loses it (rules K1, K3, K4, S5)."""

from datetime import timedelta

import pytest
from slotgraph_tests_core_booking_held import any_of, together
from slotgraph_tests_core_booking_moved import START, attending, blocked, entries_of, move, moved, outside, stored

from slotgraph.core import tables
from slotgraph.core.booking.attempts import CalendarUnverified
from slotgraph.core.candidates import EmployeeChoice
from slotgraph.core.errors import ProviderUnreachable
from slotgraph.core.problems import InvalidInput, SlotNotOffered, SlotTaken
from slotgraph.core.slots import SlotRule

LATER = "2027-03-04 10:00"


@pytest.fixture
async def team(world):
    """Anna, Ben and Carla with a calendar each."""
    await world.add_employee("carla")
    async with world.database.write() as connection:
        pair = {"service_id": world.id_of("cut"), "employee_id": world.id_of("carla")}
        await connection.execute(tables.service_employee.insert().values(company_id=world.company_id, **pair))
    for name in ("anna", "ben", "carla"):
        await world.link(name)
    return world


async def round_of_the_worker(world):
    """Whatever waits has its turn."""
    world.calendars.heal()
    for _ in range(3):
        world.clock.advance(timedelta(minutes=20))
        await world.joined.writer.sweep()


def ids(world, *names):
    return {world.id_of(name) for name in names}


async def test_another_attendant_takes_the_place_of_the_one_before(team):
    booking = (await team.book(START, employee="anna")).booking
    after = await moved(team, booking, LATER, employee="ben")
    assert after.employee_ids == (team.id_of("ben"),)
    assert await attending(team, booking) == ids(team, "ben")
    assert await blocked(team) == {team.id_of("ben"): [(LATER, "10:30")]}
    assert (outside(team, "anna"), outside(team, "ben")) == ([], [LATER])
    assert await entries_of(team, booking) == [(team.id_of("ben"), "WRITTEN")]


async def test_the_entry_of_whoever_left_is_shown_until_it_is_removed(team):
    booking = (await team.book(START, employee="anna")).booking
    team.calendars.fail("remove", ProviderUnreachable())
    await moved(team, booking, LATER, employee="ben")
    known = {team.id_of("anna"): "PENDING", team.id_of("ben"): "WRITTEN"}
    assert await entries_of(team, booking) == sorted(known.items())
    await round_of_the_worker(team)
    assert await entries_of(team, booking) == [(team.id_of("ben"), "WRITTEN")]
    assert outside(team, "anna") == []


async def test_whoever_comes_back_has_one_entry_removed_already_or_not(team):
    booking = (await team.book(START, employee="anna")).booking
    for fault in (None, ProviderUnreachable()):
        if fault:
            team.calendars.fail("remove", fault)
        await moved(team, booking, LATER, employee="ben")
        await moved(team, booking, "2027-03-04 11:00", employee="anna")
        await round_of_the_worker(team)
        assert await entries_of(team, booking) == [(team.id_of("anna"), "WRITTEN")]
        assert (outside(team, "anna"), outside(team, "ben")) == (["2027-03-04 11:00"], [])
        await moved(team, booking, START)


async def test_whoever_comes_back_is_not_in_their_own_way(team):
    """Anna's entry is still there: the removal waits."""
    booking = (await team.book(START, employee="anna")).booking
    team.calendars.fail("remove", ProviderUnreachable())
    await moved(team, booking, LATER, employee="ben")
    assert await move(team, booking, "2027-03-03 09:15", employee="anna") != SlotTaken()
    assert outside(team, "anna") == ["2027-03-03 09:15"]


async def test_all_who_attend_move_together(team):
    booking = (await team.book(START, choice=together(team, "anna", "ben"))).booking
    await moved(team, booking, "2027-03-03 09:15")
    span = ("2027-03-03 09:15", "09:45")
    assert await blocked(team) == {employee_id: [span] for employee_id in ids(team, "anna", "ben")}
    assert outside(team, "anna", "ben") == ["2027-03-03 09:15"] * 2
    assert team.calendars.calls["write"] == 2


async def test_one_leaves_one_stays_one_joins(team):
    booking = (await team.book(START, choice=together(team, "anna", "ben"))).booking
    (stays,) = team.calendars.entries("bens")
    await moved(team, booking, LATER, choice=together(team, "ben", "carla"))
    assert await attending(team, booking) == ids(team, "ben", "carla")
    assert set(await blocked(team)) == ids(team, "ben", "carla")
    assert list(team.calendars.entries("bens")) == [stays]
    assert outside(team, "anna") == []
    assert outside(team, "ben", "carla") == [LATER, LATER]
    assert await entries_of(team, booking) == sorted((one, "WRITTEN") for one in ids(team, "ben", "carla"))


async def test_from_one_to_several_and_back(team):
    booking = (await team.book(START, employee="anna")).booking
    await moved(team, booking, START, choice=together(team, "anna", "ben", "carla"))
    assert outside(team, "anna", "ben", "carla") == [START] * 3
    await moved(team, booking, START, employee="carla")
    assert set(await blocked(team)) == ids(team, "carla")
    assert outside(team, "anna", "ben", "carla") == [START]


@pytest.mark.parametrize("where", ["here", "outside"])
async def test_all_or_none(team, where):
    booking = (await team.book(START, choice=together(team, "anna", "ben"))).booking
    if where == "here":
        await team.book(LATER, employee="ben")
    else:
        team.calendars.put("bens", team.event("2027-03-04T10:00", "2027-03-04T10:05"))
    before = await stored(team)
    assert await move(team, booking, LATER) == SlotTaken()
    assert await stored(team) == before


async def test_several_step_from_the_companys_midnight(team):
    booking = (await team.book(START, employee="anna")).booking
    await team.open_on("anna", "2027-03-06", "09:10", "12:00")
    await team.open_on("ben", "2027-03-06", "09:10", "12:00")
    both = together(team, "anna", "ben")
    assert await move(team, booking, "2027-03-06 09:25", choice=both) == SlotNotOffered(SlotRule.GRID)
    assert await move(team, booking, "2027-03-06 09:30") == SlotNotOffered(SlotRule.GRID)
    await moved(team, booking, "2027-03-06 09:30", choice=both)


async def test_of_any_the_least_booked_of_the_week_takes_it_the_booking_itself_not_counted(team):
    """Were its own week counted, moving it within the week would push it on from one to the next."""
    first, second, third = sorted(("anna", "ben", "carla"), key=team.id_of)
    booking = (await team.book("2027-03-02 09:00", employee=first)).booking
    after = await moved(team, booking, "2027-03-02 10:00", choice=any_of(team, "anna", "ben", "carla"))
    assert after.employee_ids == (team.id_of(first),)
    await team.book("2027-03-05 09:00", employee=first)
    await team.book("2027-03-05 09:00", employee=second)
    after = await moved(team, booking, "2027-03-02 11:00", choice=any_of(team, "anna", "ben", "carla"))
    assert after.employee_ids == (team.id_of(third),)
    # In the week after nobody has any: by id.
    after = await moved(team, booking, "2027-03-09 11:00", choice=any_of(team, "anna", "ben", "carla"))
    assert after.employee_ids == (team.id_of(first),)


async def test_of_any_the_next_is_taken_where_one_is_busy_or_cannot_be_asked(team):
    first, second, third = sorted(("anna", "ben", "carla"), key=team.id_of)
    booking = (await team.book(START, employee=third)).booking
    team.calendars.put(f"{first}s", team.event("2027-03-04T10:00", "2027-03-04T11:00"))
    team.calendars.fail("busy", ProviderUnreachable(), login=f"{second}s")
    after = await moved(team, booking, LATER, choice=any_of(team, "anna", "ben", "carla"))
    assert after.employee_ids == (team.id_of(third),)
    refused = await move(team, booking, "2027-03-04 10:15", choice=any_of(team, first, second))
    assert isinstance(refused, CalendarUnverified)


async def test_one_calendar_down_leaves_its_own_entry_pending_and_moves_the_other(team):
    booking = (await team.book(START, choice=together(team, "anna", "ben"))).booking
    team.calendars.fail("move", ProviderUnreachable(), login="annas")
    await moved(team, booking, LATER)
    states = dict(await entries_of(team, booking))
    assert states == {team.id_of("anna"): "PENDING", team.id_of("ben"): "WRITTEN"}
    assert (outside(team, "anna"), outside(team, "ben")) == ([START], [LATER])
    await round_of_the_worker(team)
    assert outside(team, "anna", "ben") == [LATER, LATER]


async def test_whoever_has_no_default_calendar_has_no_entry_until_they_have_one(world):
    await world.link("anna")
    booking = (await world.book(START, employee="anna")).booking
    await moved(world, booking, LATER, employee="ben")
    assert await entries_of(world, booking) == []
    assert outside(world, "anna") == []
    await world.link("ben")
    await moved(world, booking, "2027-03-04 11:00")
    assert await entries_of(world, booking) == [(world.id_of("ben"), "WRITTEN")]
    assert outside(world, "ben") == ["2027-03-04 11:00"]


async def test_an_entry_in_a_calendar_that_is_no_longer_the_default_one_moves_where_it_is(world):
    calendar = await world.link("anna")
    booking = (await world.book(START, employee="anna")).booking
    await world.change(tables.calendar, calendar.id, is_default=False)
    await world.link("anna", name="other")
    await moved(world, booking, LATER)
    assert outside(world, "anna") == [LATER]
    assert world.calendars.entries("other") == {}


async def test_what_is_cancelled_after_moving_about_leaves_nothing_outside(team):
    booking = (await team.book(START, choice=together(team, "anna", "ben"))).booking
    team.calendars.fail("remove", ProviderUnreachable())
    await moved(team, booking, LATER, choice=together(team, "ben", "carla"))
    await moved(team, booking, LATER, employee="anna")
    await team.cancel(booking, actor=team.owner)
    await round_of_the_worker(team)
    assert outside(team, "anna", "ben", "carla") == []
    assert await blocked(team) == {}
    assert await entries_of(team, booking) == [(team.id_of("anna"), "REMOVED")]


async def test_nobody_and_too_many_are_refused_by_name(world):
    booking = (await world.book(START, employee="anna")).booking
    for count in (0, 201):
        refused = await move(world, booking, LATER, choice=EmployeeChoice(together=("x",) * count))
        assert isinstance(refused, InvalidInput)
        assert [field.path for field in refused.fields] == [("input", "employees", "together")]
