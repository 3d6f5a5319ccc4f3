"""Databases for tests, of the kind the run is for (`--database`): migrated and empty, or with the company of core/world.py in it.

Each is made once for the session and copied for whoever wants one.
"""

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from slotgraph_tests_servers_postgresql import Cluster
from sqlalchemy import Engine, MetaData, create_engine
from sqlalchemy.pool import NullPool

from slotgraph.core.store.migrate import migrate


class Databases(Protocol):
    """Makes databases, known by their addresses."""

    def make(self, *, like: str | None = None) -> str:
        """The address of a new database: empty, or a copy of another one that nobody is connected to."""

    def drop(self, address: str) -> None:
        """Remove a database."""


class SqliteFiles:
    """Files, each in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def make(self, *, like: str | None = None) -> str:
        path = Path(tempfile.mkdtemp(prefix="database-", dir=self._folder)) / "slotgraph.db"
        if like is not None:
            path.write_bytes(Path(like).read_bytes())
        return str(path)

    def drop(self, address: str) -> None:
        shutil.rmtree(Path(address).parent)


class PostgresDatabases:
    """Databases of a cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._names: dict[str, str] = {}

    def make(self, *, like: str | None = None) -> str:
        name = self.cluster.make(**({} if like is None else {"like": self._names[like]}))
        address = self.cluster.url(name)
        self._names[address] = name
        return address

    def drop(self, address: str) -> None:
        self.cluster.drop(self._names.pop(address))


class Templates:
    """What databases are copied from, each made when it is first wanted."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases
        self._made: dict[str, str] = {}

    def copy(self, kind: str) -> str:
        """A new database: `new`, `empty` (migrated), or `world`."""
        return self._databases.make(like=None if kind == "new" else self._template(kind))

    def _template(self, kind: str) -> str:
        if kind not in self._made:
            self._made[kind] = {"empty": self._empty, "world": self._world}[kind]()
        return self._made[kind]

    def _empty(self) -> str:
        address = self._databases.make()
        migrate(address)
        return address

    def _world(self) -> str:
        from slotgraph_tests_core_world import World

        address = self.copy("empty")
        with ThreadPoolExecutor(
            1
        ) as thread:  # asyncio.run would take this thread's event loop away from pytest-asyncio
            thread.submit(asyncio.run, World.make(address)).result()
        return address


NewDatabase = Callable[..., str]
"""The fixture `new_database`: `new_database("world")`."""


def engine_of(address: str) -> Engine:
    """An engine for looking at a database behind everybody's back; it keeps no connection."""
    scheme = "postgresql+psycopg:" if address.startswith("postgresql:") else "sqlite:///"
    return create_engine(scheme + address.removeprefix("postgresql:"), poolclass=NullPool)


def stored(address: str) -> bytes:
    """Everything a database holds: SQLite's files as they are, the rows of all tables of PostgreSQL."""
    if not address.startswith("postgresql:"):
        return b"".join(file.read_bytes() for file in Path(address).parent.iterdir())
    engine = engine_of(address)
    with engine.connect() as connection:
        tables = MetaData()
        tables.reflect(connection)
        rows = [row for table in tables.sorted_tables for row in connection.execute(table.select())]
    return b"\n".join(value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row)
