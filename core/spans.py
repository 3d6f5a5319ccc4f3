"""Algebra of spans: merge, clip, gaps, cover. Inputs and outputs are lists of Span; outputs are sorted and disjoint."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from slotgraph.core.values import Span


def merged(spans: Iterable[Span]) -> list[Span]:
    """Sort spans, drop empty ones, join those that overlap or meet."""
    result: list[Span] = []
    until = None
    for span in sorted(spans):
        start, end = span
        if start >= end:
            continue
        if until is None or start > until:
            result.append(span)
            until = end
        elif end > until:
            result[-1] = Span(result[-1].start, end)
            until = end
    return result


ALWAYS = Span(-(2**40), 2**40)
"""Longer than all times there are."""


def gaps(spans: Iterable[Span]) -> list[Span]:
    """What some spans, sorted by start, leave of all time; adjoining and overlapping ones leave nothing between them."""
    result: list[Span] = []
    until = ALWAYS.start
    for start, end in spans:
        if start > until:
            result.append(Span(until, start))
        if end > until:
            until = end
    result.append(Span(until, ALWAYS.end))
    return result


def clipped(spans: Iterable[Span], window: Span) -> list[Span]:
    """The parts of spans inside a window, in the given order; empty ones are dropped."""
    low, high = window
    parts: list[Span] = []
    for span in spans:
        start, end = span
        if low <= start < end <= high:
            parts.append(span)
        elif max(start, low) < min(end, high):
            parts.append(Span(max(start, low), min(end, high)))
    return parts


def overlaps(span: Span, disjoint: Sequence[Span]) -> bool:
    """Whether a span of at least one minute overlaps any of some sorted, disjoint spans. Meeting is not overlapping."""
    at = bisect_left(disjoint, span.end, key=lambda other: other.start)
    return at > 0 and disjoint[at - 1].end > span.start


def covers(disjoint: Sequence[Span], span: Span) -> bool:
    """Whether one of some sorted, disjoint spans holds the whole span. Adjoining spans must have been merged."""
    at = bisect_right(disjoint, span.start, key=lambda other: other.start)
    return at > 0 and disjoint[at - 1].end >= span.end
