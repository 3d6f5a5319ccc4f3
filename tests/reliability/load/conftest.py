"""Shows what the checker found, behind the tests, and says how large the load is."""

import os
from typing import Any

import pytest

FOUND = "found by the checker"


@pytest.fixture
def show(record_property: Any) -> Any:
    """Show a text at the end of the run, whichever worker ran the test."""

    def show(text: str) -> None:
        record_property(FOUND, text)

    return show


@pytest.fixture
def attempts() -> Any:
    """As many as told, or as LOAD_ATTEMPTS says of long runs."""
    return lambda told, *, long: int(os.environ.get("LOAD_ATTEMPTS", told)) if long else told


@pytest.fixture
def seed() -> int:
    """Of the dice: what LOAD_SEED says."""
    return int(os.environ.get("LOAD_SEED", "1"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", None) != "call":
                continue
            for name, text in report.user_properties:
                if name == FOUND:
                    terminalreporter.section(report.nodeid.rpartition("::")[2], sep="-")
                    terminalreporter.write_line(text)
