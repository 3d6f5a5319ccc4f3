"""Notes how accounts and calendars answered, when that changed. Only state, cause and moment: nothing they said."""

import asyncio
import logging
from collections.abc import Iterable
from datetime import timedelta

from slotgraph.core.checks import CalendarCheck, CheckState
from slotgraph.core.clock import Clock
from slotgraph.core.errors import SlotGraphError
from slotgraph.core.store import accounts
from slotgraph.core.store.engine import Database
from slotgraph.core.values import FailureCause

SUCCESS_NOTED_EVERY = timedelta(minutes=10)
"""A calendar that goes on answering is noted this often, so that searches do not write."""

_log = logging.getLogger("slotgraph.health")


class HealthNotes:
    """Writes health beside the requests that learn of it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._writing: set[asyncio.Task[None]] = set()

    def note(self, checks: Iterable[CalendarCheck]) -> None:
        """Note changes in the background; returns at once."""
        changed = [check for check in checks if self._is_news(check)]
        if changed:
            task = asyncio.create_task(self._write(changed))
            self._writing.add(task)
            task.add_done_callback(self._writing.discard)

    async def settled(self) -> None:
        """Wait until all notes are written: at shutdown, and in tests."""
        await asyncio.gather(*self._writing, return_exceptions=True)

    def _is_news(self, check: CalendarCheck) -> bool:
        if check.calendar is None:
            return False
        known = check.calendar.health
        if check.state is CheckState.VERIFIED:
            last = known.last_success_at
            return known.failing or last is None or check.at - last > SUCCESS_NOTED_EVERY
        return not known.failing or known.last_cause is None or known.last_cause.value != check.cause

    async def _write(self, checks: list[CalendarCheck]) -> None:
        try:
            async with self._database.write() as connection:
                for key, cause in _by_calendar(checks).items():
                    await accounts.note_health(connection, key[0], calendar_ids=[key[1]], at=checks[0].at, cause=cause)
                for (company_id, account_id), cause in _by_account(checks).items():
                    await accounts.note_health(
                        connection, company_id, account_ids=[account_id], at=checks[0].at, cause=cause
                    )
        except SlotGraphError as error:
            _log.warning("health was not noted: %s", error)


def _by_calendar(checks: Iterable[CalendarCheck]) -> dict[tuple[str, str], FailureCause | None]:
    causes: dict[tuple[str, str], FailureCause | None] = {}
    for check in checks:
        assert check.calendar is not None
        cause = FailureCause(check.cause) if check.cause else None
        causes[check.calendar.company_id, check.calendar.id] = cause
        if cause is not None:
            _log.warning("calendar %s does not answer: %s", check.calendar.id, cause.value)
    return causes


def _by_account(checks: Iterable[CalendarCheck]) -> dict[tuple[str, str], FailureCause | None]:
    """What each account's calendars say of it: the first failure among them, else that it answers."""
    causes: dict[tuple[str, str], FailureCause | None] = {}
    for check in checks:
        assert check.calendar is not None
        key = (check.calendar.company_id, check.calendar.account_id)
        causes[key] = causes.get(key) or (FailureCause(check.cause) if check.cause else None)
    return causes
