"""How often one account may be checked by hand, so that nobody wears a provider out by asking (rule B7)."""

from collections import deque
from math import ceil

from slotgraph.core.clock import Clock
from slotgraph.core.errors import RateLimited

CHECKS_PER_MINUTE = 6
_MINUTE = 60.0


class CheckBudget:
    """Counts checks by account, in the memory of this process; what is older than a minute is forgotten."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._checked: dict[tuple[str, str], deque[float]] = {}

    def spend(self, company_id: str, account_id: str) -> None:
        """Count a check. Raises RateLimited if there were as many as may be in the last minute."""
        now = self._clock.monotonic()
        self._forget(now - _MINUTE)
        checked = self._checked.setdefault((company_id, account_id), deque())
        if len(checked) >= CHECKS_PER_MINUTE:
            wait = ceil(checked[0] + _MINUTE - now)
            raise RateLimited(max(1, wait), "This account was just checked several times; wait a moment.")
        checked.append(now)

    def _forget(self, before: float) -> None:
        for account, checked in list(self._checked.items()):
            while checked and checked[0] <= before:
                checked.popleft()
            if not checked:
                del self._checked[account]
