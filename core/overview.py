"""The overview: a company's days with external events, bookings, absences and availabilities, read anew each time (rules T1, T2).

The one code path on which titles exist. Nobody's title is read unless it is shown: for everybody else `busy` is called.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from slotgraph.core.asking import deadline_of
from slotgraph.core.checks import CalendarCheck, CheckState, check_of, shown_checks
from slotgraph.core.clock import is_zone_name, local_date, local_days, minute_from_instant, zone
from slotgraph.core.errors import BadInput, Forbidden, UnknownObject
from slotgraph.core.fanout import Asked, fan_out
from slotgraph.core.flights import Flights, Kind, Question
from slotgraph.core.freebusy import is_ignored
from slotgraph.core.health import HealthNotes
from slotgraph.core.operation import Operation
from slotgraph.core.outbox import entries
from slotgraph.core.overview_entries import (
    ExternalEvent,
    OverviewEntry,
    own_entries,
)
from slotgraph.core.plugin import Deadline
from slotgraph.core.policy import Action, Facts, MaskedReason, permits, why_titles_masked
from slotgraph.core.records import Account, Calendar, Employee
from slotgraph.core.spans import clipped
from slotgraph.core.store import accounts
from slotgraph.core.store.directory import Directory
from slotgraph.core.titles import TitleSource
from slotgraph.core.values import (
    AskedCalendar,
    Busy,
    BusyAnswer,
    Event,
    Forgettable,
    Precision,
    Purpose,
    Reference,
    Span,
    TitlesAnswer,
    Unverified,
)
from slotgraph.core.wall import AccountKey, Wall

MAX_OVERVIEW_DAYS = 42


@dataclass(frozen=True, slots=True)
class OverviewQuery:
    """Which days (the last one included) and employees of which company; None for all one may see."""

    company_id: str
    first: date
    last: date
    time_zone: str | None = None
    employee_ids: tuple[str, ...] | None = None
    deadline_ms: int | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Overview(Forgettable):
    """A company's calendar for some days, in order of start."""

    company_id: str
    time_zone: str
    entries: Sequence[OverviewEntry]
    sources: Sequence[CalendarCheck]
    complete: bool


Standing = Mapping[str, frozenset[Reference | None]]
"""Our own entries by the calendar they stand in; None where the writing has not been answered."""


@dataclass(slots=True, repr=False)
class _Heard(Forgettable):
    """What one calendar said, chunk by chunk, and whether it was asked for titles."""

    titled: bool
    told: dict[Span, Sequence[Event]] = field(default_factory=dict)
    failure: Unverified | None = None
    precision: Precision | None = None

    def events(self) -> Iterator[Event]:
        """Each event once, whole: one over the edge of two chunks is told by both."""
        told_until: int | None = None
        for chunk in sorted(self.told):
            for event in self.told[chunk]:
                if clipped([event.span], chunk) and (told_until is None or event.span.start >= told_until):
                    yield event
            told_until = chunk.end


