"""A circuit breaker: an account that does not answer is left alone for a while, so that nobody waits for it in vain (rule B7).

Takes the time it is, in seconds of a monotonic clock, and knows nothing of calls: who asks first, and tells what became of it.
"""

import random
from math import ceil

from slotgraph.core.retrying import Jitter
from slotgraph.core.values import FailureCause, Unverified

OPENS_AFTER = 3
"""Failures in a row until searches are refused. Proxies wait for five; here each may cost somebody their whole deadline."""

MOMENT_SECONDS = 1.0
"""Failures this close together count once: the chunks of one search fail together, and a hiccup is no outage."""

FIRST_PAUSE_SECONDS = 5.0
"""No longer than one vain wait would have been; it doubles each time the one try fails."""

LONGEST_PAUSE_SECONDS = 60.0
"""After an outage of whatever length slots are back within about this."""

JITTER_SHARE = 0.2
"""How much of a pause is left to chance, either way, so that accounts of one dead server are not all tried at once."""

NO_ANSWER = frozenset({FailureCause.UNREACHABLE, FailureCause.TIMEOUT})
"""What counts as a failure: a server out of order (5xx) is UNREACHABLE too. Whoever says anything else was reached."""


class Breaker:
    """Closed: calls pass. Open: they are refused. Half-open, after the pause: exactly one is let through to try."""

    def __init__(self, *, jitter: Jitter = random.random) -> None:
        self._jitter = jitter
        self.answered()

    def answered(self) -> None:
        """The account was reached: close."""
        self._failures = 0
        self._failed_at = float("-inf")
        self._open_until = float("-inf")
        self._last: Unverified | None = None
        self._pause = FIRST_PAUSE_SECONDS
        self._trying = False

    def refusal(self, now: float) -> Unverified | None:
        """Why a call is not let through now: the last cause, and when to ask again. None if it is."""
        if self._last is None or self._failures < OPENS_AFTER:
            return None
        if now < self._open_until:
            return Unverified(self._last.cause, ceil(self._open_until - now), asked=False)
        return Unverified(self._last.cause, 1, asked=False) if self._trying else None

    def let_through(self) -> bool:
        """A call begins that was not refused. Whether it is the one try of an open breaker."""
        self._trying = self._failures >= OPENS_AFTER
        return self._trying

    def failed(self, failure: Unverified, *, now: float, is_try: bool) -> None:
        """A call that was let through got no answer. What began before the breaker opened does not count any more."""
        if self._failures >= OPENS_AFTER:
            if is_try:
                self._last = failure
                self._pause = min(self._pause * 2, LONGEST_PAUSE_SECONDS)
                self._open(now)
        elif now - self._failed_at >= MOMENT_SECONDS:
            self._failures += 1
            self._last, self._failed_at = failure, now
            if self._failures == OPENS_AFTER:
                self._open(now)

    def abandoned(self) -> None:
        """The one try ended without telling anything: another may try."""
        self._trying = False

    def _open(self, now: float) -> None:
        self._trying = False
        self._open_until = now + self._pause * (1 - JITTER_SHARE + 2 * JITTER_SHARE * self._jitter())
