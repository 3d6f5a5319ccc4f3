"""Databases that cannot be written: their disk is full, or another process is at it."""

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, Self

import psycopg
from slotgraph_tests_reliability_state import NAMES, is_postgresql

FRAME = 24 + 4096
"""What SQLite appends to its journal for a page that changed (https://sqlite.org/fileformat2.html#walformat)."""


class Disk(Protocol):
    """The disk under a database, which can be filled."""

    def room_for(self, writes: int) -> "contextmanager[None]":
        """Inside there is room for so many writes, and the next one fails."""


def disk_of(address: str) -> "_SqliteDisk | _PostgresDisk":
    """The disk under a database."""
    return _PostgresDisk(address) if is_postgresql(address) else _SqliteDisk(address)


class _SqliteDisk:
    """The system lets this process make no file longer than it is: a write into the journal fails in the middle of a commit."""

    def __init__(self, address: str) -> None:
        self._journal = Path(f"{address}-wal")

    @contextmanager
    def room_for(self, writes: int) -> Iterator[None]:
        _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (writes * FRAME, most))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


FULL = """
CREATE SEQUENCE written;
CREATE SEQUENCE room MINVALUE 0;
CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF nextval('written') > (SELECT last_value FROM room) THEN
    RAISE EXCEPTION 'could not extend file "base/1/2": No space left on device' USING ERRCODE = '53100';
  END IF;
  RETURN NULL;
END $$;
"""


class _PostgresDisk:
    """The server says of a write what it says when its disk is full: SQLSTATE 53100."""

    def __init__(self, address: str) -> None:
        self._address = address
        fails = "AFTER INSERT OR UPDATE OR DELETE ON {name} FOR EACH STATEMENT EXECUTE FUNCTION disk_full()"
        self._run(FULL, *(f"CREATE TRIGGER disk_full {fails}".format(name=f'"{name}"') for name in NAMES))
        self._enough()

    @contextmanager
    def room_for(self, writes: int) -> Iterator[None]:
        self._run("SELECT setval('written', 1, false)", f"SELECT setval('room', {writes})")
        try:
            yield
        finally:
            self._enough()

    def _enough(self) -> None:
        self._run("SELECT setval('room', 1000000)")

    def _run(self, *statements: str) -> None:
        with psycopg.connect(self._address, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)


WRITE = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
for line in sys.stdin:
    connection.execute("BEGIN IMMEDIATE")
    print("begun", flush=True)
"""


class Other:
    """Another process, which may begin to write into a file; it ends, and what it wrote is gone, with the block."""

    def __init__(self, address: str) -> None:
        command = [sys.executable, "-I", "-S", "-c", WRITE, address]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def begin(self) -> None:
        """Let it write from here on."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "begun\n"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.kill()
        self._process.communicate()
