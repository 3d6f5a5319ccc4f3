"""Judging starts for one employee: the bounds they lie in, and the first rule one breaks, in the order of SlotRule (S1-S4)."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from slotgraph.core.clock import local_date, midnight, minute_ceiling, minute_from_instant, zone
from slotgraph.core.freebusy import FreeBusyAnswer
from slotgraph.core.records import Employee, Service
from slotgraph.core.slots import Shape, SlotRule, is_clear, is_open, on_grid
from slotgraph.core.spans import overlaps
from slotgraph.core.store.agenda import Agenda
from slotgraph.core.values import Span

_DAY = timedelta(days=1)

STRANGERS_SEE = {
    SlotRule.ABSENCE: SlotRule.FREE,
    SlotRule.BOOKING: SlotRule.FREE,
    SlotRule.EXTERNAL_BUSY: SlotRule.FREE,
}
"""What strangers are told instead: only that the employee is not free."""


def earliest_start(service: Service, now: datetime) -> int:
    """The first minute that keeps the minimum notice (rule S4)."""
    return minute_ceiling(now) + service.minimum_notice_minutes


def latest_day(service: Service, employee: Employee, now: datetime) -> date:
    """The last local day of the employee that lies within the horizon (rule S4)."""
    today = local_date(minute_from_instant(now), zone(employee.time_zone))
    return today + timedelta(days=service.horizon_days)


def bounded(window: Span, service: Service, employee: Employee, *, now: datetime) -> Span:
    """The starts of a window that keep minimum notice and horizon; empty if none does."""
    start = max(window.start, earliest_start(service, now))
    end = min(window.end, midnight(latest_day(service, employee, now) + _DAY, zone(employee.time_zone)))
    return Span(start, max(start, end))


def broken_by_own_data(
    start: int, *, service: Service, shape: Shape, employee: Employee, own: Agenda, now: datetime
) -> SlotRule | None:
    """The first rule a start breaks by our own tables; None if it passes them all."""
    span, blocked = shape.span(start), shape.blocked(start)
    checks: Sequence[tuple[SlotRule, bool]] = (
        (SlotRule.GRID, on_grid(start, own.openings, shape.interval) or not _begins_in_opening(start, own)),
        (SlotRule.NOTICE, start >= earliest_start(service, now)),
        (SlotRule.HORIZON, local_date(start, zone(employee.time_zone)) <= latest_day(service, employee, now)),
        (SlotRule.AVAILABILITY, is_open(span, own.openings)),
        (SlotRule.ABSENCE, is_clear(span, own.absent)),
        (SlotRule.BOOKING, is_clear(blocked, own.blocked)),
    )
    return next((rule for rule, passed in checks if not passed), None)


def _begins_in_opening(start: int, own: Agenda) -> bool:
    """Whether a start lies in any opening: outside of all it is AVAILABILITY that fails, not the grid."""
    return any(opening.span.start <= start < opening.span.end for opening in own.openings)


def broken_by_calendars(start: int, *, shape: Shape, employee: Employee, answer: FreeBusyAnswer) -> SlotRule | None:
    """The first rule a start breaks by what the calendars said; None if it passes."""
    blocked = shape.blocked(start)
    if overlaps(blocked, answer.unverified.get(employee.id, ())):
        return SlotRule.VERIFIED
    if overlaps(blocked, answer.busy.get(employee.id, ())):
        return SlotRule.EXTERNAL_BUSY
    return None
