"""Who asks the same at the same time shares one flight; a booking check never does, and nothing is kept of any (B5, F1)."""

import asyncio
import gc
import logging
import weakref
from datetime import UTC, datetime, timedelta

import pytest

from slotgraph.core.errors import DatabaseBusy, ProviderFailure, ProviderTimeout, ProviderUnreachable
from slotgraph.core.flights import Flights, Kind, Question
from slotgraph.core.pacing import Pace
from slotgraph.core.plugin import Deadline
from slotgraph.core.registry import Registry
from slotgraph.core.shield import Shield
from slotgraph.core.testing import FixedClock, InMemoryProvider
from slotgraph.core.values import AskedCalendar, Limits, ReadMode, Reference, Span
from slotgraph.core.wall import AccountKey

ACCOUNT = AccountKey("company", "account", "memory")
WORK, HOME = AskedCalendar("work", "Europe/Zurich"), AskedCalendar("home", "Europe/Zurich", flags={"rung": "2"})
DAY = Span(0, 1440)


def question(kind=Kind.BUSY, account=ACCOUNT, *, calendars=(WORK, HOME), chunk=DAY, except_=frozenset()):
    return Question.of(kind, account, calendars=calendars, chunk=chunk, except_=except_)


class Said(dict):
    """An answer whose end can be seen."""


class Airport:
    """Flights to an account that takes two calls at a time, each held up until it is let land."""

    def __init__(self):
        registry = Registry()
        registry.register([InMemoryProvider(limits=Limits(concurrency=2, calls_per_minute=6000))], plugin="test")
        self.clock = FixedClock(datetime(2027, 3, 1, tzinfo=UTC))
        self.flights = Flights(Shield(registry, self.clock), Pace(self.clock), self.clock, longest_seconds=8)
        self.calls = []
        self.landing = asyncio.Event()
        self.failure = None
        self.ended = 0

    async def call(self, deadline):
        self.calls.append(deadline.remaining)
        try:
            await self.landing.wait()
        finally:
            self.ended += 1
        if self.failure:
            raise self.failure
        return Said(number=len(self.calls))

    async def ask(self, asked=None, *, seconds=8.0):
        deadline = Deadline(self.clock, seconds)
        return await self.flights.share(asked or question(), self.call, deadline=deadline)

    async def waiting(self, count=1, asked=None):
        """So many who ask, and wait."""
        tasks = [asyncio.create_task(self.ask(asked)) for _ in range(count)]
        await settled()
        return tasks

    @property
    def is_empty(self):
        return not self.flights._joinable and not self.flights._tasks


async def settled():
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.fixture
async def airport():
    made = Airport()
    yield made
    await made.flights.close()
    await settled()
    assert made.is_empty


async def test_a_hundred_who_ask_the_same_share_one_call_and_its_answer(airport):
    waiting = await airport.waiting(100)
    airport.landing.set()
    answers = await asyncio.gather(*waiting)
    assert len(airport.calls) == 1
    assert all(answer is answers[0] for answer in answers)


