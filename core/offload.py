"""CPU work off the event loop: large inputs go to worker processes that are killed at the deadline. Knows nothing of what they compute."""

import asyncio
import contextlib
import os
import pickle
import signal
import sys
from collections.abc import Callable
from typing import Any, Protocol, TypeVar, TypeVarTuple

from slotgraph.core.errors import AnswerTooLarge, PluginFailed, ProviderFailure, ProviderTimeout
from slotgraph.core.offload_worker import LENGTH, Outcome, failure_from

INLINE_BYTES = 64 * 1024
"""Inputs up to this size are worked on in the event loop. The size is the only guard there: nothing can stop such a call, so the
caller also bounds what a small input may unfold to (occurrences of a rule, depth of a document)."""

MEMORY_BYTES = 1024 * 1024 * 1024
_PIECE_BYTES = 256 * 1024

# The path is handed over, so that a worker imports what the parent can; -P keeps the working directory out of it.
_START = "import sys; sys.path[:] = sys.argv[2:]; from slotgraph.core.offload_worker import serve; serve()"

Arguments = TypeVarTuple("Arguments")
Result = TypeVar("Result")


class Time(Protocol):
    """What is needed of a Deadline."""

    @property
    def remaining(self) -> float:
        """Seconds left; never negative."""


class Offload:
    """A pool of worker processes, each started when first needed. One for the process; `close()` it at the end."""

    def __init__(self, *, workers: int | None = None, memory_bytes: int = MEMORY_BYTES) -> None:
        self._places = asyncio.Semaphore(workers or min(2, os.cpu_count() or 1))
        self._memory_bytes = memory_bytes
        self._idle: list[_Worker] = []
        self._all: set[_Worker] = set()
        self._closed = False

    async def run(
        self, function: Callable[[*Arguments], Result], *args: *Arguments, deadline: Time, weight: int
    ) -> Result:
        """Call an importable function on plain arguments (bytes, str, int, tuples of them); `weight` is their size in bytes.

        Up to 64 KiB it runs here and now, else in a worker, which is killed at the deadline or when the waiter is cancelled.
        A worker's result may pickle to 256 KiB, one long tuple of small items to 4 MiB. Raises ProviderTimeout, AnswerTooLarge
        (too large a result, too much memory), the ProviderFailure that the function raised, PluginFailed for all else it raised.
        """
        if deadline.remaining <= 0:
            raise ProviderTimeout
        if weight <= INLINE_BYTES:
            try:
                return function(*args)
            except Exception as error:  # noqa: BLE001 - the same failures as from a worker
                raise failure_from(error) from None
        try:
            async with asyncio.timeout(deadline.remaining), self._places:
                call = pickle.dumps((deadline.remaining, function, args), protocol=pickle.HIGHEST_PROTOCOL)
                await asyncio.sleep(0)  # starting a process is the next few milliseconds: not in the same turn
                result: Result = await self._ask(call)
                return result
        except TimeoutError:
            raise ProviderTimeout from None

    async def close(self) -> None:
        """End all workers, also those at work, and wait until they are gone."""
        self._closed = True
        await asyncio.gather(*(worker.ended() for worker in tuple(self._all)))
        self._idle.clear()
        self._all.clear()

    async def _ask(self, call: bytes) -> Any:
        worker = await self._hired()
        try:
            outcome, value = await worker.ask(call)
        except BaseException:  # a timeout, a cancelled waiter, or the worker's death: it cannot be asked again
            worker.kill()
            raise
        if outcome is Outcome.EXHAUSTED:
            worker.kill()
        else:
            self._idle.append(worker)
        if outcome is Outcome.DONE:
            return value
        raise value

    async def _hired(self) -> "_Worker":
        """An idle worker, the last one used first: its imports are done. Else a new one."""
        if self._closed:
            raise PluginFailed("The process is ending.")
        self._all = {worker for worker in self._all if not worker.is_reaped}
        while self._idle:
            worker = self._idle.pop()
            if worker.is_alive:
                return worker
        worker = await _Worker.started(self._memory_bytes)
        self._all.add(worker)
        if self._closed:  # while it was being started
            await worker.ended()
            raise PluginFailed("The process is ending.")
        return worker


class _Worker:
    """One worker process, seen from the event loop."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._calls = process.stdin
        self._answers = process.stdout
        self._reading = asyncio.Lock()
        self._killed = False

    @classmethod
    async def started(cls, memory_bytes: int) -> "_Worker":
        """Start a process. Its error output is thrown away: a library's complaint may quote a title."""
        path = [entry for entry in sys.path if entry]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-c",
            _START,
            str(memory_bytes),
            *path,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        return cls(process)

    @property
    def is_alive(self) -> bool:
        return self._process.returncode is None and not self._killed

    @property
    def is_reaped(self) -> bool:
        return self._process.returncode is not None

    async def ask(self, call: bytes) -> tuple[Outcome, Any]:
        """Send a call, return how it ended. Raises a ProviderFailure if the process dies over it."""
        async with self._reading:
            try:
                await self._send(call)
                outcome, value, more = _unpacked(await self._frame())
                if more:
                    value = await self._parts(more)
            except (asyncio.IncompleteReadError, ConnectionError):
                raise await self._cause_of_death() from None
        return outcome, value

    async def _send(self, call: bytes) -> None:
        """Write in pieces: handing over megabytes at once would copy them within one turn of the loop."""
        self._calls.write(LENGTH.pack(len(call)))
        view = memoryview(call)
        for start in range(0, len(view), _PIECE_BYTES):
            self._calls.write(view[start : start + _PIECE_BYTES])
            await self._calls.drain()

    async def _frame(self) -> bytes:
        (length,) = LENGTH.unpack(await self._answers.readexactly(LENGTH.size))
        return await self._answers.readexactly(length)

    async def _parts(self, count: int) -> tuple[Any, ...]:
        items: list[Any] = []
        for _ in range(count):
            items.extend(_unpacked(await self._frame()))
            await asyncio.sleep(0)  # let others have their turn
        return tuple(items)

    def kill(self) -> None:
        """End the process now; the loop reaps it."""
        self._killed = True
        self._calls.close()
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def ended(self) -> None:
        """End the process and wait until it and its pipes are gone."""
        self.kill()
        async with self._reading:
            await self._answers.read()
        with contextlib.suppress(ConnectionError):
            await self._calls.wait_closed()
        await self._process.wait()

    async def _cause_of_death(self) -> ProviderFailure:
        status = await self._process.wait()
        if self._killed:
            return PluginFailed("The process is ending.")
        if os.name == "posix" and status == -signal.SIGALRM:
            return ProviderTimeout()
        if os.name == "posix" and status == -signal.SIGKILL:
            return AnswerTooLarge("The answer needs too much memory.")  # the kernel's out-of-memory killer
        return PluginFailed("Reading the answer ended its process.")


def _unpacked(frame: bytes) -> tuple[Any, ...]:
    try:
        value: tuple[Any, ...] = pickle.loads(frame)  # noqa: S301 - from our own child
    except Exception:  # noqa: BLE001 - a guest's own error class may not come through a pickle
        raise PluginFailed from None
    return value
