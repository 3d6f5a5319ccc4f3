"""The examples in the docstrings for plugin authors run."""

import asyncio
import doctest
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

import pytest

from slotgraph.core import plugin
from slotgraph.core.clock import SystemClock
from slotgraph.core.testing import cases, in_memory, outside

NAMES = {
    "asyncio": asyncio,
    "datetime": datetime,
    "replace": replace,
    "march_2027": cases.instants("03-01T00:00", "03-31T00:00"),
    "SystemClock": SystemClock,
    **{name: getattr(plugin, name) for name in plugin.__all__},
}


@pytest.mark.parametrize("module", [in_memory, outside], ids=lambda module: module.__name__)
def test_examples_do_what_they_say(module):
    with ThreadPoolExecutor() as thread:  # asyncio.run would take this thread's event loop away from pytest-asyncio
        result = thread.submit(doctest.testmod, module, extraglobs=NAMES).result()
    assert result.failed == 0
    assert result.attempted
