"""Asks one calendar for busy time or titles on its rung of the ladder (rule B8). What the answers hold is read in `answers`."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from slotgraph.core.plugin import (
    Account,
    AnswerTooLarge,
    AskedCalendar,
    Busy,
    BusyAnswer,
    BusyStatus,
    Event,
    Precision,
    Reference,
    Span,
    TitlesAnswer,
    instant_from_minute,
)
from slotgraph.plugins.caldav import bodies
from slotgraph.plugins.caldav.answers import Question, read_events, read_freebusy
from slotgraph.plugins.caldav.client import CalDavClient, failure_from
from slotgraph.plugins.caldav.excepting import Excepting
from slotgraph.plugins.caldav.expansion import Row
from slotgraph.plugins.caldav.ladder import RUNG, Rung, SeriesFilter, addresses_in, rung_for, series_filter_in
from slotgraph.plugins.caldav.multistatus import path_of

QUICK_STEPS = 2_500
"""What may be expanded in the event loop: about 20 ms."""
ALL_STEPS = 250_000
"""What may be expanded at all: a second or two, in another process."""
SMALL = 64 * 1024
_DAY = timedelta(days=1)
_AROUND = 2 * _DAY
_YEAR = 366 * _DAY
_SERIES = ("RRULE", "RDATE")


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads one calendar within one call."""

    account: Account
    client: CalDavClient
    calendar: AskedCalendar
    window: Span

    async def busy(self, except_: frozenset[Reference]) -> BusyAnswer:
        """When the calendar blocks. On the free-busy rung few of the excepted are left out, where `excepting` can tell them apart."""
        rung = rung_for(self.calendar.read_mode, self.calendar.flags)
        if rung is Rung.FREE_BUSY:
            ours = frozenset(one for one in except_ if one.calendar_id == self.calendar.id)
            rows = await Excepting(self.client, self.calendar.id).without(await self._free_busy(), ours)
            precision = Precision.SERVER
        else:
            question = self._question(except_, titles=False)
            rows, precision = await self._events(question, is_partial=rung is Rung.PARTIAL), Precision.EXACT
        return BusyAnswer(tuple(Busy(Span(row.start, row.end), BusyStatus(row.status)) for row in rows), precision)

    async def titles(self, except_: frozenset[Reference]) -> TitlesAnswer:
        """What stands in the calendar; where the server can, no more than titles and times travel."""
        is_partial = self.calendar.flags.get(RUNG) == Rung.PARTIAL.value
        rows = await self._events(self._question(except_, titles=True), is_partial=is_partial)
        return TitlesAnswer(tuple(_event(row) for row in rows))

    def _question(self, except_: frozenset[Reference], *, titles: bool) -> Question:
        return Question(
            url=self.calendar.id,
            window=(self.window.start, self.window.end),
            zone=self.calendar.zone,
            titles=titles,
            addresses=addresses_in(self.calendar.flags),
            left_out=frozenset(path_of(one.id) for one in except_ if one.calendar_id == self.calendar.id),
            steps=ALL_STEPS,
        )

    async def _free_busy(self) -> tuple[Row, ...]:
        """Asked for whole UTC days around the window, so that clipping leaves all-day events whole."""
        start, end = self._range(_AROUND)
        body = bodies.free_busy_query(_midnight(start), _midnight(end) + _DAY)
        answer = await self.client.send("REPORT", self.calendar.id, body=body, depth=1)
        if answer.status != 200:
            raise failure_from(answer)
        question, weight = self._question(frozenset(), titles=False), len(answer.body)
        return await self.account.offload.run(
            read_freebusy, answer.body, question, deadline=self.account.deadline, weight=weight
        )

    async def _events(self, question: Question, *, is_partial: bool) -> tuple[Row, ...]:
        """Ask for events and expand them here.

        A server's time-range is not trusted for series: two of five missed an instance that was moved into it, and Xandikos 0.4.10
        misses an event with RDATE only. So series are asked for apart, by having an RRULE or RDATE, all of them. Where that filter
        fails or could not be tried, the range takes in a year on both sides, and with it other instances of nearly any series.
        """
        partial = None
        if is_partial:
            partial = bodies.properties_wanted(titles=question.titles, addresses=bool(question.addresses))
        known = series_filter_in(self.calendar.flags)
        around = self._range(_AROUND if known is SeriesFilter.WORKS else _YEAR)
        queries = [bodies.calendar_query(around, partial=partial)]
        if known is not SeriesFilter.FAILS:
            queries += [bodies.calendar_query(None, partial=partial, with_property=name) for name in _SERIES]
        return await self._expanded(await self._all(queries), question)

    async def _all(self, queries: Sequence[str]) -> tuple[bytes, ...]:
        """The answers to all queries, asked side by side. Raises the first failure."""
        tasks = [asyncio.create_task(self._query(body)) for body in queries]
        try:
            return tuple(await asyncio.gather(*tasks))
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _query(self, body: str) -> bytes:
        return (await self.client.multistatus("REPORT", self.calendar.id, body=body, depth=1)).body

    async def _expanded(self, answers: tuple[bytes, ...], question: Question) -> tuple[Row, ...]:
        """Expand small answers here as long as that is quick, anything else in another process, which dies at the deadline."""
        weight, run, deadline = sum(map(len, answers)), self.account.offload.run, self.account.deadline
        if weight <= SMALL:
            try:
                quick = question._replace(steps=QUICK_STEPS)
                return await run(read_events, answers, quick, deadline=deadline, weight=weight)
            except AnswerTooLarge:
                weight = SMALL + 1
        return await run(read_events, answers, question, deadline=deadline, weight=weight)

    def _range(self, around: timedelta) -> tuple[datetime, datetime]:
        first, last = (instant_from_minute(minute) for minute in self.window)
        return first - around, last + around


def _midnight(instant: datetime) -> datetime:
    return instant.replace(hour=0, minute=0, second=0, microsecond=0)


def _event(row: Row) -> Event:
    return Event(
        span=Span(row.start, row.end),
        status=BusyStatus(row.status),
        title=row.title,
        all_day=row.all_day,
        private=row.private,
    )
