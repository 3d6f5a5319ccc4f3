"""How many times as long as C the slot computation takes, and whether both are exact."""

import ctypes
from collections.abc import Callable

from benchmarks import engine, workloads
from benchmarks.reference import Reference
from benchmarks.timing import Spread, alternating, ratios, repeated
from benchmarks.workloads import Workload

TARGETS = {"W1": 10, "W2": 20, "W3": 25, "W4": 30}
SECONDS = {"W1": 3.0, "W2": 3.0, "W3": 4.0, "W4": 20.0}
SAMPLED = (0, 57, 199)
"""The employees of W4 whose starts are looked up minute by minute."""


class Inexact(Exception):
    """A start is missing, or too much."""


def measure(library: ctypes.CDLL, say: Callable[[str], None]) -> dict[str, dict[str, object]]:
    """Each workload's ratios, with milliseconds beside them. Raises Inexact."""
    return {name: _measured(library, name, say) for name in TARGETS}


def _measured(library: ctypes.CDLL, name: str, say: Callable[[str], None]) -> dict[str, object]:
    say(f"{name}: is it exact?")
    workload = _workload(name)
    reference = Reference(library, workload)
    check(workload, reference)
    say(f"{name}: measuring ...")
    taken = alternating(
        {
            "ours": repeated(lambda: engine.starts(workload)),
            "takers": repeated(lambda: engine.starts_and_takers(workload)),
            "c": reference.run,
            "ctypes": repeated(reference.call),
        },
        seconds=SECONDS[name],
    )
    milliseconds = {run: Spread.of([1000 * one for one in seconds]).median for run, seconds in taken.items()}
    to_c, to_ctypes = ratios(taken["ours"], taken["c"]), ratios(taken["ours"], taken["ctypes"])
    return {
        "ratio_c": to_ctypes.median,
        "ratio_c_quartiles": (to_ctypes.low, to_ctypes.high),
        "ratio_c_alone": to_c.median,
        "ratio_c_alone_quartiles": (to_c.low, to_c.high),
        "ratio_c_takers": ratios(taken["takers"], taken["ctypes"]).median,
        "ratio_c_alone_takers": ratios(taken["takers"], taken["c"]).median,
        "ms": milliseconds["ours"],
        "ms_takers": milliseconds["takers"],
        "c_ms": milliseconds["c"],
        "ctypes_ms": milliseconds["ctypes"],
        "rounds": len(taken["ours"]),
        "target": TARGETS[name],
    }


def _workload(name: str) -> Workload:
    if name == "W4":
        return workloads.generated(name, employees=200, days=60, busy=500, seed=4)
    return workloads.read(name)


def check(workload: Workload, reference: Reference) -> None:
    """The engine and C find the same starts and takers: those expected, or those that minute by minute are there."""
    starts, takers = reference.call()
    found = engine.starts_and_takers(workload)
    if engine.starts(workload) != starts or [(at, len(who)) for at, who in found] != list(
        zip(starts, takers, strict=True)
    ):
        raise Inexact(f"{workload.name}: the engine and the C reference do not find the same starts")
    if workload.expected is None:
        _check_sample(workload, found)
    elif workload.expected != workloads.Expected(len(starts), sum(takers), workloads.digest(starts)):
        raise Inexact(f"{workload.name}: these are not the starts expected")


def _check_sample(workload: Workload, found: list[tuple[int, tuple[int, ...]]]) -> None:
    for employee, starts in zip(SAMPLED, workloads.minute_by_minute(workload, SAMPLED), strict=True):
        if [at for at, who in found if employee in who] != starts:
            raise Inexact(f"{workload.name}: employee {employee} has other starts when looked up minute by minute")
