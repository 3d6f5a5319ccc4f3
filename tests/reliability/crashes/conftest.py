"""Which changes are broken off on which database: on SQLite all of them, on PostgreSQL those of bookings; the others in the long run."""

from pathlib import Path

import pytest

OF_BOOKINGS = (
    "book",
    "book (held)",
    "holdSlot",
    "releaseHold",
    "rescheduleBooking",
    "cancelBooking",
    "retryCalendarEntry",
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--database") == "sqlite":
        return
    for item in items:
        is_here = Path(item.path).parent == Path(__file__).parent
        change = item.name.partition("[")[2].removesuffix("]")
        if is_here and change and change not in OF_BOOKINGS:
            item.add_marker(pytest.mark.soak)
