"""How often a code or password may be tried, counted for each user, so that nobody guesses six digits by asking often.

Counted in the memory of this process: several processes allow as many times as much.
"""

from collections import deque

from slotgraph.core.clock import Clock

ALLOWED = 5
_WITHIN_SECONDS = 15 * 60.0


class Tries:
    """Counts the tries of a user that were in vain; those older than a quarter of an hour are forgotten."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tried: dict[str, deque[float]] = {}

    def may_try(self, user_id: str) -> bool:
        """Count a try, before anybody looks at it: those made side by side count too. False if there were too many."""
        now = self._clock.monotonic()
        self._forget(now - _WITHIN_SECONDS)
        tried = self._tried.setdefault(user_id, deque())
        if len(tried) >= ALLOWED:
            return False
        tried.append(now)
        return True

    def succeeded(self, user_id: str) -> None:
        """Forget a user's tries: the last one was right."""
        self._tried.pop(user_id, None)

    def _forget(self, until: float) -> None:
        for user_id, tried in list(self._tried.items()):
            while tried and tried[0] <= until:
                tried.popleft()
            if not tried:
                del self._tried[user_id]
