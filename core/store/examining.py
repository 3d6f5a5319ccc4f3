"""Looking at a database without changing anything in it or beside it: what `slotgraph doctor` judges."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from sqlalchemy import URL, Connection, create_engine, func, inspect, select
from sqlalchemy.pool import NullPool

from slotgraph.core import tables as t
from slotgraph.core.clock import Clock
from slotgraph.core.policy import Role
from slotgraph.core.records import OutboxState
from slotgraph.core.store import postgresql, sqlite
from slotgraph.core.values import Secret

PATIENCE_SECONDS = 2.0
"""How long a look may take: waiting for locks, and reading through a SQLite file."""

_WAL = 2
_VERSION_BYTES = slice(18, 20)
"""The file format's write and read version (https://sqlite.org/fileformat.html)."""


@dataclass(frozen=True, slots=True)
class SqliteFile:
    """What kind of SQLite this is. `is_damaged` is None if `PRAGMA quick_check` did not come to its end in time."""

    version: str
    is_wal: bool
    is_damaged: bool | None


@dataclass(frozen=True, slots=True)
class PostgresqlServer:
    """What kind of PostgreSQL this is. `clock_ahead_seconds` is its clock against ours."""

    release: int
    version: str
    encoding: str
    has_btree_gist: bool
    may_install_btree_gist: bool
    may_make_tables: bool
    clock_ahead_seconds: float


@dataclass(frozen=True, slots=True)
class Unwritten:
    """What of our bookings does not stand in calendars as it should: how much waits, since when, and how much was given up."""

    waiting: int = 0
    waiting_since: datetime | None = None
    given_up: int = 0


@dataclass(frozen=True, slots=True)
class Examined:
    """What there is to know of a database: its kind, its tables' revision, and what of it concerns keys, logins and calendars.

    `revision` is None if nothing was ever migrated, `is_foreign` if the tables are another program's.
    """

    kind: SqliteFile | PostgresqlServer
    revision: str | None
    is_foreign: bool
    is_in_use: bool
    key_ids: frozenset[str]
    without_second_factor: int
    unwritten: Unwritten = Unwritten()


def examine(address: str, *, password: Secret | None, clock: Clock) -> Examined | None:
    """Look into a database; None if its file is not there yet. Blocks.

    Raises SettingError, DatabaseBusy or DatabaseUnreachable, which say why nobody can.
    """
    if postgresql.is_address(address):
        with _on_postgresql(postgresql.url_from_address(address, password=password)) as connection:
            return _examined(connection, _server(connection, clock))
    path = sqlite.database_path(address)
    if not path.exists():
        return None
    with _on_sqlite(path) as connection:
        return _examined(connection, _file(connection, path))


@contextmanager
def _on_postgresql(url: URL) -> Iterator[Connection]:
    postgresql.quiet_driver()
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=_quickly())
    postgresql.arrange(engine, postgresql.begin("READ ONLY", wait_seconds=PATIENCE_SECONDS))
    with postgresql.refusals(url), postgresql.plain_errors(writing=False), engine.connect() as connection:
        yield connection


def _quickly() -> dict[str, object]:
    """As others connect, with less patience; of a database in SQL_ASCII psycopg would give bytes for texts."""
    return postgresql.connect_args() | {"connect_timeout": int(PATIENCE_SECONDS), "client_encoding": "UTF8"}


@contextmanager
def _on_sqlite(path: Path) -> Iterator[Connection]:
    # Without a journal nobody has the file open, and reading it as immutable makes none; mode=ro would leave two files behind.
    is_alone = not path.with_name(f"{path.name}-wal").exists()
    uri = f"{path.as_uri()}?{'immutable=1' if is_alone else 'mode=ro'}"
    engine = create_engine(
        "sqlite://", poolclass=NullPool, creator=lambda: sqlite3.connect(uri, uri=True, timeout=PATIENCE_SECONDS)
    )
    with sqlite.plain_errors(path, writing=False), engine.connect() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")
        yield connection


def _file(connection: Connection, path: Path) -> SqliteFile:
    with path.open("rb") as file:
        versions = file.read(100)[_VERSION_BYTES]
    return SqliteFile(sqlite3.sqlite_version, versions == bytes([_WAL, _WAL]), _is_damaged(connection))


