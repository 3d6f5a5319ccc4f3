"""A database of a PostgreSQL server behind two pools: one whose transactions only read, one whose transactions write.

What PostgreSQL says of a lost race, a wait, a broken connection or a refused login is understood here and nowhere else. psycopg is
imported when such a database is opened, not before. Nothing outlives a transaction on the server (no prepared statements, no
settings of a session), so that a pooler may stand in between.
"""

import logging
import re
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, ExceptionContext, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from slotgraph.core.errors import DatabaseBusy, DatabaseUnreachable, SettingError
from slotgraph.core.store.engines import READERS, Engines, refuse_unfit_texts
from slotgraph.core.store.notices import CHANNEL
from slotgraph.core.tables import BLOCK_OVERLAPS
from slotgraph.core.values import Secret

WRITERS = 8
POOL = READERS + WRITERS
"""Connections at a time unless somebody chooses; half of them only read."""

STATEMENT_SECONDS = 30
"""How long one statement may run, and how long a transaction may lie idle: its process may be gone without a word."""

CONNECT_SECONDS = 10
LISTEN_SECONDS = 30
"""How long a connection that hears nothing is believed to be there."""

OLDEST = 14
"""The oldest server that works."""

_SCHEME = re.compile(r"postgres(ql)?(\+psycopg)?:", re.IGNORECASE)
_FORM = "postgresql://user@host:port/name"
_OPTIONS = frozenset({"host", "port", "sslmode", "sslrootcert", "sslcert", "sslkey", "channel_binding", "gssencmode"})

# https://www.postgresql.org/docs/current/errcodes-appendix.html
_OVERLAP = "23P01"
_BUSY = frozenset(
    {
        "40001",  # serialization_failure
        "40P01",  # deadlock_detected
        "53300",  # too_many_connections
        "55P03",  # lock_not_available
        "57014",  # query_canceled: the statement took too long
        "25P03",  # idle_in_transaction_session_timeout
    }
)
_UNREACHABLE = ("08", "57P")
_TROUBLES = {
    "53100": "There is no room left on the disk of the PostgreSQL server.",
    "25006": "The PostgreSQL server only lets us read: it is a standby, or set to read only; name the primary.",
    "42501": "The PostgreSQL user may not do that in this database; make it the owner of the database.",
}
_REFUSALS = (
    (
        re.compile(r'password authentication failed|no password supplied|role "[^"]*" does not exist'),
        "PostgreSQL at {where} refuses the user {user} or the password; check both.",
    ),
    (
        re.compile(r'database "[^"]*" does not exist'),
        "There is no database {name} on PostgreSQL at {where}; make it: CREATE DATABASE {name}.",
    ),
    (
        re.compile(r"no pg_hba\.conf entry|SSL|certificate"),
        "PostgreSQL at {where} does not let the user {user} in on this connection; check pg_hba.conf and sslmode.",
    ),
)


def is_address(address: str | Path) -> bool:
    """Whether an address names a PostgreSQL database."""
    return isinstance(address, str) and _SCHEME.match(address) is not None


def is_overlap(error: DBAPIError) -> bool:
    """Whether the exclusion constraint refused a block because it would overlap another one of the employee (rule K1)."""
    if not isinstance(error, IntegrityError) or _state(error) != _OVERLAP:
        return False
    diagnosis: Any = getattr(error.orig, "diag", None)
    return bool(diagnosis and diagnosis.constraint_name == BLOCK_OVERLAPS)


def url_from_address(address: str, *, password: Secret | None = None) -> URL:
    """The database that an address names, with the password if there is one. Raises SettingError without repeating the address."""
    try:
        import psycopg  # noqa: F401
    except ImportError as error:
        raise SettingError("PostgreSQL needs an extra: pip install slotgraph[postgresql].") from error
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        # `from None`: the URL may hold a password, and the causes quote it.
        raise SettingError(f"The database is no URL that can be read; name it as {_FORM}.") from None
    if not url.database or not (url.host or url.query.get("host")):
        raise SettingError(f"The database lacks a host or a name; name it as {_FORM}.")
    unknown = sorted(url.query.keys() - _OPTIONS)
    if unknown:
        raise SettingError(
            f"The database has an option that is not known here; there are {', '.join(sorted(_OPTIONS))}."
        )
    url = url.set(drivername="postgresql+psycopg")
    return url if password is None else url.set(password=password.reveal())


