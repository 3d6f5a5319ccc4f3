"""What every kind of database has: connections that only read, connections that write, and plain words for its errors."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncEngine

READERS = 8
"""Connections for reading at a time."""

WAIT_SECONDS = 5.0
"""How long somebody waits for a connection, and again that for a lock which another holds."""


class PlainErrors(Protocol):
    """Entered around a transaction: turns what the database says of waiting, connections and disks into our own errors."""

    def __call__(self, *, writing: bool) -> AbstractContextManager[None]:
        """Raise DatabaseBusy, DatabaseUnreachable, or a SettingError of one sentence; bugs stay what they are."""


@dataclass(frozen=True, slots=True)
class Engines:
    """The two sides of one database. A transaction begins and ends on one of them and never changes to the other."""

    readers: AsyncEngine
    writers: AsyncEngine
    plain_errors: PlainErrors

    async def close(self) -> None:
        """Close all connections; those that write last, so that SQLite tidies its journals away."""
        await self.readers.dispose()
        await self.writers.dispose()
