"""Fixtures of the journeys: one town per module, and its parts."""

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType

import pytest
import pytest_asyncio
import slotgraph_tests_journeys_town as _town


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
