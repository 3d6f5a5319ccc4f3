"""Algebra of spans: merge, subtract, intersect, clip. Inputs and outputs are lists of Span; outputs are sorted and disjoint."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from slotgraph.core.values import Span


def merged(spans: Iterable[Span]) -> list[Span]:
    """Sort spans, drop empty ones, join those that overlap or meet."""
    result: list[Span] = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if result and start <= result[-1].end:
            if end > result[-1].end:
                result[-1] = Span(result[-1].start, end)
        else:
            result.append(Span(start, end))
    return result


def subtracted(spans: Iterable[Span], holes: Iterable[Span]) -> list[Span]:
    """What is in `spans` and in no hole."""
    result: list[Span] = []
    cuts = merged(holes)
    first = 0
    for start, end in merged(spans):
        while first < len(cuts) and cuts[first].end <= start:
            first += 1
        at, index = start, first
        while index < len(cuts) and cuts[index].start < end:
            if cuts[index].start > at:
                result.append(Span(at, cuts[index].start))
            at = max(at, cuts[index].end)
            index += 1
        if at < end:
            result.append(Span(at, end))
    return result


def clipped(spans: Iterable[Span], window: Span) -> list[Span]:
    """The parts of spans inside a window, in the given order; empty ones are dropped."""
    parts = (Span(max(start, window.start), min(end, window.end)) for start, end in spans)
    return [part for part in parts if part.start < part.end]


def overlaps(span: Span, disjoint: Sequence[Span]) -> bool:
    """Whether a span of at least one minute overlaps any of some sorted, disjoint spans. Meeting is not overlapping."""
    at = bisect_left(disjoint, span.end, key=lambda other: other.start)
    return at > 0 and disjoint[at - 1].end > span.start


def covers(disjoint: Sequence[Span], span: Span) -> bool:
    """Whether one of some sorted, disjoint spans holds the whole span. Adjoining spans must have been merged."""
    at = bisect_right(disjoint, span.start, key=lambda other: other.start)
    return at > 0 and disjoint[at - 1].end >= span.end
