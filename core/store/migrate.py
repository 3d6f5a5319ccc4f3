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
from slotgraph.core.store.engine import WAIT_SECONDS, database_path, plain_errors, prepare_file


def migrate(address: str | Path) -> None:
    """Bring the database up to the head revision in one transaction; make the file if missing. Blocks.

    Raises SettingError if the database is newer than this release, another program's, or cannot be written;
    DatabaseBusy if another process holds it.
    """
    config = _config()
    with _transaction(address) as connection:
        _check(connection, ScriptDirectory.from_config(config))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def current_revision(address: str | Path) -> str | None:
    """The revision the database is at; None if it was never migrated, or is not there. Blocks. Raises SettingError."""
    if not database_path(address).exists():
        return None
    with _transaction(address, begin="BEGIN") as connection:
        return _revision(connection)


def head_revision() -> str:
    """The revision this release works with."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise SettingError("The migrations are missing from this installation; install SlotGraph anew.")
    return head


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
        raise SettingError("The database holds another program's tables; name a file of its own for SlotGraph.")
    if revision is not None and revision not in {known.revision for known in script.walk_revisions()}:
        raise SettingError(
            "The database was made by a newer SlotGraph; install that release or put back an older copy."
        )


@contextmanager
def _transaction(address: str | Path, *, begin: str = "BEGIN IMMEDIATE") -> Iterator[Connection]:
    path = database_path(address)
    prepare_file(path)
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        poolclass=NullPool,
        connect_args={"timeout": WAIT_SECONDS},
    )
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    with plain_errors(path, writing=True), engine.begin() as connection:
        yield connection
