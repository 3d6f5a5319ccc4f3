"""Sets of starts as bits: what goes in comes out, and algebra on the bits is algebra on the sets."""

from hypothesis import given
from hypothesis import strategies as st

from slotgraph.core.slots import INTERVALS
from slotgraph.core.starts import Frame, Starts, intersection, ones, union
from slotgraph.core.values import Span

FRAMES = st.builds(
    lambda start, length, interval: Frame(Span(start, start + length), interval),
    st.integers(-100, 10_000), st.integers(0, 700), st.sampled_from(INTERVALS),
)  # fmt: skip


@st.composite
def framed(draw, sets=2):
    """A frame and some sets of minutes in it."""
    frame = draw(FRAMES)
    minutes = st.integers(frame.window.start, max(frame.window.start, frame.window.end - 1))
    chosen = [set(draw(st.lists(minutes, max_size=20)) if frame.steps else []) for _ in range(sets)]
    return frame, chosen


def starts_of(frame, minutes):
    bits = {}
    for minute in minutes:
        step, phase = divmod(minute - frame.window.start, frame.interval)
        bits[phase] = bits.get(phase, 0) | 1 << step
    return Starts(frame, bits)


@given(framed())
def test_a_set_lists_and_holds_what_was_put_into_it(drawn):
    frame, (minutes, others) = drawn
    starts = starts_of(frame, minutes)
    assert starts.listed() == sorted(minutes)
    assert len(starts) == len(minutes)
    assert {one for one in minutes | others if one in starts} == minutes
    assert frame.window.start - frame.interval not in starts


@given(framed(3))
def test_union_and_intersection_are_those_of_the_sets(drawn):
    frame, minutes = drawn
    sets = [starts_of(frame, one) for one in minutes]
    assert union(frame, sets).listed() == sorted(set.union(*minutes))
    assert intersection(frame, sets).listed() == sorted(set.intersection(*minutes))


def test_all_of_nobody_is_nothing():
    frame = Frame(Span(0, 60), 15)
    assert intersection(frame, []).listed() == union(frame, []).listed() == []


@given(
    FRAMES, st.integers(0, 40), st.integers(1, 90), st.lists(st.tuples(st.integers(-300, 11_000), st.integers(0, 200)))
)
def test_steps_are_reached_just_if_their_reach_overlaps_a_span(frame, before, after, pairs):
    spans = [Span(start, start + length) for start, length in pairs]
    for phase in {0, frame.interval - 1}:
        bits = frame.reached(phase, spans, before=before, after=after)
        for step in range(frame.steps):
            minute = frame.window.start + phase + step * frame.interval
            overlapped = any(start < end and minute - before < end and start < minute + after for start, end in spans)
            assert bool(bits >> step & 1) == overlapped


def test_a_span_without_end_costs_no_more_than_the_window():
    frame = Frame(Span(0, 1440), 15)
    assert frame.reached(0, [Span(720, 10**12)], before=0, after=1).bit_length() == 96


@given(st.integers(-20, 80), st.integers(-20, 80))
def test_ones_sets_the_bits_between(start, end):
    assert ones(start, end) == sum(1 << bit for bit in range(max(start, 0), end))
