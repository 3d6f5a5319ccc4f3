"""Judging one start for one employee: which rules it keeps, in the order of SlotRule (S1-S4)."""

from collections.abc import Collection, Iterator
from datetime import datetime
from enum import Enum

from slotgraph.core.bounds import earliest_start, grid_of, latest_day
from slotgraph.core.candidates import Candidates
from slotgraph.core.clock import local_date, minute_ceiling, zone
from slotgraph.core.freebusy import FreeBusyAnswer
from slotgraph.core.grids import Grid, on_grid
from slotgraph.core.records import Employee
from slotgraph.core.slots import Shape, SlotRule, is_clear, is_open
from slotgraph.core.store.agenda import Agenda
from slotgraph.core.values import Span

STRANGERS_SEE = {
    SlotRule.ABSENCE: SlotRule.FREE,
    SlotRule.BOOKING: SlotRule.FREE,
    SlotRule.HOLD: SlotRule.FREE,
    SlotRule.EXTERNAL_BUSY: SlotRule.FREE,
}
"""What strangers are told instead: only that the employee is not free."""


class BookingOverride(Enum):
    """Rules that a member may pass over when they book for somebody (rule K8)."""

    NOTICE = "NOTICE"
    GRID = "GRID"
    AVAILABILITY = "AVAILABILITY"


_PASSED_OVER = {
    BookingOverride.NOTICE: (SlotRule.NOTICE, SlotRule.HORIZON),
    BookingOverride.GRID: (SlotRule.GRID,),
    BookingOverride.AVAILABILITY: (SlotRule.AVAILABILITY, SlotRule.ABSENCE),
}


def judged_by_own_data(
    start: int, *, who: Candidates, employee: Employee, own: Agenda, now: datetime
) -> Iterator[tuple[SlotRule, bool]]:
    """Each rule that our own tables decide, in order, and whether the start keeps it. They are judged one by one, as they are asked for."""
    service, shape = who.service, who.service.shape(who.company)
    span, blocked = shape.span(start), shape.blocked(start)
    grid = grid_of(who, employee, own, window=Span(start, start + 1))
    # Outside of all availabilities there is no grid of theirs to lie on: it is AVAILABILITY that fails.
    yield SlotRule.GRID, on_grid(start, grid, shape.interval) or not _begins_in(start, grid)
    yield SlotRule.NOTICE, start >= earliest_start(service, now)
    yield SlotRule.HORIZON, local_date(start, zone(employee.time_zone)) <= latest_day(service, employee, now)
    yield SlotRule.AVAILABILITY, is_open(span, own.openings)
    yield SlotRule.ABSENCE, is_clear(span, own.absent)
    yield SlotRule.BOOKING, is_clear(blocked, own.booked)
    yield SlotRule.HOLD, is_clear(blocked, own.held)


def _begins_in(start: int, grid: Grid) -> bool:
    return any(span.start <= start < span.end for span in grid)


def broken_by_own_data(
    start: int,
    *,
    who: Candidates,
    employee: Employee,
    own: Agenda,
    now: datetime,
    override: Collection[BookingOverride] = (),
) -> SlotRule | None:
    """The first rule a start breaks by our own tables and that is not passed over; None if there is none."""
    passed_over = {rule for one in override for rule in _PASSED_OVER[one]}
    if is_past(start, now):
        passed_over.discard(SlotRule.NOTICE)
    judged = judged_by_own_data(start, who=who, employee=employee, own=own, now=now)
    return next((rule for rule, kept in judged if not kept and rule not in passed_over), None)


def is_past(start: int, now: datetime) -> bool:
    """Whether a start lies before now: that no override passes over."""
    return start < minute_ceiling(now)


def judged_by_calendars(
    start: int, *, shape: Shape, employee: Employee, answer: FreeBusyAnswer
) -> Iterator[tuple[SlotRule, bool]]:
    """Each rule that the calendars decide, in order, and whether the start keeps it."""
    blocked = shape.blocked(start)
    yield SlotRule.VERIFIED, is_clear(blocked, answer.unverified.get(employee.id, ()))
    yield SlotRule.EXTERNAL_BUSY, is_clear(blocked, answer.busy.get(employee.id, ()))


def broken_by_calendars(start: int, *, shape: Shape, employee: Employee, answer: FreeBusyAnswer) -> SlotRule | None:
    """The first rule a start breaks by what the calendars said; None if it passes."""
    judged = judged_by_calendars(start, shape=shape, employee=employee, answer=answer)
    return next((rule for rule, kept in judged if not kept), None)
