"""Checks by hand are counted by account, and forgotten after a minute (rule B7)."""

from datetime import UTC, datetime, timedelta

import pytest

from slotgraph.core.check_budget import CHECKS_PER_MINUTE, CheckBudget
from slotgraph.core.errors import RateLimited
from slotgraph.core.testing import FixedClock


@pytest.fixture
def clock():
    return FixedClock(datetime(2027, 3, 1, tzinfo=UTC))


def test_the_seventh_in_a_minute_waits_until_the_first_is_a_minute_old(clock):
    budget = CheckBudget(clock)
    for _ in range(CHECKS_PER_MINUTE):
        budget.spend("company", "account")
        clock.advance(timedelta(seconds=5))
    with pytest.raises(RateLimited) as refused:
        budget.spend("company", "account")
    assert refused.value.retry_after == 30
    clock.advance(timedelta(seconds=30))
    budget.spend("company", "account")
    with pytest.raises(RateLimited):
        budget.spend("company", "account")


def test_each_account_has_its_own(clock):
    budget = CheckBudget(clock)
    for company_id, account_id in (("one", "a"), ("one", "b"), ("two", "a")):
        for _ in range(CHECKS_PER_MINUTE):
            budget.spend(company_id, account_id)


def test_what_is_a_minute_old_is_forgotten(clock):
    budget = CheckBudget(clock)
    for number in range(100):
        budget.spend("company", f"account {number}")
    clock.advance(timedelta(minutes=1))
    budget.spend("company", "another")
    assert len(budget._checked) == 1
