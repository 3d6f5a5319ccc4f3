"""A small company on a real SQLite file, with calendars in memory and a clock that stands: see world.py."""

import asyncio
import importlib.util
import sys
import tempfile
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import pytest

from slotgraph.core.store.migrate import migrate


def _loaded(name: str) -> ModuleType:
    full_name = f"slotgraph_tests_core_{name}"
    spec = importlib.util.spec_from_file_location(full_name, Path(__file__).parent / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[full_name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_world = _loaded("world")
_loaded("nasty_server")  # for `from slotgraph_tests_core_nasty_server import ...`


@pytest.fixture(scope="session")
def made_world(quick_folder: Path) -> bytes:
    path = quick_folder / "made" / "slotgraph.db"
    migrate(path)
    with ThreadPoolExecutor() as thread:  # asyncio.run would take this thread's event loop away from pytest-asyncio
        thread.submit(asyncio.run, _world.World.make(path)).result()
    return path.read_bytes()


@pytest.fixture
async def world(quick_folder: Path, made_world: bytes) -> AsyncIterator[object]:
    """The company `demo` with Anna and Ben, who cut hair on weekdays from nine to five, and nobody's calendar yet."""
    with tempfile.TemporaryDirectory(prefix="world-", dir=quick_folder) as folder:
        path = Path(folder) / "slotgraph.db"
        path.write_bytes(made_world)
        world = await _world.World.opened(path)
        yield world
        await world.close()
