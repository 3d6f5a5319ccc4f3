"""Windows and moments as callers name them, checked before anything is read (rule S4)."""

from datetime import UTC, datetime

from slotgraph.core.clock import MINUTES_PER_DAY, YEARS, is_zone_name, minute_ceiling
from slotgraph.core.errors import BadInput
from slotgraph.core.values import Span

MAX_WINDOW_DAYS = 62
"""The widest search window (rule S4)."""


def checked_window(start: datetime, end: datetime) -> Span:
    """A window of aware instants in whole minutes. Raises BadInput if it is inverted, too wide, or too far off to be counted."""
    # Whole minutes first: instants of one zone would be subtracted by their wall times.
    window = Span(checked_minute(start, path=("input", "from")), checked_minute(end, path=("input", "to")))
    if end.timestamp() <= start.timestamp():
        raise BadInput(("input", "to"), "the window must end after it begins (`from`).")
    if window.end - window.start > MAX_WINDOW_DAYS * MINUTES_PER_DAY:
        raise BadInput(("input", "to"), f"a window is at most {MAX_WINDOW_DAYS} days; ask for less.")
    return window


def checked_minute(instant: datetime, *, path: tuple[str, ...]) -> int:
    """The first whole minute at or after an instant. Raises BadInput outside of the years there are."""
    if instant.year not in YEARS or instant.astimezone(UTC).year not in YEARS:
        raise BadInput(path, f"must lie in the years {YEARS[0]} to {YEARS[-1]}.")
    return minute_ceiling(instant)


def checked_zone(name: str | None, *, path: tuple[str, ...]) -> None:
    """Raises BadInput if a zone is named and there is none of that name."""
    if name is not None and not is_zone_name(name):
        raise BadInput(path, "this is no IANA time zone, for example Europe/Zurich.")
