"""A throw-away PostgreSQL for tests: found, started, and asked for databases that are copies of others."""

import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import psycopg

PROCESS = Path(__file__).with_name("postgresql_process.py")
USER = "slotgraph"
DEBIAN = Path("/usr/lib/postgresql")
NEEDED = ("initdb", "postgres")
SECONDS = 30


def programs() -> Path | None:
    """The folder of PostgreSQL's programs: the newest of Debian's, or that on the PATH."""
    versions = sorted((path for path in DEBIAN.glob("*/bin")), key=lambda path: float(path.parent.name), reverse=True)
    on_path = shutil.which(NEEDED[0])
    folders = [*versions, *([Path(on_path).resolve().parent] if on_path else [])]
    return next((folder for folder in folders if all((folder / name).exists() for name in NEEDED)), None)


class Cluster:
    """A server of its own, reached by a socket in a folder; `url` gives the address of one of its databases."""

    def __init__(self, process: "subprocess.Popen[str]", folder: str) -> None:
        self._process = process
        self.folder = folder
        self._admin = _connected(folder)
        newest = self._admin.info.server_version >= 150_000
        self._copying = "STRATEGY file_copy" if newest else ""
        self._made = 0

    @classmethod
    def start(cls, parent: Path) -> Self:
        """Start one in memory or wherever the folder lies. It ends with this process."""
        found = programs()
        assert found is not None, "PostgreSQL's programs are missing"
        process = subprocess.Popen(
            [sys.executable, "-I", PROCESS, found, parent],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert process.stdout is not None
        folder = process.stdout.readline().strip()
        assert folder, "PostgreSQL did not start"
        return cls(process, folder)

    def url(self, name: str, *, user: str = USER) -> str:
        """The address of a database."""
        return f"postgresql://{user}@/{name}?host={self.folder}"

    def make(self, *, like: str = "template0") -> str:
        """A new database, a copy of another one; its name."""
        self._made += 1
        name = f"d{self._made}"
        # ICU's order of texts is the cluster's: it comes with template0 and with every copy.
        self.run(f"CREATE DATABASE {name} TEMPLATE {like} {self._copying}")
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever uses it."""
        self.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def run(self, statement: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Run a statement as the administrator, outside of transactions."""
        cursor = self._admin.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []

    def stop(self) -> None:
        """Kill the server; its folder goes with it."""
        self._admin.close()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(SECONDS)


def _connected(folder: str) -> "psycopg.Connection[Any]":
    """The administrator's connection; a server that has just come up may refuse the first ones."""
    until = time.monotonic() + SECONDS
    while True:
        try:
            return psycopg.connect(host=folder, user=USER, dbname="postgres", autocommit=True)
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
        time.sleep(0.02)
