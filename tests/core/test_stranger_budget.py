"""Strangers' searches are counted by source (B7)."""

import asyncio
import contextlib

import pytest

from slotgraph.core.asking import Asking
from slotgraph.core.booking.attempts import CalendarUnverified
from slotgraph.core.clock import SystemClock
from slotgraph.core.errors import AccountRevoked, ErrorCode, RateLimited
from slotgraph.core.policy import Permission, Token
from slotgraph.core.problems import QuotaReached
from slotgraph.core.stranger_budget import StrangerBudget
from slotgraph.server.joining import join


async def test_a_source_that_has_used_its_budget_up_is_told_how_long_to_wait():
    budget = StrangerBudget(SystemClock(), per_minute=3)
    for _ in range(3):
        await budget.check("192.0.2.7")
    with contextlib.suppress(RateLimited):
        await budget.check("192.0.2.7")  # where two minutes of the clock meet, one more passes
    with pytest.raises(RateLimited) as limited:
        await budget.check("192.0.2.7")
    assert limited.value.code is ErrorCode.RATE_LIMITED
    assert 1 <= limited.value.retry_after <= 60
    await budget.check("192.0.2.8")


@pytest.mark.parametrize(("per_minute", "source"), [(0, "192.0.2.7"), (1, "")])
async def test_switched_off_or_without_a_source_nobody_is_counted(per_minute, source):
    budget = StrangerBudget(SystemClock(), per_minute=per_minute)
    for _ in range(5):
        await budget.check(source)


async def counted(world, asking, actor, company_id):
    """Whether a search of an actor from one address was counted until there was no more."""
    operation = world.as_(actor)
    operation.source = "192.0.2.7"
    try:
        for _ in range(5):
            await asking.begin_search(operation, company_id)
    except RateLimited:
        return True
    return False


async def test_who_is_of_the_company_has_no_budget_and_who_is_of_another_is_a_stranger(world):
    asking = Asking(None, None, StrangerBudget(world.clock, per_minute=3))
    other = await world.add_company("other")
    token = Token(world.company_id, "t", frozenset({Permission.SEARCH_SLOTS}))
    assert not await counted(world, asking, world.owner, world.company_id)
    assert not await counted(world, asking, token, world.company_id)
    assert await counted(world, asking, world.owner, other)
    assert await counted(world, asking, None, world.company_id)


async def test_an_attempt_to_book_counts_for_a_stranger_as_a_search(world):
    """Else whoever tries in vain often enough uses up the tokens that are kept for booking checks."""
    await world.link("anna")
    world.calendars.fail("busy", AccountRevoked())
    joined = join(world.joined.parts, stranger_searches_per_minute=3)
    stranger, owner = world.as_(), world.as_(world.owner)
    stranger.source = owner.source = "192.0.2.7"
    request = world.request("2027-03-02 09:00", employee="anna")
    found = await asyncio.gather(*(joined.use_cases.bookings.book(who, request) for who in [stranger, owner] * 5))
    await joined.health.settled()
    refused = [one.retry_after_seconds for one in found[::2] if isinstance(one, QuotaReached)]
    assert refused
    assert set(refused) <= set(range(1, 61))
    assert all(isinstance(one, CalendarUnverified) for one in found[1::2])
    assert world.calendars.calls["busy"] < 10


async def test_counting_a_search_does_no_work_for_every_other_source(monkeypatch):
    """A storage that forgets source by source in threads would let many addresses stop us by what each search costs."""
    hops = []

    async def counted(function, *arguments):
        hops.append(function)
        return function(*arguments)

    monkeypatch.setattr(asyncio, "to_thread", counted)
    budget = StrangerBudget(SystemClock(), per_minute=3)
    for number in range(50):
        await budget.check(f"192.0.2.{number}")
        await asyncio.sleep(0)
    assert not hops
