"""A clock for tests: it stands until it is moved."""

from datetime import UTC, datetime, timedelta


class FixedClock:
    """A clock that stands until it is moved: for tests and for plugin authors."""

    def __init__(self, at: datetime) -> None:
        self.at = at.astimezone(UTC)
        self._elapsed = 0.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self._elapsed

    def advance(self, by: timedelta) -> None:
        """Move the clock forward."""
        self.at += by
        self._elapsed += by.total_seconds()
