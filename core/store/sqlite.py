"""A SQLite file behind two engines: readers that cannot write, and one writer.

What SQLite says of a lost race, a busy file or a failing disk is understood here and nowhere else.
"""

import logging
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from slotgraph.core.errors import DatabaseBusy, SettingError
from slotgraph.core.store.engines import READERS, Engines, refuse_unfit_texts
from slotgraph.core.tables import BLOCK_OVERLAPS

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


def is_overlap(error: DBAPIError) -> bool:
    """Whether a trigger refused a block because it would overlap another one of the employee (rule K1)."""
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
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        # `from None`: the URL may hold a password, and the causes quote it.
        raise SettingError("The database is no URL that can be read; name a SQLite file as sqlite:///path.") from None
    if url.drivername not in _DRIVERS or url.host or url.username or url.query:
        raise SettingError(
            "The database must be a SQLite file, named as sqlite:///path without options, or PostgreSQL, named as "
            "postgresql://user@host/name."
        )
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


async def open_engines(path: Path, *, wait_seconds: float) -> Engines:
    """Open a file, made if missing. Raises SettingError if that cannot be, or its disk cannot share it."""
    prepare_file(path)
    # aiosqlite logs the parameters of each statement at DEBUG: customers' names, token hashes.
    logging.getLogger("aiosqlite").setLevel(logging.WARNING)
    engines = _engines(path, wait_seconds=wait_seconds)
    try:
        await _try(engines, path)
    except BaseException:
        await engines.close()
        raise
    return engines


def _engines(path: Path, *, wait_seconds: float) -> Engines:
    common = ("foreign_keys=ON", f"busy_timeout={int(wait_seconds * 1000)}")
    readers = _engine(path, size=READERS, wait_seconds=wait_seconds)
    _arrange(readers, begin="BEGIN", pragmas=(*common, "query_only=ON"))
    writer = _engine(path, size=1, wait_seconds=wait_seconds)
    # synchronous=FULL: a commit returns after its fsync, so nothing acknowledged is lost with the power.
    # secure_delete=ON: what is deleted is overwritten, else wiped credentials would lie on in free pages.
    durable = ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON")
    _arrange(writer, begin="BEGIN IMMEDIATE", pragmas=(*common, *durable))
    return Engines(readers, writer, partial(plain_errors, path))


async def _try(engines: Engines, path: Path) -> None:
    with engines.plain_errors(writing=True):
        async with engines.writers.begin() as connection:
            mode = (await connection.exec_driver_sql("PRAGMA journal_mode")).scalar_one()
        if mode != "wal":
            raise SettingError(f"The disk under {path} cannot share a SQLite file (WAL); use a local one.")
        async with engines.readers.connect() as connection:
            await connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")


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
    refuse_unfit_texts(engine)

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: DBAPIConnection, _record: object) -> None:
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        connection.exec_driver_sql(begin)
