"""The gate of rule T3: a support answer leaves under a share of the company's lock, an exclusion commits behind it.

In one process a lock in memory is enough; on PostgreSQL the company's row takes its place.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class _Lock:
    """Readers share, one writer excludes; a waiting writer holds new readers back, so that an exclusion is never starved."""

    condition: asyncio.Condition = field(default_factory=asyncio.Condition)
    readers: int = 0
    writers_waiting: int = 0
    writing: bool = False


class Gate:
    """One lock per company."""

    def __init__(self) -> None:
        self._locks: defaultdict[str, _Lock] = defaultdict(_Lock)

    @asynccontextmanager
    async def shared(self, company_ids: Iterable[str]) -> AsyncIterator[None]:
        """Hold shares of several companies' locks, taken in id order."""
        async with AsyncExitStack() as stack:
            for company_id in sorted(set(company_ids)):
                await stack.enter_async_context(_share(self._locks[company_id]))
            yield

    @asynccontextmanager
    async def exclusive(self, company_id: str) -> AsyncIterator[None]:
        """Wait for the shares that are out, then hold the lock alone."""
        lock = self._locks[company_id]
        async with lock.condition:
            lock.writers_waiting += 1
            try:
                await lock.condition.wait_for(lambda: lock.readers == 0 and not lock.writing)
                lock.writing = True
            finally:
                lock.writers_waiting -= 1
                lock.condition.notify_all()
        try:
            yield
        finally:
            async with lock.condition:
                lock.writing = False
                lock.condition.notify_all()


@asynccontextmanager
async def _share(lock: _Lock) -> AsyncIterator[None]:
    async with lock.condition:
        await lock.condition.wait_for(lambda: not lock.writing and lock.writers_waiting == 0)
        lock.readers += 1
    try:
        yield
    finally:
        async with lock.condition:
            lock.readers -= 1
            lock.condition.notify_all()