class Overviews:
    """Loads overviews."""

    def __init__(self, wall: Wall, flights: Flights, health: HealthNotes) -> None:
        self._wall = wall
        self._flights = flights
        self._titles = TitleSource(wall)
        self._health = health

    async def overview(self, operation: Operation, query: OverviewQuery) -> Overview:
        """Load the days anew. Raises BadInput, UnknownObject or Forbidden before any calendar is asked."""
        deadline = deadline_of(operation.clock, query.deadline_ms, path=("input", "deadlineMs"))
        directory, employees = await _resolved(operation, query)
        zone_name = query.time_zone or directory.company.time_zone
        window = local_days(query.first, query.last, zone(zone_name))
        own = await own_entries(operation, directory, employees, window)
        asked = await _asked(operation, directory, employees)
        before = await _standing(operation, query.company_id, asked)
        ours = frozenset(one for references in before.values() for one in references if one is not None)
        heard = {one.id: _Heard(await _why_masked(operation, directory, asked, one) is None) for one in asked.calendars}
        await self._ask(asked, heard, window=window, ours=ours, deadline=deadline)
        # Support may have been shut out, or a toggle switched off, while the calendars were asked (T3).
        operation.recheck()
        operation.forget_directory(query.company_id)
        directory, _ = await _resolved(operation, query)
        settled = _settled(before, await _standing(operation, query.company_id, asked))
        external = await _external_entries(operation, directory, asked, heard, window=window, settled=settled)
        checks = _checks(operation, asked, heard)
        self._health.note(checks)
        return Overview(
            query.company_id,
            zone_name,
            sorted([*own, *external], key=lambda entry: (entry.span, entry.employee_id)),
            await shown_checks(checks, operation, query.company_id),
            complete=all(check.state is not CheckState.UNVERIFIED for check in checks),
        )

    async def _ask(
        self,
        asked: Asked,
        heard: Mapping[str, _Heard],
        *,
        window: Span,
        ours: frozenset[Reference],
        deadline: Deadline,
    ) -> None:
        """Ask for titles only where they will be shown, else for busy time: never read more than is shown."""
        titled = replace(asked, calendars=[one for one in asked.calendars if heard[one.id].titled])
        masked = replace(asked, calendars=[one for one in asked.calendars if not heard[one.id].titled])

        async def ask_titles(
            key: AccountKey, calendars: Sequence[AskedCalendar], chunk: Span
        ) -> Mapping[str, TitlesAnswer | Unverified]:
            async def call(within: Deadline) -> Mapping[str, TitlesAnswer | Unverified]:
                return await self._titles.titles(key, calendars, window=chunk, deadline=within, except_=ours)

            question = Question.of(Kind.TITLES, key, calendars=calendars, chunk=chunk, except_=ours)
            return await self._flights.share(question, call, deadline=deadline)

        async def ask_busy(
            key: AccountKey, calendars: Sequence[AskedCalendar], chunk: Span
        ) -> Mapping[str, BusyAnswer | Unverified]:
            async def call(within: Deadline) -> Mapping[str, BusyAnswer | Unverified]:
                return await self._wall.busy(key, calendars, window=chunk, deadline=within, except_=ours)

            question = Question.of(Kind.BUSY, key, calendars=calendars, chunk=chunk, except_=ours)
            return await self._flights.share(question, call, deadline=deadline)

        def receive(calendar: Calendar, chunk: Span, answer: TitlesAnswer | BusyAnswer | Unverified) -> None:
            _hear(heard[calendar.id], answer, chunk=chunk)

        registry = self._wall.registry
        await asyncio.gather(
            fan_out(titled, window, registry=registry, ask=ask_titles, receive=receive),
            fan_out(masked, window, registry=registry, ask=ask_busy, receive=receive),
        )


async def _resolved(operation: Operation, query: OverviewQuery) -> tuple[Directory, list[Employee]]:
    """The company and the employees to show."""
    if query.last < query.first:
        raise BadInput(("input", "until"), "the last day must not lie before the first (`from`).")
    if query.last - query.first >= timedelta(days=MAX_OVERVIEW_DAYS):
        raise BadInput(("input", "until"), f"at most {MAX_OVERVIEW_DAYS} days in all; ask for less.")
    if query.time_zone is not None and not is_zone_name(query.time_zone):
        raise BadInput(("input", "timeZone"), "this is no IANA time zone, for example Europe/Zurich.")
    if not await operation.permits(Action.READ_OVERVIEW, query.company_id):
        raise Forbidden("You may not see this company's overview.")
    directory = await operation.directory(query.company_id)
    if directory is None:
        raise UnknownObject(("input", "company"))
    if query.employee_ids is None:
        return directory, [one for one in directory.employees.values() if one.active]
    for at, employee_id in enumerate(query.employee_ids):
        if employee_id not in directory.employees:
            raise UnknownObject(("input", "employees", str(at)))
    return directory, [directory.employees[employee_id] for employee_id in dict.fromkeys(query.employee_ids)]


