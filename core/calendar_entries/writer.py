"""Carries the outbox' wishes out: writes, moves and removes our own entries in default calendars (rules K3, K4).

No transaction is open during a provider call. Only who has the lease of a wish carries it out; when to, and which, is decided elsewhere.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import Collection
from datetime import timedelta

from slotgraph.core.calendar_entries.backoff import next_try
from slotgraph.core.calendar_entries.jobs import Job, job_of
from slotgraph.core.calendar_entries.outside import Outside
from slotgraph.core.calendar_entries.wishing import LEASE
from slotgraph.core.clock import Clock
from slotgraph.core.entry_text import EntryTexts
from slotgraph.core.errors import CANNOT_WRITE, CalendarMissing, PluginFailed, ProviderFailure, SlotGraphError
from slotgraph.core.flights import Flights
from slotgraph.core.outbox import leases
from slotgraph.core.outbox.leases import OUTAGE
from slotgraph.core.plugin import Deadline
from slotgraph.core.records import CalendarEntryState, OutboxAction, OutboxRow
from slotgraph.core.retrying import Jitter
from slotgraph.core.store import accounts
from slotgraph.core.store.database import Database, Transaction
from slotgraph.core.values import FailureCause, Reference
from slotgraph.core.wall import Wall

TRY_SECONDS = 10.0
"""How long one try may take."""

SETTLING = timedelta(seconds=3)
"""What is left of a lease when its try ends, for noting how it went."""

PATIENT_SECONDS = TRY_SECONDS / 2
"""A try that was given less says nothing of its account if it got no answer."""

MISSING_FOR = timedelta(minutes=10)
"""How long a calendar must be missed until an entry that shall go is believed to have gone with it: a proxy may say 404 to everything."""

LOOK_AGAIN_AFTER = timedelta(seconds=10)
UNSURE = frozenset({FailureCause.TIMEOUT, FailureCause.UNREACHABLE, FailureCause.MALFORMED, FailureCause.PLUGIN_ERROR})
"""After these nobody knows whether the try was carried out, or yet will be."""

AT_ONCE = 50

_log = logging.getLogger("slotgraph.calendar_writer")


class CalendarWriter:
    """Writes, moves and removes our own entries outside. `due` is set when it leaves something that can be tried at once."""

    def __init__(
        self,
        database: Database,
        wall: Wall,
        flights: Flights,
        clock: Clock,
        texts: EntryTexts,
        *,
        jitter: Jitter = random.random,
    ) -> None:
        self._database = database
        self._outside = Outside(wall, flights)
        self._at_leisure = Outside(wall, flights, at_leisure=True)
        self._clock = clock
        self._texts = texts
        self._jitter = jitter
        self.failing: set[str] = set()
        """Accounts that did not answer the last time this process wrote to them."""
        self.due = asyncio.Event()

    async def try_all(self, rows: Collection[OutboxRow], *, deadline: Deadline) -> None:
        """Try leased wishes once, side by side, within a deadline and their leases. What fails stays PENDING and is tried again.

        Raises nothing we know of: whoever asks has committed already, and their answer must not fail for this. Who is cancelled
        gives the leases back.
        """
        await asyncio.gather(*(self.carry_out(row, deadline=deadline) for row in rows))

    async def sweep(self) -> int:
        """Try wishes that are due, side by side; how many there were."""
        async with self._database.read() as connection:
            found = await leases.due(connection, now=self._clock.now(), limit=AT_ONCE)
        async with self._database.write() as connection:
            leased = [await self.take(connection, wish) for wish in found]
        taken = [row for row in leased if row is not None]
        await self.try_all(taken, deadline=Deadline(self._clock, TRY_SECONDS))
        return len(taken)

    async def take(self, connection: Transaction, wish: leases.DueWish) -> OutboxRow | None:
        """Lease a wish that is due, if nobody else was faster."""
        now = self._clock.now()
        return await leases.lease_due(connection, wish.company_id, wish.entry_id, now=now, until=now + LEASE)

    async def carry_out(self, row: OutboxRow, *, deadline: Deadline, at_leisure: bool = False) -> None:
        """Try one leased wish, and whatever was wished instead meanwhile, as long as there is time. `at_leisure`: nobody waits for it."""
        wish: OutboxRow | None = row
        while wish is not None:
            tried, wish = wish, None
            within = self._within(tried, deadline)
            try:
                wish = await self._try(tried, within, self._at_leisure if at_leisure else self._outside)
            except CANNOT_WRITE as error:
                # Its lease runs out, and somebody else goes on.
                _log.warning("entry %s: %s", tried.entry_id, error)
            # A wish that breaks us is put off like any other that fails, and in the end shown: it is nobody's answer that breaks.
            except Exception as error:  # noqa: BLE001 - whoever asked has committed already
                _log.error("entry %s: carrying out its wish broke: %s", tried.entry_id, type(error).__name__)
                with contextlib.suppress(*CANNOT_WRITE):
                    wish = await self.failed(tried, PluginFailed(), within)

    async def _try(self, row: OutboxRow, within: Deadline, outside: Outside) -> OutboxRow | None:
        """Try a wish; the one that was wished instead meanwhile, leased, if there is time left for it."""
        if within.remaining <= 0:
            await self._give_back(row, unsure=False)
            return None
        try:
            return await self._act(row, within, outside)
        except asyncio.CancelledError:
            await self._give_back(row, unsure=True)
            raise

    def _within(self, row: OutboxRow, deadline: Deadline) -> Deadline:
        """When a try ends: well before its lease does."""
        leased = (row.lease_until - SETTLING - self._clock.now()).total_seconds()
        return Deadline(self._clock, min(deadline.remaining, TRY_SECONDS, leased))

    async def _act(self, row: OutboxRow, within: Deadline, outside: Outside) -> OutboxRow | None:
        account_id, is_hasty = None, within.remaining < PATIENT_SECONDS
        try:
            async with self._database.read() as connection:
                job = await job_of(connection, row, self._texts)
            account_id = job.account.account_id
            if row.action in (OutboxAction.REMOVE, OutboxAction.REMOVE_AGAIN):
                reference, state = await self._removed(job, within, outside), CalendarEntryState.REMOVED
            else:
                reference, state = await self._standing(job, within, outside), CalendarEntryState.WRITTEN
        except ProviderFailure as failure:
            # That a caller would not wait says nothing of the account: it is tried again at once.
            was_hasty = is_hasty and failure.cause is FailureCause.TIMEOUT
            if account_id is not None and failure.cause in OUTAGE and not was_hasty:
                self.failing.add(account_id)
            return await self.failed(row, failure, within, at_once=was_hasty)
        return await self._settled(job, state, reference, within)

    async def _standing(self, job: Job, within: Deadline, outside: Outside) -> Reference:
        """Let the entry stand outside as it does here."""
        if job.row.action is OutboxAction.WRITE:
            return await outside.write(job, within)
        # Without a reference nobody knows what became of the writing, nor of what it wrote.
        reference = job.entry.reference or await outside.write(job, within)
        return await outside.move(job, reference, within)

    async def _removed(self, job: Job, within: Deadline, outside: Outside) -> Reference | None:
        try:
            # Without a reference nobody knows what became of the writing. Writing once more makes no second entry and
            # tells the reference; to remove by anything less could remove what is not ours.
            reference = job.entry.reference or await outside.write(job, within)
            await outside.remove(job, reference, within)
        except CalendarMissing:
            if job.entry.cause is not FailureCause.NOT_FOUND or self._clock.now() - job.row.created_at < MISSING_FOR:
                raise
            _log.info("entry %s went with its calendar", job.entry.id)
            return None
        return reference

    async def _settled(
        self, job: Job, state: CalendarEntryState, reference: Reference | None, within: Deadline
    ) -> OutboxRow | None:
        """Note that a wish was carried out. What waits for an account that answers again may be tried at once."""
        row, account_id = job.row, job.account.account_id
        answers_again = account_id in self.failing or job.entry.cause in OUTAGE
        now = self._clock.now()
        again = row.unsure and row.action in (OutboxAction.MOVE, OutboxAction.REMOVE)
        look_again_at = now + LOOK_AGAIN_AFTER if again else None
        woken, instead = 0, None
        async with self._database.write() as connection:
            settled = await leases.settle(
                connection, row, state=state, reference=reference, at=now, look_again_at=look_again_at
            )
            if answers_again:
                woken = await self._wake(connection, row.company_id, account_id)
            if not settled:
                instead = await self._take_instead(connection, row, within)
        self.failing.discard(account_id)
        _log.info("entry %s: %s done", row.entry_id, row.action.value)
        if woken or (not settled and instead is None):
            self.due.set()
        return instead

    async def failed(
        self, row: OutboxRow, failure: ProviderFailure, within: Deadline, *, at_once: bool = False
    ) -> OutboxRow | None:
        """Note that a try failed, and when the next is; the wish that was wished instead meanwhile, if there is time left for it."""
        now = self._clock.now()
        next_attempt_at = next_try(
            now,
            wished_at=row.created_at,
            tries=row.attempts + 1,
            retry_after=failure.retry_after,
            jitter=self._jitter(),
        )
        instead = None
        if at_once and next_attempt_at is not None:
            next_attempt_at = now
        async with self._database.write() as connection:
            postponed = await leases.postpone(
                connection,
                row,
                cause=failure.cause,
                next_attempt_at=next_attempt_at,
                at=now,
                unsure=failure.cause in UNSURE,
            )
            if not postponed:
                instead = await self._take_instead(connection, row, within)
        _log.warning("entry %s: %s failed: %s", row.entry_id, row.action.value, failure.cause.value)
        if at_once or (not postponed and instead is None):
            self.due.set()
        return instead

    async def _wake(self, connection: Transaction, company_id: str, account_id: str) -> int:
        listed = await accounts.calendars_of(connection, company_id)
        ids = [one.id for one in listed if one.account_id == account_id]
        return await leases.wake(connection, company_id, ids, at=self._clock.now())

    async def _take_instead(self, connection: Transaction, row: OutboxRow, within: Deadline) -> OutboxRow | None:
        """Lease what is wished instead of what was tried, if there is time left for it."""
        if within.remaining <= 0:
            return None
        now = self._clock.now()
        return await leases.lease(connection, row.company_id, row.entry_id, now=now, until=now + LEASE)

    async def _give_back(self, row: OutboxRow, *, unsure: bool) -> None:
        try:
            async with self._database.write() as connection:
                await leases.give_back(connection, row, at=self._clock.now(), unsure=unsure)
        except SlotGraphError as error:
            _log.warning("entry %s: its lease was not given back: %s", row.entry_id, error)
        else:
            self.due.set()
