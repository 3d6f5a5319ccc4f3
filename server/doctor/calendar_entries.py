"""Whether bookings get into calendars."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from slotgraph.core.store.examining import Examined
from slotgraph.server.doctor.database import Absent
from slotgraph.server.doctor.findings import Finding, ok, warn

NAME = "calendar entries"
TOO_LONG = timedelta(hours=1)
"""Calendars that do not answer for less are nothing to look at."""


def check_calendar_entries(found: Examined | Absent, *, now: datetime) -> Iterator[Finding]:
    """How many wait, for how long, and how many were given up."""
    if not isinstance(found, Examined) or found.revision is None:
        return
    unwritten = found.unwritten
    if unwritten.waiting_since is None:
        yield ok(NAME, "None waits to be written, moved or removed.")
    else:
        waits = now - unwritten.waiting_since
        sentence = f"{_wait(unwritten.waiting)} to be written, moved or removed; the oldest for {_shown(waits)}."
        if waits > TOO_LONG:
            cure = "Look for warnings of `calendar_writer` in the logs; with worker = apart, see that a `slotgraph worker` runs."
            yield warn(NAME, sentence, cure=cure)
        else:
            yield ok(NAME, sentence)
    if unwritten.given_up:
        yield warn(
            NAME,
            f"{unwritten.given_up} {'was' if unwritten.given_up == 1 else 'were'} given up after three days in vain.",
            cure="Their bookings show why (FAILED); retryCalendarEntry tries again.",
        )


def _wait(count: int) -> str:
    return "1 waits" if count == 1 else f"{count} wait"


def _shown(waits: timedelta) -> str:
    minutes = int(waits.total_seconds()) // 60
    for unit, length in (("day", 1440), ("hour", 60)):
        if minutes >= 2 * length:
            return f"{minutes // length} {unit}s"
    return "1 minute" if minutes == 1 else f"{minutes} minutes"