async def _asked(operation: Operation, directory: Directory, employees: Sequence[Employee]) -> Asked:
    """The checked calendars of the employees."""
    company_id = directory.company.id
    zones = {one.id: one.time_zone for one in employees}
    async with operation.database.read() as connection:
        known = {account.id: account for account in await accounts.accounts_of(connection, company_id)}
        listed = await accounts.calendars_of(connection, company_id)
    return Asked(known, [one for one in listed if one.checked and one.employee_id in zones], zones)


async def _standing(operation: Operation, company_id: str, asked: Asked) -> Standing:
    """Which entries in the calendars are ours: they stand in the overview already, as bookings."""
    async with operation.database.read() as connection:
        return await entries.standing_entries(connection, company_id, [calendar.id for calendar in asked.calendars])


def _settled(before: Standing, after: Standing) -> frozenset[str]:
    """The calendars in which each entry of ours could be told from the others' events all the while.

    In the rest one of ours may have come back as an event, its title naming a customer.
    """
    return frozenset(one for one, known in before.items() if None not in known and known == after.get(one))


async def _why_masked(
    operation: Operation, directory: Directory, asked: Asked, calendar: Calendar
) -> MaskedReason | None:
    employee = directory.employees.get(calendar.employee_id or "")
    if employee is None:
        return MaskedReason.NOT_PERMITTED
    facts = await operation.facts(calendar.company_id, employee_id=employee.id)
    account: Account = asked.accounts[calendar.account_id]
    return why_titles_masked(
        operation.actor,
        replace(facts, shows_appointments=employee.show_appointments),
        granted=Purpose.TITLES in account.granted,
    )


def _hear(heard: _Heard, answer: TitlesAnswer | BusyAnswer | Unverified, *, chunk: Span) -> None:
    if isinstance(answer, Unverified):
        heard.failure = heard.failure or answer
        return
    precision = answer.precision if isinstance(answer, BusyAnswer) else Precision.EXACT
    if heard.precision is not Precision.SERVER:
        heard.precision = precision
    heard.told[chunk] = answer.events if isinstance(answer, TitlesAnswer) else [_untitled(one) for one in answer.busy]


def _untitled(busy: Busy) -> Event:
    return Event(busy.span, busy.status, None, all_day=False, private=False)


async def _external_entries(
    operation: Operation,
    directory: Directory,
    asked: Asked,
    heard: Mapping[str, _Heard],
    *,
    window: Span,
    settled: frozenset[str],
) -> list[OverviewEntry]:
    entries: list[OverviewEntry] = []
    sees_customers = await operation.permits(Action.READ_CUSTOMER, directory.company.id)
    for calendar in asked.calendars:
        said = heard[calendar.id]
        employee_id = calendar.employee_id or ""
        reason = await _why_masked(operation, directory, asked, calendar)
        if reason is None and not (said.titled and (sees_customers or calendar.id in settled)):
            reason = MaskedReason.NOT_PERMITTED
        facts = await operation.facts(calendar.company_id, employee_id=employee_id)
        facts = replace(facts, shows_appointments=reason is None)
        named = await operation.permits(Action.NAME_CALENDAR, calendar.company_id, employee_id=employee_id)
        for event in said.events():
            if event.status in calendar.status_policy and clipped([event.span], window):
                private = replace(facts, private_event=event.private)
                why = reason or why_private(operation, private)
                entries.append(
                    ExternalEvent(
                        event.span,
                        employee_id,
                        calendar if named else None,
                        event.status,
                        event.all_day if said.titled else None,
                        None if why else event.title,
                        why,
                    )
                )
    return entries


def why_private(operation: Operation, facts: Facts) -> MaskedReason | None:
    """A private event shows its title to its holder only (rule T2)."""
    return None if permits(Action.READ_TITLE, operation.actor, facts) else MaskedReason.PRIVATE_EVENT


def _checks(operation: Operation, asked: Asked, heard: Mapping[str, _Heard]) -> list[CalendarCheck]:
    at = operation.clock.now()
    checks = []
    for calendar in asked.calendars:
        said = heard[calendar.id]
        ignored = is_ignored(calendar, local_date(minute_from_instant(at), zone(asked.zone_of(calendar))))
        checks.append(check_of(calendar, failure=said.failure, ignored=ignored, precision=said.precision, at=at))
    return checks
