"""The numbered steps between "request read" and "entry written" (rules K1-K3), and how a server process is made to die at one of them.

`STEPS` names them, in the order in which a change that nobody disturbs passes them; a step is passed when what it says is done.
`install()` lets this process count the steps of each request, and of each wish that is carried out without one, and obey orders.py.
"""

import asyncio
import functools
import os
import signal
from collections.abc import Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from types import ModuleType
from typing import Any

import aiohttp.http_writer
from slotgraph_tests_reliability_kills_orders import Orders

from slotgraph.core import transport, wall
from slotgraph.core.asking import Asking
from slotgraph.core.booking import attempts, holding, idempotency
from slotgraph.core.calendar_entries.writer import CalendarWriter
from slotgraph.core.outbox import leases, wishes
from slotgraph.core.store import blocks, bookings, holds, locks
from slotgraph.core.store.database import Database
from slotgraph.server.graphql_endpoint import GraphQLEndpoint

READ, LOOKED_UP, JUDGED = "request read", "key looked up", "judged by our own tables"
TO_ASK, ASKED = "about to ask the calendars", "calendars asked"
BEGUN, LOCKED, COMMIT, COMMITTED = "transaction begun", "locks taken", "about to commit", "committed"
BOOKED, MOVED, CANCELLED, HELD = "booking inserted", "booking moved", "booking cancelled", "hold inserted"
BLOCKED, SHIFTED, PROMOTED, FREED = "block inserted", "block moved", "block promoted", "block deleted"
HOLD_OVER, WISHED, REMEMBERED = "hold ended", "wish stored", "key remembered"
TO_WRITE, SENT, ANSWERED = "about to write outside", "sent outside, not answered", "answered from outside"
NOTED, TO_ANSWER = "noted", "about to answer"

_OUTSIDE = (TO_WRITE, SENT, ANSWERED, BEGUN, NOTED, COMMIT, COMMITTED)
_LIVE = (READ, LOOKED_UP, JUDGED, TO_ASK, ASKED, BEGUN, LOCKED, LOOKED_UP, JUDGED)
_KEPT = (WISHED, REMEMBERED, COMMIT, COMMITTED)

STEPS = {
    "book": (*_LIVE, BOOKED, BLOCKED, *_KEPT, *_OUTSIDE, TO_ANSWER),
    "holdSlot": (
        *(READ, LOOKED_UP, JUDGED, BEGUN, LOCKED, LOOKED_UP, JUDGED),
        *(HELD, BLOCKED, REMEMBERED, COMMIT, COMMITTED, TO_ANSWER),
    ),
    "book what is held": (*_LIVE, BOOKED, PROMOTED, HOLD_OVER, *_KEPT, *_OUTSIDE, TO_ANSWER),
    "rescheduleBooking": (*_LIVE, SHIFTED, MOVED, *_KEPT, *_OUTSIDE, TO_ANSWER),
    "cancelBooking": (READ, BEGUN, LOCKED, LOOKED_UP, CANCELLED, FREED, *_KEPT, *_OUTSIDE, TO_ANSWER),
    "wish": _OUTSIDE,
}
"""By what is done. `wish`: what the worker does by itself."""

FLUSHED_SECONDS = 0.002
"""What is written to a socket is with the system by then."""

WRITES = ("PUT", "DELETE")


class _Walk:
    """What is under way, and how many steps it has passed."""

    def __init__(self, *, of_request: bool) -> None:
        self.of_request = of_request
        self.number = 0


_walk: ContextVar[_Walk | None] = ContextVar("walk", default=None)
_on_its_way: ContextVar[asyncio.Event | None] = ContextVar("on its way", default=None)


def install(orders: Orders) -> None:
    """Count from here on, and die where the orders say."""

    def passed(name: str) -> None:
        walk = _walk.get()
        if walk is None:
            return
        walk.number += 1
        if orders.is_last(name, walk.number, of_request=walk.of_request):
            os.kill(os.getpid(), signal.SIGKILL)

    _walks(passed)
    _transactions(passed)
    _sending(passed)
    for name, where, attribute in AFTER:
        _after(where, attribute, functools.partial(passed, name))
    for name, where, attribute in BEFORE:
        _before(where, attribute, functools.partial(passed, name))