OTHERS = {
    "titles": question(Kind.TITLES),
    "another account": question(account=AccountKey("company", "other", "memory")),
    "another company's": question(account=AccountKey("other", "account", "memory")),
    "fewer calendars": question(calendars=[WORK]),
    "another zone": question(calendars=[WORK, AskedCalendar("home", "Asia/Tokyo", flags=HOME.flags)]),
    "another read": question(calendars=[WORK, AskedCalendar("home", HOME.zone, ReadMode.EXACT, HOME.flags)]),
    "other flags": question(calendars=[WORK, AskedCalendar("home", HOME.zone, flags={"rung": "1"})]),
    "another chunk": question(chunk=Span(0, 2880)),
    "without an entry of ours": question(except_=frozenset({Reference("work", "x")})),
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
async def test_who_asks_anything_else_has_another_flight(airport, other):
    waiting = [*await airport.waiting(), *await airport.waiting(asked=other)]
    assert len(airport.calls) == 2
    airport.landing.set()
    first, second = await asyncio.gather(*waiting)
    assert first is not second


async def test_the_order_of_calendars_makes_no_difference(airport):
    await airport.waiting()
    await airport.waiting(asked=question(calendars=[HOME, WORK]))
    assert len(airport.calls) == 1


async def test_a_flight_is_joined_for_a_second_after_its_call_began(airport):
    await airport.waiting()
    airport.clock.advance(timedelta(seconds=1))
    await airport.waiting()
    assert len(airport.calls) == 1
    airport.clock.advance(timedelta(milliseconds=1))
    await airport.waiting(2)
    assert len(airport.calls) == 2


async def test_an_older_flight_that_lands_does_not_take_the_younger_one_with_it(airport):
    old = await airport.waiting()
    airport.clock.advance(timedelta(seconds=1.5))
    first_landing, airport.landing = airport.landing, asyncio.Event()
    young = await airport.waiting()
    first_landing.set()
    await asyncio.gather(*old)
    await airport.waiting()
    assert len(airport.calls) == 2
    airport.landing.set()
    await asyncio.gather(*young)


async def test_a_flight_that_has_landed_is_not_joined(airport):
    airport.landing.set()
    assert await airport.ask() is not await airport.ask()
    assert len(airport.calls) == 2


async def test_a_flight_that_waits_for_its_place_may_be_joined_however_long_it_waits(airport):
    for end in (1, 2):
        await airport.waiting(asked=question(chunk=Span(0, end)))
    queued = await airport.waiting()
    airport.clock.advance(timedelta(seconds=5))
    queued += await airport.waiting()
    airport.landing.set()
    first, second = await asyncio.gather(*queued)
    assert first is second
    assert airport.calls == [8, 8, 8]


async def test_a_waiter_that_is_cancelled_does_not_hurt_the_others(airport):
    first, second = await airport.waiting(2)
    first.cancel()
    await settled()
    airport.landing.set()
    assert await second == {"number": 1}
    assert first.cancelled()


async def test_a_flight_whose_waiters_all_went_goes_on_and_may_be_joined(airport):
    (only,) = await airport.waiting()
    only.cancel()
    await settled()
    assert airport.ended == 0
    waiting = await airport.waiting()
    airport.landing.set()
    await asyncio.gather(*waiting)
    assert len(airport.calls) == 1


async def test_a_flight_nobody_waits_for_any_more_does_not_begin_its_call(airport):
    for end in (1, 2):
        await airport.waiting(asked=question(chunk=Span(0, end)))
    (queued,) = await airport.waiting()
    queued.cancel()
    await settled()
    airport.landing.set()
    await settled()
    assert len(airport.calls) == 2


async def test_who_comes_when_the_last_has_just_given_up_waiting_has_a_flight_of_their_own(airport):
    for end in (1, 2):
        await airport.waiting(asked=question(chunk=Span(0, end)))
    (queued,) = await airport.waiting()
    queued.cancel()
    (again,) = await airport.waiting()
    airport.landing.set()
    assert await again == {"number": 3}


async def test_a_waiter_with_a_shorter_deadline_leaves_the_flight_to_the_others(airport):
    """The flight has the longest deadline there is, whoever came first."""
    shorter = asyncio.create_task(airport.ask(seconds=0.05))
    (other,) = await airport.waiting()
    with pytest.raises(ProviderTimeout):
        await shorter
    airport.landing.set()
    assert await other == {"number": 1}
    assert airport.calls == [8]


async def test_whose_deadline_is_over_begins_no_flight(airport):
    with pytest.raises(ProviderTimeout):
        await airport.ask(seconds=0)
    assert airport.calls == []


async def test_waiting_for_a_place_ends_at_the_deadline(airport):
    for end in (1, 2):
        await airport.waiting(asked=question(chunk=Span(0, end)))
    with pytest.raises(ProviderTimeout):
        await airport.ask(seconds=0.05)
    with pytest.raises(ProviderTimeout):
        await airport.flights.alone(ACCOUNT, airport.call, deadline=Deadline(airport.clock, 0.05))
    assert len(airport.calls) == 2


async def test_each_waiter_gets_a_failure_of_its_own(airport):
    class Odd(ProviderUnreachable):
        def __init__(self):
            super().__init__("a server named in the message", retry_after=7)

    airport.failure = Odd()
    waiting = await airport.waiting(3)
    airport.landing.set()
    failures = await asyncio.gather(*waiting, return_exceptions=True)
    assert {(type(failure), str(failure), failure.retry_after) for failure in failures} == {
        (ProviderUnreachable, "No connection.", 7)
    }
    assert len({id(failure) for failure in [*failures, airport.failure]}) == 4


async def test_credentials_that_cannot_be_read_in_time_are_a_timeout(airport):
    airport.failure = DatabaseBusy()
    waiting = await airport.waiting(2)
    airport.landing.set()
    failures = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(failure) for failure in failures] == [ProviderTimeout] * 2


async def test_a_fault_of_ours_that_finds_nobody_waiting_is_not_logged_with_what_it_says(airport, caplog):
    airport.failure = RuntimeError("Dinner with the competition")
    (only,) = await airport.waiting()
    only.cancel()
    await settled()
    airport.landing.set()
    await settled()
    gc.collect()
    assert caplog.text == ""


async def test_a_booking_check_joins_nobody_and_is_joined_by_nobody(airport):
    searching = await airport.waiting()
    checking = asyncio.create_task(airport.flights.alone(ACCOUNT, airport.call, deadline=Deadline(airport.clock, 3)))
    await settled()
    searching += await airport.waiting()
    assert airport.calls == [8, 3]
    airport.landing.set()
    first, second, third = await asyncio.gather(*searching, checking)
    assert first is second
    assert third is not first


async def test_a_booking_check_ends_with_who_asked(airport):
    checking = asyncio.create_task(airport.flights.alone(ACCOUNT, airport.call, deadline=Deadline(airport.clock, 8)))
    await settled()
    checking.cancel()
    await settled()
    assert airport.ended == 1


async def test_nothing_is_kept_of_an_answer_when_the_last_waiter_has_it(airport):
    waiting = await airport.waiting(3)
    airport.landing.set()
    gc.disable()
    try:
        answers = await asyncio.gather(*waiting)
        seen = weakref.ref(answers[0])
        del answers, waiting
        await settled()
        assert seen() is None
        assert airport.is_empty
    finally:
        gc.enable()


async def test_closing_ends_the_flights_and_tells_those_who_wait(airport, caplog):
    caplog.set_level(logging.DEBUG, logger="asyncio")
    caplog.clear()
    waiting = await airport.waiting(2)
    await airport.flights.close()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(outcome, ProviderFailure) for outcome in outcomes)
    assert airport.ended == 1
    gc.collect()
    assert caplog.text == ""
