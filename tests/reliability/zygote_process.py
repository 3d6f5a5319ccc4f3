"""Imports everything once, then runs every request in a child of its own, which may be killed: children begin in a moment.

    python zygote_process.py

One request and one answer a line, as JSON. A request names a function of children.py and what it is given; the answer has what the
child told before it ended, and how it ended. Nothing runs here when a child is made: no loop, no thread, no database.
"""

import gc
import json
import os
import signal
import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[1]
SECONDS = 60


def children() -> Any:
    """The module children.py with all that it imports."""
    spec = spec_from_file_location("conftest_of_the_suite", TESTS / "conftest.py")
    assert spec is not None
    assert spec.loader is not None
    spec.loader.exec_module(module_from_spec(spec))  # it makes what tests share importable
    return import_module("slotgraph_tests_reliability_children")


def run(module: Any, request: dict[str, Any]) -> dict[str, Any]:
    """What a child told, and how it ended."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        signal.alarm(SECONDS)
        module.run(writing, **request)  # ends the process
    os.close(writing)
    with open(reading, "rb") as pipe:
        told = pipe.read()
    _, status = os.waitpid(child, 0)
    return {"told": json.loads(told or "null"), "ended": os.waitstatus_to_exitcode(status)}


def main() -> None:
    """Answer until standard input ends."""
    module = children()
    module.warm_up()
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(run(module, json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
