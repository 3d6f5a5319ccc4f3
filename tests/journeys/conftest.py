"""Fixtures of the journeys: one town per module, and its parts. Shared code is loaded by its path, as in tests/conftest.py."""

import importlib.util
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType

import pytest
import pytest_asyncio


def _loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"slotgraph_journeys_{name}", Path(__file__).parent / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_town = _loaded("town")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(quick_folder: Path) -> AsyncIterator[object]:
    """A whole installation that the tests of a module share; see town.py."""
    with tempfile.TemporaryDirectory(dir=quick_folder) as folder:
        async with _town.town(Path(folder)) as place:
            yield place


@pytest.fixture
def towns() -> ModuleType:
    """The module itself: key(), week(), shown()."""
    return _town
