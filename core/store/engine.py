"""The one SQLite file behind two engines: readers that cannot write, and one writer. Statements live in repositories.

What SQLite says of a lost race, a busy file or a failing disk is understood here and nowhere else.
"""

import fcntl
import logging
import os
import re
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Self

from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from slotgraph.core.errors import DatabaseBusy, SettingError
from slotgraph.core.tables import BLOCK_OVERLAPS

READERS = 8
WAIT_SECONDS = 5.0

_SCHEME = re.compile(r"[a-z][a-z0-9+]+:")
_DRIVERS = frozenset({"sqlite", "sqlite+aiosqlite"})
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_NO_RIGHTS = "The database file {path} may not be written here; check the rights of the file and its folder."
_TROUBLES = {
    sqlite3.SQLITE_NOTADB: "The file {path} is not a SQLite database; name another file or move it away.",
    sqlite3.SQLITE_CORRUPT: "The database file {path} is damaged; put back a copy of it.",
    sqlite3.SQLITE_FULL: "There is no room left on the disk for the database file {path}.",
    sqlite3.SQLITE_IOERR: "The disk under the database file {path} fails.",
    sqlite3.SQLITE_CANTOPEN: _NO_RIGHTS,
    sqlite3.SQLITE_READONLY: _NO_RIGHTS,
    sqlite3.SQLITE_PERM: _NO_RIGHTS,
}


Transaction = AsyncConnection
"""What `read` and `write` give: repositories take it first."""


def is_overlap(error: DBAPIError) -> bool:
    """Whether the database refused a block because it would overlap another one of the employee (rule K1)."""
    return isinstance(error, IntegrityError) and str(error.orig) == BLOCK_OVERLAPS


def database_path(address: str | Path) -> Path:
    """The file that a path or a `sqlite:///path` names. Raises SettingError for anything else, without repeating it."""
    if isinstance(address, str) and _SCHEME.match(address):
        address = _path_in_url(address)
    if str(address) in {"", ".", ":memory:"}:
        raise SettingError(
            "The database must be a file: name one as sqlite:///path; SQLite in memory is not supported."
        )
    return Path(address).absolute()


def _path_in_url(address: str) -> str:
    if re.match(r"postgres(ql)?[+:]", address):
        raise SettingError("PostgreSQL comes with a later release; until then name a SQLite file as sqlite:///path.")
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        # `from None`: the URL may hold a password, and the causes quote it.
        raise SettingError("The database is no URL that can be read; name a SQLite file as sqlite:///path.") from None
    if url.drivername not in _DRIVERS or url.host or url.username or url.query:
        raise SettingError("The database must be a SQLite file, named as sqlite:///path without options.")
    return url.database or ""


