"""Where starts of an employee may lie: after the minimum notice, within the horizon, on the grid (rules S2, S4)."""

from datetime import date, datetime, timedelta

from slotgraph.core.candidates import Candidates
from slotgraph.core.clock import local_date, midnight, minute_ceiling, minute_from_instant, zone
from slotgraph.core.grids import Grid, GridAnchor, clock_grid
from slotgraph.core.records import Employee, Service
from slotgraph.core.store.agenda import Agenda
from slotgraph.core.values import Span

_DAY = timedelta(days=1)


def earliest_start(service: Service, now: datetime) -> int:
    """The first minute that keeps the minimum notice (rule S4)."""
    return minute_ceiling(now) + service.minimum_notice_minutes


def latest_day(service: Service, employee: Employee, now: datetime) -> date:
    """The last local day of the employee that lies within the horizon (rule S4)."""
    today = local_date(minute_from_instant(now), zone(employee.time_zone))
    return today + timedelta(days=service.horizon_days)


def latest_minute(service: Service, employee: Employee, now: datetime) -> int:
    """The first minute that lies beyond the horizon (rule S4)."""
    return midnight(latest_day(service, employee, now) + _DAY, zone(employee.time_zone))


def bounded(window: Span, service: Service, employee: Employee, *, now: datetime) -> Span:
    """The starts of a window that keep minimum notice and horizon; empty if none does."""
    start = max(window.start, earliest_start(service, now))
    end = min(window.end, latest_minute(service, employee, now))
    return Span(start, max(start, end))


def grid_of(who: Candidates, employee: Employee, own: Agenda, *, window: Span) -> Grid:
    """The grid an employee's starts lie on; those who attend together step from midnight in the company's zone (rule S2)."""
    if who.together:
        return clock_grid(window, zone(who.company.time_zone))
    if who.company.grid_anchor is GridAnchor.CLOCK:
        return clock_grid(window, zone(employee.time_zone))
    return own.openings
