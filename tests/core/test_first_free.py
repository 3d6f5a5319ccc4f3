"""firstFree and nextStart: week by week, never past the horizon or the deadline, no calendar asked in vain (rule S6)."""

from datetime import date, timedelta

import pytest

from slotgraph.core.availability import DaysOff
from slotgraph.core.checks import CheckState
from slotgraph.core.errors import BadInput, ProviderUnreachable


async def test_the_first_free_slots_from_now_on(world):
    await world.link("anna", world.event("2027-03-01T00:00", "2027-03-01T16:45"))
    found = await world.first_free(employee="anna", count=3)
    assert [world.moment(slot.start) for slot in found.slots] == [
        "2027-03-02 09:00", "2027-03-02 09:15", "2027-03-02 09:30",
    ]  # fmt: skip
    assert found.complete
    assert world.moment(found.searched.start) == "2027-03-01 07:00"


async def test_going_on_where_it_stopped_misses_nothing(world):
    first = await world.first_free(count=3)
    then = await world.first_free(count=3, start=world.moment(first.searched.end))
    starts = [slot.start for slot in (*first.slots, *then.slots)]
    found = await world.search("2027-03-01 07:00", "2027-03-02 00:00")
    assert starts == [slot.start for slot in found.slots][:6]


async def test_weeks_are_asked_one_by_one_until_enough_is_found(world):
    await world.link("anna", world.event("2027-03-01", "2027-03-22"))
    found = await world.first_free(employee="anna", actor=world.owner)
    assert [world.moment(slot.start) for slot in found.slots] == ["2027-03-22 09:00"]
    assert world.calendars.calls["busy"] == 4
    assert [check.state for check in found.sources] == [CheckState.VERIFIED]


async def test_weeks_closed_by_ourselves_ask_no_calendar(world):
    await world.link("anna")
    await world.take_off("anna", DaysOff(date(2027, 3, 1), date(2027, 3, 20)))
    found = await world.first_free(employee="anna")
    assert [world.moment(slot.start) for slot in found.slots] == ["2027-03-22 09:00"]
    assert world.calendars.calls["busy"] == 1


async def test_nothing_up_to_the_horizon_says_how_far_it_looked(world):
    await world.add_service("soon", employees=("anna",), horizon_days=10)
    await world.take_off("anna", DaysOff(date(2027, 3, 1), date(2027, 4, 1)))
    found = await world.first_free(service="soon")
    assert (found.slots, found.complete, world.moment(found.searched.end)) == ([], True, "2027-03-12 00:00")


async def test_a_start_beyond_the_horizon_finds_nothing(world):
    found = await world.first_free(start="2028-03-01 00:00")
    assert (found.slots, found.complete, found.searched.start) == ([], True, found.searched.end)


async def test_a_calendar_that_does_not_answer_is_told_and_never_free(world):
    await world.link("anna")
    world.calendars.fail("busy", ProviderUnreachable())
    found = await world.first_free(employee="anna", deadline_ms=200)
    assert (found.slots, found.complete) == ([], False)


async def test_it_stops_at_the_deadline(world):
    """Each week takes a second of the clock; after three seconds nobody waits any longer."""
    await world.link("anna", world.event("2027-03-01", "2027-06-01"))
    asked = world.calendars.busy

    async def slowly(*args):
        world.clock.advance(timedelta(seconds=1))
        return await asked(*args)

    world.calendars.busy = slowly
    found = await world.first_free(employee="anna", deadline_ms=3000)
    assert found.slots == []
    assert world.calendars.calls["busy"] == 3
    assert world.moment(found.searched.end) == "2027-03-22 07:00"


@pytest.mark.parametrize("count", [0, 51, -1])
async def test_how_many_is_bounded(world, count):
    with pytest.raises(BadInput) as refused:
        await world.first_free(count=count)
    assert refused.value.path == ("input", "count")


async def test_next_start_is_the_first_after_an_empty_window(world):
    await world.link("anna", world.event("2027-03-02", "2027-03-11"))
    found = await world.search(choice=world.choice("anna"))
    assert found.slots == []
    assert world.moment(await world.do.search.next_start(world.as_(), found)) == "2027-03-11 09:00"


async def test_next_start_is_null_while_the_window_has_slots(world):
    await world.link("anna")
    found = await world.search(choice=world.choice("anna"))
    calls = world.calendars.calls["busy"]
    assert await world.do.search.next_start(world.as_(), found) is None
    assert world.calendars.calls["busy"] == calls


async def test_next_start_shares_the_searchs_deadline(world):
    await world.link("anna", world.event("2027-03-02", "2027-03-04"))
    found = await world.search(choice=world.choice("anna"), deadline_ms=1000)
    world.clock.advance(timedelta(seconds=1))
    assert await world.do.search.next_start(world.as_(), found) is None


async def test_next_start_after_a_window_that_is_over_is_from_now_on(world):
    found = await world.search("2027-02-01 00:00", "2027-02-02 00:00")
    assert world.moment(await world.do.search.next_start(world.as_(), found)) == "2027-03-01 09:00"
