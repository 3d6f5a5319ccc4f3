"""A server as a process of its own on loopback, that ends with us. No word here of which server that is."""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from slotgraph.core.errors import SettingError

HOST = "127.0.0.1"
START_SECONDS = 20.0
STOP_SECONDS = 3.0
_POLL_SECONDS = 0.05
_PROBE = b"OPTIONS / HTTP/1.0\r\n\r\n"


class ServerProcess:
    """A Python module that serves HTTP on a loopback port, its working folder and log file in `folder`.

    It ends with this process, however that ends, and may be started again after `stop`; no event loop owns it.
    """

    def __init__(self, module: str, options: Sequence[str], *, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self._command = [sys.executable, "-P", "-m", "slotgraph.server.demo.tethered", module, *options]
        self._log = folder / f"{module}.log"
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Start it and wait until it answers. Raises SettingError: the port is taken, the folder not writable."""
        refuse_taken_port(self.port)
        try:
            process = self._process = self._spawn()
        except OSError as err:
            raise SettingError(f"The calendar server's folder {self.folder} cannot be used: {err.strerror}.") from err
        try:
            async with asyncio.timeout(START_SECONDS):
                await self._until_it_answers(process)
        except BaseException as err:  # a cancel too: nothing half started is left behind
            await self.stop()
            if isinstance(err, TimeoutError):
                raise SettingError(f"The calendar server does not answer; its log is {self._log}.") from err
            raise

    async def stop(self) -> None:
        """End it; fine if it is not running."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            await asyncio.to_thread(process.wait, STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            await asyncio.to_thread(process.wait)
        finally:
            if process.stdin:
                process.stdin.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def _spawn(self) -> subprocess.Popen[bytes]:
        with open(self._log, "wb", opener=open_private) as log:
            return subprocess.Popen(  # noqa: S603 - our own command line
                self._command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={},  # none of our settings and keys are its business
                start_new_session=True,  # Ctrl-C goes to us alone; we stop it
            )

    async def _until_it_answers(self, process: subprocess.Popen[bytes]) -> None:
        while not await _answers(self.port):
            if process.poll() is not None:
                raise SettingError(f"The calendar server ended at once; its log is {self._log}.")
            await asyncio.sleep(_POLL_SECONDS)


def open_private(path: str, flags: int) -> int:
    """An opener for `open` that makes files only we may read."""
    return os.open(path, flags, 0o600)


def refuse_taken_port(port: int) -> None:
    """Raise SettingError if nobody could serve on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as err:
            raise SettingError(
                f"The calendar server's port {port} is taken or not allowed: end what holds it, or start over with RESET=1."
            ) from err


async def _answers(port: int) -> bool:
    """Whether an HTTP server answers there."""
    try:
        reader, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    try:
        writer.write(_PROBE)
        return (await reader.read(5)).startswith(b"HTTP/")
    except OSError:
        return False
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