def prepare_file(path: Path) -> None:
    """Make the database file and its folder if missing, for their owner only. Raises SettingError if that cannot be."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # SQLite gives the rights of this file to the journals it makes beside it.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise SettingError(_cannot_open(path, error)) from error


def _cannot_open(path: Path, error: OSError) -> str:
    return f"The file {path} cannot be opened for writing: {error.strerror or type(error).__name__}."


@contextmanager
def plain_errors(path: Path, *, writing: bool) -> Iterator[None]:
    """Turn what SQLite says of waiting, files and disks into DatabaseBusy or a SettingError of one sentence."""
    try:
        yield
    except PoolTimeout as error:
        raise DatabaseBusy from error
    except DBAPIError as error:
        code = _primary_code(error)
        if code in _BUSY:
            raise DatabaseBusy from error
        # On a reader "readonly" is a statement of ours on the wrong engine: a bug, not a setting.
        if code not in _TROUBLES or (code == sqlite3.SQLITE_READONLY and not writing):
            raise
        raise SettingError(_TROUBLES[code].format(path=path)) from error


def _primary_code(error: DBAPIError) -> int | None:
    """The SQLite result code without its extension (https://sqlite.org/rescode.html)."""
    extended = getattr(error.orig, "sqlite_errorcode", None)
    return extended & 0xFF if isinstance(extended, int) else None


class Database:
    """The two engines on one file. A transaction begins and ends on one of them and never changes to the other."""

    def __init__(self, path: Path, *, wait_seconds: float = WAIT_SECONDS) -> None:
        self.path = path
        common = ("foreign_keys=ON", f"busy_timeout={int(wait_seconds * 1000)}")
        self._readers = _engine(path, size=READERS, wait_seconds=wait_seconds)
        _arrange(self._readers, begin="BEGIN", pragmas=(*common, "query_only=ON"))
        self._writer = _engine(path, size=1, wait_seconds=wait_seconds)
        # synchronous=FULL: a commit returns after its fsync, so nothing acknowledged is lost with the power.
        _arrange(self._writer, begin="BEGIN IMMEDIATE", pragmas=(*common, "journal_mode=WAL", "synchronous=FULL"))

    @classmethod
    async def open(cls, address: str | Path, *, wait_seconds: float = WAIT_SECONDS) -> Self:
        """Open the file at a path or `sqlite:///path`, made if missing; tables are the business of `migrate`.

        `wait_seconds` bounds the wait for a connection, and again that for another process's lock. Raises SettingError.
        """
        path = database_path(address)
        prepare_file(path)
        # aiosqlite logs the parameters of each statement at DEBUG: customers' names, token hashes.
        logging.getLogger("aiosqlite").setLevel(logging.WARNING)
        database = cls(path, wait_seconds=wait_seconds)
        try:
            await database._try()
        except BaseException:
            await database.close()
            raise
        return database

    async def _try(self) -> None:
        async with self.write() as connection:
            mode = (await connection.exec_driver_sql("PRAGMA journal_mode")).scalar_one()
        if mode != "wal":
            raise SettingError(f"The disk under {self.path} cannot share a SQLite file (WAL); use a local one.")
        async with self.read() as connection:
            await connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection that sees one committed state and cannot write. Raises DatabaseBusy if none is free in time."""
        with plain_errors(self.path, writing=False):
            async with self._readers.connect() as connection:
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """The one write transaction: commits at the end, rolls back on any exception. Not to be nested.

        Raises DatabaseBusy if the writer does not come free in time, SettingError for trouble with the disk.
        """
        with plain_errors(self.path, writing=True):
            async with self._writer.begin() as connection:
                yield connection

    async def close(self) -> None:
        """Close all connections; the writer last, so that it tidies the journals away."""
        await self._readers.dispose()
        await self._writer.dispose()


def _engine(path: Path, *, size: int, wait_seconds: float) -> AsyncEngine:
    return create_async_engine(
        URL.create("sqlite+aiosqlite", database=str(path)),
        pool_size=size,
        max_overflow=0,
        pool_timeout=wait_seconds,
        hide_parameters=True,  # else a failed statement prints customers' data into its error
        connect_args={"factory": _Connection},
    )


class _Connection(sqlite3.Connection):
    """A connection that ends its transaction when it is closed."""

    def close(self) -> None:
        # SQLite keeps the transaction of a closed connection, lock included, as long as a cursor lives. That of a
        # cancelled statement lives in the traceback of the cancellation, and the next writers would wait in vain.
        if self.in_transaction:
            self.rollback()
        super().close()


def _arrange(engine: AsyncEngine, *, begin: str, pragmas: tuple[str, ...]) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: DBAPIConnection, _record: object) -> None:
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        connection.exec_driver_sql(begin)


class ServeLock:
    """A lock of the operating system beside the database file: one process serves it. Ends with the process."""

    def __init__(self, address: str | Path) -> None:
        path = database_path(address)
        self.path = path.with_name(path.name + ".lock")
        self._descriptor: int | None = None

    def take(self) -> None:
        """Take the lock or raise SettingError, at once."""
        prepare_file(self.path)
        descriptor = os.open(self.path, os.O_RDWR)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            raise SettingError(_cannot_lock(self.path, error)) from error
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lock back. The file stays: removing it would let two takers lock two files of one name."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        self.take()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.release()


def _cannot_lock(path: Path, error: OSError) -> str:
    if isinstance(error, BlockingIOError):
        return "Another process serves this SQLite file already; more than one at a time need PostgreSQL."
    return f"The file {path} cannot be locked: {error.strerror or type(error).__name__}."
