"""The bucket of an account: below the vendor's limit in any minute, a fifth kept for booking checks (B7)."""

import random

import pytest

from slotgraph.core.quota import Quota
from slotgraph.core.values import Limits


def spent(quota, now, *, for_booking=False):
    """How many calls go through at one moment."""
    count = 0
    while not quota.seconds_to_wait(now, for_booking=for_booking):
        quota.spend(now)
        count += 1
    return count


@pytest.mark.parametrize(
    ("calls_per_minute", "searches", "bookings"), [(600, 384, 96), (60, 38, 10), (10, 6, 2), (3, 1, 1), (1, 1, 0)]
)
def test_searches_leave_a_fifth_of_eighty_percent_to_booking_checks(calls_per_minute, searches, bookings):
    quota = Quota(Limits(calls_per_minute=calls_per_minute))
    assert spent(quota, 0.0) == searches
    assert spent(quota, 0.0, for_booking=True) == bookings


def test_the_wait_is_until_a_token_comes_back():
    quota = Quota(Limits(calls_per_minute=10))
    for second in range(6):
        quota.spend(100.5 + second)
    assert quota.seconds_to_wait(106.0, for_booking=False) == 55
    assert quota.seconds_to_wait(160.9, for_booking=False) == 1
    assert quota.seconds_to_wait(161.0, for_booking=False) == 0


def test_in_no_minute_are_there_more_calls_than_eighty_percent():
    chance, quota, calls, now = random.Random(7), Quota(Limits(calls_per_minute=60)), [], 0.0
    while now < 600:
        if not quota.seconds_to_wait(now, for_booking=True):
            quota.spend(now)
            calls.append(now)
        now += chance.choice([0.01, 0.3, 0.7, 1.9])
    busiest = max(sum(at <= later <= at + 60 for later in calls) for at in calls)
    assert busiest == 48
    assert len(calls) > 400


def test_a_pause_holds_searches_until_then_and_a_shorter_one_does_not_end_it():
    quota = Quota(Limits())
    quota.pause(30, 100.0)
    quota.pause(5, 101.0)
    assert quota.seconds_to_wait(110.5, for_booking=False) == 20
    assert quota.seconds_to_wait(110.5, for_booking=True) == 0
    assert quota.seconds_to_wait(130.0, for_booking=False) == 0


def test_however_many_calls_there_were_no_more_than_a_minute_of_them_is_kept():
    quota = Quota(Limits(calls_per_minute=100_000))
    for tenth in range(5_000):
        quota.seconds_to_wait(tenth / 10, for_booking=False)
        quota.spend(tenth / 10)
    assert len(quota._spent) <= 62
