"""A PostgreSQL server that is stopped in the middle of everything, and started again."""

import os
import shlex
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import psycopg
from slotgraph_tests_servers_postgresql import USER, Cluster
from slotgraph_tests_servers_postgresql_process import user
from sqlalchemy import make_url

SECONDS = 30


class RestartableCluster:
    """A cluster of one's own, whose server may be stopped and started."""

    def __init__(self, folder: Path) -> None:
        self._cluster = Cluster.start(folder)
        self._data = Path(self._cluster.folder, "data")
        self._again: subprocess.Popen[bytes] | None = None
        self._made = 0
        self.is_up = True
        # Nothing that was acknowledged may be lost: as servers are set unless somebody turns it off.
        self._run(f"ALTER ROLE {USER} SET synchronous_commit = on")

    def new_database(self, *, like: str | None = None) -> str:
        """The address of a new database, empty or a copy of another one that nobody is connected to."""
        self._made += 1
        name = f"own{self._made}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {make_url(like).database if like else 'template0'}")
        return self._cluster.url(name)

    def _run(self, statement: str) -> None:
        with psycopg.connect(self._cluster.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def stop(self) -> None:
        """Stop it as `pg_ctl stop -m immediate` does: every session breaks off, and the next start recovers."""
        process = int((self._data / "postmaster.pid").read_text().split("\n")[0])
        os.kill(process, signal.SIGQUIT)
        until = time.monotonic() + SECONDS
        while is_running(process):
            assert time.monotonic() < until, "it does not stop"
            time.sleep(0.005)
        self.is_up = False

    def start(self) -> None:
        """Start it as it was started before, and wait until it lets somebody in."""
        self._reap()
        command = shlex.split((self._data / "postmaster.opts").read_text())
        as_user: dict[str, Any] = {"cwd": "/", "env": {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}} | user()
        with Path(self._cluster.folder, "log").open("ab") as log:
            self._again = subprocess.Popen(command, stderr=log, **as_user)
        until = time.monotonic() + SECONDS
        while True:
            try:
                self._run("SELECT 1")
            except psycopg.OperationalError:
                assert time.monotonic() < until, Path(self._cluster.folder, "log").read_text()
                time.sleep(0.01)
            else:
                self.is_up = True
                return

    def end(self) -> None:
        """Stop it for good."""
        if self._again is not None:
            self._again.send_signal(signal.SIGQUIT)
        self._reap()
        self._cluster.stop()

    def _reap(self) -> None:
        if self._again is not None:
            self._again.wait(SECONDS)


def is_running(process: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
