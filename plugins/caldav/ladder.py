"""Which read a calendar gets (rule B8), by what its server can do and its holder chose; and how that is told to people."""

from collections.abc import Mapping
from enum import Enum

from slotgraph.core.plugin import AccessForbidden, ReadMode

RUNG = "ladder"
ADDRESSES = "addresses"
SERIES = "series"


class SeriesFilter(Enum):
    """Whether a server finds series by their having an RRULE. The values stand in FoundCalendar.flags."""

    WORKS = "works"  #: seen
    UNTRIED = "untried"  #: there was no series to see it by
    FAILS = "fails"  #: refused, or all events came back


class Rung(Enum):
    """A way to read busy time. The values stand in FoundCalendar.flags."""

    PARTIAL = "partial"  #: only the properties asked for are sent; expanded here
    FREE_BUSY = "free-busy"  #: the server computes it
    FULL = "full"  #: whole events are sent, and cut down before a value exists


def best_rung(*, sends_only_what_is_asked: bool, has_free_busy: bool) -> Rung:
    """The most exact read on which no title travels; whole events where there is none."""
    if sends_only_what_is_asked:
        return Rung.PARTIAL
    return Rung.FREE_BUSY if has_free_busy else Rung.FULL


def rung_for(mode: ReadMode, flags: Mapping[str, str]) -> Rung:
    """The read for a calendar. Raises AccessForbidden where its holder wants no titles to travel and the server knows no such read.

    Of a calendar without findings nothing is assumed but what the standard demands: free-busy-query (RFC 4791 section 7.10).
    """
    best = Rung(flags.get(RUNG, Rung.FREE_BUSY.value))
    if mode is ReadMode.EXACT and best is Rung.FREE_BUSY:
        return Rung.FULL
    if mode is ReadMode.FREE_BUSY_ONLY and best is Rung.FULL:
        raise AccessForbidden("This server has no read of busy time without titles.")
    return best


def series_filter_in(flags: Mapping[str, str]) -> SeriesFilter:
    """What was found of the server's filter."""
    return SeriesFilter(flags.get(SERIES, SeriesFilter.UNTRIED.value))


def addresses_in(flags: Mapping[str, str]) -> frozenset[str]:
    """The holder's own calendar user addresses, as found at linking."""
    return frozenset(flags.get(ADDRESSES, "").split())


SENTENCES = {
    Rung.PARTIAL: "Busy time is read exactly, and no titles leave the calendar server for it.",
    Rung.FREE_BUSY: (
        "Busy time is computed by the calendar server, and no titles leave it for it. Times without a zone and from programs that "
        "name zones in their own way may be off; all-day events block the day in UTC as well."
    ),
    Rung.FULL: (
        "This calendar server sends whole events, titles included, when it is asked for busy time. They are dropped while they are "
        "read. A calendar may be set to free/busy only, but this server then gives no answer for it."
    ),
}
