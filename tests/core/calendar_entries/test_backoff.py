"""When a try that failed is followed by the next (rule K3)."""

from datetime import UTC, datetime, timedelta

import pytest

from slotgraph.core.calendar_entries.backoff import GIVEN_UP_AFTER, next_try

WISHED = datetime(2027, 3, 1, 6, tzinfo=UTC)


def wait(tries, *, jitter=1.0, retry_after=None, after=timedelta()):
    """How long the next try is away, a while after the wish."""
    now = WISHED + after
    at = next_try(now, wished_at=WISHED, tries=tries, retry_after=retry_after, jitter=jitter)
    return at and (at - now).total_seconds()


def test_waits_double_from_two_seconds_to_a_quarter_of_an_hour():
    assert [wait(tries) for tries in range(1, 13)] == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]
    assert wait(10_000) == 900


def test_chance_takes_up_to_half_of_a_wait_away():
    assert [wait(3, jitter=jitter) for jitter in (0.0, 0.5, 1.0)] == [4, 6, 8]


def test_who_asked_to_be_left_alone_is_also_for_longer_than_a_quarter_of_an_hour():
    assert wait(1, retry_after=3600) == 3600
    assert wait(1, retry_after=0) == wait(1, retry_after=1) == 2


def test_after_three_days_it_is_given_up():
    assert wait(300, after=GIVEN_UP_AFTER) is None
    assert wait(300, after=GIVEN_UP_AFTER - timedelta(seconds=1)) == 1


@pytest.mark.parametrize("retry_after", [None, 86_400])
def test_the_last_try_is_at_the_end_whatever_was_asked_for(retry_after):
    assert wait(300, after=GIVEN_UP_AFTER - timedelta(minutes=5), retry_after=retry_after) == 300
