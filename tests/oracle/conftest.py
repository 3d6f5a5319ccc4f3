"""Loads the modules beside it for `from slotgraph_tests_oracle_oracle import ...`, and sums up what a soak run went through."""

import importlib.util
import sys
from collections import Counter
from pathlib import Path

import pytest


def _load(name: str) -> None:
    full_name = f"slotgraph_tests_oracle_{name}"
    spec = importlib.util.spec_from_file_location(full_name, Path(__file__).parent / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[full_name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)


for _name in ("oracle", "engine", "strategies", "scenarios", "vectors"):
    _load(_name)


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
