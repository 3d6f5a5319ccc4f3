"""When a wish that could not be carried out is tried again: pure arithmetic (rule K3)."""

from datetime import datetime, timedelta

FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=15)
GIVEN_UP_AFTER = timedelta(days=3)


def next_try(
    now: datetime, *, wished_at: datetime, tries: int, retry_after: int | None, jitter: float
) -> datetime | None:
    """When to try again after `tries` that failed, this one counted; None if it is given up.

    The wait doubles from try to try; `jitter` in [0, 1) leaves between half of it and all of it, so that what failed together does
    not come back together. A provider that asked for `retry_after` seconds is not tried sooner, and never later than at the end.
    """
    end = wished_at + GIVEN_UP_AFTER
    if now >= end:
        return None
    doubled = FIRST_WAIT * (1 << min(tries - 1, 10))
    wait = min(doubled, LONGEST_WAIT) * (0.5 + jitter / 2)
    return min(now + max(wait, timedelta(seconds=retry_after or 0)), end)
