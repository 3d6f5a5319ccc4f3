"""Cutting slots, against a slow oracle that asks the rules minute by minute (rules S1-S3, S7)."""

import hashlib
import json
from datetime import date, time, timedelta
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slotgraph.core.availability import Times, Weekly, openings
from slotgraph.core.clock import zone
from slotgraph.core.errors import BadInput
from slotgraph.core.grids import on_grid
from slotgraph.core.slots import INTERVALS, Day, Shape, is_clear, is_open, offered
from slotgraph.core.starts import Frame
from slotgraph.core.values import Span

WORKLOADS = Path(__file__).parents[3] / "shared" / "workloads"

MINUTES = st.integers(0, 200)
SPANS = st.lists(st.tuples(MINUTES, st.integers(0, 60)).map(lambda pair: Span(pair[0], sum(pair))), max_size=5)
# Openings of round lengths beside each other: they overlap and adjoin far more often than random ones would.
OPENINGS = st.lists(
    st.tuples(st.integers(0, 20), st.integers(1, 12)).map(lambda pair: (pair[0] * 10, (pair[0] + pair[1]) * 10)),
    max_size=4,
).map(lambda spans: sorted(Span(*span) for span in spans))
SHAPES = st.builds(Shape, st.integers(1, 70), st.integers(0, 20), st.integers(0, 20), st.sampled_from(INTERVALS))
STARTS = st.tuples(MINUTES, st.integers(0, 250)).map(lambda pair: Span(pair[0] - 20, sum(pair)))


def offered_starts(day, shape, starts):
    """What is offered on the grids of the openings."""
    found = offered(day, shape, starts, grid=day.openings, frame=Frame(starts, shape.interval))
    return found.listed()


def starts_by_the_rules(day, shape, starts):
    """Every start that keeps the rules, found by asking each minute. Shares nothing with the code under test."""
    bookable = {minute for opening in day.openings for minute in range(*opening)}
    bookable -= {minute for span in day.absent for minute in range(*span)}
    blocked = {minute for span in day.blocked for minute in range(*span)}
    offered = []
    for start in range(*starts):
        end = start + shape.duration
        anchored = any(
            opening[0] <= start < opening[1] and (start - opening[0]) % shape.interval == 0 for opening in day.openings
        )
        whole = all(minute in bookable for minute in range(start, end))
        free = not any(minute in blocked for minute in range(start - shape.before, end + shape.after))
        if anchored and whole and free:
            offered.append(start)
    return offered


@settings(max_examples=400, deadline=None)
@given(OPENINGS, SPANS, SPANS, SHAPES, STARTS)
def test_offered_starts_are_those_the_rules_allow(opened, absent, blocked, shape, starts):
    day = Day(opened, absent, blocked)
    assert offered_starts(day, shape, starts) == starts_by_the_rules(day, shape, starts)


@settings(max_examples=200, deadline=None)
@given(OPENINGS, SPANS, SPANS, SHAPES, MINUTES)
def test_judging_one_start_agrees_with_offering(opened, absent, blocked, shape, start):
    day = Day(opened, absent, blocked)
    judged = (
        on_grid(start, opened, shape.interval)
        and is_open(shape.span(start), opened)
        and is_clear(shape.span(start), absent)
        and is_clear(shape.blocked(start), blocked)
    )
    assert judged == (offered_starts(day, shape, Span(start, start + 1)) == [start])


@given(SHAPES, STARTS)
def test_reach_is_the_hull_of_all_blocked_spans(shape, starts):
    blocked = [shape.blocked(start) for start in range(*starts)]
    hull = Span(min(span.start for span in blocked), max(span.end for span in blocked)) if blocked else starts
    assert shape.reach(starts) == hull


def day_of(*spans, absent=(), blocked=()):
    return Day([Span(*span) for span in spans], absent, blocked)


WHOLE = Span(-1000, 5000)


def test_the_grid_starts_at_the_opening_not_at_the_hour():
    half_past_one = 13 * 60 + 30
    offered = offered_starts(day_of((half_past_one, 17 * 60)), Shape(30, 0, 0, 60), WHOLE)
    assert offered == [half_past_one, half_past_one + 60, half_past_one + 120, half_past_one + 180]


