"""Openings and absences in wall time become spans in UTC, over every kind of clock change (rules A1, A2)."""

from datetime import UTC, date, datetime, time

import pytest

from slotgraph.core.availability import Dated, DaysOff, Times, Weekly, absent_spans, openings
from slotgraph.core.clock import local_days, minute_from_instant, zone
from slotgraph.core.values import Span

MONDAY, TUESDAY, SUNDAY = 0, 1, 6


def utc(text):
    return minute_from_instant(datetime.fromisoformat(text).replace(tzinfo=UTC))


def times(start, end):
    return Times(time.fromisoformat(start), time.fromisoformat(end))


def opened(rule, zone_name, first, last):
    """The spans of one rule on some local days, as pairs of UTC instants."""
    tz = zone(zone_name)
    window = local_days(date.fromisoformat(first), date.fromisoformat(last), tz)
    return openings([rule], tz, window)


def on(zone_name, day, start, end):
    """The one opening of a date, or None."""
    found = opened(Dated(times(start, end), date.fromisoformat(day)), zone_name, day, day)
    return found[0] if found else None


@pytest.mark.parametrize(
    ("zone_name", "day", "start", "minute"),
    [
        ("Pacific/Midway", "2027-03-01", "18:00", "2027-03-03T04:00"),  # eleven hours behind, and past midnight
        ("Pacific/Kiritimati", "2027-03-03", "00:00", "2027-03-02T10:00"),  # fourteen hours ahead
    ],
)
def test_an_opening_of_a_day_that_is_another_in_utc_is_found_by_any_minute_of_it(zone_name, day, start, minute):
    rule = Dated(times(start, "17:30"), date.fromisoformat(day))
    window = Span(utc(minute), utc(minute) + 1)
    assert openings([rule], zone(zone_name), window) == [on(zone_name, day, start, "17:30")]


def test_nine_in_the_morning_is_nine_before_and_after_the_clock_change():
    week = opened(Weekly(times("09:00", "17:00"), MONDAY), "Europe/Zurich", "2027-03-22", "2027-03-29")
    assert week == [
        Span(utc("2027-03-22T08:00"), utc("2027-03-22T16:00")),
        Span(utc("2027-03-29T07:00"), utc("2027-03-29T15:00")),
    ]


@pytest.mark.parametrize(
    ("zone_name", "day", "start", "end", "expected"),
    [
        # Clocks go forward: what lies in the gap moves to its end.
        ("Europe/Zurich", "2027-03-28", "02:30", "04:00", ("2027-03-28T01:00", "2027-03-28T02:00")),
        ("Europe/Zurich", "2027-03-28", "01:30", "02:30", ("2027-03-28T00:30", "2027-03-28T01:00")),
        ("Europe/Zurich", "2027-03-28", "02:15", "02:45", None),
        ("America/New_York", "2027-03-14", "02:00", "03:30", ("2027-03-14T07:00", "2027-03-14T07:30")),
        ("Australia/Lord_Howe", "2027-10-03", "02:10", "03:00", ("2027-10-02T15:30", "2027-10-02T16:00")),
        # Clocks go back: from the first of the two starts to the last of the two ends.
        ("Europe/Zurich", "2027-10-31", "02:00", "03:00", ("2027-10-31T00:00", "2027-10-31T02:00")),
        ("Europe/Zurich", "2027-10-31", "02:15", "02:45", ("2027-10-31T00:15", "2027-10-31T01:45")),
        ("America/New_York", "2027-11-07", "01:30", "02:00", ("2027-11-07T05:30", "2027-11-07T07:00")),
        ("Australia/Lord_Howe", "2027-04-04", "01:30", "02:00", ("2027-04-03T14:30", "2027-04-03T15:30")),
        # Casablanca turns its clocks back for Ramadan: in 2027 at 03:00 on 7 February, forward again on 14 March.
        ("Africa/Casablanca", "2027-02-07", "02:30", "03:00", ("2027-02-07T01:30", "2027-02-07T03:00")),
        ("Africa/Casablanca", "2027-03-14", "02:30", "04:00", ("2027-03-14T02:00", "2027-03-14T03:00")),
        # Past midnight, and 00:00 as the midnight that closes the day.
        ("Europe/Zurich", "2027-03-01", "22:00", "02:00", ("2027-03-01T21:00", "2027-03-02T01:00")),
        ("Europe/Zurich", "2027-03-01", "18:00", "00:00", ("2027-03-01T17:00", "2027-03-01T23:00")),
        ("Europe/Zurich", "2027-03-01", "00:00", "00:00", ("2027-02-28T23:00", "2027-03-01T23:00")),
        ("Europe/Zurich", "2027-03-28", "00:00", "00:00", ("2027-03-27T23:00", "2027-03-28T22:00")),
        ("Europe/Zurich", "2027-03-01", "09:00", "09:00", ("2027-03-01T08:00", "2027-03-02T08:00")),
        ("Europe/Zurich", "2027-03-27", "22:00", "02:30", ("2027-03-27T21:00", "2027-03-28T01:00")),
        # The 30th of December 2011 was skipped in Samoa: a day without minutes has no opening.
        ("Pacific/Apia", "2011-12-30", "09:00", "17:00", None),
        ("Pacific/Apia", "2011-12-29", "18:00", "00:00", ("2011-12-30T04:00", "2011-12-30T10:00")),
        ("Pacific/Apia", "2011-12-31", "00:00", "08:00", ("2011-12-30T10:00", "2011-12-30T18:00")),
        # Midnight itself is skipped in Cairo on 30 April 2027.
        ("Africa/Cairo", "2027-04-29", "20:00", "00:00", ("2027-04-29T18:00", "2027-04-29T22:00")),
        ("Africa/Cairo", "2027-04-30", "00:00", "02:00", ("2027-04-29T22:00", "2027-04-29T23:00")),
    ],
)
def test_wall_times_become_spans(zone_name, day, start, end, expected):
    assert on(zone_name, day, start, end) == (expected and Span(*map(utc, expected)))


