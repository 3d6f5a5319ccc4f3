"""Whole minutes, and wall times in zones whose clocks change (rule A1)."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slotgraph.core.clock import (
    instant_from_minute,
    is_zone_name,
    local_date,
    local_days,
    midnight,
    minute_ceiling,
    minute_from_instant,
    minute_from_wall,
    span_from_instants,
    wall_from_minute,
    zone,
)
from slotgraph.core.testing import FixedClock
from slotgraph.core.values import Span

ZURICH = zone("Europe/Zurich")
LORD_HOWE = zone("Australia/Lord_Howe")
APIA = zone("Pacific/Apia")
ZONES = (
    "Europe/Zurich",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "America/Havana",  # its clocks change at midnight
    "Africa/Cairo",
    "UTC",
)
INSTANTS = st.datetimes(datetime(1980, 1, 1), datetime(2037, 12, 31)).map(lambda naive: naive.replace(tzinfo=UTC))


def utc(text):
    return minute_from_instant(datetime.fromisoformat(text).replace(tzinfo=UTC))


def wall(text):
    return datetime.fromisoformat(text)


@given(INSTANTS)
def test_floor_and_ceiling_enclose_an_instant_within_a_minute(instant):
    floor, ceiling = minute_from_instant(instant), minute_ceiling(instant)
    assert instant_from_minute(floor) <= instant <= instant_from_minute(ceiling)
    assert ceiling - floor == (0 if instant.second == instant.microsecond == 0 else 1)


@pytest.mark.parametrize("rounding", [minute_from_instant, minute_ceiling])
def test_instants_before_the_epoch_round_the_same_way(rounding):
    before = datetime(1969, 12, 31, 23, 58, 30, tzinfo=UTC)
    assert rounding(before) == rounding(before + timedelta(minutes=10)) - 10


def test_an_instant_means_the_same_minute_whatever_its_offset():
    noon = datetime(2027, 3, 1, 12, tzinfo=UTC)
    assert minute_from_instant(noon.astimezone(timezone(timedelta(hours=5, minutes=45)))) == minute_from_instant(noon)


def test_naive_datetimes_are_refused():
    with pytest.raises(TypeError):
        minute_from_instant(datetime(2027, 3, 1))


@pytest.mark.parametrize(
    ("start", "end", "length"),
    [
        ("09:00:00", "10:00:00", 60),
        ("09:00:30", "09:59:30", 60),  # S7: rounded outward
        ("09:00:10", "09:00:20", 1),
        ("09:00:00", "09:00:01", 1),
        ("09:00:00", "09:00:00", 0),  # S7: zero length stays zero length
        ("09:00:30", "09:00:30", 0),
    ],
)
def test_spans_of_instants_are_rounded_outward(start, end, length):
    day = "2027-03-01T"
    span = span_from_instants(*(datetime.fromisoformat(day + text).replace(tzinfo=UTC) for text in (start, end)))
    assert span == Span(utc(day + "09:00"), utc(day + "09:00") + length)


def test_wall_time_in_a_gap_moves_forward_to_its_end():
    for minute in (0, 1, 30, 59):
        assert minute_from_wall(datetime(2027, 3, 28, 2, minute), ZURICH) == utc("2027-03-28T01:00")
    assert minute_from_wall(wall("2027-03-28T01:59"), ZURICH) == utc("2027-03-28T00:59")
    assert minute_from_wall(wall("2027-03-28T03:00"), ZURICH) == utc("2027-03-28T01:00")


@pytest.mark.parametrize("last", [False, True])
def test_a_gap_of_half_an_hour_ends_after_half_an_hour(last):
    # Lord Howe: 02:00 -> 02:30 on 3 October 2027, when it is 15:30 UTC the day before.
    assert minute_from_wall(wall("2027-10-03T02:15"), LORD_HOWE, last=last) == utc("2027-10-02T15:30")
    assert minute_from_wall(wall("2027-10-03T02:30"), LORD_HOWE, last=last) == utc("2027-10-02T15:30")


def test_ambiguous_wall_time_means_the_first_or_the_last():
    assert minute_from_wall(wall("2027-10-31T02:30"), ZURICH) == utc("2027-10-31T00:30")
    assert minute_from_wall(wall("2027-10-31T02:30"), ZURICH, last=True) == utc("2027-10-31T01:30")
    assert minute_from_wall(wall("2027-04-04T01:45"), LORD_HOWE) == utc("2027-04-03T14:45")
    assert minute_from_wall(wall("2027-04-04T01:45"), LORD_HOWE, last=True) == utc("2027-04-03T15:15")


def test_a_day_that_never_was_is_empty():
    # Samoa crossed the date line: 29 December 2011 was followed by the 31st.
    assert midnight(date(2011, 12, 30), APIA) == midnight(date(2011, 12, 31), APIA) == utc("2011-12-30T10:00")
    assert local_days(date(2011, 12, 30), date(2011, 12, 30), APIA).start == utc("2011-12-30T10:00")
    assert local_date(utc("2011-12-30T09:59"), APIA) == date(2011, 12, 29)
    assert local_date(utc("2011-12-30T10:00"), APIA) == date(2011, 12, 31)


@pytest.mark.parametrize(
    ("day", "hours"), [("2027-03-27", 24), ("2027-03-28", 23), ("2027-10-31", 25), ("2027-03-29", 24)]
)
def test_days_of_a_clock_change_are_23_or_25_hours_long(day, hours):
    first = date.fromisoformat(day)
    span = local_days(first, first, ZURICH)
    assert span.end - span.start == hours * 60


@given(st.sampled_from(ZONES), st.dates(date(2005, 1, 1), date(2036, 12, 31)))
def test_local_days_follow_each_other_without_gap_and_hold_their_minutes(name, day):
    tz = zone(name)
    span = local_days(day, day, tz)
    assert span.end == midnight(day + timedelta(days=1), tz)
    if span.start < span.end:
        assert local_date(span.start, tz) == local_date(span.end - 1, tz) == day
        assert local_date(span.start - 1, tz) < day


@given(st.sampled_from(ZONES), st.integers(utc("2005-01-01T00:00"), utc("2036-12-31T00:00")))
def test_a_minute_is_its_wall_time_in_one_of_the_two_readings(name, minute):
    tz = zone(name)
    readings = {minute_from_wall(wall_from_minute(minute, tz), tz, last=last) for last in (False, True)}
    assert minute in readings


@given(st.sampled_from(ZONES), st.datetimes(datetime(2005, 1, 1), datetime(2036, 12, 31)))
def test_wall_times_agree_with_a_search_minute_by_minute(name, naive):
    """The oracle looks for the minutes that show this wall time; in a gap, for the first that shows a later one."""
    tz, naive = ZoneInfo(name), naive.replace(second=0, microsecond=0)
    around = minute_from_instant(naive.replace(tzinfo=UTC))
    shown = [(minute, wall_from_minute(minute, tz)) for minute in range(around - 15 * 60, around + 15 * 60)]
    exact = [minute for minute, shows in shown if shows == naive]
    if exact:
        expected = (exact[0], exact[-1])
    else:
        after = next(minute for minute, shows in shown if shows > naive)
        expected = (after, after)
    assert (minute_from_wall(naive, tz), minute_from_wall(naive, tz, last=True)) == expected


@pytest.mark.parametrize("name", ["Europe/Zuerich", "europe/zurich", "", "../etc/passwd", "/etc/localtime", "CET+1"])
def test_what_is_no_zone_is_refused(name):
    assert not is_zone_name(name)
    with pytest.raises(ValueError):
        zone(name)


def test_a_fixed_clock_moves_only_when_it_is_moved():
    clock = FixedClock(datetime(2027, 3, 1, 9, tzinfo=ZURICH))
    assert clock.now() == datetime(2027, 3, 1, 8, tzinfo=UTC)
    clock.advance(timedelta(minutes=2))
    assert (clock.now().minute, clock.monotonic()) == (2, 120)
