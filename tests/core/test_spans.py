"""The algebra of spans, against sets of minutes."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from slotgraph.core.spans import ALWAYS, clipped, covers, gaps, merged, overlaps
from slotgraph.core.values import Span

SPANS = st.lists(st.builds(Span, st.integers(0, 60), st.integers(0, 60)), max_size=12)
REAL_SPANS = st.tuples(st.integers(0, 60), st.integers(1, 20)).map(lambda pair: Span(pair[0], pair[0] + pair[1]))


def minutes(spans):
    return {minute for start, end in spans for minute in range(start, end)}


def is_tidy(spans):
    return all(start < end for start, end in spans) and all(one.end < after.start for one, after in pairwise(spans))


@given(SPANS)
def test_merged_is_the_union_in_as_few_spans_as_can_be(spans):
    assert minutes(merged(spans)) == minutes(spans)
    assert is_tidy(merged(spans))


@given(SPANS)
def test_gaps_are_what_sorted_spans_leave(spans):
    left = gaps(sorted(span for span in spans if span.start < span.end))
    covered = minutes(spans)
    assert all(start < end for start, end in left)
    assert (left[0].start, left[-1].end) == ALWAYS
    assert minutes(clipped(left, Span(-10, 130))) == set(range(-10, 130)) - covered


@given(SPANS, REAL_SPANS)
def test_clipped_keeps_what_lies_inside(spans, window):
    parts = clipped(spans, window)
    assert minutes(parts) == minutes(spans) & minutes([window])
    assert all(start < end for start, end in parts)


@given(SPANS)
def test_clipped_to_nothing_is_nothing(spans):
    assert clipped(spans, Span(30, 30)) == []


@given(REAL_SPANS, SPANS)
def test_overlaps_means_a_minute_in_common(span, others):
    assert overlaps(span, merged(others)) == bool(minutes([span]) & minutes(others))


@given(REAL_SPANS, SPANS)
def test_covers_means_every_minute_inside(span, others):
    assert covers(merged(others), span) == (minutes([span]) <= minutes(others))


def test_meeting_is_not_overlapping_but_is_joined():
    assert not overlaps(Span(10, 20), [Span(0, 10), Span(20, 30)])
    assert merged([Span(10, 20), Span(0, 10)]) == [Span(0, 20)]


def test_a_span_of_no_length_overlaps_nothing():
    assert not overlaps(Span(10, 20), merged([Span(15, 15)]))