def _is_damaged(connection: Connection) -> bool | None:
    """Whether SQLite finds its file damaged; None if it did not come to its end in time."""
    until = time.monotonic() + PATIENCE_SECONDS
    raw = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    raw.set_progress_handler(lambda: time.monotonic() > until, 10_000)
    try:
        return bool(raw.execute("PRAGMA quick_check(1)").fetchone() != ("ok",))
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            return None
        raise
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_CORRUPT:
            return True
        raise
    finally:
        raw.set_progress_handler(None, 0)


_SERVER = """
SELECT current_setting('server_version_num')::integer AS number,
    current_setting('server_version') AS version,
    current_setting('server_encoding') AS encoding,
    clock_timestamp() AS now,
    extension.installed_version IS NOT NULL AS is_installed,
    extension.name IS NOT NULL AND has_database_privilege(current_database(), 'CREATE') AS may_install,
    coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS may_make_tables
FROM (SELECT 1) AS one LEFT JOIN pg_available_extensions AS extension ON extension.name = 'btree_gist'
"""


def _server(connection: Connection, clock: Clock) -> PostgresqlServer:
    row = connection.exec_driver_sql(_SERVER).one()
    now: datetime = row.now
    return PostgresqlServer(
        release=row.number // 10_000,
        version=row.version,
        encoding=row.encoding,
        has_btree_gist=row.is_installed,
        may_install_btree_gist=row.may_install,
        may_make_tables=row.may_make_tables,
        clock_ahead_seconds=(now - clock.now()).total_seconds(),
    )


def _examined(connection: Connection, kind: SqliteFile | PostgresqlServer) -> Examined:
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is None:
        is_foreign = bool(inspect(connection).get_table_names())
        return Examined(kind, None, is_foreign, is_in_use=False, key_ids=frozenset(), without_second_factor=0)
    there = _columns(connection)
    return Examined(
        kind,
        revision,
        is_foreign=False,
        is_in_use=connection.execute(select(t.company.c.id).limit(1)).first() is not None,
        key_ids=_key_ids(connection, there),
        without_second_factor=_without_second_factor(connection, there),
        unwritten=_unwritten(connection),
    )


def _columns(connection: Connection) -> frozenset[str]:
    """The columns that are there, as `table.column`: an earlier release lacks some."""
    tables = inspect(connection).get_multi_columns()
    return frozenset(f"{name}.{column['name']}" for (_, name), columns in tables.items() for column in columns)


def _key_ids(connection: Connection, there: frozenset[str]) -> frozenset[str]:
    """The ids of the keys under which anything lies sealed."""
    found: set[str] = set()
    for column in (t.account.c.key_id, t.user.c.totp_key_id):
        if str(column) in there:
            found.update(connection.execute(select(column).where(column.is_not(None)).distinct()).scalars())
    return frozenset(found)


def _without_second_factor(connection: Connection, there: frozenset[str]) -> int:
    """How many owners and support agents have none."""
    u, m = t.user.c, t.member.c
    owners = select(m.user_id).where(m.role == Role.OWNER.value)
    statement = select(func.count()).select_from(t.user).where(u.is_support | u.id.in_(owners))
    if str(u.totp_confirmed_at) in there:
        statement = statement.where(u.totp_confirmed_at.is_(None))
    return int(connection.execute(statement).scalar_one())


def _unwritten(connection: Connection) -> Unwritten:
    """Of calendars that were unlinked nothing can be given up any more."""
    e, o = t.calendar_entry.c, t.outbox.c
    waiting = select(func.count(), func.min(o.created_at)).where(o.state == OutboxState.PENDING.value)
    given_up = (
        select(func.count())
        .select_from(t.outbox.join(t.calendar_entry, (e.company_id == o.company_id) & (e.id == o.entry_id)))
        .where(o.state == OutboxState.DEAD.value, e.calendar_id.is_not(None))
    )
    count, since = connection.execute(waiting).one()
    return Unwritten(count, since, connection.execute(given_up).scalar_one())
