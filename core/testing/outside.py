"""Events as somebody else puts them into a calendar, described in no vendor's words. No expectation stands here: see `cases`."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum

from slotgraph.core.plugin import Span, local_days, span_from_instants, zone


class ShownAs(Enum):
    """What the event's owner said about their time."""

    FREE = "FREE"
    TENTATIVE = "TENTATIVE"
    BUSY = "BUSY"
    OUT_OF_OFFICE = "OUT_OF_OFFICE"
    WORKING_ELSEWHERE = "WORKING_ELSEWHERE"


@dataclass(frozen=True, slots=True)
class Changed:
    """One occurrence of a series that its owner moved or cancelled. `original` is the wall time it would have begun at."""

    original: datetime
    start: datetime
    end: datetime
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class OutsideEvent:
    """An event in neutral words; a guest's seed writes it the way its protocol does.

    `start` and `end` are wall times in `zone` (an IANA name), or dates for an all-day event, its end exclusive. Without a zone
    a wall time floats. `zone_as_written` is the name that shall stand in the calendar instead, such as a Windows name.

    >>> haircut = OutsideEvent(datetime(2027, 3, 1, 9), datetime(2027, 3, 1, 10), zone="Europe/Zurich", title="Haircut")
    >>> weekly = replace(haircut, every_days=7, times=3, left_out=(datetime(2027, 3, 8, 9),))
    >>> [span.end - span.start for span in weekly.spans("Europe/Zurich")]
    [60, 60]
    """

    start: datetime | date
    end: datetime | date
    zone: str | None = "UTC"
    title: str = "Somebody's own business"
    shown_as: ShownAs = ShownAs.BUSY
    cancelled: bool = False
    declined: bool = False  #: by the calendar's owner
    private: bool = False
    every_days: int = 1
    times: int = 1
    left_out: tuple[datetime, ...] = ()  #: occurrences that were deleted from the series (RFC 5545 section 3.8.5.1)
    changed: tuple[Changed, ...] = ()
    zone_as_written: str | None = None

    @property
    def all_day(self) -> bool:
        return not isinstance(self.start, datetime)

    @property
    def blocks(self) -> bool:
        """Whether it blocks at all (rule B1)."""
        return not (self.cancelled or self.declined or self.shown_as is ShownAs.FREE)

    def spans(self, owner_zone: str) -> Iterator[Span]:
        """The span of each occurrence that stands, in no order; floating times and whole days are in the owner's zone (rule B2)."""
        changes = {change.original: change for change in self.changed}
        for number in range(self.times):
            step = timedelta(days=number * self.every_days)
            start, end = self.start + step, self.end + step
            change = changes.get(start) if isinstance(start, datetime) else None
            if change is None and start not in self.left_out:
                yield _span(start, end, zone_name=self.zone or owner_zone, owner_zone=owner_zone)
            elif change is not None and not change.cancelled:
                yield _span(change.start, change.end, zone_name=self.zone or owner_zone, owner_zone=owner_zone)


def _span(start: datetime | date, end: datetime | date, *, zone_name: str, owner_zone: str) -> Span:
    if isinstance(start, datetime) and isinstance(end, datetime):
        wall = zone(zone_name)
        return span_from_instants(*(time.replace(tzinfo=wall).astimezone(UTC) for time in (start, end)))
    return local_days(start, end - timedelta(days=1), zone(owner_zone))
