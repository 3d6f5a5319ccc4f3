"""The gate of rule T3: a support answer leaves under a share of the company's lock, an exclusion commits behind it.

In one process a lock in memory is enough; on PostgreSQL the company's row takes its place.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from weakref import WeakValueDictionary


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


class Gate:
    """One lock per company, which lives as long as somebody holds it or waits for it."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, _Lock] = WeakValueDictionary()

    def _lock(self, company_id: str) -> _Lock:
        return self._locks.setdefault(company_id, _Lock())

    @asynccontextmanager
    async def shared(self, company_ids: Iterable[str]) -> AsyncIterator[None]:
        """Hold shares of several companies' locks, taken all at once: nobody's share is held while another's is waited for."""
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
