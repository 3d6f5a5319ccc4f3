"""The slot search: own tables and live calendars in, offered starts out; nothing is written and nothing is kept (rules S1-S7)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from slotgraph.core.asking import Asking, deadline_of
from slotgraph.core.bounds import earliest_start, latest_minute
from slotgraph.core.candidates import Candidates, EmployeeChoice, ServiceRef, candidates
from slotgraph.core.checks import CalendarCheck, joined_checks, shown_checks
from slotgraph.core.clock import MINUTES_PER_DAY
from slotgraph.core.errors import BadInput, RateLimited, UnknownObject
from slotgraph.core.freebusy import FreeBusyAnswer
from slotgraph.core.offering import Offering
from slotgraph.core.operation import Operation
from slotgraph.core.pacing import Pace
from slotgraph.core.plugin import Deadline
from slotgraph.core.policy import Action
from slotgraph.core.searched import Slot, SlotSearch, is_complete
from slotgraph.core.spans import clipped, merged
from slotgraph.core.store.agenda import Agendas, agendas
from slotgraph.core.values import Span
from slotgraph.core.windows import checked_minute, checked_window, checked_zone

WEEK = 7 * MINUTES_PER_DAY
MAX_FIRST = 50
"""The most first free slots one call may ask for."""


@dataclass(frozen=True, slots=True)
class SlotQuery:
    """What slots to search: a window of aware instants, the zone of the days (None: the company's)."""

    service: ServiceRef
    employees: EmployeeChoice
    start: datetime
    end: datetime
    time_zone: str | None = None
    deadline_ms: int | None = None


@dataclass(frozen=True, slots=True)
class FirstFreeQuery:
    """How many first slots to search from a moment on (None: from now)."""

    service: ServiceRef
    employees: EmployeeChoice
    start: datetime | None = None
    count: int = 1
    time_zone: str | None = None
    deadline_ms: int | None = None


@dataclass(frozen=True, slots=True)
class _Quest:
    """A search on its way."""

    operation: Operation
    service: ServiceRef
    employees: EmployeeChoice
    who: Candidates
    now: datetime
    deadline: Deadline


@dataclass(slots=True)
class _Findings:
    """What was found so far, part by part."""

    slots: list[Slot] = field(default_factory=list)
    checks: list[Sequence[CalendarCheck]] = field(default_factory=list)
    unverified: list[Span] = field(default_factory=list)

    def add(self, offering: Offering, answer: FreeBusyAnswer) -> None:
        duration = offering.shape.duration
        self.slots += [Slot(start, start + duration, offering) for start in offering.starts.listed()]
        self.checks.append(answer.checks)
        for spans in answer.unverified.values():
            # Chunks are whole days and reach into weeks that are asked anew.
            self.unverified += clipped(spans, offering.reach)


class Search:
    """Searches slots."""

    def __init__(self, asking: Asking, pace: Pace) -> None:
        self._asking = asking
        self._pace = pace

    async def slots(self, operation: Operation, query: SlotQuery) -> SlotSearch:
        """The slots of a window. Raises BadInput, UnknownObject or RateLimited before any calendar is asked."""
        window = checked_window(query.start, query.end)
        quest = await self._quest_of(operation, query)
        findings = _Findings()
        offering = Offering(quest.who, window, now=quest.now)
        # Side by side: what our own tables say takes a part of the time that calendars take.
        own, answer = await asyncio.gather(_own(quest, offering), self._asked(quest, offering))
        await self._cut(quest, offering, own, answer, findings)
        return await _answer(quest, findings, window=window, searched=offering.searched, time_zone=query.time_zone)

    async def first_free(self, operation: Operation, query: FirstFreeQuery) -> SlotSearch:
        """The first slots from a moment on, week by week up to the horizon or the deadline. Raises like `slots`.

        `searched` ends where it stopped: whoever goes on from there misses nothing.
        """
        if not 1 <= query.count <= MAX_FIRST:
            raise BadInput(("input", "count"), f"between 1 and {MAX_FIRST}.")
        start = None if query.start is None else checked_minute(query.start, path=("input", "from"))
        quest = await self._quest_of(operation, query)
        first = earliest_start(quest.who.service, quest.now)
        first = first if start is None else max(first, start)
        findings = _Findings()
        stop = await self._week_by_week(quest, findings, start=first, count=query.count)
        if len(findings.slots) > query.count:
            stop = findings.slots[query.count].start
            del findings.slots[query.count :]
        searched = Span(first, stop)
        return await _answer(quest, findings, window=searched, searched=searched, time_zone=query.time_zone)

    async def next_start(self, operation: Operation, found: SlotSearch) -> int | None:
        """The first free start after a window that has none, within the same deadline; None if there are slots, or none in time (S6).

        Counts as a search of its own. Raises RateLimited.
        """
        if found.slots or found.deadline.remaining <= 0:
            return None
        await self._asking.begin_search(operation, found.company_id)
        quest = await _quest(operation, found.service, found.employees, deadline=found.deadline)
        findings = _Findings()
        first = max(found.window.end, earliest_start(quest.who.service, quest.now))
        await self._week_by_week(quest, findings, start=first, count=1)
        return findings.slots[0].start if findings.slots else None

    async def _quest_of(self, operation: Operation, query: SlotQuery | FirstFreeQuery) -> _Quest:
        checked_zone(query.time_zone, path=("input", "timeZone"))
        deadline = deadline_of(operation.clock, query.deadline_ms, path=("input", "deadlineMs"))
        await self._asking.begin_search(operation, query.service.company_id)
        return await _quest(operation, query.service, query.employees, deadline=deadline)

    async def _week_by_week(self, quest: _Quest, findings: _Findings, *, start: int, count: int) -> int:
        """Search until enough is found, or a stranger's budget is used up; returns where it stopped.

        Weeks in which we are closed ourselves ask no calendar.
        """
        end = _horizon(quest)
        while start < end and len(findings.slots) < count and quest.deadline.remaining > 0:
            offering = Offering(quest.who, Span(start, min(start + WEEK, end)), now=quest.now)
            own = await _own(quest, offering)
            if await self._has_starts(quest, offering.again(), own):
                if findings.checks and not await self._may_go_on(quest):
                    break
                await self._cut(quest, offering, own, await self._asked(quest, offering), findings)
            start = offering.window.end
        return start

    async def _has_starts(self, quest: _Quest, offering: Offering, own: Agendas) -> bool:
        """Whether our own tables leave anything to ask calendars about."""
        for one in quest.who.employees:
            await self._pace.turn()
            offering.add(one, own.of(one))
        return len(offering.starts) > 0

    async def _may_go_on(self, quest: _Quest) -> bool:
        """Whether calendars may be asked about one more week: for strangers each counts as a search (rule B7)."""
        try:
            await self._asking.begin_search(quest.operation, quest.service.company_id)
        except RateLimited:
            return False
        return True

    async def _asked(self, quest: _Quest, offering: Offering) -> FreeBusyAnswer:
        """What the calendars say of everything that decides about the offering's starts."""
        return await self._asking.ask(
            quest.operation, quest.who.company.id, quest.who.employees, window=offering.reach, deadline=quest.deadline
        )

    async def _cut(
        self, quest: _Quest, offering: Offering, own: Agendas, answer: FreeBusyAnswer, findings: _Findings
    ) -> None:
        """Note the starts that own data and calendars leave."""
        # Support may have been shut out while the calendars were asked (T3).
        if not await quest.operation.permits(Action.SEARCH_SLOTS, quest.who.company.id):
            raise UnknownObject(("input", "service"))
        for one in quest.who.employees:
            await self._pace.turn()
            closed = answer.busy.get(one.id, ()), answer.unverified.get(one.id, ())
            offering.add(one, own.of(one), closed)
        findings.add(offering, answer)


async def _quest(operation: Operation, service: ServiceRef, employees: EmployeeChoice, *, deadline: Deadline) -> _Quest:
    who = await candidates(operation, service, employees, action=Action.SEARCH_SLOTS, path=("input",))
    return _Quest(operation, service, employees, who, operation.clock.now(), deadline)


def _horizon(quest: _Quest) -> int:
    """The minute from which on nobody, or not all together, can be booked."""
    ends = [latest_minute(quest.who.service, one, quest.now) for one in quest.who.employees]
    if not ends:
        return 0
    return min(ends) if quest.who.together else max(ends)


async def _own(quest: _Quest, offering: Offering) -> Agendas:
    async with quest.operation.database.read() as connection:
        return await agendas(
            connection, quest.who.company.id, quest.who.employees, window=offering.reach, now=quest.now
        )


async def _answer(
    quest: _Quest, findings: _Findings, *, window: Span, searched: Span, time_zone: str | None
) -> SlotSearch:
    company = quest.who.company
    shape, unverified = quest.who.service.shape(company), merged(findings.unverified)
    return SlotSearch(
        service=quest.service,
        employees=quest.employees,
        window=window,
        searched=searched,
        slots=findings.slots,
        complete=is_complete(searched, shape, unverified),
        sources=await shown_checks(joined_checks(findings.checks), quest.operation, company.id),
        unverified=unverified,
        shape=shape,
        time_zone=time_zone or company.time_zone,
        deadline=quest.deadline,
    )
