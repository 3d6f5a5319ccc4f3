"""The grid of starts: where the steps of the booking interval are counted from (rule S2).

A grid is a list of spans; in each of them starts lie whole steps of absolute minutes after its own start. So the openings of an
employee, each as written and before merging, are a grid themselves.
"""

from collections.abc import Sequence
from enum import Enum
from itertools import pairwise
from zoneinfo import ZoneInfo

from slotgraph.core.clock import day_number, local_date, minute_of_wall_day
from slotgraph.core.values import Span

Grid = Sequence[Span]


class GridAnchor(Enum):
    """Where the grid of starts begins."""

    AVAILABILITY_START = "AVAILABILITY_START"  #: at the start of each availability
    CLOCK = "CLOCK"  #: at local midnight


def clock_grid(window: Span, tz: ZoneInfo) -> Grid:
    """Steps from the midnight of each local day that touches the window."""
    first, last = (day_number(local_date(minute, tz)) for minute in window)
    midnights = [minute_of_wall_day(day, 0, tz) for day in range(first, last + 2)]
    return [Span(start, end) for start, end in pairwise(midnights) if start < end]


def on_grid(start: int, grid: Grid, interval: int) -> bool:
    """Whether a start lies on a grid."""
    return any(span.start <= start < span.end and (start - span.start) % interval == 0 for span in grid)
