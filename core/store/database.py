"""The one database, as use cases see it: transactions that read, and transactions that write.

Which kind it is, is settled when it is opened; statements live in repositories.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

from sqlalchemy import Connection, NestedTransaction
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from slotgraph.core.errors import SpanTaken
from slotgraph.core.store import postgresql, sqlite
from slotgraph.core.store.engines import WAIT_SECONDS, Engines
from slotgraph.core.store.notices import Notices, keep_listening, take_pending
from slotgraph.core.values import Secret

Transaction = AsyncConnection
"""What `read` and `write` give: repositories take it first."""


def is_overlap(error: DBAPIError) -> bool:
    """Whether the database refused a block because it would overlap another one of the employee (rule K1)."""
    return sqlite.is_overlap(error) or postgresql.is_overlap(error)


@asynccontextmanager
async def savepoint(connection: Transaction) -> AsyncIterator[None]:
    """A part of a write transaction that may be refused alone: with IntegrityError or SpanTaken what was done inside is undone.

    Any other error is for the whole transaction to be undone. SQLite does that by itself when its disk fails, and to go back to a
    savepoint that is gone would hide why.
    """
    await connection.run_sync(Connection.begin_nested)
    try:
        yield
    except (IntegrityError, SpanTaken):
        await connection.run_sync(lambda sync: _savepoint_of(sync).rollback())
        raise
    await connection.run_sync(lambda sync: _savepoint_of(sync).commit())


def _savepoint_of(connection: Connection) -> NestedTransaction:
    nested = connection.get_nested_transaction()
    assert nested is not None, "it was begun above"
    return nested


class Database:
    """A SQLite file, or a database of a PostgreSQL server."""

    def __init__(self, engines: Engines) -> None:
        self.engines = engines
        self.notices = Notices()

    @property
    def is_shared(self) -> bool:
        """Whether other processes may serve the same database."""
        return self.engines.writers.dialect.name != "sqlite"

    @classmethod
    async def open(
        cls,
        address: str | Path,
        *,
        password: Secret | None = None,
        pool: int = postgresql.POOL,
        wait_seconds: float = WAIT_SECONDS,
    ) -> Self:
        """Open a path, `sqlite:///path` (made if missing) or `postgresql://user@host:port/name`; tables are the business of `migrate`.

        `pool` bounds the connections to PostgreSQL, `wait_seconds` the wait for a connection, and again that for another's lock.
        Raises SettingError.
        """
        if postgresql.is_address(address):
            url = postgresql.url_from_address(str(address), password=password)
            return cls(await postgresql.open_engines(url, pool=pool, wait_seconds=wait_seconds))
        return cls(await sqlite.open_engines(sqlite.database_path(address), wait_seconds=wait_seconds))

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Transaction]:
        """A connection that sees one committed state and cannot write. Raises DatabaseBusy if none is free in time."""
        with self.engines.plain_errors(writing=False):
            async with self.engines.readers.connect() as connection:
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Transaction]:
        """A write transaction: commits at the end, rolls back on any exception. Not to be nested.

        On SQLite it is the only one; on PostgreSQL others run beside it, and `locks` says who waits for whom. Raises DatabaseBusy
        if its turn does not come in time, DatabaseUnreachable, SettingError for trouble with the disk.
        """
        with self.engines.plain_errors(writing=True):
            async with self.engines.writers.begin() as connection:
                take_pending(connection)  # of one that was rolled back
                yield connection
                committed = take_pending(connection)
        for notice in committed:
            self.notices.deliver(notice)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Deliver to `notices` what other processes on the database publish, for as long as this is entered."""
        if self.engines.listen is None:
            yield
            return
        task = asyncio.create_task(keep_listening(self.engines.listen, self.notices))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def within(self, connection: Transaction) -> "Database":
        """The same database, read through a transaction that is under way: what it has locked stays as it is read."""
        return _Within(self.engines, connection)

    async def close(self) -> None:
        """Close all connections."""
        await self.engines.close()


class _Within(Database):
    """A database that is read through one transaction."""

    def __init__(self, engines: Engines, connection: Transaction) -> None:
        super().__init__(engines)
        self._connection = connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Transaction]:
        """The transaction itself. It was begun elsewhere, and ends there."""
        yield self._connection
