"""firstFree and nextStart: week by week, never past the horizon or the deadline, no calendar asked in vain (rule S6)."""

from datetime import date, timedelta

import pytest

from slotgraph.core.availability import DaysOff
from slotgraph.core.candidates import EmployeeChoice, ServiceRef
from slotgraph.core.checks import CheckState
from slotgraph.core.errors import BadInput, ProviderUnreachable, RateLimited
from slotgraph.core.search import FirstFreeQuery
from slotgraph.core.stranger_budget import StrangerBudget
from slotgraph.core.values import Limits


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


async def test_the_first_minute_of_the_second_week_is_in_nobodys_gap(world):
    """It is Monday seven o'clock: the second week begins with that minute. What is busy just before reaches into it by a buffer."""
    await world.add_employee("carla", opened=False)
    await world.add_service("early", employees=("carla",), buffer_before_minutes=15)
    await world.open_on("carla", "2027-03-08", "07:00", "08:00")
    found = await world.first_free(service="early")
    assert [world.moment(slot.start) for slot in found.slots] == ["2027-03-08 07:00"]
    await world.link("carla", world.event("2027-03-08T06:00", "2027-03-08T06:50"))
    found = await world.first_free(service="early")
    assert [world.moment(slot.start) for slot in found.slots] == ["2027-03-08 07:15"]


async def far_apart(world):
    """Today only, in Auckland until noon of Zurich's day."""
    await world.add_employee("aroha", time_zone="Pacific/Auckland")
    await world.add_service("today", employees=("anna", "aroha"), horizon_days=0)
    await world.link("anna", world.event("2027-03-01T00:00", "2027-03-01T16:00"))
    return (world.id_of("anna"), world.id_of("aroha"))


async def test_any_employee_is_searched_up_to_the_last_of_their_horizons(world):
    await far_apart(world)
    found = await world.first_free(service="today")
    assert [world.moment(slot.start) for slot in found.slots] == ["2027-03-01 16:00"]


async def test_together_are_searched_up_to_the_first_of_their_horizons(world):
    both = EmployeeChoice(together=await far_apart(world))
    today = ServiceRef(world.company_id, world.id_of("today"))
    found = await world.do.search.first_free(world.as_(), FirstFreeQuery(today, both))
    assert (found.slots, world.moment(found.searched.end)) == ([], "2027-03-01 12:00")


async def test_what_is_over_is_not_searched(world):
    found = await world.first_free(start="2026-01-01 00:00")
    assert world.moment(found.searched.start) == "2027-03-01 07:00"


async def test_a_start_beyond_the_horizon_finds_nothing(world):
    found = await world.first_free(start="2028-03-01 00:00")
    assert (found.slots, found.complete, found.searched.start) == ([], True, found.searched.end)


async def test_a_calendar_that_does_not_answer_is_told_and_never_free(world):
    await world.link("anna")
    world.calendars.fail("busy", ProviderUnreachable())
    found = await world.first_free(employee="anna", deadline_ms=200)
    assert (found.slots, found.complete) == ([], False)


async def test_a_week_that_was_asked_anew_is_as_complete_as_its_own_answer(world):
    """The week before did not answer, and what was asked of it ran on to the end of a UTC day."""
    await world.link("anna")
    answer_once(world, ProviderUnreachable())
    found = await world.first_free(employee="anna", count=50)
    days = {day.day.day: day.complete for day in found.days}
    assert (days[7], days[8], days[9]) == (False, False, True)  # the eighth is half of the first week


async def test_a_calendar_that_was_ignored_in_any_week_is_told_as_ignored(world):
    await world.link("anna", world.event("2027-03-01", "2027-03-08"), ignore_unverified_until=date(2027, 3, 1))
    asked = world.calendars.busy

    async def only_once(*args):
        if world.calendars.calls["busy"]:
            raise ProviderUnreachable
        return await asked(*args)

    world.calendars.busy = only_once
    found = await world.first_free(employee="anna", actor=world.owner)
    assert [world.moment(slot.start) for slot in found.slots] == ["2027-03-08 09:00"]
    assert [check.state for check in found.sources] == [CheckState.IGNORED]


async def test_what_lies_behind_where_it_stopped_makes_it_no_less_complete(world):
    world.calendars.limits = Limits(days_per_call=1)
    await world.link("anna")
    asked = world.calendars.busy

    async def only_at_first(account, calendars, window, except_):
        if window.start > world.minute("2027-03-03 00:00"):
            raise ProviderUnreachable
        return await asked(account, calendars, window, except_)

    world.calendars.busy = only_at_first
    found = await world.first_free(employee="anna", count=3)
    assert (len(found.slots), found.complete, [day.complete for day in found.days]) == (3, True, [True])


def answer_once(world, failure):
    """Fail the first call, answer the others."""
    asked = world.calendars.busy
    world.calendars.fail("busy", failure)

    async def then_heal(*args):
        if world.calendars.calls["busy"]:
            world.calendars.heal()
        return await asked(*args)

    world.calendars.busy = then_heal


# B7: nobody closes a shop by asking often


@pytest.fixture
async def far(world):
    """A service of Anna, who is busy outside for longer than its horizon."""
    await world.add_service("far", employees=("anna",), horizon_days=300)
    await world.link("anna", world.event("2027-03-01", "2029-01-01"))
    return ServiceRef(world.company_id, world.id_of("far"))


@pytest.fixture
def three_searches(monkeypatch):
    """Strangers have three searches left, whatever time it is."""
    left = [None] * 3

    async def check(budget, source):
        if not left:
            raise RateLimited(1)
        left.pop()

    monkeypatch.setattr(StrangerBudget, "check", check)


@pytest.mark.usefixtures("three_searches")
async def test_each_week_asked_counts_as_a_search_of_a_stranger(world, far):
    found = await world.first_free(service="far")
    assert (found.slots, world.calendars.calls["busy"]) == ([], 3)
    assert world.moment(found.searched.end) == "2027-03-22 07:00"
    with pytest.raises(RateLimited):
        await world.first_free(service="far")


@pytest.mark.usefixtures("three_searches")
async def test_next_start_counts_as_a_search_and_so_does_each_of_its_weeks(world, far):
    found = await world.search("2027-03-01 00:00", "2027-03-02 00:00", service="far")
    assert await world.do.search.next_start(world.as_(), found) is None
    assert world.calendars.calls["busy"] == 1 + 2
    with pytest.raises(RateLimited):
        await world.do.search.next_start(world.as_(), found)


@pytest.mark.usefixtures("three_searches")
async def test_members_go_on_to_the_horizon(world, far):
    found = await world.first_free(service="far", actor=world.owner)
    assert world.moment(found.searched.end) == "2027-12-27 00:00"


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
