"""What searches cost their accounts, counted in calls: one per account and chunk, shared, and no more than the quota (B5, B7)."""

import asyncio
import gc
from datetime import timedelta

import pytest

from slotgraph.core import tables
from slotgraph.core.booking.attempts import CalendarUnverified
from slotgraph.core.booking.making import BookingConfirmed
from slotgraph.core.candidates import EmployeeChoice
from slotgraph.core.checks import CheckState
from slotgraph.core.errors import ProviderUnreachable
from slotgraph.core.testing import InMemoryProvider
from slotgraph.core.values import Busy, BusyAnswer, Event, Limits, TitlesAnswer

NAMES = ("anna", "ben")


async def account(world, provider, login, *, calendars, employee="anna"):
    """An account with so many calendars of an employee."""
    if world.registry.provider(provider.name) is None:
        world.registry.register([provider], plugin="guest")
    linked = await world.add_account(login, employee=employee, provider=provider.name)
    for number in range(calendars):
        provider.add_calendar(f"{login} {number}", login=login)
        await world.add_calendar(f"{login} {number}", linked, employee=employee)
    return linked


async def three_accounts(world, *, limits=None):
    """Eight calendars on three accounts."""
    provider = InMemoryProvider("guest", limits=limits)
    for login, calendars in (("one", 4), ("two", 3), ("three", 1)):
        await account(world, provider, login, calendars=calendars)
    return provider


async def called(provider, method, times):
    async with asyncio.timeout(20):
        while provider.calls[method] < times:
            await asyncio.sleep(0)


async def waiting(world, count):
    """Wait until so many wait for flights that have not landed."""
    flights = world.joined.flights._joinable
    async with asyncio.timeout(20):
        while sum(flight.waiting for flight in flights.values()) < count:
            await asyncio.sleep(0)


def said():
    """How many things that calendars said are alive."""
    gc.collect()
    return sum(isinstance(one, Busy | BusyAnswer | Event | TitlesAnswer) for one in gc.get_objects())


async def settled():
    for _ in range(20):
        await asyncio.sleep(0)


def sources(found):
    return {(check.state, check.cause, check.retry_after_seconds) for check in found.sources}


# What is asked for


async def test_eight_calendars_on_three_accounts_are_three_calls(world):
    provider = await three_accounts(world)
    assert (await world.search()).complete
    assert provider.calls["busy"] == 3


async def test_eight_calendars_on_three_accounts_are_three_calls_for_each_chunk(world):
    provider = await three_accounts(world, limits=Limits(days_per_call=2))
    assert (await world.search("2027-03-02 00:00", "2027-03-09 00:00")).complete
    chunks, odd = divmod(provider.calls["busy"], 3)
    assert (chunks in (4, 5), odd) == (True, 0)


async def test_a_hundred_identical_searches_in_flight_are_one_call_for_each_account(world):
    provider = await three_accounts(world)
    released = provider.hang("busy")
    searching = [asyncio.create_task(world.search()) for _ in range(100)]
    await waiting(world, 300)
    released.set()
    found = await asyncio.gather(*searching)
    assert provider.calls["busy"] == 3
    assert all(one.complete and one.slots for one in found)


async def test_overviews_share_their_flights_and_searches_do_not_share_theirs(world):
    await world.link("anna")
    await world.change(tables.employee, world.id_of("anna"), show_appointments=True)
    released = {method: world.calendars.hang(method) for method in ("busy", "titles")}
    loading = [asyncio.create_task(world.overview(world.owner)) for _ in range(5)]
    await world.called("titles")
    searching = asyncio.create_task(world.search("2027-03-02 00:00", "2027-03-03 00:00"))
    await world.called("busy")
    await asyncio.sleep(0.05)
    for event in released.values():
        event.set()
    await asyncio.gather(*loading, searching)
    assert (world.calendars.calls["titles"], world.calendars.calls["busy"]) == (1, 1)


async def test_a_booking_checks_for_itself_while_a_search_for_the_same_is_in_flight(world):
    await world.link("anna")
    released = world.calendars.hang("busy")
    searching = asyncio.create_task(world.search())
    await world.called("busy")
    booking = asyncio.create_task(world.book(employee="anna"))
    await world.called("busy", 2)
    another = asyncio.create_task(world.book("2027-03-02 11:00", employee="anna"))
    await world.called("busy", 3)
    released.set()
    await searching
    assert isinstance(await booking, BookingConfirmed)
    assert isinstance(await another, BookingConfirmed)


# What is not had


async def test_a_search_over_the_quota_is_throttled_without_a_call_and_bookings_go_on(world):
    provider = InMemoryProvider("guest", limits=Limits(calls_per_minute=10))
    await account(world, provider, "annas", calendars=1)
    anna = EmployeeChoice(employee=world.id_of("anna"))
    found = [await world.search(actor=world.owner, choice=anna) for _ in range(9)]
    assert [sources(one) for one in found[:6]] == [{(CheckState.VERIFIED, None, None)}] * 6
    assert [sources(one) for one in found[6:]] == [{(CheckState.UNVERIFIED, "THROTTLED", 61)}] * 3
    assert [one.slots for one in found[6:]] == [[]] * 3
    assert provider.calls["busy"] == 6
    assert isinstance(await world.book("2027-03-02 09:00", employee="anna"), BookingConfirmed)
    assert isinstance(await world.book("2027-03-02 10:00", employee="anna"), BookingConfirmed)
    assert isinstance(await world.book("2027-03-02 11:00", employee="anna"), CalendarUnverified)
    world.clock.advance(timedelta(seconds=61))
    assert (await world.search(choice=anna)).complete