BEFORE = [(TO_ASK, Asking, "ask"), *((TO_WRITE, wall.Wall, name) for name in ("write", "move", "remove"))]
AFTER: list[tuple[str, type | ModuleType, str]] = [
    (LOOKED_UP, idempotency.Call, "first_success"),
    (JUDGED, attempts, "by_own_data"),
    (JUDGED, holding, "by_own_data"),
    (ASKED, Asking, "ask"),
    (LOCKED, locks, "lock_employees"),
    (BOOKED, bookings, "insert_booking"),
    (MOVED, bookings, "set_span"),
    (CANCELLED, bookings, "set_cancelled"),
    (HELD, holds, "insert_hold"),
    (BLOCKED, blocks, "insert_block"),
    (BLOCKED, blocks, "insert_hold"),
    (SHIFTED, blocks, "move_block"),
    (PROMOTED, blocks, "promote_hold"),
    (FREED, blocks, "delete_blocks_of_booking"),
    (HOLD_OVER, holds, "end_hold"),
    (WISHED, wishes, "add_wish"),
    (WISHED, wishes, "change_wish"),
    (REMEMBERED, idempotency.Call, "remember"),
    *((ANSWERED, wall.Wall, name) for name in ("write", "move", "remove")),
    (NOTED, leases, "settle"),
]


def _after(where: Any, attribute: str, passed: Callable[[], None]) -> None:
    original = getattr(where, attribute)

    @functools.wraps(original)
    async def wrapped(*positional: Any, **named: Any) -> Any:
        outcome = await original(*positional, **named)
        passed()
        return outcome

    setattr(where, attribute, wrapped)


def _before(where: Any, attribute: str, passed: Callable[[], None]) -> None:
    original = getattr(where, attribute)

    @functools.wraps(original)
    async def wrapped(*positional: Any, **named: Any) -> Any:
        passed()
        return await original(*positional, **named)

    setattr(where, attribute, wrapped)


def _walks(passed: Callable[[str], None]) -> None:
    """A request's steps begin when it is read; those of a wish, if no request carries it out, when somebody has it."""
    answer, carry_out = GraphQLEndpoint._answer, CalendarWriter.carry_out

    async def read_and_answer(self: GraphQLEndpoint, request: Any) -> Any:
        await request.body()
        _walk.set(_Walk(of_request=True))
        passed(READ)
        answered = await answer(self, request)
        passed(TO_ANSWER)
        return answered

    async def carried_out(self: CalendarWriter, *positional: Any, **named: Any) -> None:
        before = _walk.get()
        token = _walk.set(before or _Walk(of_request=False))
        try:
            await carry_out(self, *positional, **named)
        finally:
            _walk.reset(token)

    GraphQLEndpoint._answer = read_and_answer  # type: ignore[method-assign]
    CalendarWriter.carry_out = carried_out  # type: ignore[method-assign]


def _transactions(passed: Callable[[str], None]) -> None:
    write = Database.write

    @asynccontextmanager
    async def written(self: Database) -> Any:
        async with write(self) as connection:
            passed(BEGUN)
            yield connection
            passed(COMMIT)
        passed(COMMITTED)

    Database.write = written  # type: ignore[assignment,method-assign]


def _sending(passed: Callable[[str], None]) -> None:
    """What changes something outside is on its way as soon as the system has it; its answer is not looked at before that step."""
    send = transport.HttpTransport._send
    writer: Any = aiohttp.http_writer.StreamWriter
    write_eof, set_eof = writer.write_eof, writer.set_eof

    async def sent(self: transport.HttpTransport, request: Any) -> Any:
        if request.method not in WRITES:
            return await send(self, request)
        on_its_way = asyncio.Event()
        token = _on_its_way.set(on_its_way)
        try:
            answer = await send(self, request)
            await on_its_way.wait()
        finally:
            _on_its_way.reset(token)
        return answer

    def handed_over() -> None:
        on_its_way = _on_its_way.get()
        if on_its_way is not None:
            _on_its_way.set(None)
            asyncio.get_running_loop().call_later(FLUSHED_SECONDS, flushed, on_its_way)

    def flushed(on_its_way: asyncio.Event) -> None:
        passed(SENT)
        on_its_way.set()

    async def wrote_eof(self: Any, chunk: bytes = b"") -> None:
        await write_eof(self, chunk)
        handed_over()

    def was_set_eof(self: Any) -> None:
        set_eof(self)
        handed_over()

    transport.HttpTransport._send = sent  # type: ignore[method-assign]
    writer.write_eof, writer.set_eof = wrote_eof, was_set_eof
