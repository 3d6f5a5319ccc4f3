"""Cutting slots: which starts the rules S1-S5 and S7 offer, given what is open and what is blocked. Pure; minutes only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from slotgraph.core.clock import MINUTES_PER_DAY
from slotgraph.core.errors import BadInput
from slotgraph.core.grids import Grid
from slotgraph.core.spans import covers, gaps, merged, overlaps
from slotgraph.core.starts import Frame, Starts
from slotgraph.core.values import Span

INTERVALS = (5, 10, 15, 20, 30, 45, 60, 90, 120)
"""The booking intervals there are, in minutes (rule S1)."""


class SlotRule(Enum):
    """A rule a start must pass, in this order."""

    SERVICE = "SERVICE"
    GRID = "GRID"
    NOTICE = "NOTICE"
    HORIZON = "HORIZON"
    AVAILABILITY = "AVAILABILITY"
    ABSENCE = "ABSENCE"
    BOOKING = "BOOKING"
    HOLD = "HOLD"
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

    def __post_init__(self) -> None:
        """Refuse what no start could keep. Raises BadInput that names the service's field."""
        for field, minutes, least in (
            ("durationMinutes", self.duration, 1),
            ("bufferBeforeMinutes", self.before, 0),
            ("bufferAfterMinutes", self.after, 0),
        ):
            if not least <= minutes <= MINUTES_PER_DAY:
                raise BadInput(("service", field), f"between {least} and {MINUTES_PER_DAY} minutes.")
        if self.interval not in INTERVALS:
            raise BadInput(("service", "bookingIntervalMinutes"), f"one of {', '.join(map(str, INTERVALS))} minutes.")

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
    """Everything about one employee that decides. Openings sorted; other spans in any order, overlapping or not."""

    openings: Sequence[Span]
    absent: Sequence[Span]
    blocked: Sequence[Span]
    """Blocked spans of bookings and holds, buffers already in them, and external busy."""


def offered(day: Day, shape: Shape, bounds: Span, *, grid: Grid, frame: Frame) -> Starts:
    """The starts within `bounds` that one employee can take (rules S2, S3). The frame's interval is the shape's."""
    bits = frame.steps_of(grid, bounds)
    closed = [*gaps(day.openings), *day.absent]
    for phase in bits:
        bits[phase] &= ~frame.reached(phase, closed, before=0, after=shape.duration)
        bits[phase] &= ~frame.reached(phase, day.blocked, before=shape.before, after=shape.duration + shape.after)
    return Starts(frame, bits)


def is_open(span: Span, openings: Iterable[Span]) -> bool:
    """Whether the whole span lies in availabilities, adjoining ones counting as one."""
    return covers(merged(openings), span)


def is_clear(span: Span, others: Iterable[Span]) -> bool:
    """Whether a span overlaps none of the others."""
    return not overlaps(span, merged(others))
