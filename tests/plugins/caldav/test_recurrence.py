"""RRULE against dateutil as a second opinion, and its bounds."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from slotgraph.core.plugin import AnswerTooLarge
from slotgraph.plugins.caldav.recurrence import FREQUENCIES, Budget, occurrences, rule_from_text

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def _listed(text: str, start: datetime, first: datetime, last: datetime, steps: int = 100_000) -> list[datetime]:
    return list(occurrences(rule_from_text(text), start, span=(first, last), budget=Budget(steps)))


def _some(draw: st.DrawFn, name: str, values: st.SearchStrategy[object]) -> list[str]:
    chosen = draw(st.lists(values, max_size=3, unique=True))
    return [f"{name}={','.join(map(str, chosen))}"] if chosen else []


@st.composite
def _rules(draw: st.DrawFn) -> str:
    """Rules on whose meaning the standard leaves no doubt, and which fit some day: dateutil seeks one to the year 9999."""
    frequency = draw(st.sampled_from(FREQUENCIES[:5]))
    parts = [f"FREQ={frequency}", f"INTERVAL={draw(st.integers(1, 4))}", f"WKST={draw(st.sampled_from(WEEKDAYS))}"]
    nth = st.sampled_from(["1", "2", "-1", "-2", ""] if frequency in ("YEARLY", "MONTHLY") else [""])
    if draw(st.booleans()) and frequency != "WEEKLY":
        parts += _some(draw, "BYMONTHDAY", st.sampled_from([1, 2, 13, 28, -1, -7]))
    else:
        sign = draw(nth)
        parts += _some(draw, "BYDAY", st.sampled_from([sign + day for day in WEEKDAYS]))
        parts += _some(draw, "BYMONTH", st.integers(1, 12)) if frequency != "MONTHLY" else []
    parts += (
        _some(draw, "BYHOUR", st.integers(0, 23))
        if frequency != "HOURLY"
        else _some(draw, "BYMINUTE", st.integers(0, 59))
    )
    # Of a week begun before DTSTART dateutil counts the rest only.
    parts += _some(draw, "BYSETPOS", st.sampled_from([1, 2, -1])) if frequency == "MONTHLY" and len(parts) > 3 else []
    return ";".join([*parts, *([f"COUNT={draw(st.integers(1, 40))}"] if draw(st.booleans()) else [])])


@settings(max_examples=150, deadline=None)
@given(
    _rules(),
    st.datetimes(datetime(2024, 1, 1), datetime(2026, 1, 1)).map(lambda at: at.replace(microsecond=0)),
    st.integers(0, 700),
    st.integers(1, 90),
)
def test_occurrences_are_those_of_dateutil(text: str, start: datetime, after: int, days: int) -> None:
    first = start + timedelta(days=after)
    last = first + timedelta(days=days)
    assert _listed(text, start, first, last) == rrulestr(f"RRULE:{text}", dtstart=start).between(first, last, inc=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "FREQ=YEARLY;BYWEEKNO=20",
            ["20260512T090000"],
        ),  # on DTSTART's weekday, a Tuesday; dateutil gives the whole week
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=2", ["20260130T090000", "20260227T090000"]),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", []),
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU;COUNT=3",
            ["20260106T090000", "20260118T090000", "20260120T090000"],
        ),
        ("FREQ=YEARLY;BYDAY=1MO,-1FR;COUNT=2", ["20261225T090000"]),
    ],
)
def test_rules_by_the_book(text: str, expected: list[str]) -> None:
    found = _listed(text, datetime(2026, 1, 6, 9), datetime(2026, 1, 1), datetime(2026, 12, 31))
    assert [f"{at:%Y%m%dT%H%M%S}" for at in found] == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "FREQ=SOMETIMES",
        "INTERVAL=2",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;COUNT=-1",
        "FREQ=DAILY;COUNT=many",
        "FREQ=DAILY;BYHOUR=24",
        "FREQ=DAILY;BYDAY=XX",
        "FREQ=DAILY;BYMONTHDAY=0",
        "FREQ=MONTHLY;RSCALE=HEBREW",
        "FREQ=DAILY;BYHOUR",
        "FREQ=DAILY;BYSECOND=" + ",".join(["1"] * 10_000),
    ],
)
def test_rules_that_mean_nothing_known_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        rule_from_text(text)


def test_rule_begun_long_ago_costs_what_the_span_costs() -> None:
    start, first = datetime(1970, 1, 1, 9), datetime(2027, 3, 1)
    found = _listed("FREQ=HOURLY;INTERVAL=5", start, first, first + timedelta(days=1), steps=40)
    assert found[0] >= first
    assert {later - earlier for earlier, later in pairwise(found)} == {timedelta(hours=5)}


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=SECONDLY",
        "FREQ=SECONDLY;COUNT=999999999",
        "FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;COUNT=5;BYMONTH=2;BYMONTHDAY=30",
    ],
)
def test_bombs_spend_their_budget_and_no_more(text: str) -> None:
    with pytest.raises(AnswerTooLarge):
        _listed(text, datetime(1000, 1, 1), datetime(2027, 1, 1), datetime(2027, 3, 1), steps=100_000)


def test_rule_that_never_fits_ends_at_the_span() -> None:
    assert (
        _listed("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", datetime(2020, 1, 1), datetime(2027, 1, 1), datetime(2027, 3, 1))
        == []
    )


def test_rule_that_runs_past_the_last_year_ends_there() -> None:
    assert _listed("FREQ=YEARLY", datetime(9998, 1, 1), datetime(9999, 1, 1), datetime(9999, 12, 31)) == [
        datetime(9999, 1, 1)
    ]
