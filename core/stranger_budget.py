"""How often strangers may search, counted for each address they come from, so that nobody closes a shop by asking often (rule B7)."""

from math import ceil

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from slotgraph.core.clock import Clock
from slotgraph.core.errors import RateLimited

_MINUTE = 60


class StrangerBudget:
    """Counts searches by source, the minute before in part; a source is two numbers, forgotten two minutes after it came.

    Noting when each search was would cost a thread for each source, at each search, to forget them again.
    """

    def __init__(self, clock: Clock, *, per_minute: int) -> None:
        self._clock = clock
        self._allowed = RateLimitItemPerMinute(per_minute) if per_minute else None
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def check(self, source: str) -> None:
        """Count a search. Raises RateLimited if the source has used its budget up; an empty source is nobody, and not counted."""
        if self._allowed is None or not source or await self._limiter.hit(self._allowed, source):
            return
        window = await self._limiter.get_window_stats(self._allowed, source)
        wait = ceil(window.reset_time - self._clock.now().timestamp())
        raise RateLimited(min(max(1, wait), _MINUTE))
