"""Notes how accounts and calendars answered, when that changed. Only state, cause and moment: nothing they said.

What waits to be written into a calendar that answers again is due at once (rule K3).
"""

import asyncio
import logging
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from slotgraph.core.checks import CalendarCheck, CheckState
from slotgraph.core.errors import SlotGraphError
from slotgraph.core.outbox import leases
from slotgraph.core.store import accounts
from slotgraph.core.store.database import Database
from slotgraph.core.values import FailureCause

SUCCESS_NOTED_EVERY = timedelta(minutes=10)
"""A calendar that goes on answering is noted this often, so that searches do not write."""

_Causes = Mapping[tuple[str, str], FailureCause | None]
"""Why something fails, None if it answers; by company and id."""

_News = tuple[str, str, str | None]
"""A calendar's company and id, and what there is to note of it."""

_log = logging.getLogger("slotgraph.health")


class HealthNotes:
    """Writes health beside the requests that learn of it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._writing: dict[asyncio.Task[None], Collection[_News]] = {}

    def note(self, checks: Iterable[CalendarCheck]) -> None:
        """Note changes in the background; returns at once. What searches that shared a flight have to tell is written once."""
        listed = [check for check in checks if check.calendar is not None and check.asked]
        on_their_way = {news for written in self._writing.values() for news in written}
        changed = [check for check in listed if self._is_news(check) and _news_of(check) not in on_their_way]
        if changed:
            task = asyncio.create_task(self._write(_by_calendar(changed), _by_account(listed), at=changed[0].at))
            self._writing[task] = [_news_of(check) for check in changed]
            task.add_done_callback(self._writing.pop)

    async def settled(self) -> None:
        """Wait until all notes are written: at shutdown, and in tests."""
        await asyncio.gather(*self._writing, return_exceptions=True)

    def _is_news(self, check: CalendarCheck) -> bool:
        assert check.calendar is not None
        known = check.calendar.health
        if check.state is CheckState.VERIFIED:
            last = known.last_success_at
            return known.failing or last is None or check.at - last > SUCCESS_NOTED_EVERY
        return not known.failing or known.last_cause is None or known.last_cause.value != check.cause

    async def _write(self, calendars: _Causes, accounts_: _Causes, *, at: datetime) -> None:
        try:
            async with self._database.write() as connection:
                # In one order for all, lest two writers wait for each other.
                for (company_id, id_), cause in sorted(accounts_.items()):
                    await accounts.note_health(connection, company_id, account_ids=[id_], at=at, cause=cause)
                for (company_id, id_), cause in sorted(calendars.items()):
                    await accounts.note_health(connection, company_id, calendar_ids=[id_], at=at, cause=cause)
                    if cause is None:
                        await leases.wake(connection, company_id, [id_], at=at)
        except SlotGraphError as error:
            _log.warning("health was not noted: %s", error)


def _news_of(check: CalendarCheck) -> _News:
    assert check.calendar is not None
    return check.calendar.company_id, check.calendar.id, check.cause


def _by_calendar(checks: Iterable[CalendarCheck]) -> _Causes:
    causes: dict[tuple[str, str], FailureCause | None] = {}
    for check in checks:
        assert check.calendar is not None
        cause = FailureCause(check.cause) if check.cause else None
        causes[check.calendar.company_id, check.calendar.id] = cause
        if cause is not None:
            _log.warning("calendar %s does not answer: %s", check.calendar.id, cause.value)
    return causes


def _by_account(checks: Iterable[CalendarCheck]) -> _Causes:
    """What the calendars asked say of their accounts: the first failure among them, else that it answers."""
    causes: dict[tuple[str, str], FailureCause | None] = {}
    for check in checks:
        assert check.calendar is not None
        key = (check.calendar.company_id, check.calendar.account_id)
        causes[key] = causes.get(key) or (FailureCause(check.cause) if check.cause else None)
    return causes
