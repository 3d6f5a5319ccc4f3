"""Fixtures of the journeys: one town per module, and its parts. Shared code is loaded by its path, as in tests/conftest.py."""

import importlib.util
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType

import pytest_asyncio


def _loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"slotgraph_journeys_{name}", Path(__file__).parent / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_town = _loaded("town")


@pytest_asyncio.fixture
async def town(tmp_path: Path, free_port: int) -> AsyncIterator[object]:
    """A whole installation of this test's own; see town.py."""
    async with _town.town(tmp_path, free_port=free_port) as place:
        yield place


@pytest_asyncio.fixture
async def towns() -> ModuleType:
    """The module itself: key(), week(), shown()."""
    return _town
