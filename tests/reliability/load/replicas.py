"""`slotgraph serve` as processes of their own on one database, which may be killed and started again. They end with this process.

with Replicas(database, folder, count=2) as replicas:
    await replicas.start()
    replicas[0].url, replicas[0].pid
    replicas[0].kill()                # SIGKILL
    await replicas[0].start()         # at the same place
    replicas.said()                   # what all of them have printed and logged
"""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from slotgraph.core.clock import SystemClock

HOST = "127.0.0.1"
UP_SECONDS = 60.0
STOP_SECONDS = 20.0
SERVE = ("-P", "-m", "slotgraph.server.demo.tethered", "slotgraph.server", "serve")
"""What Python is given; standard input is the tether."""

_CLOCK = SystemClock()


class Replica:
    """One process, at a port of its own."""

    def __init__(self, environment: Mapping[str, str], *, log: Path, command: Sequence[str] = SERVE) -> None:
        self.port = _free_port()
        self.url = f"http://{HOST}:{self.port}/graphql"
        self.log = log
        self._command = command
        self._environment = {**environment, "SLOTGRAPH_PORT": str(self.port)}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process; the same until it is started again."""
        assert self._process is not None, "it was never started"
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def spawn(self, **more: str) -> None:
        """Start it, with more of an environment if given, and do not wait."""
        assert not self.is_running
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *self._command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=self._environment | more,
                start_new_session=True,
            )

    async def up(self) -> None:
        """Wait until it answers."""
        until = _CLOCK.monotonic() + UP_SECONDS
        while not await _is_ready(self.port):
            assert self.is_running, f"it ended at once:\n{self.said()}"
            assert _CLOCK.monotonic() < until, f"it does not answer:\n{self.said()}"
            await asyncio.sleep(0.02)

    async def start(self, **more: str) -> None:
        """Start it, and wait until it answers."""
        self.spawn(**more)
        await self.up()

    def kill(self) -> None:
        """Kill it as nothing can be caught or tidied up; fine if it is dead."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it as an operator does. Its exit code must be 0."""
        assert self._end(signal.SIGTERM) == 0, self.said()

    def pause(self) -> None:
        """Let it stand still, as a machine that is suspended."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def said(self) -> str:
        """What it has printed and logged, from its first start on."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def _end(self, number: signal.Signals) -> int | None:
        process = self._process
        if process is None:
            return None
        if process.poll() is None:
            process.send_signal(number)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process.stdin is not None:
            process.stdin.close()
        return process.returncode


class Replicas:
    """Several, with one key file. `settings` are more of them, as SLOTGRAPH_* variables without their prefix in lower case."""

    def __init__(
        self, database: str, folder: Path, *, count: int = 1, command: Sequence[str] = SERVE, **settings: str
    ) -> None:
        chosen = {
            "data_folder": str(folder),
            "database": database if "://" in database else f"sqlite:///{database}",
            "key_file": str(folder / "slotgraph.key"),
            "allow_private_addresses": f"{HOST}/32",
            "allow_http_calendars": "true",
            "stranger_searches_per_minute": "0",
            "log_level": "warning",
        } | settings
        kept = {name: text for name, text in os.environ.items() if not name.startswith(("SLOTGRAPH_", "COV_"))}
        environment = kept | {f"SLOTGRAPH_{name.upper()}": text for name, text in chosen.items()}
        logs = [folder / f"serve-{number}.log" for number in range(count)]
        self._replicas = [Replica(environment, log=log, command=command) for log in logs]

    def __getitem__(self, number: int) -> Replica:
        return self._replicas[number]

    def __len__(self) -> int:
        return len(self._replicas)

    @property
    def urls(self) -> list[str]:
        return [one.url for one in self._replicas]

    async def start(self) -> None:
        """Start those that do not run, and wait until all answer."""
        for one in self._replicas:
            if not one.is_running:
                one.spawn()
        for one in self._replicas:
            await one.up()

    def stop(self) -> None:
        """End them as an operator does."""
        for one in self._replicas:
            one.stop()

    def said(self) -> str:
        """What all have printed and logged."""
        return "".join(one.said() for one in self._replicas)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in self._replicas:
            one.kill()


async def _is_ready(port: int) -> bool:
    with contextlib.suppress(OSError):
        reader, writer = await asyncio.open_connection(HOST, port)
        try:
            writer.write(b"GET /readyz HTTP/1.0\r\n\r\n")
            return b" 200 " in await reader.readline()
        finally:
            writer.close()
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
