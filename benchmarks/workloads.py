"""The slot workloads: three that are written down with the starts they must give, and a big one that is generated."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from slotgraph.core.availability import Times, Weekly
from slotgraph.core.clock import local_days, midnight, wall_from_minute
from slotgraph.core.values import Span

FOLDER = Path(__file__).parent / "workloads"
LENGTHS = (15, 20, 30, 30, 45, 50, 60, 60, 90, 120)
"""How long the generated busy spans are, in minutes; one in fifty lasts a whole day."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What must come out: how many starts, how many pairs of employee and start, and the digest of the starts."""

    starts: int
    pairs: int
    sha: str


@dataclass(frozen=True, slots=True)
class Workload:
    """Employees in one zone with the same weekly openings and busy spans of their own, unsorted and overlapping."""

    name: str
    tz: ZoneInfo
    window: Span
    rules: Sequence[Weekly]
    duration: int
    interval: int
    busy: Sequence[Sequence[Span]]
    expected: Expected | None


def digest(starts: Sequence[int]) -> str:
    """The first 16 hex digits of SHA-256 over the starts, joined by commas."""
    return hashlib.sha256(",".join(map(str, starts)).encode()).hexdigest()[:16]


def read(name: str) -> Workload:
    """A workload that is written down: W1, W2 or W3."""
    facts = json.loads((FOLDER / f"{name}.json").read_text())
    expect = facts["expect"]
    return Workload(
        name=name,
        tz=ZoneInfo(facts["tz"]),
        window=Span(facts["from"], facts["to"]),
        rules=_weekly(facts["rule"]["days"], facts["rule"]["start"], facts["rule"]["end"]),
        duration=facts["len"],
        interval=facts["step"],
        busy=[[Span(start, end) for start, end in spans] for spans in facts["busy"]],
        expected=Expected(expect["slots"], expect["pairs"], expect["sha"]),
    )


def expected_starts(name: str) -> list[int]:
    """The starts a workload that is written down must give."""
    starts: list[int] = json.loads((FOLDER / f"{name}.out.json").read_text())["list"]
    return starts


def generated(name: str, *, employees: int, days: int, busy: int, seed: int) -> Workload:
    """A workload of the same shape: the same for the same seed, on every machine and Python."""
    tz, first = ZoneInfo("Europe/Zurich"), date(2027, 9, 15)
    chance = Random(seed)
    calendars = [[_busy(chance, tz, first, days) for _ in range(busy)] for _ in range(employees)]
    window = local_days(first, first + timedelta(days=days - 1), tz)
    return Workload(name, tz, window, _weekly(range(1, 6), 540, 1020), 30, 15, calendars, None)


def _busy(chance: Random, tz: ZoneInfo, first: date, days: int) -> Span:
    """Mostly between seven and six; only `random()` is asked, for its sequence never changes."""
    day = first + timedelta(days=int(chance.random() * days))
    if chance.random() < 0.02:
        return local_days(day, day, tz)
    begin, end = (0, 1440) if chance.random() < 0.15 else (420, 1080)
    start = midnight(day, tz) + begin + int(chance.random() * (end - begin) / 5) * 5
    return Span(start, start + LENGTHS[int(chance.random() * len(LENGTHS))])


def _weekly(iso_weekdays: Sequence[int], start: int, end: int) -> list[Weekly]:
    times = Times(*(time(minute // 60, minute % 60) for minute in (start, end)))
    return [Weekly(times, weekday - 1) for weekday in iso_weekdays]


def minute_by_minute(workload: Workload, employees: Sequence[int]) -> list[list[int]]:
    """The starts of some employees, found by looking at every minute of the window: slow, and like nothing that is measured."""
    first = workload.window.start
    walls = [wall_from_minute(minute, workload.tz) for minute in range(*workload.window)]
    open_ = bytearray(_is_open(workload, wall) for wall in walls)
    # These openings begin on the hour and hold no clock change: the grid is that of the wall clock.
    steps = [at for at, wall in enumerate(walls) if wall.minute % workload.interval == 0]
    found = []
    for employee in employees:
        free = bytearray(open_)
        for start, end in workload.busy[employee]:
            for minute in range(max(start, first), min(end, workload.window.end)):
                free[minute - first] = False
        found.append([first + at for at in steps if all(free[at : at + workload.duration])])
    return found


def _is_open(workload: Workload, wall: datetime) -> bool:
    return any(
        rule.weekday == wall.weekday() and rule.times.start <= wall.time() < rule.times.end for rule in workload.rules
    )
