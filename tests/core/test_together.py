"""Several employees together: the intersection on the company's grid, and all or none at booking (rules S2, S5)."""

import pytest

from slotgraph.core import tables
from slotgraph.core.booking.attempts import CalendarUnverified
from slotgraph.core.booking.making import BookingConfirmed
from slotgraph.core.candidates import EmployeeChoice
from slotgraph.core.errors import BadInput, ProviderUnreachable
from slotgraph.core.grids import GridAnchor
from slotgraph.core.problems import InvalidInput, SlotNotOffered, SlotTaken
from slotgraph.core.slots import SlotRule
from slotgraph.core.values import Span


@pytest.fixture
def both(world):
    return EmployeeChoice(together=(world.id_of("anna"), world.id_of("ben")))


async def test_together_is_the_intersection(world, both):
    await world.link("anna", world.event("2027-03-02T09:00", "2027-03-02T16:00"))
    await world.link("ben", world.event("2027-03-02T16:30", "2027-03-02T17:00"))
    found = await world.search(choice=both)
    assert [world.shown(slot.start) for slot in found.slots] == ["16:00"]
    assert found.slots[0].employee_ids == both.together


async def test_together_steps_from_the_companys_midnight_whatever_it_set(world, both):
    await world.add_employee("carla", opened=False)
    await world.add_employee("dora", opened=False)
    await world.add_service("pair", employees=("carla", "dora"), booking_interval_minutes=60)
    for name, start in (("carla", "09:10"), ("dora", "08:50")):
        await world.open_on(name, "2027-03-02", start, "12:00")
    choice = EmployeeChoice(together=(world.id_of("carla"), world.id_of("dora")))
    assert await world.starts(service="pair", choice=choice) == ["10:00", "11:00"]
    assert await world.starts(service="pair", choice=EmployeeChoice(employee=world.id_of("carla"))) == [
        "09:10",
        "10:10",
        "11:10",
    ]


async def test_together_reaches_as_far_as_the_nearest_horizon(world):
    """Today only: in Auckland it ends at noon of Zurich's day, and nothing later is asked for or said to be searched."""
    await world.add_employee("aroha", time_zone="Pacific/Auckland")
    await world.add_service("today", employees=("anna", "aroha"), horizon_days=0)
    window = ("2027-03-01 00:00", "2027-03-03 00:00")
    for field, end in (("together", "2027-03-01 12:00"), ("any_of", "2027-03-02 00:00")):
        choice = EmployeeChoice(**{field: (world.id_of("anna"), world.id_of("aroha"))})
        assert world.moment((await world.search(*window, service="today", choice=choice)).searched.end) == end


async def test_one_unverified_calendar_closes_it_for_all(world, both):
    await world.link("anna")
    world.calendars.fail("busy", ProviderUnreachable())
    found = await world.search(choice=both)
    assert (found.slots, found.complete) == ([], False)


async def test_clock_anchor_steps_from_the_employees_midnight(world):
    await world.change(
        tables.company, world.company_id, grid_anchor=GridAnchor.CLOCK.value, booking_interval_minutes=60
    )
    await world.add_employee("carla", opened=False)
    await world.add_employee("kiran", opened=False, time_zone="Asia/Kathmandu")
    await world.add_service("care", employees=("carla", "kiran"))
    await world.open_on("carla", "2027-03-02", "09:10", "12:00")
    await world.open_on("kiran", "2027-03-02", "09:10", "12:00")
    assert await world.starts(service="care", choice=EmployeeChoice(employee=world.id_of("carla"))) == [
        "10:00",
        "11:00",
    ]
    starts = await world.starts(service="care", choice=EmployeeChoice(employee=world.id_of("kiran")))
    assert starts == ["05:15", "06:15"]  # 10:00 and 11:00 in Kathmandu


async def test_booking_together_blocks_and_writes_for_each(world, both):
    await world.link("anna")
    await world.link("ben")
    booked = await world.book(choice=both)
    assert isinstance(booked, BookingConfirmed)
    assert booked.booking.employee_ids == both.together
    assert len(await world.rows(tables.block)) == len(await world.rows(tables.attendance)) == 2
    assert await world.entry_states() == ["WRITTEN", "WRITTEN"]
    assert await world.starts("2027-03-02 09:00", "2027-03-02 09:30") == []


async def test_together_is_all_or_none(world, both):
    await world.book(employee="ben")
    assert isinstance(await world.book(choice=both), SlotTaken)
    assert len(await world.rows(tables.block)) == 1
    assert await world.starts("2027-03-02 09:00", "2027-03-02 09:15") == ["09:00"]  # of Anna


async def test_lost_between_check_and_insert_leaves_nothing_of_anybody(world, both):
    """Ben is taken while his calendar is asked: Anna's part is not kept either."""
    await world.link("ben")
    assert (
        sum(
            isinstance(one, BookingConfirmed)
            for one in await world.race([world.request(choice=both), world.request(choice=both)])
        )
        == 1
    )
    assert len(await world.rows(tables.block)) == 2


async def test_busy_outside_is_taken_even_if_another_calendar_does_not_answer(world, both):
    await world.link("anna", world.event("2027-03-02T09:00", "2027-03-02T10:00"))
    await world.link("ben")
    world.calendars.fail("busy", ProviderUnreachable(), login="bens")
    assert isinstance(await world.book(choice=both), SlotTaken)
    assert isinstance(await world.book("2027-03-02 11:00", choice=both), CalendarUnverified)


async def test_the_rule_told_is_the_first_in_the_way(world, both):
    await world.book(employee="ben")
    await world.take_off("anna", Span(world.minute("2027-03-02 09:00"), world.minute("2027-03-02 10:00")))
    refused = await world.book(choice=both, actor=world.owner)
    assert refused == SlotNotOffered(SlotRule.ABSENCE)
    assert await world.book(choice=both) == SlotNotOffered(SlotRule.FREE)
    off_grid = await world.book("2027-03-02 09:10", choice=both)
    assert off_grid == SlotNotOffered(SlotRule.GRID)


@pytest.mark.parametrize("count", [0, 500])
async def test_nobody_and_too_many_are_refused_by_name(world, count):
    choice = EmployeeChoice(together=("x",) * count)
    with pytest.raises(BadInput) as refused:
        await world.search(choice=choice)
    assert refused.value.path == ("input", "employees", "together")
    answer = await world.book(choice=choice)
    assert isinstance(answer, InvalidInput)
    assert answer.fields[0].path == ("input", "slot", "employees", "together")


async def test_one_who_lacks_the_service_is_named_by_place(world):
    await world.add_employee("carla")
    with pytest.raises(BadInput) as refused:
        await world.search(choice=EmployeeChoice(together=(world.id_of("anna"), world.id_of("carla"))))
    assert refused.value.path == ("input", "employees", "together", "1")
