"""The slot job in C (reference.c): compiled by the system's compiler when it is needed, called through ctypes."""

import ctypes
import shutil
import subprocess
from array import array
from datetime import timedelta
from functools import lru_cache
from itertools import accumulate, chain
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.workloads import Workload
from slotgraph.core.availability import Weekly
from slotgraph.core.clock import MINUTES_PER_DAY, instant_from_minute

SOURCE = Path(__file__).with_suffix(".c")
BUILD = Path(__file__).parents[1] / "build"
LAST_DAY = 24_837
"""The zones' tables end with 2037, as those on disk used to."""

_int, _ints = ctypes.c_int32, ctypes.POINTER(ctypes.c_int32)


class NoCompiler(Exception):
    """There is no C compiler: install one (`apt install gcc`, `dnf install gcc`, or `xcode-select --install`)."""


class _Zone(ctypes.Structure):
    _fields_ = (("count", _int), ("at", _ints), ("ahead", _ints))


class _Job(ctypes.Structure):
    _fields_ = (
        ("start", _int),
        ("end", _int),
        ("duration", _int),
        ("interval", _int),
        ("employees", _int),
        ("rule_count", _int),
        ("rules", _ints),
        ("zone", ctypes.POINTER(_Zone)),
        ("busy", _ints),
        ("first", _ints),
    )


def compiled(folder: Path = BUILD) -> ctypes.CDLL:
    """The library, built anew into a folder. Raises NoCompiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise NoCompiler(NoCompiler.__doc__)
    folder.mkdir(exist_ok=True)
    library = folder / "reference.so"
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", library, SOURCE], check=True)
    found = ctypes.CDLL(str(library))
    found.calibrate.argtypes = (ctypes.c_uint32,)
    found.slots.argtypes = (ctypes.POINTER(_Job), _ints, _ints)
    found.slots_repeated.argtypes = (ctypes.POINTER(_Job), _ints, _ints, _int)
    return found


class Reference:
    """One workload in C: `run` with what it needs lying in C arrays, `call` with lists in and lists out."""

    def __init__(self, library: ctypes.CDLL, workload: Workload) -> None:
        self._library = library
        self._workload = workload
        room = workload.window.end - workload.window.start
        self._starts, self._takers = array("i", bytes(4 * room)), array("i", bytes(4 * room))
        self._job = _job(workload)

    def run(self, times: int) -> None:
        """Do the job so many times, all inside C."""
        self._library.slots_repeated(self._job, _pointer(self._starts), _pointer(self._takers), times)

    def call(self) -> tuple[list[int], list[int]]:
        """From Python's lists to Python's lists: the starts, and how many employees can take each."""
        count = self._library.slots(_job(self._workload), _pointer(self._starts), _pointer(self._takers))
        if count < 0:
            raise MemoryError
        return self._starts[:count].tolist(), self._takers[:count].tolist()


def _job(workload: Workload) -> _Job:
    """The workload in C arrays."""
    rules = array("i", chain.from_iterable(map(_rule, workload.rules)))
    busy = array("i", chain.from_iterable(chain.from_iterable(workload.busy)))
    first = array("i", accumulate(map(len, workload.busy), initial=0))
    job = _Job(
        *workload.window,
        workload.duration,
        workload.interval,
        len(workload.busy),
        len(workload.rules),
        _pointer(rules),
        ctypes.pointer(_zone(workload.tz)[0]),
        _pointer(busy),
        _pointer(first),
    )
    job.kept_alive = (rules, busy, first)
    return job


def _rule(rule: Weekly) -> tuple[int, int, int]:
    start, end = (wall.hour * 60 + wall.minute for wall in (rule.times.start, rule.times.end))
    return rule.weekday, start, end


@lru_cache
def _zone(tz: ZoneInfo) -> "tuple[_Zone, array[int], array[int]]":
    """A zone's changes since 1970, kept as zoneinfo keeps its own, and the arrays they lie in."""
    at, ahead = array("i", [-MINUTES_PER_DAY]), array("i", [_ahead(tz, 0)])
    for day in range(LAST_DAY):
        low, high = day * MINUTES_PER_DAY, (day + 1) * MINUTES_PER_DAY
        if _ahead(tz, high) != ahead[-1]:
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (low, middle) if _ahead(tz, middle) != ahead[-1] else (middle, high)
            at.append(high)
            ahead.append(_ahead(tz, high))
    return _Zone(len(at), _pointer(at), _pointer(ahead)), at, ahead


def _ahead(tz: ZoneInfo, minute: int) -> int:
    offset = instant_from_minute(minute).astimezone(tz).utcoffset()
    return int((offset or timedelta()).total_seconds()) // 60


def _pointer(numbers: "array[int]") -> Any:
    return ctypes.cast(numbers.buffer_info()[0], _ints)
