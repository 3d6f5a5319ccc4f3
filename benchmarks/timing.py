"""Timing things side by side, so that a noisy machine disturbs all of them alike; ratios are taken within a round."""

import ctypes
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

CALIBRATION_ROUNDS = 200_000
FEWEST_ROUNDS = 11


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and quartiles."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Of at least two values."""
        low, _, high = quantiles(values, n=4)
        return cls(median(values), low, high)


Run = Callable[[int], object]
"""Does something so many times."""


def repeated(act: Callable[[], object]) -> Run:
    """Something done again and again from Python."""

    def run(times: int) -> None:
        for _ in range(times):
            act()

    return run


def alternating(runs: Mapping[str, Run], *, seconds: float, batch_seconds: float = 0.01) -> dict[str, list[float]]:
    """The CPU seconds one doing of each took, round by round; in every round each has its turn, long enough to be timed."""
    batches = {name: _batch(run, batch_seconds) for name, run in runs.items()}
    taken: dict[str, list[float]] = {name: [] for name in runs}
    until = time.perf_counter() + seconds
    rounds = 0
    while rounds < FEWEST_ROUNDS or time.perf_counter() < until:
        for name, run in runs.items():
            taken[name].append(_seconds(run, batches[name]) / batches[name])
        rounds += 1
    return taken


def _batch(run: Run, batch_seconds: float) -> int:
    """How many times in a row take about that long; so they are all warm, too."""
    times = 1
    while (taken := _seconds(run, times)) < batch_seconds:
        times = max(times + 1, int(times * min(batch_seconds / max(taken, 1e-6) * 1.1, 10)))
    return times


def _seconds(run: Run, times: int) -> float:
    began = time.process_time()
    run(times)
    return time.process_time() - began


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> Spread:
    """How many times as long as theirs ours took, round by round."""
    return Spread.of([one / other for one, other in zip(ours, theirs, strict=True)])


def calibration(library: ctypes.CDLL | None) -> dict[str, float | None]:
    """Nanoseconds a round of xorshift takes in Python and in C: what other machines' figures are compared by."""
    runs: dict[str, Run] = {"python_ns": _xorshift}
    if library is not None:
        runs["c_ns"] = library.calibrate
    best = {name: min(_seconds(run, CALIBRATION_ROUNDS) for _ in range(5)) for name, run in runs.items()}
    return {"python_ns": None, "c_ns": None} | {name: taken / CALIBRATION_ROUNDS * 1e9 for name, taken in best.items()}


def _xorshift(rounds: int) -> int:
    x = 2463534242
    for _ in range(rounds):
        x ^= x << 13 & 0xFFFFFFFF
        x ^= x >> 17
        x ^= x << 5 & 0xFFFFFFFF
    return x
