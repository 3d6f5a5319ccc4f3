"""Trying an account now: its calendars are listed and read live, and what came of it is its health."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from operator import itemgetter

from slotgraph.core.accounts import account_to_change
from slotgraph.core.asking import MAX_DEADLINE_MS
from slotgraph.core.check_budget import CheckBudget
from slotgraph.core.checks import CalendarCheck
from slotgraph.core.clock import MINUTES_PER_DAY, minute_from_instant
from slotgraph.core.errors import ProviderFailure, UnknownObject
from slotgraph.core.fanout import Asked
from slotgraph.core.flights import Flights
from slotgraph.core.freebusy import FreeBusy
from slotgraph.core.operation import Operation
from slotgraph.core.plugin import Deadline
from slotgraph.core.problems import NotFound
from slotgraph.core.records import Account, Calendar
from slotgraph.core.store import accounts
from slotgraph.core.values import FailureCause, FoundCalendar, Span, Unverified
from slotgraph.core.wall import AccountKey, Wall

Causes = Mapping[str, FailureCause | None]
"""Why a calendar fails, None if it answers; by its id. One that was not asked is missing."""


class AccountChecks:
    """Checks accounts on demand, each in flights of its own."""

    def __init__(self, wall: Wall, flights: Flights, freebusy: FreeBusy, budget: CheckBudget) -> None:
        self._wall = wall
        self._flights = flights
        self._freebusy = freebusy
        self._budget = budget

    async def check(self, operation: Operation, company_id: str, account_id: str) -> Account | NotFound:
        """Ask an account and its calendars now and note how they answer. Raises RateLimited."""
        account = await account_to_change(operation, company_id, account_id)
        if account is None:
            return NotFound(("input", "account"))
        self._budget.spend(company_id, account_id)
        async with operation.database.read() as connection:
            calendars = await accounts.calendars_of_account(connection, company_id, account_id)
        asked = await _asked(operation, account, calendars)
        deadline = Deadline(operation.clock, MAX_DEADLINE_MS / 1000)
        now = minute_from_instant(operation.clock.now())
        today = Span(now, now + MINUTES_PER_DAY)
        listed, answer = await asyncio.gather(
            self._listed(account, deadline), self._freebusy.ask(asked, today, deadline=deadline, for_booking=True)
        )
        failure = listed if isinstance(listed, Unverified) else None
        found = {} if isinstance(listed, Unverified) else _found(calendars, listed)
        await _note(operation, account, failure=failure, read=_read(answer.checks), found=found)
        async with operation.database.read() as connection:
            return await accounts.account_by_id(connection, company_id, account_id) or NotFound(("input", "account"))

    async def _listed(self, account: Account, deadline: Deadline) -> Collection[str] | Unverified:
        """The ids the provider lists calendars under; a failure as data."""
        key = AccountKey(account.company_id, account.id, account.provider)

        async def call() -> Mapping[str, FoundCalendar]:
            return {one.id: one for one in await self._wall.calendars(key, deadline=deadline)}

        try:
            return await self._flights.alone(key, lambda _: call(), deadline=deadline)
        except ProviderFailure as failure:
            return failure.unverified()


async def _asked(operation: Operation, account: Account, calendars: Iterable[Calendar]) -> Asked:
    """The checked calendars, in the zones of those they stand for; the company's if they stand for nobody yet."""
    directory = await operation.directory(account.company_id)
    if directory is None:
        raise UnknownObject(("input", "account"))
    checked = [calendar for calendar in calendars if calendar.checked]
    zones = {"": directory.company.time_zone}
    for employee_id in {calendar.employee_id for calendar in checked if calendar.employee_id}:
        employee = directory.employees.get(employee_id)
        zones[employee_id] = employee.time_zone if employee else directory.company.time_zone
    return Asked({account.id: account}, checked, zones)


def _read(checks: Iterable[CalendarCheck]) -> Causes:
    """How the calendars that count as busy were read."""
    read = ((check.calendar, check.cause) for check in checks if check.asked)
    return {one.id: FailureCause(cause) if cause else None for one, cause in read if one is not None}


def _found(calendars: Iterable[Calendar], listed: Collection[str]) -> Causes:
    """Whether the calendars that do not count as busy, and are not read, are still there."""
    return {
        one.id: None if one.provider_calendar_id in listed else FailureCause.NOT_FOUND
        for one in calendars
        if not one.checked
    }


async def _note(
    operation: Operation, account: Account, *, failure: Unverified | None, read: Causes, found: Causes
) -> None:
    """Store the health: the account's is its own failure, else the first of its calendars that count, else that it answers."""
    failures = [failure.cause] if failure is not None and failure.asked else []
    failures += [cause for cause in read.values() if cause is not None]
    company_id, at = account.company_id, operation.clock.now()
    async with operation.database.write() as connection:
        if failures or read or failure is None:
            cause = failures[0] if failures else None
            await accounts.note_health(connection, company_id, account_ids=[account.id], at=at, cause=cause)
        for calendar_id, said in sorted({**read, **found}.items(), key=itemgetter(0)):
            await accounts.note_health(connection, company_id, calendar_ids=[calendar_id], at=at, cause=said)
