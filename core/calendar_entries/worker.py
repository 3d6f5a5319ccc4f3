"""Takes wishes that are due, again and again, and lets the writer carry them out side by side (rule K3)."""

import asyncio
import contextlib
import logging
import random
from collections import Counter
from collections.abc import AsyncIterator

from slotgraph.core.calendar_entries.writer import TRY_SECONDS, CalendarWriter
from slotgraph.core.clock import Clock
from slotgraph.core.errors import SlotGraphError
from slotgraph.core.outbox import leases
from slotgraph.core.outbox.leases import DueWish
from slotgraph.core.plugin import Deadline
from slotgraph.core.records import OutboxRow
from slotgraph.core.retrying import Jitter
from slotgraph.core.store.database import Database

AT_ONCE = 20
"""How many wishes are carried out at a time."""

PER_ACCOUNT = 4
"""How many of one account; of one that does not answer just now, one."""

IN_VAIN = 10
"""How many of accounts that do not answer just now, so that hands are left for all others."""

LOOKED_AT = 200
LOOK_EVERY_SECONDS = 1.0
OUTRUN_SECONDS = 0.1
"""How long to rest when others were faster: there may be more."""

PATIENCE_SECONDS = 3.0
"""How long tries that are under way may take when the worker ends."""

_log = logging.getLogger("slotgraph.worker")


class Worker:
    """Carries out what is due until it is stopped. Any number may work on one PostgreSQL."""

    def __init__(
        self, writer: CalendarWriter, database: Database, clock: Clock, *, jitter: Jitter = random.random
    ) -> None:
        self._writer = writer
        self._database = database
        self._clock = clock
        self._jitter = jitter
        self._running: dict[asyncio.Task[None], str | None] = {}
        self._stopping = False

    @contextlib.asynccontextmanager
    async def working(self, *, patience_seconds: float = PATIENCE_SECONDS) -> AsyncIterator[None]:
        """Work for as long as this is entered; then let tries end, or cancel them, and give every lease back."""
        self._stopping = False
        if not self._database.is_shared:
            await self._void_leases()
        looking = asyncio.create_task(self._look_again_and_again())
        try:
            yield
        finally:
            self._stopping = True
            self._writer.due.set()
            await asyncio.wait([looking, *self._running], timeout=patience_seconds)
            for task in [looking, *self._running]:
                task.cancel()
            await asyncio.wait([looking, *self._running])

    async def _void_leases(self) -> None:
        """Nobody else is at a SQLite file: leases that are found there are those of a process that ended without a word."""
        try:
            async with self._database.write() as connection:
                await leases.void_leases(connection)
        except SlotGraphError as error:
            _log.warning("leases of before run out by themselves: %s", error)

    async def _look_again_and_again(self) -> None:
        while not self._stopping:
            self._writer.due.clear()
            try:
                pause = await self._look()
            # The worker loop: one bad look must not end all later ones.
            except Exception as error:  # noqa: BLE001 - the worker loop
                _log.error("a look for what is due failed: %s", _shown(error))
                pause = LOOK_EVERY_SECONDS
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause * (0.5 + self._jitter())):
                    await self._writer.due.wait()

    async def _look(self) -> float:
        """Take what is due, as far as there are hands for it, and begin with it; in how many seconds to look again."""
        hands = AT_ONCE - len(self._running)
        if hands <= 0:
            return LOOK_EVERY_SECONDS
        busy = Counter(account_id for account_id in self._running.values() if account_id)
        full = {account_id for account_id, count in busy.items() if count >= self._most_of(account_id)}
        if self._in_vain(busy) >= IN_VAIN:
            full |= self._writer.failing
        async with self._database.read() as connection:
            now = self._clock.now()
            found = await leases.due(connection, now=now, limit=LOOKED_AT, passed_over=full)
        chosen = self._chosen(found, busy, hands)
        if not chosen:
            return LOOK_EVERY_SECONDS
        async with self._database.write() as connection:
            leased = [(wish, await self._writer.take(connection, wish)) for wish in chosen]
        taken = [(wish, row) for wish, row in leased if row is not None]
        for wish, row in taken:
            self._begin(row, wish.account_id)
        return 0 if taken else OUTRUN_SECONDS

    def _chosen(self, found: list[DueWish], busy: Counter[str], hands: int) -> list[DueWish]:
        """The oldest, but no more of an account than it may have at a time."""
        chosen: list[DueWish] = []
        for wish in found:
            if len(chosen) == hands:
                break
            if wish.account_id is not None:
                if busy[wish.account_id] >= self._most_of(wish.account_id):
                    continue
                if wish.account_id in self._writer.failing and self._in_vain(busy) >= IN_VAIN:
                    continue
                busy[wish.account_id] += 1
            chosen.append(wish)
        return chosen

    def _most_of(self, account_id: str) -> int:
        return 1 if account_id in self._writer.failing else PER_ACCOUNT

    def _in_vain(self, busy: Counter[str]) -> int:
        return sum(busy[account_id] for account_id in self._writer.failing)

    def _begin(self, row: OutboxRow, account_id: str | None) -> None:
        within = Deadline(self._clock, TRY_SECONDS)
        task = asyncio.create_task(self._writer.carry_out(row, deadline=within, at_leisure=True))
        self._running[task] = account_id
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        self._writer.due.set()


def _shown(error: Exception) -> str:
    """Of what is not our own only the class is told: a message may hold anything."""
    return str(error) if isinstance(error, SlotGraphError) else type(error).__name__
