"""Tries in vain are counted for a quarter of an hour."""

from datetime import UTC, datetime, timedelta

import pytest

from slotgraph.core.people.tries import ALLOWED, Tries
from slotgraph.core.testing import FixedClock


@pytest.fixture
def clock():
    return FixedClock(datetime(2027, 3, 1, tzinfo=UTC))


@pytest.fixture
def tries(clock):
    return Tries(clock)


def test_after_five_there_are_no_more_for_this_user(tries):
    assert [tries.may_try("anna") for _ in range(ALLOWED + 2)] == [True] * ALLOWED + [False] * 2
    assert tries.may_try("ben")


def test_each_try_is_forgotten_a_quarter_of_an_hour_after_it(tries, clock):
    tries.may_try("anna")
    clock.advance(timedelta(minutes=10))
    for _ in range(ALLOWED - 1):
        tries.may_try("anna")
    clock.advance(timedelta(minutes=4, seconds=59))
    assert not tries.may_try("anna")
    clock.advance(timedelta(seconds=1))
    assert tries.may_try("anna")
    assert not tries.may_try("anna")


def test_a_try_that_was_refused_holds_nothing_up(tries, clock):
    for _ in range(ALLOWED):
        tries.may_try("anna")
    clock.advance(timedelta(minutes=14))
    assert not tries.may_try("anna")
    clock.advance(timedelta(minutes=1))
    assert tries.may_try("anna")


def test_a_right_one_begins_anew(tries):
    for _ in range(ALLOWED):
        tries.may_try("anna")
    tries.succeeded("anna")
    tries.succeeded("nobody")
    assert tries.may_try("anna")


def test_nothing_is_remembered_of_those_who_came_long_ago(tries, clock):
    for number in range(100):
        tries.may_try(str(number))
    clock.advance(timedelta(minutes=15))
    tries.may_try("anna")
    assert [*tries._tried] == ["anna"]
