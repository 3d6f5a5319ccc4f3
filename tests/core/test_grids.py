"""Grids: steps of absolute minutes from the start of each availability, or from midnight (rule S2)."""

from datetime import date

import pytest

from slotgraph.core.clock import local_days, midnight, wall_from_minute, zone
from slotgraph.core.grids import clock_grid, on_grid
from slotgraph.core.values import Span


def day_of(tz, day):
    return local_days(day, day, tz)


def test_an_opening_has_its_own_grid():
    grid = [Span(7, 60), Span(30, 90)]
    assert [minute for minute in range(100) if on_grid(minute, grid, 20)] == [7, 27, 30, 47, 50, 70]


@pytest.mark.parametrize(
    ("name", "day", "walls"),
    [
        ("Europe/Zurich", date(2027, 3, 27), ["00:00", "02:00", "04:00", "06:00"]),
        ("Europe/Zurich", date(2027, 3, 28), ["00:00", "03:00", "05:00", "07:00"]),  # the gap lies at 02:00
        ("Europe/Zurich", date(2027, 10, 31), ["00:00", "02:00", "03:00", "05:00"]),  # 02:00 to 03:00 twice
        ("Australia/Lord_Howe", date(2027, 10, 3), ["00:00", "02:30", "04:30", "06:30"]),
        ("Asia/Beirut", date(2027, 3, 28), ["01:00", "03:00", "05:00", "07:00"]),  # the day begins at 01:00
    ],
)
def test_clock_steps_are_absolute_minutes_from_the_days_first(name, day, walls):
    tz = zone(name)
    window = day_of(tz, day)
    grid = clock_grid(window, tz)
    starts = [minute for minute in range(*window) if on_grid(minute, grid, 120)]
    assert [f"{wall_from_minute(start, tz):%H:%M}" for start in starts[:4]] == walls


def test_each_midnight_begins_anew():
    """A day of 23 hours holds 30 steps of 45 minutes and a rest; the next day does not carry it on."""
    tz = zone("Europe/Zurich")
    grid = clock_grid(local_days(date(2027, 3, 28), date(2027, 3, 29), tz), tz)
    assert on_grid(midnight(date(2027, 3, 29), tz), grid, 45)
    assert not on_grid(midnight(date(2027, 3, 28), tz) + 31 * 45, grid, 45)


def test_a_day_that_was_left_out_has_no_grid():
    tz = zone("Pacific/Apia")
    window = local_days(date(2011, 12, 29), date(2011, 12, 31), tz)
    assert [span.end - span.start for span in clock_grid(window, tz)][:2] == [1440, 1440]
