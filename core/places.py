"""How many calls to an account are on their way at a time. Booking checks go before searches, and some places are kept for them (B7)."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_KEPT = 4
"""One place in so many is for booking checks only; who has fewer keeps none, for searches would have too little."""


class Places:
    """The places of one account. Whoever finds none waits in line, booking checks in a line of their own."""

    def __init__(self, count: int) -> None:
        self._count = self._free = count
        self._kept = count // _KEPT
        self._bookings: deque[asyncio.Future[None]] = deque()
        self._searches: deque[asyncio.Future[None]] = deque()

    @property
    def all_free(self) -> bool:
        """Whether nobody has one or waits for one."""
        return self._free == self._count and not self._bookings and not self._searches

    @asynccontextmanager
    async def taken(self, *, for_booking: bool) -> AsyncIterator[None]:
        """Hold a place; whoever is cancelled while waiting leaves the line."""
        await self._take(self._bookings if for_booking else self._searches, kept=0 if for_booking else self._kept)
        try:
            yield
        finally:
            self._give_back()

    async def _take(self, line: deque[asyncio.Future[None]], *, kept: int) -> None:
        if self._free > kept and not line:
            self._free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        line.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self._give_back()  # it was this one's turn already
            elif turn in line:
                line.remove(turn)
            raise

    def _give_back(self) -> None:
        self._free += 1
        self._call(self._bookings, kept=0)
        self._call(self._searches, kept=self._kept)

    def _call(self, line: deque[asyncio.Future[None]], *, kept: int) -> None:
        while line and self._free > kept:
            turn = line.popleft()
            if not turn.done():
                self._free -= 1
                turn.set_result(None)
