"""Sums up what a soak run of the oracle went through."""

from collections import Counter

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many examples of each zone there were, and what they had in them."""
    counts = [dict(report.user_properties) for report in terminalreporter.getreports("passed")]
    soaked = [found for found in counts if "examples" in found]
    if not soaked:
        return
    total: Counter[str] = Counter()
    terminalreporter.section("oracle and engine agreed on")
    for found in soaked:
        total.update({name: count for name, count in found.items() if name != "zone"})
        terminalreporter.write_line(_line(found["zone"], found))
    terminalreporter.write_line(_line("all zones", total))


def _line(zone: object, found: dict[str, object]) -> str:
    return f"{zone!s:20}" + ", ".join(f"{count:>7} {name}" for name, count in found.items() if name != "zone")
