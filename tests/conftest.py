"""Fixtures for the whole suite. How to use the CalDAV servers: see servers/dav.py.

pytest runs in importlib mode, so that no folder of tests (core, schema, server, plugins among them) lands on sys.path;
shared code is loaded by its path here, and reaches the tests as fixtures.
"""

import importlib.util
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
import pytest_asyncio

from slotgraph.server.demo.radicale import RadicaleServer


def _loaded(path: str) -> ModuleType:
    name = "slotgraph_tests_" + path.replace("/", "_")
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / f"{path}.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


dav = _loaded("servers/dav")


@pytest.fixture(scope="session")
def quick_folder() -> Iterator[Path]:
    """A folder in memory where the system has one: these servers wait for the disk with every write."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="slotgraph-", dir=memory if os.access(memory, os.W_OK) else None) as made:
        yield Path(made)


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