def test_each_opening_keeps_its_own_anchor_where_they_overlap():
    assert offered_starts(day_of((0, 60), (30, 120)), Shape(10, 0, 0, 45), WHOLE) == [0, 30, 45, 75]


def test_a_slot_runs_on_into_an_adjoining_opening_but_not_over_a_gap():
    assert offered_starts(day_of((0, 60), (60, 120)), Shape(90, 0, 0, 30), WHOLE) == [0, 30]
    assert offered_starts(day_of((0, 60), (61, 120)), Shape(90, 0, 0, 30), WHOLE) == []


def test_equal_starts_are_one():
    assert offered_starts(day_of((0, 60), (0, 60), (30, 60)), Shape(30, 0, 0, 30), WHOLE) == [0, 30]


def test_an_absence_cuts_but_does_not_move_the_anchor():
    assert offered_starts(day_of((0, 120), absent=[Span(10, 40)]), Shape(20, 0, 0, 30), WHOLE) == [60, 90]


def test_blocked_spans_may_meet_and_buffers_add_up():
    shape = Shape(30, 15, 15, 15)
    assert offered_starts(day_of((0, 180), blocked=[Span(60, 90)]), shape, WHOLE) == [0, 15, 105, 120, 135, 150]


def test_buffers_may_stick_out_of_the_availability_and_into_an_absence():
    assert offered_starts(day_of((0, 30), absent=[Span(30, 60)]), Shape(30, 60, 60, 30), WHOLE) == [0]


def test_a_zero_length_busy_blocks_nothing():
    assert offered_starts(day_of((0, 60), blocked=[Span(30, 30)]), Shape(60, 0, 0, 60), WHOLE) == [0]


@pytest.mark.parametrize(
    ("numbers", "field"),
    [
        ((0, 0, 0, 15), "durationMinutes"),
        ((-30, 0, 0, 15), "durationMinutes"),
        ((1441, 0, 0, 15), "durationMinutes"),
        ((30, -1, 0, 15), "bufferBeforeMinutes"),
        ((30, 0, 1441, 15), "bufferAfterMinutes"),
        ((30, 0, 0, 0), "bookingIntervalMinutes"),
        ((30, 0, 0, 7), "bookingIntervalMinutes"),
    ],
)
def test_a_shape_out_of_range_is_refused_by_field(numbers, field):
    with pytest.raises(BadInput) as refused:
        Shape(*numbers)
    assert refused.value.path == ("service", field)


def test_the_longest_shape_is_a_day_with_a_day_before_and_after():
    assert offered_starts(day_of((0, 2880)), Shape(1440, 1440, 1440, 120), WHOLE)[-1] == 1440


def test_no_availability_means_nothing_bookable():
    assert offered_starts(day_of(), Shape(30, 0, 0, 15), WHOLE) == []


@pytest.mark.parametrize("name", ["W1", "W2", "W3"])
def test_workload_gives_the_expected_starts(name):
    if not WORKLOADS.is_dir():
        pytest.skip("the workloads lie in ../shared, which is not here")
    given_, expected = (json.loads((WORKLOADS / f"{name}{kind}.json").read_text()) for kind in ("", ".out"))
    hours = Times(*(time(minute // 60, minute % 60) for minute in (given_["rule"]["start"], given_["rule"]["end"])))
    first = date.fromisoformat(given_["first_day"])
    last = first + timedelta(days=given_["days"] - 1)
    rules = [Weekly(hours, day - 1, first, last) for day in given_["rule"]["days"]]
    window = Span(given_["from"], given_["to"])
    opened = openings(rules, zone(given_["tz"]), window)
    shape = Shape(given_["len"], 0, 0, given_["step"])
    offered = [
        offered_starts(Day(opened, (), [Span(*busy) for busy in spans]), shape, window) for spans in given_["busy"]
    ]
    starts = sorted(set(chain.from_iterable(offered)))
    assert sum(map(len, offered)) == expected["pairs"]
    assert starts == expected["list"]
    assert hashlib.sha256(",".join(map(str, starts)).encode()).hexdigest()[:16] == expected["sha"]
