"""Work on the event loop in small portions, so that nobody else waits long for their turn (DESIGN.md, speed)."""

import asyncio

from slotgraph.core.clock import Clock

PORTION_SECONDS = 0.004


class Pace:
    """The turns of the whole process: in one round of the event loop those who work here use up one portion together.

    Many answers may arrive in the same round; each of them is little work, all of them would hold the loop.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began = clock.monotonic()
        self._is_next_round_awaited = False

    async def turn(self) -> None:
        """Wait for a turn. Call it before each small piece of work."""
        while self._is_used_up():
            # Whoever used the portion up gives way first: those who waited meanwhile begin the next one, and begin it themselves.
            await asyncio.sleep(0)
            if self._is_used_up() and not self._is_next_round_awaited:
                self._is_next_round_awaited = True
                asyncio.get_running_loop().call_soon(self._begin_round)

    def _is_used_up(self) -> bool:
        return self._clock.monotonic() - self._began >= PORTION_SECONDS

    def _begin_round(self) -> None:
        self._began = self._clock.monotonic()
        self._is_next_round_awaited = False
