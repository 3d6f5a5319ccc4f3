"""Strangers' searches are counted by source (B7)."""

import pytest

from slotgraph.core.asking import Asking
from slotgraph.core.clock import SystemClock
from slotgraph.core.errors import ErrorCode, RateLimited
from slotgraph.core.policy import Permission, Token
from slotgraph.core.stranger_budget import StrangerBudget


async def test_a_source_that_has_used_its_budget_up_is_told_how_long_to_wait():
    budget = StrangerBudget(SystemClock(), per_minute=3)
    for _ in range(3):
        await budget.check("192.0.2.7")
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
        for _ in range(4):
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
