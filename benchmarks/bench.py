"""What `make bench` runs: measures, prints a table with targets and verdicts, writes build/bench.json (docs/speed.md)."""

import argparse
import asyncio
import ctypes
import json
import os
import platform
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import uvloop

from benchmarks import booking, fan_out, loop_hold, slot_speed
from benchmarks.reference import BUILD, NoCompiler, compiled
from benchmarks.report import described, rows, table
from benchmarks.timing import calibration

PARTS = ("slots", "fanout", "loop", "booking", "graphql")
Say = Callable[[str], None]


def main(arguments: Sequence[str], *, folder: Path = BUILD) -> int:
    """Measure. 0 if everything ran; with --strict only if every target was met, too."""
    options = _parser().parse_args(arguments)
    parts = options.only or PARTS
    library, complaint = _reference(folder)
    found: dict[str, Any] = {"machine": _machine(library)}
    _save(found, folder)
    for part in parts:
        if part != "slots":
            found[part] = _measured(part)
        elif library is not None:
            found[part] = slot_speed.measure(library, _say)
        else:
            continue
        print(table(rows({part: found[part]})), flush=True)
        _save(found, folder)
    print(described(found["machine"]))
    if complaint is not None and "slots" in parts:
        print(f"The slot computation was not measured. {complaint}")
        return 1
    return int(options.strict and any(row.is_missed for row in rows(found)))


def _save(found: dict[str, Any], folder: Path) -> None:
    """After each part, so that what was measured stays if the next one fails."""
    folder.mkdir(exist_ok=True)
    (folder / "bench.json").write_text(json.dumps(found, indent=2) + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench", description="Measure the speed of SlotGraph (docs/speed.md).")
    parser.add_argument("--only", choices=PARTS, action="append", help="measure this part; may be given again")
    parser.add_argument("--strict", action="store_true", help="fail if a target is missed")
    return parser


def _reference(folder: Path) -> tuple[ctypes.CDLL | None, NoCompiler | None]:
    try:
        return compiled(folder), None
    except NoCompiler as missing:
        return None, missing


def _measured(part: str) -> dict[str, Any]:
    if part == "graphql":
        from benchmarks import graphql_lists  # it brings the whole server, which the other parts do without

        _say("GraphQL lists: servers of their own answer the same requests, this takes a minute or two ...")
        return graphql_lists.measure()
    measures = {"fanout": fan_out.measure, "loop": loop_hold.measure, "booking": booking.measure}
    return _in_loop(measures[part])


def _in_loop(measure: Callable[[Say], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
    """In the event loop that the server runs on."""

    async def run() -> dict[str, Any]:
        return await measure(_say)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(run())


def _machine(library: ctypes.CDLL | None) -> dict[str, Any]:
    return {
        "calibration": calibration(library),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cpus": os.cpu_count(),
    }


_BEGAN = time.monotonic()


def _say(what: str) -> None:
    print(f"{time.monotonic() - _BEGAN:6.1f} s  {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
