"""Bringing the tables of a database up to this release, by Alembic. The steps themselves lie in `migrations/versions`.

Everything here blocks: call it before the event loop runs, or in a thread.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, create_engine, event, inspect
from sqlalchemy.pool import NullPool

from slotgraph.core.errors import SettingError
from slotgraph.core.store import postgresql, sqlite
from slotgraph.core.store.engines import WAIT_SECONDS
from slotgraph.core.values import Secret

MIGRATION_SECONDS = 600
"""How long a migration on PostgreSQL waits for another one, or for those who use a table it changes."""

_LOCK = 0x51075472
"""The advisory lock of those who migrate one PostgreSQL database: any number that is always the same."""


def migrate(address: str | Path, *, password: Secret | None = None) -> None:
    """Bring the database up to the head revision in one transaction; make a SQLite file if missing. Blocks.

    Whoever else migrates it at the time is waited for. Raises SettingError if the database is newer than this release, another
    program's, or cannot be written; DatabaseBusy if somebody holds it.
    """
    config = _config()
    with _transaction(address, password, writing=True) as connection:
        _check(connection, ScriptDirectory.from_config(config))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def current_revision(address: str | Path, *, password: Secret | None = None) -> str | None:
    """The revision the database is at; None if it was never migrated, or the file is not there. Blocks. Raises SettingError."""
    if not postgresql.is_address(address) and not sqlite.database_path(address).exists():
        return None
    with _transaction(address, password, writing=False) as connection:
        return _revision(connection)


def head_revision() -> str:
    """The revision this release works with."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise SettingError("The migrations are missing from this installation; install SlotGraph anew.")
    return head


def known_revisions() -> frozenset[str]:
    """The revisions this release can bring up to its own; any other was made by a newer one."""
    return frozenset(known.revision for known in ScriptDirectory.from_config(_config()).walk_revisions())


def _config() -> Config:
    # At INFO Alembic tells each start which dialect it met.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = Config()
    config.set_main_option("script_location", "slotgraph.core:migrations")
    return config


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _check(connection: Connection, script: ScriptDirectory) -> None:
    revision = _revision(connection)
    if revision is None and inspect(connection).get_table_names():
        raise SettingError("The database holds another program's tables; name one of its own for SlotGraph.")
    if revision is not None and revision not in {known.revision for known in script.walk_revisions()}:
        raise SettingError(
            "The database was made by a newer SlotGraph; install that release or put back an older copy."
        )


@contextmanager
def _transaction(address: str | Path, password: Secret | None, *, writing: bool) -> Iterator[Connection]:
    if postgresql.is_address(address):
        with _on_postgresql(postgresql.url_from_address(str(address), password=password), writing=writing) as found:
            yield found
    else:
        with _on_sqlite(sqlite.database_path(address), writing=writing) as found:
            yield found


@contextmanager
def _on_postgresql(url: URL, *, writing: bool) -> Iterator[Connection]:
    postgresql.quiet_driver()
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=postgresql.connect_args())
    mode = "READ WRITE" if writing else "READ ONLY"
    postgresql.arrange(engine, f"BEGIN {mode}; SET LOCAL lock_timeout = '{MIGRATION_SECONDS}s'")
    with (
        postgresql.refusals(url),
        postgresql.plain_errors(writing=writing),
        postgresql.missing_extension(),
        engine.begin() as connection,
    ):
        if writing:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        yield connection


@contextmanager
def _on_sqlite(path: Path, *, writing: bool) -> Iterator[Connection]:
    sqlite.prepare_file(path)
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        poolclass=NullPool,
        connect_args={"timeout": WAIT_SECONDS},
    )
    begin = "BEGIN IMMEDIATE" if writing else "BEGIN"
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    with sqlite.plain_errors(path, writing=True), engine.begin() as connection:
        yield connection