def test_opening_begun_the_day_before_the_window_is_found_whole():
    tz = zone("Europe/Zurich")
    window = Span(utc("2027-03-02T00:00"), utc("2027-03-02T00:30"))
    found = openings([Weekly(times("22:00", "06:00"), MONDAY)], tz, window)
    assert found == [Span(utc("2027-03-01T21:00"), utc("2027-03-02T05:00"))]


def test_openings_that_only_meet_the_window_are_left_out():
    tz = zone("UTC")
    window = Span(utc("2027-03-01T10:00"), utc("2027-03-01T12:00"))
    rules = [Dated(times(*pair), date(2027, 3, 1)) for pair in (("09:00", "10:00"), ("12:00", "13:00"))]
    assert openings(rules, tz, window) == []


@pytest.mark.parametrize(
    ("first", "last", "mondays"),
    [
        (None, None, ["01", "08", "15"]),
        ("2027-03-08", None, ["08", "15"]),
        ("2027-03-09", None, ["15"]),
        (None, "2027-03-08", ["01", "08"]),
        (None, "2027-03-07", ["01"]),
        ("2027-03-08", "2027-03-08", ["08"]),
        ("2027-03-09", "2027-03-14", []),
    ],
)
def test_weekly_openings_hold_between_their_two_days_both_included(first, last, mondays):
    limits = [day and date.fromisoformat(day) for day in (first, last)]
    found = opened(Weekly(times("09:00", "10:00"), MONDAY, *limits), "UTC", "2027-03-01", "2027-03-15")
    assert found == [Span(utc(f"2027-03-{day}T09:00"), utc(f"2027-03-{day}T10:00")) for day in mondays]


def test_validity_counts_the_day_an_opening_begins_on():
    rule = Weekly(times("22:00", "02:00"), SUNDAY, None, date(2027, 3, 7))
    assert opened(rule, "UTC", "2027-03-08", "2027-03-08") == [Span(utc("2027-03-07T22:00"), utc("2027-03-08T02:00"))]


def test_openings_are_sorted_without_being_merged():
    rules = [Weekly(times("12:00", "14:00"), MONDAY), Weekly(times("09:00", "13:00"), MONDAY)]
    found = openings(rules, zone("UTC"), Span(utc("2027-03-01T00:00"), utc("2027-03-02T00:00")))
    nine, noon, one, two = (utc(f"2027-03-01T{hour}:00") for hour in ("09", "12", "13", "14"))
    assert found == [Span(nine, one), Span(noon, two)]


def test_days_off_are_whole_local_days_the_last_included_and_ranges_stay_as_they_are():
    exact = Span(100, 200)
    off = DaysOff(date(2027, 3, 28), date(2027, 3, 29))
    assert absent_spans([off, exact], zone("Europe/Zurich")) == [
        Span(utc("2027-03-27T23:00"), utc("2027-03-29T22:00")),
        exact,
    ]
    assert absent_spans([off], zone("America/New_York")) == [Span(utc("2027-03-28T04:00"), utc("2027-03-30T04:00"))]
