"""What the tests of reliability share: a zygote, the company of busy_day.py, and databases with it."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import make_url

SECONDS = 20
"""How long a server may take to notice."""


@pytest.fixture(scope="session")
def zygote() -> Iterator[Any]:
    """Makes processes that may be killed; see zygote_process.py."""
    from slotgraph_tests_reliability_zygote import Zygote

    zygote = Zygote()
    yield zygote
    zygote.stop()


@pytest.fixture(scope="session")
def filled(zygote: Any, database_templates: Any) -> tuple[str, dict[str, str]]:
    """A database with the company of busy_day.py, never changed again, and what is known of it."""
    address = database_templates.copy("world")
    return address, zygote.told("fill", address=address)["known"]


@pytest.fixture
def known(filled: tuple[str, dict[str, str]]) -> dict[str, str]:
    """What a change must name."""
    return filled[1]


@pytest.fixture
def new_company(
    new_database: Callable[..., str], databases: Any, filled: tuple[str, dict[str, str]]
) -> Iterator[Callable[[], str]]:
    """Makes copies of that database: their addresses."""
    made: list[str] = []

    def make() -> str:
        made.append(databases.make(like=filled[0]))
        return made[-1]

    yield make
    for address in made:
        databases.drop(address)


@pytest.fixture(scope="session")
def seen() -> dict[str, Any]:
    """What `whole` has seen already."""
    return {}


@pytest.fixture
def whole(
    zygote: Any, new_company: Callable[[], str], known: dict[str, str], seen: dict[str, Any]
) -> Callable[[str], tuple[list[str], list[list[str]]]]:
    """How a change goes that nobody disturbs: the points it passes, and all rows before it and after each of its commits."""
    from slotgraph_tests_reliability_mutations import CHANGES
    from slotgraph_tests_reliability_state import rows

    def go(name: str) -> tuple[list[str], list[list[str]]]:
        address, change = new_company(), CHANGES[name]
        before = rows(address)
        told = zygote.told("change", address=address, name=name, known=known)
        assert told["gave"] == change.gives, told
        assert len(told["states"]) == change.commits
        assert told["states"][-1] == rows(address) != before
        return told["points"], [before, *told["states"]]

    def once(name: str) -> tuple[list[str], list[list[str]]]:
        if name not in seen:
            seen[name] = go(name)
        return seen[name]

    return once


@pytest.fixture
def left(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Waits until a server has noticed that whoever used a database is gone; then nothing of theirs may be left."""
    if request.config.getoption("--database") == "sqlite":
        return lambda _address: None  # the locks of a dead process are gone with it: the system sees to that
    cluster = request.getfixturevalue("cluster")

    def wait(address: str) -> None:
        name, until = make_url(address).database, time.monotonic() + SECONDS
        busy = "SELECT count(*) FROM pg_stat_activity WHERE datname = %(name)s"
        while cluster.run(busy, {"name": name}) != [(0,)]:
            assert time.monotonic() < until, "somebody is still there"
            time.sleep(0.001)
        held = "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database WHERE datname = %(name)s"
        assert cluster.run(held, {"name": name}) == [(0,)]

    return wait
