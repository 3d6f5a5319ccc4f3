"""What changed, told to every process on the database as soon as it is committed.

A notice says where to look again, and nothing rests on it: whoever hears none looks when it matters anyway (rule T3).
"""

import asyncio
import json
import logging
import random
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from slotgraph.core.errors import DatabaseUnreachable
from slotgraph.core.records import BookingChangeKind

CHANNEL = "slotgraph"
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0

_PENDING = "slotgraph_notices"
_log = logging.getLogger("slotgraph.notices")


@dataclass(frozen=True, slots=True)
class SupportShutOut:
    """A company excluded support, or ended a case."""

    company_id: str


@dataclass(frozen=True, slots=True)
class BookingChanged:
    """A booking was made, moved or cancelled, or the state of one of its calendar entries is another."""

    company_id: str
    booking_id: str
    kind: BookingChangeKind


@dataclass(frozen=True, slots=True)
class Resynchronise:
    """Notices may have been missed: look again at everything."""


Told = SupportShutOut | BookingChanged
"""What is published: ids only."""

Notice = Told | Resynchronise


class Notices:
    """Who in this process wants to hear of changes."""

    def __init__(self) -> None:
        self._subscribers: list[Callable[[Notice], None]] = []

    def subscribe(self, told: Callable[[Notice], None]) -> None:
        """Call this with each notice from now on; it may not wait."""
        self._subscribers.append(told)

    def unsubscribe(self, told: Callable[[Notice], None]) -> None:
        """Call this no more."""
        self._subscribers.remove(told)

    def deliver(self, notice: Notice) -> None:
        """Tell everybody."""
        for told in self._subscribers[:]:
            try:
                told(notice)
            # What was committed is committed, and all others want to hear of it, too.
            except Exception as error:  # noqa: BLE001 - the trouble of one subscriber is its own
                _log.error("a subscriber failed over a notice: %s", type(error).__name__)


async def publish(connection: AsyncConnection, notice: Told) -> None:
    """Tell every process when this write transaction commits, and nobody if it does not. The same twice in one is told once.

    Not inside a savepoint: what is undone alone would be told by one kind of database.
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(select(func.pg_notify(CHANNEL, _payload_of(notice))))
    elif notice not in (pending := _pending(connection)):
        pending.append(notice)


def take_pending(connection: AsyncConnection) -> list[Notice]:
    """What is to be told in this process, the only one on a SQLite file, once the transaction has been committed."""
    pending = _pending(connection)
    taken = pending[:]
    pending.clear()
    return taken


def _pending(connection: AsyncConnection) -> list[Notice]:
    pending: list[Notice] = (
        connection.sync_connection.info.setdefault(_PENDING, []) if connection.sync_connection else []
    )
    return pending


async def keep_listening(
    listen: Callable[[], AsyncGenerator[str]], notices: Notices, *, first_pause: float = FIRST_PAUSE_SECONDS
) -> None:
    """Deliver what `listen` hears until cancelled. Whenever it breaks it is begun anew; after each beginning all is to be looked at.

    `listen` gives an empty text as soon as it hears, then the payloads; it raises DatabaseUnreachable when it hears no more.
    """
    pause = first_pause
    while True:
        try:
            async for payload in listen():
                pause = first_pause
                notices.deliver(_notice_from(payload))
        except DatabaseUnreachable as error:
            _log.warning("notices of other processes are not heard: %s", error)
        await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - that processes do not come all at once
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


def _payload_of(notice: Told) -> str:
    if isinstance(notice, SupportShutOut):
        return json.dumps({"kind": "support_shut_out", "company_id": notice.company_id})
    ids = {"company_id": notice.company_id, "booking_id": notice.booking_id}
    return json.dumps({"kind": "booking_changed", **ids, "change": notice.kind.value})


def _notice_from(payload: str) -> Notice:
    """The notice a payload tells; one that a newer release knows may mean anything."""
    try:
        told = json.loads(payload)
        if told["kind"] == "support_shut_out":
            return SupportShutOut(told["company_id"])
        if told["kind"] == "booking_changed":
            return BookingChanged(told["company_id"], told["booking_id"], BookingChangeKind(told["change"]))
    except (ValueError, LookupError, TypeError):
        pass
    return Resynchronise()
