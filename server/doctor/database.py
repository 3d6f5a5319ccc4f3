"""The database: whether it can be reached, and is what SlotGraph can work with."""

import stat
from collections.abc import Iterator
from enum import Enum
from importlib.util import find_spec
from pathlib import Path

from slotgraph.core.clock import Clock
from slotgraph.core.errors import SlotGraphError
from slotgraph.core.store.examining import Examined, PostgresqlServer, SqliteFile, examine
from slotgraph.core.store.postgresql import OLDEST
from slotgraph.server.doctor.findings import Finding, fail, failed, ok, warn
from slotgraph.server.doctor.mounts import MOUNTS, is_remote
from slotgraph.server.settings import Settings, database_password

NAME = "database"
CLOCKS_APART_SECONDS = 5.0
_OWN_COPY = "Stop SlotGraph, keep what is there, and put back a copy."
_NO_DRIVER = fail(NAME, "PostgreSQL is set, but its driver does not load.", cure="pip install 'slotgraph[postgresql]'")


class Absent(Enum):
    """Why there is no database to look into."""

    NOT_MADE = "it is made at the first start"
    NOT_REACHED = "it could not be reached"


def look_into(settings: Settings, clock: Clock) -> Examined | Absent | Finding:
    """What is in the database, or why there is nothing to see."""
    if settings.database_path is None and find_spec("psycopg") is None:
        return _NO_DRIVER
    try:
        examined = examine(settings.database_url, password=database_password(settings), clock=clock)
    except ImportError:  # psycopg without the library it stands on
        return _NO_DRIVER
    except SlotGraphError as error:
        return failed(NAME, error, cure="Look at the settings database and database_password_file, and at the server.")
    return Absent.NOT_MADE if examined is None else examined


def check_database(found: Examined | Absent, settings: Settings) -> Iterator[Finding]:
    """What kind of database this is, and what about it would hurt."""
    if isinstance(found, Examined) and isinstance(found.kind, PostgresqlServer):
        yield from check_server(found.kind)
    elif isinstance(found, Examined) and isinstance(found.kind, SqliteFile):
        yield from _check_file(found.kind, settings)
    elif found is Absent.NOT_MADE:
        yield ok(NAME, f"{settings.database_path} is made at the first start.")
    if settings.database_path:
        yield from check_file_system(settings.database_path, MOUNTS.read_text() if MOUNTS.exists() else "")


def _check_file(file: SqliteFile, settings: Settings) -> Iterator[Finding]:
    path = settings.database_path
    assert path is not None
    if file.is_damaged:
        yield fail(NAME, f"The database file {path} is damaged.", cure=_OWN_COPY)
        return
    journal = "write-ahead log" if file.is_wal else "no write-ahead log before the next start"
    depth = "not read to its end: it is large" if file.is_damaged is None else "intact"
    yield ok(NAME, f"SQLite {file.version} at {path}: {journal}, {depth}.")
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield warn(NAME, f"The database file {path} is open to others.", cure=f"chmod 600 {path}*")


def check_file_system(path: Path, mounts: str) -> Iterator[Finding]:
    """Whether locks hold where a SQLite file lies."""
    if is_remote(path.resolve(), mounts):
        yield warn(
            NAME,
            f"{path} lies on another machine's disk, where SQLite's locks may not hold.",
            cure="Move it to a local disk, or use PostgreSQL.",
        )


def check_server(server: PostgresqlServer) -> Iterator[Finding]:
    """Release, encoding, extension and clock of a PostgreSQL server."""
    yield ok(NAME, f"PostgreSQL {server.version} answers.")
    if server.release < OLDEST:
        yield fail(NAME, f"PostgreSQL {server.release} is too old.", cure=f"Upgrade it to {OLDEST} or newer.")
    if server.encoding != "UTF8":
        yield fail(
            NAME,
            f"The database is encoded in {server.encoding}: not every name can be stored.",
            cure="Make a new one: CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0.",
        )
    if not server.has_btree_gist and not server.may_install_btree_gist:
        yield fail(
            NAME,
            "The extension btree_gist is missing, and this user cannot install it: two bookings could overlap.",
            cure="Install the server's contrib package, and let the owner of the database run CREATE EXTENSION btree_gist.",
        )
    if not server.may_make_tables:
        yield fail(
            NAME,
            "This user may make no tables in the database.",
            cure="Make the user its owner: ALTER DATABASE ... OWNER TO ...",
        )
    if abs(server.clock_ahead_seconds) > CLOCKS_APART_SECONDS:
        yield warn(
            NAME,
            f"The clock of the database and that of this machine are {abs(server.clock_ahead_seconds):.0f} s apart.",
            cure="Let both set their clocks by NTP.",
        )
