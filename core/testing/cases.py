"""What calendars may hold and what of it blocks (rules B1-B3, S7), in two weeks around a clock change. Only data stands here."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from slotgraph.core.plugin import BusyStatus, Span, span_from_instants
from slotgraph.core.testing.outside import Changed, OutsideEvent, ShownAs

OWNER_ZONE = "Europe/Zurich"
"""Zone of the employee whose calendars are asked. Its clocks go forward on 28 March 2027."""


def instants(start: str, end: str) -> Span:
    """The span between two UTC instants of March or April 2027, as in `instants("03-22T08:00", "03-22T09:00")`."""
    first, last = (datetime.fromisoformat(f"2027-{text}:00").replace(tzinfo=UTC) for text in (start, end))
    return span_from_instants(first, last)


WINDOW = instants("03-22T00:00", "04-05T00:00")


def _at(text: str) -> datetime:
    return datetime.fromisoformat(f"2027-{text}")


def _event(start: str, end: str, /, **more: Any) -> OutsideEvent:
    return OutsideEvent(_at(start), _at(end), **more)


def _days(first: str, end: str, /, **more: Any) -> OutsideEvent:
    return OutsideEvent(date.fromisoformat(f"2027-{first}"), date.fromisoformat(f"2027-{end}"), **more)


@dataclass(frozen=True, slots=True)
class Case:
    """Events of one calendar, and the spans they block in WINDOW, merged and clipped to it."""

    name: str
    events: tuple[OutsideEvent, ...]
    blocked: tuple[Span, ...]
    status: BusyStatus | None = None  #: of all of them, where the provider sees it
    server_may_miss: bool = False  #: a SERVER read is known to put it elsewhere (PROVIDERS.md)


def _weekly(**more: object) -> OutsideEvent:
    """09:00-10:00 in Zurich on 22 and 29 March and 5 April: the clocks change in between."""
    return _event("03-22T09:00", "03-22T10:00", zone=OWNER_ZONE, every_days=7, times=3, **more)


_FIRST, _SECOND = instants("03-22T08:00", "03-22T09:00"), instants("03-29T07:00", "03-29T08:00")

CASES = (
    Case(
        "busy_event_blocks",
        (_event("03-23T09:00", "03-23T10:00"),),
        (instants("03-23T09:00", "03-23T10:00"),),
        BusyStatus.BUSY,
    ),
    Case("free_event_does_not_block", (_event("03-23T09:00", "03-23T10:00", shown_as=ShownAs.FREE),), ()),
    Case("cancelled_event_does_not_block", (_event("03-23T09:00", "03-23T10:00", cancelled=True),), ()),
    Case("declined_event_does_not_block", (_event("03-23T09:00", "03-23T10:00", declined=True),), ()),
    Case(
        "private_event_blocks",
        (_event("03-23T09:00", "03-23T10:00", private=True),),
        (instants("03-23T09:00", "03-23T10:00"),),
    ),
    Case(
        "tentative_event_blocks_as_tentative",
        (_event("03-23T09:00", "03-23T10:00", shown_as=ShownAs.TENTATIVE),),
        (instants("03-23T09:00", "03-23T10:00"),),
        BusyStatus.TENTATIVE,
    ),
    Case(
        "out_of_office_blocks_as_out_of_office",
        (_event("03-23T09:00", "03-23T10:00", shown_as=ShownAs.OUT_OF_OFFICE),),
        (instants("03-23T09:00", "03-23T10:00"),),
        BusyStatus.OUT_OF_OFFICE,
    ),
    Case(
        "working_elsewhere_blocks_as_working_elsewhere",
        (_event("03-23T09:00", "03-23T10:00", shown_as=ShownAs.WORKING_ELSEWHERE),),
        (instants("03-23T09:00", "03-23T10:00"),),
        BusyStatus.WORKING_ELSEWHERE,
    ),
    Case(
        "overlapping_events_block_their_union",
        (
            _event("03-23T09:00", "03-23T10:00"),
            _event("03-23T09:30", "03-23T11:00"),
            _event("03-23T09:45", "03-23T09:50"),
        ),
        (instants("03-23T09:00", "03-23T11:00"),),
    ),
    Case(
        "events_that_touch_the_window_are_not_in_it",
        (_event("03-21T23:00", "03-22T00:00"), _event("04-05T00:00", "04-05T01:00")),
        (),
    ),
    Case(
        "events_that_reach_into_the_window_block_there",
        (_event("03-21T22:00", "03-22T01:00"), _event("04-04T23:30", "04-05T04:00")),
        (instants("03-22T00:00", "03-22T01:00"), instants("04-04T23:30", "04-05T00:00")),
    ),
    Case("event_around_the_window_blocks_all_of_it", (_event("03-01T00:00", "04-20T00:00"),), (WINDOW,)),
    Case("event_without_length_blocks_nothing", (_event("03-23T09:00", "03-23T09:00"),), ()),
    Case(
        "seconds_are_rounded_outward",
        (_event("03-23T09:00:30", "03-23T09:59:01"),),
        (instants("03-23T09:00", "03-23T10:00"),),
    ),
    Case(
        "event_in_a_far_zone_blocks_at_its_instant",
        (_event("03-23T09:15", "03-23T10:45", zone="Asia/Kolkata"),),
        (instants("03-23T03:45", "03-23T05:15"),),
    ),
    Case(
        "event_with_a_windows_zone_name_blocks_at_its_instant",
        (_event("03-23T09:00", "03-23T10:00", zone=OWNER_ZONE, zone_as_written="W. Europe Standard Time"),),
        (instants("03-23T08:00", "03-23T09:00"),),
        server_may_miss=True,
    ),
    Case(
        "floating_event_is_in_the_owners_zone",
        (_event("03-23T09:00", "03-23T10:00", zone=None),),
        (instants("03-23T08:00", "03-23T09:00"),),
        server_may_miss=True,
    ),
    Case("all_day_event_blocks_the_local_day", (_days("03-24", "03-25"),), (instants("03-23T23:00", "03-24T23:00"),)),
    Case(
        "all_day_event_on_the_day_of_the_clock_change_blocks_23_hours",
        (_days("03-28", "03-29"),),
        (instants("03-27T23:00", "03-28T22:00"),),
    ),
    Case(
        "all_day_event_of_several_days_blocks_them_all",
        (_days("03-26", "03-30"),),
        (instants("03-25T23:00", "03-29T22:00"),),
    ),
    Case("free_all_day_event_does_not_block", (_days("03-24", "03-25", shown_as=ShownAs.FREE),), ()),
    Case(
        "series_of_whole_days_blocks_each",
        (_days("03-23", "03-24", every_days=7, times=2),),
        (instants("03-22T23:00", "03-23T23:00"), instants("03-29T22:00", "03-30T22:00")),
    ),
    Case("series_keeps_its_wall_time_over_the_clock_change", (_weekly(),), (_FIRST, _SECOND)),
    Case("occurrence_left_out_of_a_series_does_not_block", (_weekly(left_out=(_at("03-29T09:00"),)),), (_FIRST,)),
    Case(
        "cancelled_occurrence_does_not_block",
        (_weekly(changed=(Changed(_at("03-29T09:00"), _at("03-29T09:00"), _at("03-29T10:00"), cancelled=True),)),),
        (_FIRST,),
    ),
    Case(
        "moved_occurrence_blocks_where_it_went_only",
        (_weekly(changed=(Changed(_at("03-29T09:00"), _at("03-31T14:00"), _at("03-31T16:00")),)),),
        (_FIRST, instants("03-31T12:00", "03-31T14:00")),
    ),
    Case(
        "occurrence_moved_into_the_window_blocks",
        (_weekly(changed=(Changed(_at("04-05T09:00"), _at("04-01T14:00"), _at("04-01T15:00")),)),),
        (_FIRST, _SECOND, instants("04-01T12:00", "04-01T13:00")),
    ),
    Case(
        "occurrence_moved_out_of_the_window_does_not_block",
        (_weekly(changed=(Changed(_at("03-29T09:00"), _at("04-06T14:00"), _at("04-06T15:00")),)),),
        (_FIRST,),
    ),
    Case(
        "series_begun_long_before_the_window_blocks_in_it",
        (
            OutsideEvent(
                datetime.fromisoformat("2024-01-01T09:00"),
                datetime.fromisoformat("2024-01-01T10:00"),
                zone="America/New_York",
                every_days=9,
                times=200,
            ),
        ),
        (instants("03-25T13:00", "03-25T14:00"), instants("04-03T13:00", "04-03T14:00")),
    ),
)
