"""What is offered: gathers, employee by employee, who can take which start, and joins them as ANY or TOGETHER (rules S2-S5). No I/O."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import cached_property
from itertools import chain

from slotgraph.core.bounds import bounded, grid_of
from slotgraph.core.candidates import Candidates
from slotgraph.core.records import Employee
from slotgraph.core.slots import Day, offered
from slotgraph.core.starts import Frame, Starts, intersection, union
from slotgraph.core.store.agenda import Agenda
from slotgraph.core.values import Span


class Offering:
    """What some employees have to offer in a window of starts. Complete once each of them was added."""

    def __init__(self, who: Candidates, window: Span, *, now: datetime) -> None:
        self.who = who
        self.window = window
        self._now = now
        self.shape = who.service.shape(who.company)
        bounds = {one.id: bounded(window, who.service, one, now=now) for one in who.employees}
        self.searched = _joined(bounds.values(), window, together=who.together)
        """The starts that notice and horizon leave of the window."""
        self._bounds: Mapping[str, Span] = bounds
        self._frame = Frame(self.searched, self.shape.interval)
        self._by_employee: dict[str, Starts] = {}

    def again(self) -> "Offering":
        """The same, with nobody added."""
        return Offering(self.who, self.window, now=self._now)

    @property
    def reach(self) -> Span:
        """All that decides about the starts, buffers included: for which own data and calendars are read."""
        return self.shape.reach(self.searched)

    def add(self, employee: Employee, own: Agenda, closed: Iterable[Iterable[Span]] = ()) -> None:
        """Work out what one employee can take; `closed` holds the busy and the unverified spans of the calendars."""
        grid = grid_of(self.who, employee, own, window=self.searched)
        day = Day(own.openings, own.absent, list(chain(own.booked, own.held, *closed)))
        self._by_employee[employee.id] = offered(
            day, self.shape, self._bounds[employee.id], grid=grid, frame=self._frame
        )

    @cached_property
    def starts(self) -> Starts:
        """The starts that any of the employees, or all together, can take."""
        sets = list(self._by_employee.values())
        return intersection(self._frame, sets) if self.who.together else union(self._frame, sets)

    def takers(self, start: int) -> tuple[str, ...]:
        """The ids of those who can take a start that is offered, in the order they were added."""
        return tuple(employee_id for employee_id, starts in self._by_employee.items() if start in starts)


def _joined(bounds: Collection[Span], window: Span, *, together: bool) -> Span:
    """From where to where starts are looked for: where any, or all, of the employees may have some."""
    if not bounds:
        return window
    first, last = (max, min) if together else (min, max)
    start, end = first(one.start for one in bounds), last(one.end for one in bounds)
    return Span(start, max(start, end))
