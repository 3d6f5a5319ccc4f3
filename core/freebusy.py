"""When employees are busy: asks their calendars live for a window and keeps only busy and unverified spans (rules B1, B4).

What did not positively answer is UNVERIFIED in exactly that chunk. Which slots follow from that is not decided here.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from slotgraph.core.checks import CalendarCheck, check_of
from slotgraph.core.clock import Clock, local_date, minute_from_instant, zone
from slotgraph.core.fanout import Asked, fan_out
from slotgraph.core.flights import Flights, Kind, Question
from slotgraph.core.plugin import Deadline
from slotgraph.core.records import Calendar
from slotgraph.core.spans import clipped
from slotgraph.core.values import AskedCalendar, BusyAnswer, Forgettable, Precision, Reference, Span, Unverified
from slotgraph.core.wall import AccountKey, Wall


@dataclass(frozen=True, slots=True, repr=False)
class FreeBusyAnswer(Forgettable):
    """Busy and unverified spans by employee, in any order, overlapping or not; and one check per calendar."""

    busy: Mapping[str, Sequence[Span]]
    unverified: Mapping[str, Sequence[Span]]
    checks: Sequence[CalendarCheck]


@dataclass(slots=True, repr=False)
class _Said(Forgettable):
    """What one calendar said, chunk by chunk."""

    busy: list[Span] = field(default_factory=list)
    unverified: list[Span] = field(default_factory=list)
    failure: Unverified | None = None
    precision: Precision | None = None


class FreeBusy:
    """Asks calendars when somebody is busy."""

    def __init__(self, wall: Wall, flights: Flights, clock: Clock) -> None:
        self._wall = wall
        self._flights = flights
        self._clock = clock

    async def ask(
        self,
        asked: Asked,
        window: Span,
        *,
        deadline: Deadline,
        except_: frozenset[Reference] = frozenset(),
        for_booking: bool = False,
    ) -> FreeBusyAnswer:
        """Ask every calendar for the whole window; answers by the deadline, whatever the providers do.

        Searches share what they ask at the same time; a booking check never does.
        """
        said = {calendar.id: _Said() for calendar in asked.calendars}

        async def ask(
            key: AccountKey, calendars: Sequence[AskedCalendar], chunk: Span
        ) -> Mapping[str, BusyAnswer | Unverified]:
            async def call(within: Deadline) -> Mapping[str, BusyAnswer | Unverified]:
                return await self._wall.busy(key, calendars, window=chunk, deadline=within, except_=except_)

            if for_booking:
                return await self._flights.alone(key, call, deadline=deadline)
            question = Question.of(Kind.BUSY, key, calendars=calendars, chunk=chunk, except_=except_)
            return await self._flights.share(question, call, deadline=deadline)

        def receive(calendar: Calendar, chunk: Span, answer: BusyAnswer | Unverified) -> None:
            _hear(said[calendar.id], answer, calendar=calendar, chunk=chunk)

        await fan_out(asked, window, registry=self._wall.registry, ask=ask, receive=receive)
        return self._answer(asked, said)

    def _answer(self, asked: Asked, said: Mapping[str, _Said]) -> FreeBusyAnswer:
        at = self._clock.now()
        busy: defaultdict[str, list[Span]] = defaultdict(list)
        unverified: defaultdict[str, list[Span]] = defaultdict(list)
        checks = []
        for calendar in asked.calendars:
            heard, employee_id = said[calendar.id], calendar.employee_id or ""
            ignored = is_ignored(calendar, local_date(minute_from_instant(at), zone(asked.zone_of(calendar))))
            busy[employee_id] += heard.busy
            if not ignored:
                unverified[employee_id] += heard.unverified
            checks.append(check_of(calendar, failure=heard.failure, ignored=ignored, precision=heard.precision, at=at))
        return FreeBusyAnswer(busy, unverified, tuple(checks))


def is_ignored(calendar: Calendar, today: date) -> bool:
    """Whether the holder lets slots be offered today although this calendar does not answer (rule B4)."""
    return calendar.ignore_unverified_until is not None and today <= calendar.ignore_unverified_until


def _hear(said: _Said, answer: BusyAnswer | Unverified, *, calendar: Calendar, chunk: Span) -> None:
    if isinstance(answer, Unverified):
        said.unverified.append(chunk)
        said.failure = said.failure or answer
        return
    if said.precision is not Precision.SERVER:
        said.precision = answer.precision
    blocking = (busy.span for busy in answer.busy if busy.status in calendar.status_policy)
    said.busy += clipped(blocking, chunk)