async def open_engines(url: URL, *, pool: int = POOL, wait_seconds: float) -> Engines:
    """Open a database, with `pool` connections at most (2 at least).

    Raises SettingError that says why it cannot be: the server, the login, the name, the release.
    """
    quiet_driver()
    engines = Engines(
        _engine(url, pool - pool // 2, wait_seconds=wait_seconds, mode="ISOLATION LEVEL REPEATABLE READ READ ONLY"),
        _engine(url, pool // 2, wait_seconds=wait_seconds, mode="ISOLATION LEVEL READ COMMITTED READ WRITE"),
        plain_errors,
        partial(listen, url),
    )
    try:
        with refusals(url), plain_errors(writing=True):
            async with engines.writers.begin() as connection:
                check_release(int((await connection.exec_driver_sql("SHOW server_version_num")).scalar_one()))
    except BaseException:
        await engines.close()
        raise
    return engines


async def listen(url: URL) -> AsyncGenerator[str]:
    """Hear what is told in the channel of `notices`, on a connection of its own: first an empty text, then each payload.

    Raises DatabaseUnreachable when the connection breaks, or none can be made.
    """
    import psycopg

    arguments = url.set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        async with await psycopg.AsyncConnection.connect(arguments, **connect_args()) as connection:
            await connection.execute(f"LISTEN {CHANNEL}")
            yield ""
            while True:
                async for notice in connection.notifies(timeout=LISTEN_SECONDS):
                    yield notice.payload
                await connection.execute("")  # a connection that is gone says so only when it is used
    except psycopg.Error as error:
        raise DatabaseUnreachable from error


def quiet_driver() -> None:
    """Keep what psycopg logs below WARNING out of our logs: statements and their values among it."""
    logging.getLogger("psycopg").setLevel(logging.WARNING)


def connect_args() -> dict[str, Any]:
    """How psycopg connects: each transaction is begun by a statement of our own, nothing is prepared on the server."""
    return {
        "autocommit": True,
        "prepare_threshold": None,
        "connect_timeout": CONNECT_SECONDS,
        "application_name": "slotgraph",
    }


def begin(mode: str, *, wait_seconds: float) -> str:
    """The statements that begin a transaction: its mode, and how long it may wait, work and lie idle."""
    limits = {
        "lock_timeout": wait_seconds,
        "statement_timeout": STATEMENT_SECONDS,
        "idle_in_transaction_session_timeout": STATEMENT_SECONDS,
    }
    return f"BEGIN {mode}; " + "; ".join(f"SET LOCAL {name} = {int(value * 1000)}" for name, value in limits.items())


def arrange(engine: Any, begin_statements: str) -> None:
    """Let an engine begin its transactions by these statements, and its errors tell no values."""

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        connection.exec_driver_sql(begin_statements)

    @event.listens_for(engine, "handle_error")
    def without_values(context: ExceptionContext) -> None:
        # DETAIL quotes rows: "Key (email)=(...) already exists", "Failing row contains (...)".
        error: Any = context.original_exception
        message = getattr(getattr(error, "diag", None), "message_primary", None)
        if message and context.sqlalchemy_exception is not None:
            error.args = (message,)
            context.sqlalchemy_exception.args = (f"({type(error).__module__}.{type(error).__name__}) {message}",)


def _engine(url: URL, size: int, *, wait_seconds: float, mode: str) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=size,
        max_overflow=0,
        pool_timeout=wait_seconds,
        pool_pre_ping=True,  # a connection that was dropped while nobody used it is replaced, not handed out
        hide_parameters=True,  # else a failed statement prints customers' data into its error
        use_native_hstore=False,
        connect_args=connect_args(),
    )
    refuse_unfit_texts(engine)
    arrange(engine.sync_engine, begin(mode, wait_seconds=wait_seconds))
    return engine


@contextmanager
def plain_errors(*, writing: bool) -> Iterator[None]:
    """Turn what PostgreSQL says of waiting, connections and disks into our own errors."""
    try:
        yield
    except PoolTimeout as error:
        raise DatabaseBusy from error
    except DBAPIError as error:
        state = _state(error)
        if state in _BUSY:
            raise DatabaseBusy from error
        if error.connection_invalidated or _is_connection_trouble(error, state):
            raise DatabaseUnreachable from error
        # On a reader "read only" is a statement of ours on the wrong engine: a bug, not a setting.
        if state not in _TROUBLES or (state == "25006" and not writing):
            raise
        raise SettingError(_TROUBLES[state]) from error


def _state(error: DBAPIError) -> str | None:
    """The SQLSTATE of an error; None if it came about on the way."""
    state: str | None = getattr(error.orig, "sqlstate", None)
    return state


def _is_connection_trouble(error: DBAPIError, state: str | None) -> bool:
    if state is None:
        # psycopg gives no SQLSTATE to what happens before or between the server's answers.
        return type(error.orig).__name__ in {"OperationalError", "ConnectionTimeout"}
    return state.startswith(_UNREACHABLE)


@contextmanager
def refusals(url: URL) -> Iterator[None]:
    """While a database is opened, say in one sentence why it cannot be reached. Raises SettingError."""
    try:
        yield
    except DatabaseUnreachable as unreachable:
        said = str(getattr(unreachable.__cause__, "orig", ""))
        sentence = next((text for pattern, text in _REFUSALS if pattern.search(said)), None)
        sentence = sentence or "PostgreSQL at {where} cannot be reached; is it running there, and is the address right?"
        host = url.host or url.query.get("host")
        where = f"{host}:{url.port}" if url.port else f"{host}"
        # `from None`: the causes are long, and say what the server said in its own language.
        raise SettingError(sentence.format(where=where, user=url.username, name=url.database)) from None


def check_release(number: int) -> None:
    """Refuse a server (`server_version_num`) that is too old. Raises SettingError."""
    if number < OLDEST * 10_000:
        raise SettingError(f"PostgreSQL {number // 10_000} is too old; {OLDEST} or newer is needed.")


@contextmanager
def missing_extension() -> Iterator[None]:
    """Say in one sentence that btree_gist, on which the rule against overlaps stands, cannot be had. Raises SettingError."""
    try:
        yield
    except DBAPIError as error:
        if "EXTENSION" not in str(error.statement).upper():
            raise
        raise SettingError(
            "PostgreSQL lacks the extension btree_gist; install the server's contrib package, or let its administrator run "
            "CREATE EXTENSION btree_gist in this database."
        ) from error
