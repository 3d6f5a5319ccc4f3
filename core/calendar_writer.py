"""Carries the outbox' wishes out: writes our own entries into default calendars and removes them (rules K3, K4).

No transaction is open during a provider call. One wish of an entry is carried out at a time.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from slotgraph.core import outbox
from slotgraph.core.clock import Clock
from slotgraph.core.entry_text import EntryTexts
from slotgraph.core.errors import CalendarMissing, ProviderFailure, SlotGraphError
from slotgraph.core.plugin import Deadline
from slotgraph.core.records import CalendarEntry, CalendarEntryState, OutboxAction, OutboxRow
from slotgraph.core.store import accounts, bookings
from slotgraph.core.store.database import Database
from slotgraph.core.store.directory import directory_of
from slotgraph.core.values import Entry, Reference
from slotgraph.core.wall import AccountKey, Wall

RETRY_EVERY = timedelta(minutes=1)
GIVEN_UP_AFTER = timedelta(days=3)
SWEEP_SECONDS = 20.0
"""How long one try of a sweep may take."""

SWEEP_AT_ONCE = 50

_log = logging.getLogger("slotgraph.calendar_writer")


@dataclass(frozen=True, slots=True)
class _Job:
    """All that carrying out one wish needs, read before the provider is called."""

    row: OutboxRow
    entry: CalendarEntry
    account: AccountKey
    calendar_id: str
    text: Entry


class CalendarWriter:
    """Writes and removes our own entries outside."""

    def __init__(self, database: Database, wall: Wall, clock: Clock, texts: EntryTexts) -> None:
        self._database = database
        self._wall = wall
        self._clock = clock
        self._texts = texts
        self._busy: dict[str, asyncio.Lock] = {}
        self._waiting: Counter[str] = Counter()

    async def try_now(self, company_id: str, entry_id: str, *, deadline: Deadline) -> None:
        """Try an entry's wish once, within a deadline. What fails stays PENDING and is tried again.

        Raises nothing we know of: whoever asks has committed already, and their answer must not fail for this.
        """
        try:
            async with self._alone(entry_id):
                job = await self._job(company_id, entry_id)
                if job is not None:
                    await self._carry_out(job, deadline)
        except SlotGraphError as error:
            _log.warning("entry %s: %s", entry_id, error)

    async def sweep(self) -> int:
        """Try every wish that is due, side by side; how many there were."""
        async with self._database.read() as connection:
            rows = await outbox.due(connection, now=self._clock.now(), limit=SWEEP_AT_ONCE)
        tries = (
            self.try_now(row.company_id, row.entry_id, deadline=Deadline(self._clock, SWEEP_SECONDS)) for row in rows
        )
        await asyncio.gather(*tries)
        return len(rows)

    @asynccontextmanager
    async def _alone(self, entry_id: str) -> AsyncIterator[None]:
        """One try per entry at a time, so that a removal never overtakes the writing it undoes."""
        lock = self._busy.setdefault(entry_id, asyncio.Lock())
        self._waiting[entry_id] += 1
        try:
            async with lock:
                yield
        finally:
            self._waiting[entry_id] -= 1
            if not self._waiting[entry_id]:
                del self._waiting[entry_id], self._busy[entry_id]

    async def _job(self, company_id: str, entry_id: str) -> _Job | None:
        async with self._database.read() as connection:
            row = await outbox.wish(connection, company_id, entry_id)
            entry = await outbox.entry_by_id(connection, company_id, entry_id)
            if row is None or entry is None:
                return None
            found = await bookings.bookings_by_ids(connection, company_id, [entry.booking_id])
            directory = await directory_of(connection, company_id)
            calendars = {one.id: one for one in await accounts.calendars_of(connection, company_id)}
            known = {one.id: one for one in await accounts.accounts_of(connection, company_id)}
        calendar, booking = calendars.get(entry.calendar_id or ""), found[0]
        if directory is None or calendar is None:
            return None
        service, employee = directory.service_ever(booking.service_id), directory.employee_ever(entry.employee_id)
        if service is None or employee is None:
            return None
        account = known[calendar.account_id]
        text = self._texts.entry_of(booking, company=directory.company, service=service, employee=employee)
        key = AccountKey(company_id, account.id, account.provider)
        return _Job(row, entry, key, calendar.provider_calendar_id, text)

    async def _carry_out(self, job: _Job, deadline: Deadline) -> None:
        try:
            if job.row.action is OutboxAction.REMOVE:
                await self._remove(job, deadline)
            else:
                await self._write(job, deadline)
        except ProviderFailure as failure:
            await self._failed(job, failure)

    async def _write(self, job: _Job, deadline: Deadline) -> None:
        await self._settle(job, CalendarEntryState.WRITTEN, await self._written(job, deadline))

    async def _written(self, job: _Job, deadline: Deadline) -> Reference:
        return await self._wall.write(
            job.account, job.calendar_id, entry=job.text, idempotency=job.entry.id, deadline=deadline
        )

    async def _remove(self, job: _Job, deadline: Deadline) -> None:
        try:
            # Without a reference nobody knows what became of the writing. Writing once more makes no second entry and
            # tells the reference; to remove by anything less could remove what is not ours.
            reference = job.entry.reference or await self._written(job, deadline)
            await self._wall.remove(job.account, reference, idempotency=job.entry.id, deadline=deadline)
        except CalendarMissing:
            _log.info("entry %s went with its calendar", job.entry.id)
        await self._settle(job, CalendarEntryState.REMOVED, None)

    async def _settle(self, job: _Job, state: CalendarEntryState, reference: Reference | None) -> None:
        async with self._database.write() as connection:
            await outbox.settle(connection, job.row, state=state, reference=reference, at=self._clock.now())

    async def _failed(self, job: _Job, failure: ProviderFailure) -> None:
        now = self._clock.now()
        given_up = now - job.row.created_at >= GIVEN_UP_AFTER
        wait = max(RETRY_EVERY, timedelta(seconds=failure.retry_after or 0))
        async with self._database.write() as connection:
            await outbox.postpone(
                connection, job.row, cause=failure.cause, next_attempt_at=None if given_up else now + wait, at=now
            )
        _log.warning("entry %s: %s failed: %s", job.entry.id, job.row.action.value, failure.cause.value)
