"""A proxy on loopback that stands before an HTTP server and spoils some of the calls: which, and how, falls by seeded dice.

    with FaultProxy(radicale.port, seed=7) as proxy:
        link(proxy.url)                                       # hrefs without host go through the proxy by themselves
        proxy.spoil(0.2)                                      # a fifth of all calls from here on, by any fault
        proxy.spoil(0.5, faults=[Fault.RESET_AFTER], methods=["PUT"])
        proxy.behave()
        proxy.counts, proxy.periods                           # what was done, and when faults were on

It lives in a thread with a loop of its own, so that no test's loop holds it up, and ends with this process. A connection carries one
call. It knows nothing of calendars.
"""

import asyncio
import contextlib
import random
import socket
import struct
import threading
from collections import Counter
from collections.abc import Collection, Coroutine, Iterator
from enum import Enum
from types import TracebackType
from typing import Any, NamedTuple, Self

from slotgraph.core.clock import SystemClock

HOST = "127.0.0.1"
_CLOCK = SystemClock()
_AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER: what was not sent is thrown away, and the other side reads that the connection was reset."""


class Fault(Enum):
    """What is done to a call."""

    REFUSED = "refused"  #: for a moment nobody listens; whoever brought it about is reset
    RESET_BEFORE = "reset before"  #: the server never hears of it
    RESET_AFTER = "reset after"  #: the server has done it, and the answer is lost
    TRUNCATED = "truncated"  #: the server has done it, and half of the answer comes
    THROTTLED = "429 with Retry-After"
    THROTTLED_SILENTLY = "429 without"
    FAILED = "500"
    SLOW = "slow"  #: the answer comes late
    HALF_OPEN = "half-open"  #: nothing comes until the client goes; the server never hears of it
    LATE = "late"  #: the client is reset at once, and the server hears of it later


ANY_FAULT = tuple(fault for fault in Fault if fault is not Fault.LATE)


class Period(NamedTuple):
    """When faults were on, in seconds since the epoch; `end` is infinite while they are."""

    start: float
    end: float


class _Rule(NamedTuple):
    share: float
    faults: tuple[Fault, ...]
    methods: frozenset[str] | None


class FaultProxy:
    """Listens at `url` as soon as it is made, and passes everything on until it is told to spoil."""

    def __init__(self, upstream: int, *, seed: int = 0, seconds: float = 1.0) -> None:
        """`upstream`: the server's port on loopback. `seconds`: about how long what is slow takes, or late comes."""
        self.counts: Counter[Fault] = Counter()
        self.calls = 0
        self.periods: list[Period] = []
        self._upstream = upstream
        self._seed = seed
        self._seconds = seconds
        self._rules: tuple[_Rule, ...] = ()
        self._tasks: set[asyncio.Task[None]] = set()
        # It keeps the port while nobody listens there.
        self._place = _bound(0)
        self.port: int = self._place.getsockname()[1]
        self._listener: socket.socket | None = None
        self._is_there = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault-proxy", daemon=True)
        self._thread.start()
        self.listen()

    @property
    def url(self) -> str:
        """Where it listens, with a slash at the end."""
        return f"http://{HOST}:{self.port}/"

    def spoil(
        self, share: float, *, faults: Collection[Fault] = ANY_FAULT, methods: Collection[str] | None = None
    ) -> None:
        """From here on spoil this share of the calls, by one of these faults each. What was told before holds for other methods."""
        rule = _Rule(share, tuple(faults), None if methods is None else frozenset(methods))
        self._rules = (rule, *self._rules)
        if not self.periods or self.periods[-1].end != float("inf"):
            self.periods.append(Period(_now(), float("inf")))

    def behave(self) -> None:
        """From here on pass everything on. What is under way is spoilt to its end, but nobody is kept waiting any longer."""
        self._rules = ()
        if self.periods and self.periods[-1].end == float("inf"):
            self.periods[-1] = Period(self.periods[-1].start, _now())
        self._do(self._let_go())

    def listen(self) -> None:
        """Take connections; from the start on it does."""
        self._is_there = True
        self._do(self._open())

    def refuse(self) -> None:
        """Refuse all connections, as if nobody were there, until `listen`."""
        self._is_there = False
        self._do(self._shut())

    def close(self) -> None:
        """End it; what is under way is broken off."""
        if self._thread.is_alive():
            self.refuse()
            self._do(self._break_off())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
            self._place.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _do(self, what: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(what, self._loop).result(10)

    # From here on everything runs in the thread.

    async def _open(self) -> None:
        if self._is_there and self._listener is None:
            self._listener = _bound(self.port)
            self._listener.listen(256)
            self._start(self._accept(self._listener))

    async def _shut(self) -> None:
        if self._listener is not None:
            self._loop.remove_reader(self._listener)
            self._listener.close()
            self._listener = None

    async def _break_off(self) -> None:
        here = asyncio.current_task()
        others = [task for task in self._tasks if task is not here]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _let_go(self) -> None:
        for task in self._tasks:
            if task.get_name() == Fault.HALF_OPEN.value:
                task.cancel()

    def _start(self, what: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(what)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self, listener: socket.socket) -> None:
        while listener is self._listener:
            try:
                connection, _ = await self._loop.sock_accept(listener)
            except OSError:
                return
            self._start(self._serve(connection))

    async def _serve(self, connection: socket.socket) -> None:
        self.calls += 1
        dice = random.Random(f"{self._seed} {self.calls}")
        connection.setblocking(False)
        reader, writer = await asyncio.open_connection(sock=connection)
        try:
            with contextlib.suppress(OSError, EOFError):
                call = await _read_call(reader)
                fault = self._fault_of(call, dice)
                if fault is None:
                    await self._pass_on(call, writer)
                else:
                    self.counts[fault] += 1
                    await self._spoil(fault, call, reader, writer, dice.uniform(0.3, 1.0) * self._seconds)
        finally:
            writer.close()

    def _fault_of(self, call: bytes, dice: random.Random) -> Fault | None:
        method = call.split(b" ", 1)[0].decode("ascii", "replace")
        for rule in self._rules:
            if rule.methods is None or method in rule.methods:
                return dice.choice(rule.faults) if dice.random() < rule.share else None
        return None

    async def _pass_on(self, call: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(await self._answer(call))
        await writer.drain()

    async def _spoil(
        self,
        fault: Fault,
        call: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        seconds: float,
    ) -> None:
        match fault:
            case Fault.REFUSED:
                await self._shut()
                _reset(writer)
                await asyncio.sleep(min(seconds, 0.2))
                await self._open()
            case Fault.RESET_BEFORE:
                _reset(writer)
            case Fault.RESET_AFTER:
                await self._answer(call)
                _reset(writer)
            case Fault.TRUNCATED:
                answer = await self._answer(call)
                writer.write(answer[: _half(answer)])
                await writer.drain()
            case Fault.THROTTLED | Fault.THROTTLED_SILENTLY | Fault.FAILED:
                writer.write(_SAID[fault])
                await writer.drain()
            case Fault.SLOW:
                await asyncio.sleep(seconds)
                await self._pass_on(call, writer)
            case Fault.HALF_OPEN:
                await self._wait_in_vain(reader)
            case Fault.LATE:
                _reset(writer)
                await asyncio.sleep(seconds)
                await self._answer(call)

    async def _wait_in_vain(self, reader: asyncio.StreamReader) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.set_name(Fault.HALF_OPEN.value)
        await reader.read()

    async def _answer(self, call: bytes) -> bytes:
        """What the server says, all of it: it closes the connection behind its answer."""
        reader, writer = await asyncio.open_connection(HOST, self._upstream)
        try:
            writer.write(call)
            await writer.drain()
            return await reader.read()
        finally:
            writer.close()


async def _read_call(reader: asyncio.StreamReader) -> bytes:
    """A request with its body, changed so that the server closes the connection behind its answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    start, *lines = head[:-4].split(b"\r\n")
    headers = [line for line in lines if not line.lower().startswith(b"connection:")]
    length = next((int(line[15:]) for line in headers if line.lower().startswith(b"content-length:")), 0)
    assert not any(line.lower().startswith(b"transfer-encoding:") for line in headers), "bodies come with their length"
    body = await reader.readexactly(length)
    return b"\r\n".join([start, *headers, b"Connection: close", b"", b""]) + body


def _half(answer: bytes) -> int:
    """Where to cut: in the middle of the body, or of the head where there is none."""
    head = answer.find(b"\r\n\r\n") + 4
    return (head + len(answer)) // 2 if head < len(answer) else head // 2


def _said() -> Iterator[tuple[Fault, bytes]]:
    for fault, status, more in (
        (Fault.THROTTLED, b"429 Too Many Requests", b"Retry-After: 1\r\n"),
        (Fault.THROTTLED_SILENTLY, b"429 Too Many Requests", b""),
        (Fault.FAILED, b"500 Internal Server Error", b""),
    ):
        yield fault, b"HTTP/1.1 " + status + b"\r\n" + more + b"Content-Length: 0\r\nConnection: close\r\n\r\n"


_SAID = dict(_said())


def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    writer.transport.abort()


def _bound(port: int) -> socket.socket:
    """A socket at a place on loopback that it shares with others of ours; only those that listen are connected to."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind((HOST, port))
    made.setblocking(False)
    return made


def _now() -> float:
    return _CLOCK.now().timestamp()
