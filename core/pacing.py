"""Work on the event loop in small portions, so that nobody else waits long for their turn (DESIGN.md, speed)."""

import asyncio
from collections import deque

from slotgraph.core.clock import Clock

PORTION_SECONDS = 0.004


class Pace:
    """The turns of the whole process: once a portion of time is used up, who works here stands in line, one to a round.

    Many answers may arrive in the same round; each of them is little work, all of them would hold the loop.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began = clock.monotonic()
        self._line: deque[asyncio.Future[None]] = deque()

    async def turn(self) -> None:
        """Wait for a turn. Call it before each small piece of work."""
        if not self._line and self._clock.monotonic() - self._began < PORTION_SECONDS:
            return
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        self._line.append(turn)
        if len(self._line) == 1:
            loop.call_soon(self._next, loop)
        await turn

    def _next(self, loop: asyncio.AbstractEventLoop) -> None:
        """It is the turn of the first in line, unless they went; the next one's is in the round after that."""
        self._began = self._clock.monotonic()
        first = self._line.popleft()
        if not first.done():
            first.set_result(None)
        if self._line:
            loop.call_soon(self._next, loop)
