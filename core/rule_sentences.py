"""A sentence for each rule that says to members how it went and what it went by. Of calendars nothing but that they answered."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from slotgraph.core.bounds import earliest_start, latest_day
from slotgraph.core.candidates import Candidates
from slotgraph.core.clock import local_date, local_days, wall_from_minute, zone
from slotgraph.core.grids import GridAnchor
from slotgraph.core.records import Employee
from slotgraph.core.slots import Shape, SlotRule
from slotgraph.core.spans import clipped, merged
from slotgraph.core.store.agenda import Agenda
from slotgraph.core.values import Span


@dataclass(frozen=True, slots=True)
class Scene:
    """A start, an employee, and what stands in our own tables about them."""

    who: Candidates
    employee: Employee
    own: Agenda
    start: int
    now: datetime

    @property
    def shape(self) -> Shape:
        """What the service blocks."""
        return self.who.service.shape(self.who.company)


def sentence(rule: SlotRule, scene: Scene, *, kept: bool) -> str:
    """How a rule went. Times are the wall clock of the employee's zone."""
    service, shape = scene.who.service, scene.shape
    match rule:
        case SlotRule.SERVICE:
            return f"{scene.employee.name} {'can' if kept else 'cannot'} be booked for {service.name}."
        case SlotRule.GRID:
            return f"Starts lie every {shape.interval} minutes, counted from {_anchor(scene)}."
        case SlotRule.NOTICE:
            earliest = _at(scene, earliest_start(service, scene.now))
            return f"With {service.minimum_notice_minutes} minutes of notice the earliest start is {earliest}."
        case SlotRule.HORIZON:
            return f"With {service.horizon_days} days of horizon the last day is {latest_day(service, scene.employee, scene.now)}."
        case SlotRule.AVAILABILITY:
            return f"The service takes {shape.duration} minutes; {_hours(scene)}."
        case SlotRule.ABSENCE:
            return (
                "No absence lies in it." if kept else _in_the_way(scene, "An absence", scene.own.absent, buffers=False)
            )
        case SlotRule.BOOKING:
            return "No booking is in the way." if kept else _in_the_way(scene, "A booking", scene.own.booked)
        case SlotRule.HOLD:
            return "No held slot is in the way." if kept else _in_the_way(scene, "A held slot", scene.own.held)
        case SlotRule.VERIFIED:
            return "Every calendar answered." if kept else "A calendar did not answer; see the sources."
        case _:
            return "No calendar is busy." if kept else "A calendar is busy, buffers included."


def _anchor(scene: Scene) -> str:
    if scene.who.together:
        return f"midnight in the company's zone, {scene.who.company.time_zone}"
    if scene.who.company.grid_anchor is GridAnchor.CLOCK:
        return f"midnight in {scene.employee.time_zone}"
    return "the start of each availability"


def _hours(scene: Scene) -> str:
    """When an employee is open on the day of the start."""
    day = local_date(scene.start, zone(scene.employee.time_zone))
    whole = local_days(day, day, zone(scene.employee.time_zone))
    opened = merged(clipped(scene.own.openings, whole))
    if not opened:
        return f"{scene.employee.name} is not available on {day}"
    return f"{scene.employee.name} is available on {day} " + ", ".join(_from_to(scene, span) for span in opened)


def _in_the_way(scene: Scene, what: str, spans: Iterable[Span], *, buffers: bool = True) -> str:
    reach = scene.shape.blocked(scene.start) if buffers else scene.shape.span(scene.start)
    first = clipped(sorted(spans), reach)[0]
    return f"{what} is in the way {_from_to(scene, first)}{', buffers included' if buffers else ''}."


def _from_to(scene: Scene, span: Span) -> str:
    start, end = (wall_from_minute(minute, zone(scene.employee.time_zone)) for minute in span)
    if start.date() == end.date():
        return f"from {start:%H:%M} to {end:%H:%M}"
    return f"from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}"


def _at(scene: Scene, minute: int) -> str:
    return f"{wall_from_minute(minute, zone(scene.employee.time_zone)):%Y-%m-%d %H:%M}"
