"""The breaker: closed, open, half-open; one try at a time, and pauses that grow (B7)."""

import pytest

from slotgraph.core.breaker import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, OPENS_AFTER, Breaker
from slotgraph.core.values import FailureCause, Unverified

DEAD = Unverified(FailureCause.UNREACHABLE)
LATE = Unverified(FailureCause.TIMEOUT)


@pytest.fixture
def breaker():
    return Breaker(jitter=lambda: 0.5)


def opened(breaker, *, at=100.0):
    """Open it: its last failure is at this time."""
    for number in reversed(range(OPENS_AFTER)):
        assert breaker.refusal(at - 10 * number) is None
        breaker.failed(DEAD, now=at - 10 * number, is_try=breaker.let_through())


def test_it_opens_after_failures_in_a_row_and_tells_the_last_cause_and_when_to_ask_again(breaker):
    opened(breaker)
    assert breaker.refusal(100.0) == Unverified(FailureCause.UNREACHABLE, 5)
    assert breaker.refusal(103.5) == Unverified(FailureCause.UNREACHABLE, 2)


def test_an_answer_in_between_begins_the_count_anew(breaker):
    for at in range(0, 100, 10):
        breaker.failed(DEAD, now=at, is_try=breaker.let_through())
        assert breaker.refusal(at) is None
        breaker.failed(DEAD, now=at + 5, is_try=breaker.let_through())
        breaker.answered()


def test_failures_of_one_moment_are_one(breaker):
    for _ in range(20):
        breaker.failed(DEAD, now=100.0, is_try=breaker.let_through())
    assert breaker.refusal(100.0) is None


def test_after_the_pause_exactly_one_try_is_let_through(breaker):
    opened(breaker)
    after = 100.0 + FIRST_PAUSE_SECONDS
    assert breaker.refusal(after) is None
    assert breaker.let_through()
    assert breaker.refusal(after) == Unverified(FailureCause.UNREACHABLE, 1)


def test_a_try_that_succeeds_closes_it(breaker):
    opened(breaker)
    assert breaker.let_through()
    breaker.answered()
    assert breaker.refusal(106.0) is None
    assert not breaker.let_through()


def test_a_try_that_fails_opens_it_for_twice_as_long_up_to_a_bound(breaker):
    opened(breaker)
    at, pauses = 200.0, []
    for _ in range(6):
        breaker.failed(LATE, now=at, is_try=breaker.let_through())
        refusal = breaker.refusal(at)
        assert refusal.cause is FailureCause.TIMEOUT
        pauses.append(refusal.retry_after)
        at += 200
    assert pauses == [10, 20, 40, LONGEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS]


def test_a_try_that_told_nothing_lets_another_try(breaker):
    opened(breaker)
    assert breaker.let_through()
    breaker.abandoned()
    assert breaker.refusal(200.0) is None


def test_calls_that_began_before_it_opened_make_no_pause_longer(breaker):
    opened(breaker)
    for at in (101.0, 103.0, 107.0):
        breaker.failed(DEAD, now=at, is_try=False)
    assert breaker.refusal(104.0) == Unverified(FailureCause.UNREACHABLE, 1)
    assert breaker.refusal(105.0) is None


@pytest.mark.parametrize(("chance", "pause"), [(0.0, 4), (0.999999, 6)])
def test_pauses_are_left_to_chance_a_little(chance, pause):
    breaker = Breaker(jitter=lambda: chance)
    opened(breaker)
    assert breaker.refusal(100.0).retry_after == pause