async def test_a_shared_flight_costs_one_token(world):
    provider = InMemoryProvider("guest", limits=Limits(calls_per_minute=10))
    await account(world, provider, "annas", calendars=1)
    released = provider.hang("busy")
    searching = [asyncio.create_task(world.search()) for _ in range(20)]
    await waiting(world, 20)
    released.set()
    assert all(found.complete for found in await asyncio.gather(*searching))
    assert [(await world.search()).complete for _ in range(6)] == [True] * 5 + [False]


async def test_no_account_gets_more_searches_at_a_time_than_it_takes(world):
    """However many searches there are: the limit is the account's, not the search's."""
    provider = InMemoryProvider("guest", limits=Limits(concurrency=2))
    await account(world, provider, "annas", calendars=1)
    released = provider.hang("busy")
    days = [f"2027-03-{day:02}" for day in range(2, 10)]
    searching = [asyncio.create_task(world.search(f"{day} 09:00", f"{day} 17:00")) for day in days]
    await called(provider, "busy", 2)
    await asyncio.sleep(0.1)
    assert provider.calls["busy"] == 2
    released.set()
    assert all(found.complete for found in await asyncio.gather(*searching))
    assert provider.calls["busy"] == 8


async def test_what_waits_for_a_place_past_the_deadline_is_unverified_in_exactly_its_chunk(world):
    """One call at a time and two chunks: the first is answered, the second never gets its turn."""
    answered = []

    class Slow(InMemoryProvider):
        async def busy(self, account, calendars, window, except_=frozenset()):
            if answered:
                await asyncio.Event().wait()
            answered.append(window)
            return await super().busy(account, calendars, window, except_)

    provider = Slow("guest", limits=Limits(concurrency=1, days_per_call=1))
    await account(world, provider, "annas", calendars=1)
    anna = EmployeeChoice(employee=world.id_of("anna"))
    found = await world.search("2027-03-02 08:00", "2027-03-05 00:00", choice=anna, deadline_ms=80, actor=world.owner)
    assert sources(found) == {(CheckState.UNVERIFIED, "TIMEOUT", None)}
    assert [(day.day.day, day.complete) for day in found.days] == [(2, True), (3, False), (4, False)]


async def test_a_dead_account_is_asked_no_more_after_a_few_failures_but_a_booking_asks_it(world):
    await world.link("anna")
    world.calendars.fail("busy", ProviderUnreachable())
    anna = EmployeeChoice(employee=world.id_of("anna"))
    for _ in range(10):
        found = await world.search(actor=world.owner, choice=anna)
        assert {(check.state, check.cause) for check in found.sources} == {(CheckState.UNVERIFIED, "UNREACHABLE")}
        world.clock.advance(timedelta(seconds=1))
        await world.joined.health.settled()
        if world.calendars.calls["busy"] == 3:
            break
    found = await world.search(actor=world.owner, choice=anna)
    assert world.calendars.calls["busy"] == 3
    assert found.sources[0].retry_after_seconds in range(3, 7)
    world.calendars.heal()
    assert isinstance(await world.book(employee="anna"), BookingConfirmed)
    assert (await world.search(choice=anna)).complete


# What stays


async def test_nothing_of_what_calendars_said_is_kept_when_the_last_search_has_ended(world):
    await world.link("anna", world.event("2027-03-02T10:00", "2027-03-02T11:00"))
    await world.change(tables.employee, world.id_of("anna"), show_appointments=True)
    before = said()
    released = world.calendars.hang("busy")
    found = asyncio.gather(world.search(), world.search(), world.overview(world.owner))
    await waiting(world, 2)
    released.set()
    assert (await found)[2].entries
    del found
    await settled()
    assert said() == before
    assert not world.joined.flights._joinable


async def test_searches_that_share_a_failing_flight_note_it_once(world, caplog):
    await world.link("anna")
    released = world.calendars.hang("busy")
    searching = [asyncio.create_task(world.search()) for _ in range(50)]
    await waiting(world, 50)
    world.calendars.remove_calendar("annas")
    released.set()
    await asyncio.gather(*searching)
    await world.joined.health.settled()
    assert caplog.text.count("does not answer") == 1


@pytest.mark.parametrize("name", NAMES)
async def test_asking_for_one_employee_asks_nobody_elses_account(world, name):
    for each in NAMES:
        await account(world, InMemoryProvider(f"guest-{each}"), f"{each}s", calendars=2, employee=each)
    await world.search(choice=EmployeeChoice(employee=world.id_of(name)))
    assert {each: world.registry.provider(f"guest-{each}").calls["busy"] for each in NAMES} == {
        each: int(each == name) for each in NAMES
    }
