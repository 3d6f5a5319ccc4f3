"""Changes of bookings as they are committed, by whatever process on the database; the source of `bookingChanged`.

A change names a booking and says where to look again; what it looks like now is read by whoever may see it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from slotgraph.core.records import Booking, BookingChangeKind
from slotgraph.core.store.database import Database, Transaction
from slotgraph.core.store.notices import BookingChanged, Notice, Resynchronise, publish

WAITING_AT_MOST = 1000
"""How many changes wait for one watcher; who is further behind reads everything again."""


@dataclass(frozen=True, slots=True)
class Missed:
    """Changes may have been missed: read again."""


Change = BookingChanged | Missed


async def announce(connection: Transaction, booking: Booking, kind: BookingChangeKind) -> None:
    """Tell every watcher once this write transaction commits. Not inside a savepoint."""
    await publish(connection, BookingChanged(booking.company_id, booking.id, kind))


class Watch:
    """What one watcher has not seen yet, each change once, in the order in which it was heard first."""

    def __init__(self) -> None:
        self._waiting: dict[Change, None] = {}
        self._news = asyncio.Event()
        self._is_over = False

    def told(self, change: Change) -> None:
        """Let a change wait. One too many, or a gap, takes the place of all that wait: reading again shows them, too."""
        if isinstance(change, Missed) or (change not in self._waiting and len(self._waiting) >= WAITING_AT_MOST):
            self._waiting.clear()
            change = Missed()
        self._waiting[change] = None
        self._news.set()

    def end(self) -> None:
        """Let whoever waits for more go."""
        self._is_over = True
        self._news.set()

    def __aiter__(self) -> AsyncIterator[Change]:
        return self

    async def __anext__(self) -> Change:
        while not self._waiting and not self._is_over:
            self._news.clear()
            await self._news.wait()
        if self._is_over:
            raise StopAsyncIteration
        change = next(iter(self._waiting))
        del self._waiting[change]
        return change


class BookingChanges:
    """Hands the changes of a company to those who watch it."""

    def __init__(self, database: Database) -> None:
        self._notices = database.notices
        self._watches: dict[str, set[Watch]] = {}

    @asynccontextmanager
    async def watch(self, company_id: str) -> AsyncIterator[AsyncIterator[Change]]:
        """Give the changes of a company that are committed from now on; after a gap, Missed. It ends when this is left."""
        watch = Watch()
        if not self._watches:
            self._notices.subscribe(self._told)
        self._watches.setdefault(company_id, set()).add(watch)
        try:
            yield watch
        finally:
            watch.end()
            self._watches[company_id].remove(watch)
            if not self._watches[company_id]:
                del self._watches[company_id]
            if not self._watches:
                self._notices.unsubscribe(self._told)

    def _told(self, notice: Notice) -> None:
        match notice:
            case BookingChanged(company_id):
                for watch in self._watches.get(company_id, ()):
                    watch.told(notice)
            case Resynchronise():
                for watches in self._watches.values():
                    for watch in watches:
                        watch.told(Missed())
