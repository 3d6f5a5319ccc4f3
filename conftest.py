"""What holds for every run of the suite: its time budget, and that no bare `core`, `schema`, `server`, `plugins` was imported."""

import os
import sys
import time
from collections import Counter
from collections.abc import Iterator

import hypothesis
import pytest

# How long an example takes says what else the machine does. What is slow shows in the budgets below.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")

SECONDS = {
    "core": 240,
    "core/administration": 60,
    "core/booking": 80,
    "core/calendar_entries": 80,
    "core/people": 60,
    "schema": 60,
    "schema/administration": 40,
    "schema/bad_bookings": 30,
    "schema/booking": 30,
    "schema/every_place": 60,
    "server": 90,
    "plugins": 120,
    "contract": 120,
    "journeys": 180,
    "scenarios": 120,
    "oracle": 60,
    "house": 60,
    "reliability": 120,
    "reliability/crashes": 120,
    "reliability/kills": 120,
    "reliability/load": 100,
    "reliability/model": 60,
}
SECONDS_ON_POSTGRESQL = {
    "core": 240,
    "core/administration": 60,
    "core/booking": 100,
    "core/calendar_entries": 90,
    "core/people": 60,
    "schema": 60,
    "schema/administration": 40,
    "schema/bad_bookings": 30,
    "schema/booking": 30,
    "schema/every_place": 60,
    "server": 90,
    "reliability": 180,
    "reliability/crashes": 180,
    "reliability/kills": 120,
    "reliability/load": 150,
    "reliability/workers": 60,
}
SECONDS_ELSEWHERE = 30
WORKERS = 2
ADDED = (
    "core/administration",
    "core/booking",
    "core/calendar_entries",
    "core/people",
    "schema/administration",
    "schema/bad_bookings",
    "schema/booking",
    "schema/every_place",
    "house",
    "reliability",
    "reliability/crashes",
    "reliability/kills",
    "reliability/load",
    "reliability/model",
)
"""Suites that came after the wall time for all was set: each brings its own seconds with it."""
ADDED_ON_POSTGRESQL = (
    "core/booking",
    "core/calendar_entries",
    "schema/bad_bookings",
    "schema/booking",
    "reliability/crashes",
    "reliability/kills",
    "reliability/load",
    "reliability/workers",
)
SECONDS_IN_ALL = {
    "sqlite": 300 + sum(SECONDS[suite] for suite in ADDED) // WORKERS,
    "postgresql": 360 + sum(SECONDS_ON_POSTGRESQL[suite] for suite in ADDED_ON_POSTGRESQL) // WORKERS,
}
"""Wall time of the whole suite on two cores; the suites' own budgets are summed over the workers."""
BARE_NAMES = ("core", "schema", "server", "plugins")


class Budget:
    """Adds up what each folder under `tests/` took, and fails the run that took too long unless it is unlimited."""

    def __init__(self, database: str, *, unlimited: bool) -> None:
        self.unlimited = unlimited
        self.allowed = SECONDS if database == "sqlite" else SECONDS_ON_POSTGRESQL
        self.allowed_in_all = SECONDS_IN_ALL[database]
        self.seconds: Counter[str] = Counter()
        self.bare: set[str] = set()
        self.began = time.monotonic()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        folders = report.nodeid.partition("::")[0].split("/")[1:-1] or ["house"]
        inner = "/".join(folders[:2])
        self.seconds[inner if inner in self.allowed else folders[0]] += report.duration

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object) -> None:
        self.bare.update(getattr(node, "workeroutput", {}).get("bare_imports", ()))

    def complaints(self) -> Iterator[str]:
        if not self.unlimited:
            yield from self.overruns()
        for name in sorted(self.bare):
            yield f"something imported bare `{name}`: import slotgraph.{name}"

    def overruns(self) -> Iterator[str]:
        for suite, seconds in self.seconds.items():
            allowed = self.allowed.get(suite, SECONDS_ELSEWHERE)
            if seconds > allowed:
                yield f"{suite} took {seconds:.0f} s of the {allowed} s it may take"
        elapsed = time.monotonic() - self.began
        if elapsed > self.allowed_in_all:
            yield f"the whole suite took {elapsed:.0f} s of the {self.allowed_in_all} s it may take"

    @pytest.hookimpl(wrapper=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
        yield
        taken = ", ".join(f"{suite} {seconds:.0f} s" for suite, seconds in sorted(self.seconds.items()))
        terminalreporter.write_line(f"Time per suite: {taken}")
        for complaint in self.complaints():
            terminalreporter.write_line(f"FAILED: {complaint}", red=True)


BUDGET = pytest.StashKey[Budget]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="run the long tests too (`make soak`), without a time budget")
    parser.addoption(
        "--database",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="sqlite: everything; postgresql: what reaches a database, on a throw-away server",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    others = [item for item in items if not is_for(item, config.getoption("--database"))]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if item not in set(others)]
    if config.getoption("--soak"):
        return
    for item in items:
        if item.get_closest_marker("soak"):
            item.add_marker(pytest.mark.skip(reason="a long test: `make soak` runs it"))


def is_for(item: pytest.Item, database: str) -> bool:
    """Whether a test belongs to the run on this kind of database. What reaches none runs once, beside SQLite."""
    if database == "sqlite":
        return item.get_closest_marker("postgresql") is None
    if item.get_closest_marker("postgresql"):
        return True
    return "new_database" in getattr(item, "fixturenames", ()) and item.get_closest_marker("sqlite") is None


def require_postgresql() -> None:
    """End the run if there is no PostgreSQL here: well on somebody's machine, badly in CI."""
    from slotgraph_tests_servers_postgresql import programs

    if programs() is None:
        missing = (
            "PostgreSQL's programs (initdb, postgres) are missing: what needs them was NOT run. Install postgresql."
        )
        pytest.exit(missing, returncode=pytest.ExitCode.TESTS_FAILED if os.environ.get("CI") == "true" else 0)


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    database = config.getoption("--database")
    if database == "postgresql":
        require_postgresql()
    config.stash[BUDGET] = Budget(database, unlimited=config.getoption("--soak"))
    config.pluginmanager.register(config.stash[BUDGET], "slotgraph-budget")


@pytest.hookimpl(trylast=True)  # after xdist has heard from its workers, before the summary is written
def pytest_sessionfinish(session: pytest.Session) -> None:
    bare = [name for name in BARE_NAMES if name in sys.modules]
    if hasattr(session.config, "workerinput"):
        session.config.workeroutput["bare_imports"] = bare  # type: ignore[attr-defined]
        return
    budget = session.config.stash[BUDGET]
    budget.bare.update(bare)
    if session.exitstatus == pytest.ExitCode.OK and any(budget.complaints()):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
