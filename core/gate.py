"""The gate of rule T3: a support answer leaves under a share of the company's lock, an exclusion commits behind it.

Where one process has the database to itself, a lock in memory is enough; else it is a lock of the database, on the company's row.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol
from weakref import WeakValueDictionary

from slotgraph.core.store.database import Database, Transaction
from slotgraph.core.store.locks import lock_company, share_companies


class Gate(Protocol):
    """One lock per company."""

    def shared(self, company_ids: Iterable[str]) -> AbstractAsyncContextManager[Database]:
        """Hold shares of several companies' locks, taken all at once: nobody's share is held while another's is waited for.

        What is read inside, from the database given, no exclusion changes before the shares are let go.
        """

    def exclusive(self, company_id: str) -> AbstractAsyncContextManager[Transaction]:
        """Wait for the shares that are out, and hold back new ones; then a write transaction that commits behind them."""


def gate_of(database: Database) -> Gate:
    """The gate before a database."""
    return RowGate(database) if database.is_shared else ProcessGate(database)


@dataclass
class _Lock:
    """Readers share, one writer excludes; a waiting writer holds new readers back, so that an exclusion is never starved.

    State changes between two awaits, so that one thread needs no further lock and a cancellation leaves nothing taken.
    """

    readers: int = 0
    writers_waiting: int = 0
    writing: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def can_be_shared(self) -> bool:
        """Whether a reader may come in now."""
        return not self.writing and self.writers_waiting == 0

    async def turn(self, has_come: Callable[[], bool]) -> None:
        """Wait until it is one's turn; whoever waits looks for themselves at each change."""
        while not has_come():
            await self.changed.wait()

    def announce(self) -> None:
        """Wake whoever waits."""
        self.changed.set()
        self.changed = asyncio.Event()


class CompanyLocks:
    """Locks in memory, one per company; each lives as long as somebody holds it or waits for it."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, _Lock] = WeakValueDictionary()

    def _lock(self, company_id: str) -> _Lock:
        return self._locks.setdefault(company_id, _Lock())

    @asynccontextmanager
    async def shared(self, company_ids: Iterable[str]) -> AsyncIterator[None]:
        """Hold shares of several locks; see Gate."""
        locks = [self._lock(company_id) for company_id in set(company_ids)]
        while closed := next((lock for lock in locks if not lock.can_be_shared), None):
            await closed.changed.wait()
        for lock in locks:
            lock.readers += 1
        try:
            yield
        finally:
            for lock in locks:
                lock.readers -= 1
                lock.announce()

    @asynccontextmanager
    async def exclusive(self, company_id: str) -> AsyncIterator[None]:
        """Wait for the shares that are out, then hold the lock alone."""
        lock = self._lock(company_id)
        lock.writers_waiting += 1
        try:
            await lock.turn(lambda: lock.readers == 0 and not lock.writing)
            lock.writing = True
        finally:
            lock.writers_waiting -= 1
            lock.announce()
        try:
            yield
        finally:
            lock.writing = False
            lock.announce()


class ProcessGate:
    """Locks of this process, which has the database to itself."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._locks = CompanyLocks()

    @asynccontextmanager
    async def shared(self, company_ids: Iterable[str]) -> AsyncIterator[Database]:
        """Hold shares; see Gate."""
        async with self._locks.shared(company_ids):
            yield self._database

    @asynccontextmanager
    async def exclusive(self, company_id: str) -> AsyncIterator[Transaction]:
        """Hold the lock alone; see Gate."""
        async with self._locks.exclusive(company_id), self._database.write() as connection:
            yield connection


class RowGate:
    """Locks of the database, so that answers of one process hold up exclusions by another. Waits are bounded: DatabaseBusy."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def shared(self, company_ids: Iterable[str]) -> AsyncIterator[Database]:
        """Hold shares; see Gate."""
        wanted, in_the_way = frozenset(company_ids), None
        while True:
            async with self._database.write() as connection:
                in_the_way = await share_companies(connection, wanted, waiting_for=in_the_way)
                if in_the_way is None:
                    yield self._database.within(connection)
                    return

    @asynccontextmanager
    async def exclusive(self, company_id: str) -> AsyncIterator[Transaction]:
        """Hold the lock alone; see Gate."""
        async with self._database.write() as connection:
            await lock_company(connection, company_id)
            yield connection
