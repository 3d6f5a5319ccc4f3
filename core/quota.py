"""How often an account may be called: tokens below the vendor's limit, some kept for booking checks, and the vendor's own pauses (B7).

Takes the time it is, in seconds of a monotonic clock.
"""

from collections import deque
from math import ceil

from slotgraph.core.values import Limits

_MINUTE = 60


class Quota:
    """A bucket that holds 80 % of the calls a vendor takes in a minute, a fifth of them kept for booking checks.

    A token comes back a minute after it was spent. Vendors count the last minute: a bucket that fills steadily lets a burst
    through and then as much again while it fills, which is more than they take.
    """

    def __init__(self, limits: Limits) -> None:
        self._tokens = max(1, limits.calls_per_minute * 4 // 5)
        self._for_searches = max(1, self._tokens * 4 // 5)
        self._spent: deque[tuple[int, int]] = deque()
        """The second, and how many tokens were spent in it: at most a minute of them."""
        self._paused_until = float("-inf")

    def seconds_to_wait(self, now: float, *, for_booking: bool) -> int:
        """How long until a call may be made; 0 if it may be made now. A pause holds searches only."""
        if for_booking:
            return self._until_token(now, self._tokens)
        paused = ceil(self._paused_until - now) if self.is_paused(now) else 0
        return max(paused, self._until_token(now, self._for_searches))

    def spend(self, now: float) -> None:
        """Take a token for a call that is made."""
        second = int(now)
        if self._spent and self._spent[-1][0] == second:
            self._spent[-1] = (second, self._spent[-1][1] + 1)
        else:
            self._spent.append((second, 1))

    def pause(self, seconds: int, now: float) -> None:
        """Hold searches for as long as the vendor asked."""
        self._paused_until = max(self._paused_until, now + seconds)

    def is_paused(self, now: float) -> bool:
        """Whether searches are held."""
        return now < self._paused_until

    def _until_token(self, now: float, tokens: int) -> int:
        # A token of a second that has begun may be as young as its end.
        while self._spent and self._spent[0][0] + _MINUTE + 1 <= now:
            self._spent.popleft()
        spent = sum(count for _, count in self._spent)
        for second, count in self._spent:
            if spent < tokens:
                break
            spent -= count
            if spent < tokens:
                return ceil(second + _MINUTE + 1 - now)
        return 0
