"""Fixtures for the whole suite. How to use the CalDAV servers: see servers/dav.py; databases: databases.py.

pytest runs in importlib mode, so that no folder of tests (core, schema, server, plugins among them) lands on sys.path. Shared code
is found by the place where it lies: `import slotgraph_tests_core_world` is tests/core/world.py.
"""

import os
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import pytest_asyncio

from slotgraph.server.demo.radicale import RadicaleServer

PREFIX = "slotgraph_tests_"


class SharedCode(MetaPathFinder):
    """Finds what tests share, when it is first imported. `benchmarks`, which is not installed, is a package of this kind too."""

    def __init__(self, tests: Path) -> None:
        self._tests = tests
        self._paths: dict[str, Path] = {}

    def find_spec(
        self, name: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name == "benchmarks":
            folder = self._tests.parent / name
            return spec_from_file_location(name, folder / "__init__.py", submodule_search_locations=[str(folder)])
        if not name.startswith(PREFIX):
            return None
        if name not in self._paths:
            self._paths = {self._name(path): path for path in self._tests.rglob("*.py")}
        return spec_from_file_location(name, self._paths[name]) if name in self._paths else None

    def _name(self, path: Path) -> str:
        return PREFIX + "_".join(path.relative_to(self._tests).with_suffix("").parts)


if not any(type(finder).__name__ == SharedCode.__name__ for finder in sys.meta_path):
    sys.meta_path.append(SharedCode(Path(__file__).parent))

import slotgraph_tests_servers_dav as dav  # noqa: E402


@pytest.fixture(scope="session")
def quick_folder() -> Iterator[Path]:
    """A folder in memory where the system has one: these servers wait for the disk with every write."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="slotgraph-", dir=memory if os.access(memory, os.W_OK) else None) as made:
        yield Path(made)


@pytest.fixture(scope="session")
def cluster(quick_folder: Path) -> Iterator[Any]:
    """A PostgreSQL server of this session's own; see servers/postgresql.py."""
    from slotgraph_tests_servers_postgresql import Cluster

    # Beside the quick folder, which only its owner may enter: as root, the server runs as somebody else.
    cluster = Cluster.start(quick_folder.parent)
    yield cluster
    cluster.stop()


@pytest.fixture(scope="session")
def databases(request: pytest.FixtureRequest, quick_folder: Path) -> Any:
    """Makes databases of the kind this run is for."""
    from slotgraph_tests_databases import PostgresDatabases, SqliteFiles

    if request.config.getoption("--database") == "postgresql":
        return PostgresDatabases(request.getfixturevalue("cluster"))
    return SqliteFiles(quick_folder)


@pytest.fixture(scope="session")
def database_templates(databases: Any) -> Any:
    """What databases are copied from."""
    from slotgraph_tests_databases import Templates

    return Templates(databases)


@pytest.fixture
def new_database(databases: Any, database_templates: Any) -> Iterator[Callable[[str], str]]:
    """The addresses of databases of this test's own: `new`, `empty` (migrated), or `world`."""
    made: list[str] = []

    def make(kind: str = "empty") -> str:
        made.append(database_templates.copy(kind))
        return made[-1]

    yield make
    for address in made:
        databases.drop(address)


@pytest.fixture
async def new_world(new_database: Callable[[str], str]) -> AsyncIterator[Callable[[], Awaitable[Any]]]:
    """Makes companies `demo` with Anna and Ben, who cut hair on weekdays from nine to five, and nobody's calendar yet."""
    from slotgraph_tests_core_world import World

    worlds: list[Any] = []

    async def make() -> Any:
        worlds.append(await World.opened(new_database("world")))
        return worlds[-1]

    yield make
    for world in worlds:
        await world.close()


@pytest.fixture
async def world(new_world: Callable[[], Awaitable[Any]]) -> Any:
    """One such company; see core/world.py."""
    return await new_world()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def running_radicale(quick_folder: Path) -> AsyncIterator[object]:
    (quick_folder / "radicale").mkdir()
    server = dav.radicale_server(quick_folder / "radicale")
    await server.process.start()
    yield server
    await server.process.stop()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def running_xandikos(quick_folder: Path) -> AsyncIterator[object]:
    (quick_folder / "xandikos").mkdir()
    server = dav.xandikos_server(quick_folder / "xandikos")
    await server.process.start()
    yield server
    await server.process.stop()


@pytest.fixture
def radicale(running_radicale: object) -> Iterator[object]:
    """The session's Radicale, without any calendar."""
    yield running_radicale
    running_radicale.remove_calendars()


@pytest.fixture
def xandikos(running_xandikos: object) -> Iterator[object]:
    """The session's Xandikos, without any calendar."""
    yield running_xandikos
    running_xandikos.remove_calendars()


@pytest_asyncio.fixture
async def own_radicale(tmp_path: Path) -> AsyncIterator[object]:
    """A Radicale of this test's own, running; the test may stop and start `own_radicale.process`."""
    server = dav.radicale_server(tmp_path / "radicale")
    await server.process.start()
    yield server
    await server.process.stop()


@pytest.fixture
def free_port() -> int:
    """A loopback port nobody listens on just now."""
    return dav.free_port()


@pytest.fixture
def dav_of() -> Callable[[RadicaleServer, str, str], object]:
    """Look into a calendar of any running RadicaleServer: `dav_of(server, "anna", "work").names()`."""
    return dav.calendar_of
