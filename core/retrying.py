"""When to ask a server again, and how long to wait before: pure arithmetic on a status and the Retry-After header."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

TRIES = 3
"""How often a request is sent at most."""

_TOO_MANY_REQUESTS = 429
_PASSING = frozenset({502, 503, 504})
_LONGEST_WAIT_SECONDS = 86_400
_FIRST_PAUSE_SECONDS = 0.1
_SECONDS = re.compile(r"[0-9]{1,9}")

Jitter = Callable[[], float]
"""Returns a number in [0, 1), so that many waiters do not come back at the same moment."""


def is_worth_retrying(status: int, *, idempotent: bool) -> bool:
    """Whether asking again may help. 429 says that nothing was done, so it may be repeated even if not idempotent."""
    return status == _TOO_MANY_REQUESTS or (idempotent and status in _PASSING)


def retry_after_seconds(value: str | None, *, now: datetime) -> int | None:
    """The seconds a Retry-After header asks for (RFC 9110 section 10.2.3), from 0 to a day; None if it says nothing sensible."""
    if value is None:
        return None
    text = value.strip()
    if _SECONDS.fullmatch(text):
        return min(int(text), _LONGEST_WAIT_SECONDS)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(0, round((moment - now).total_seconds())), _LONGEST_WAIT_SECONDS)


def pause_seconds(attempt: int, *, asked_for: int | None, jitter: Jitter) -> float:
    """How long to wait after the attempt (0 is the first): what the server asked for, else doubling; with jitter on top."""
    shortest = _FIRST_PAUSE_SECONDS * (1 << attempt)
    return (asked_for or 0) + shortest * (0.5 + jitter())
