"""Cutting slots: which starts the rules S1-S5 and S7 offer, given what is open and what is blocked. Pure; minutes only."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from slotgraph.core.availability import Opening
from slotgraph.core.spans import clipped, covers, merged, overlaps, subtracted
from slotgraph.core.values import Span

INTERVALS = (5, 10, 15, 20, 30, 45, 60, 90, 120)
"""The booking intervals there are, in minutes (rule S1)."""

MAX_WINDOW_DAYS = 62
"""The widest search window (rule S4)."""


class SlotRule(Enum):
    """A rule a start must pass, in this order."""

    SERVICE = "SERVICE"
    GRID = "GRID"
    NOTICE = "NOTICE"
    HORIZON = "HORIZON"
    AVAILABILITY = "AVAILABILITY"
    ABSENCE = "ABSENCE"
    BOOKING = "BOOKING"
    VERIFIED = "VERIFIED"
    EXTERNAL_BUSY = "EXTERNAL_BUSY"
    FREE = "FREE"


@dataclass(frozen=True, slots=True)
class Shape:
    """What is cut: the service's minutes and the step of the grid."""

    duration: int
    before: int
    after: int
    interval: int

    def span(self, start: int) -> Span:
        """The service itself."""
        return Span(start, start + self.duration)

    def blocked(self, start: int) -> Span:
        """The blocked span, buffers included (rule S3)."""
        return Span(start - self.before, start + self.duration + self.after)

    def reach(self, window: Span) -> Span:
        """From the first to the last minute that any blocked span of a start inside a window has; empty if the window is."""
        if window.start >= window.end:
            return window
        return Span(self.blocked(window.start).start, self.blocked(window.end - 1).end)


@dataclass(frozen=True, slots=True)
class Day:
    """Everything about one employee that decides. Spans in any order, overlapping or not."""

    openings: Sequence[Opening]
    absent: Sequence[Span]
    blocked: Sequence[Span]
    """Blocked spans of bookings and holds, buffers already in them, and external busy."""


def offered_starts(day: Day, shape: Shape, starts: Span) -> list[int]:
    """The starts in the span `starts` that one employee can take, sorted, each once (rules S2, S3)."""
    free = subtracted((opening.span for opening in day.openings), day.absent)
    forbidden = _forbidden_starts(day.blocked, shape)
    allowed = subtracted((Span(start, end - shape.duration + 1) for start, end in free), forbidden)
    ranges = clipped(allowed, starts)
    found: set[int] = set()
    for opening in day.openings:
        found.update(_on_grid(opening, ranges, shape.interval))
    return sorted(found)


def _forbidden_starts(blocked: Iterable[Span], shape: Shape) -> list[Span]:
    """The starts whose blocked span would overlap another: each blocked span widened by the shape's own reach."""
    return merged(
        Span(start - shape.duration - shape.after + 1, end + shape.before) for start, end in blocked if start < end
    )


def _on_grid(opening: Opening, ranges: Sequence[Span], interval: int) -> Iterator[int]:
    """The starts on an opening's grid: inside the opening as written, in steps of absolute minutes from its start."""
    anchor, end = opening.span
    for at in range(bisect_right(ranges, anchor, key=lambda one: one.end), len(ranges)):
        low, high = ranges[at]
        if low >= end:
            break
        first = max(low, anchor)
        first += -(first - anchor) % interval
        yield from range(first, min(high, end), interval)


def on_grid(start: int, openings: Iterable[Opening], interval: int) -> bool:
    """Whether a start lies on the grid of an opening it begins in (rule S2)."""
    return any(span.start <= start < span.end and (start - span.start) % interval == 0 for span, _ in openings)


def is_open(span: Span, openings: Iterable[Opening]) -> bool:
    """Whether the whole span lies in availabilities, adjoining ones counting as one."""
    return covers(merged(opening.span for opening in openings), span)


def is_clear(span: Span, others: Iterable[Span]) -> bool:
    """Whether a span overlaps none of the others."""
    return not overlaps(span, merged(others))


def union_of_starts(starts: Mapping[str, Iterable[int]]) -> list[tuple[int, tuple[str, ...]]]:
    """ANY employee (rule S5): each start once, sorted, with the ids that can take it in the order given."""
    takers: dict[int, list[str]] = {}
    for employee, offered in starts.items():
        for start in offered:
            takers.setdefault(start, []).append(employee)
    return [(start, tuple(takers[start])) for start in sorted(takers)]
