"""Before every account: a bucket, places and a breaker; searches are refused without a call, booking checks as seldom as can be (B7)."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from slotgraph.core.errors import (
    AccountRevoked,
    PluginFailed,
    ProviderFailure,
    ProviderThrottled,
    ProviderTimeout,
    ProviderUnreachable,
)
from slotgraph.core.registry import Registry
from slotgraph.core.shield import IDLE_SECONDS, Shield
from slotgraph.core.testing import FixedClock, InMemoryProvider
from slotgraph.core.values import BusyAnswer, FailureCause, Limits, Precision, Unverified
from slotgraph.core.wall import AccountKey

ACCOUNT = AccountKey("company", "account", "memory")
FREE = {"work": BusyAnswer((), Precision.EXACT)}


class Guarded:
    """A shield over accounts whose provider takes ten calls a minute and one at a time."""

    def __init__(self):
        registry = Registry()
        limits = Limits(calls_per_minute=10, concurrency=1)
        registry.register([InMemoryProvider(limits=limits)], plugin="test")
        self.clock = FixedClock(datetime(2027, 3, 1, tzinfo=UTC))
        self.shield = Shield(registry, self.clock, jitter=lambda: 0.5)
        self.calls = 0
        self.outcome = FREE

    async def ask(self, account=ACCOUNT, *, for_booking=False):
        """What became of asking: the failure, or None for an answer."""
        try:
            await self.shield.call(account, self._call, for_booking=for_booking)
        except ProviderFailure as failure:
            return failure
        return None

    async def _call(self):
        self.calls += 1
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    def wait(self, seconds):
        self.clock.advance(timedelta(seconds=seconds))

    async def open_breaker(self):
        """Fail until it opens, and heal the provider."""
        self.outcome = ProviderUnreachable()
        for _ in range(3):
            await self.ask()
            self.wait(1)
        self.outcome, self.calls = FREE, 0


@pytest.fixture
def guarded():
    return Guarded()


def facts(failure):
    return failure and (failure.cause.value, failure.retry_after)


async def test_a_search_over_the_quota_is_throttled_without_a_call_and_a_booking_check_is_not(guarded):
    assert [facts(await guarded.ask()) for _ in range(8)] == [None] * 6 + [("THROTTLED", 61)] * 2
    assert guarded.calls == 6
    assert [facts(await guarded.ask(for_booking=True)) for _ in range(3)] == [None, None, ("THROTTLED", 61)]
    assert guarded.calls == 8


async def test_the_quota_of_one_account_is_not_anothers(guarded):
    for _ in range(6):
        await guarded.ask()
    assert await guarded.ask(AccountKey("company", "other", "memory")) is None
    assert facts(await guarded.ask()) == ("THROTTLED", 61)


@pytest.mark.parametrize(
    "outcome",
    [ProviderThrottled(retry_after=30), {**FREE, "home": Unverified(FailureCause.THROTTLED, 30)}],
    ids=["for all", "for one calendar"],
)
async def test_the_providers_own_throttling_holds_searches_until_then(guarded, outcome):
    guarded.outcome = outcome
    await guarded.ask()
    guarded.outcome = FREE
    guarded.wait(10)
    assert facts(await guarded.ask()) == ("THROTTLED", 20)
    assert await guarded.ask(for_booking=True) is None
    assert guarded.calls == 2
    guarded.wait(20)
    assert await guarded.ask() is None


async def test_a_dead_account_answers_searches_at_once_then_one_tries(guarded):
    await guarded.open_breaker()
    assert facts(await guarded.ask()) == ("UNREACHABLE", 4)
    assert guarded.calls == 0
    guarded.wait(4)
    assert await guarded.ask() is None
    assert await guarded.ask() is None
    assert guarded.calls == 2


async def test_a_booking_check_passes_the_open_breaker_and_closes_it(guarded):
    await guarded.open_breaker()
    assert await guarded.ask(for_booking=True) is None
    assert await guarded.ask() is None


async def test_booking_checks_that_time_out_open_nothing_for_their_deadline_is_their_callers(guarded):
    guarded.outcome = ProviderTimeout()
    for _ in range(3):
        await guarded.ask(for_booking=True)
        guarded.wait(1)
    guarded.outcome = FREE
    assert await guarded.ask() is None


@pytest.mark.parametrize(
    "outcome",
    [
        AccountRevoked(),
        PluginFailed(),
        {**FREE, "home": Unverified(FailureCause.TIMEOUT)},
        {"home": Unverified(FailureCause.TIMEOUT), "work": Unverified(FailureCause.NOT_FOUND)},
    ],
)
async def test_an_account_that_says_anything_is_not_dead(guarded, outcome):
    guarded.outcome = outcome
    for _ in range(5):
        await guarded.ask()
        guarded.wait(20)
    assert guarded.calls == 5


async def test_calendars_that_all_time_out_are_a_dead_account(guarded):
    guarded.outcome = {"home": Unverified(FailureCause.TIMEOUT), "work": Unverified(FailureCause.UNREACHABLE)}
    for _ in range(3):
        await guarded.ask()
        guarded.wait(1)
    assert facts(await guarded.ask()) == ("TIMEOUT", 4)
    assert guarded.calls == 3


async def test_a_try_that_is_cancelled_lets_another_try(guarded):
    await guarded.open_breaker()
    guarded.wait(10)

    async def hang():
        await asyncio.Event().wait()

    trying = asyncio.create_task(guarded.shield.call(ACCOUNT, hang))
    await asyncio.sleep(0)
    trying.cancel()
    await asyncio.gather(trying, return_exceptions=True)
    assert await guarded.ask() is None


async def test_who_waited_for_a_place_is_refused_if_the_quota_was_spent_meanwhile(guarded):
    released = asyncio.Event()

    async def hang():
        await released.wait()
        return FREE

    first = asyncio.create_task(guarded.shield.call(ACCOUNT, hang))
    await asyncio.sleep(0)
    others = [asyncio.create_task(guarded.ask()) for _ in range(8)]
    await asyncio.sleep(0)
    released.set()
    await first
    outcomes = [facts(outcome) for outcome in await asyncio.gather(*others)]
    assert outcomes == [None] * 5 + [("THROTTLED", 61)] * 3
    assert guarded.calls == 5


async def test_accounts_that_are_idle_for_long_are_forgotten(guarded):
    for number in range(500):
        await guarded.ask(AccountKey("company", str(number), "memory"))
    guarded.outcome = ProviderThrottled(retry_after=7200)
    await guarded.ask(AccountKey("company", "paused", "memory"))
    guarded.outcome = FREE
    guarded.wait(IDLE_SECONDS + 1)
    await guarded.ask()
    assert {key.account_id for key in guarded.shield._gates} == {"paused", "account"}
