"""How long a search holds the event loop: nobody else is answered meanwhile. Calendars in memory, full of busy spans, 62 days."""

import asyncio
import time
from collections.abc import Callable
from statistics import median

from benchmarks.company import BenchCompany
from slotgraph.core.clock import MINUTES_PER_DAY, minute_from_instant
from slotgraph.core.values import Span

EMPLOYEES = (1, 20, 200)
DAYS = 62
BUSY = 500
SEARCHES = 7
TICK_SECONDS = 0.001
TARGET_MS = 20


class Watchdog:
    """Wakes every millisecond in the same loop; whoever lets it wait longer holds the loop."""

    def __init__(self) -> None:
        self.wall_ms = 0.0
        self.cpu_ms = 0.0

    async def __aenter__(self) -> "Watchdog":
        self._watching = asyncio.create_task(self._watch())
        await asyncio.sleep(10 * TICK_SECONDS)
        self.wall_ms = self.cpu_ms = 0.0
        return self

    async def __aexit__(self, *raised: object) -> None:
        await asyncio.sleep(2 * TICK_SECONDS)
        self._watching.cancel()

    async def _watch(self) -> None:
        while True:
            wall, cpu = time.perf_counter(), time.thread_time()
            await asyncio.sleep(TICK_SECONDS)
            late = time.perf_counter() - wall - TICK_SECONDS
            self.wall_ms = max(self.wall_ms, late * 1000)
            self.cpu_ms = max(self.cpu_ms, (time.thread_time() - cpu) * 1000)


async def measure(say: Callable[[str], None]) -> dict[str, object]:
    """The longest hold by number of employees: in CPU time, which is the loop's own, and on the wall clock."""
    async with BenchCompany.founded() as company:
        say(f"event loop: {max(EMPLOYEES)} employees with {BUSY} busy spans each ...")
        ids = await staff(company, max(EMPLOYEES))
        found = {}
        for count in EMPLOYEES:
            say(f"event loop: searching among {count} ...")
            found[str(count)] = await _holds(company, ids[:count])
    return {
        "max_hold_ms": max(one["hold_ms"] for one in found.values()),
        "max_wall_ms": max(one["worst_wall_ms"] for one in found.values()),
        "employees": found,
        "target": TARGET_MS,
    }


async def staff(company: BenchCompany, count: int) -> list[str]:
    """Employees with an account and a calendar full of busy spans each."""
    first = minute_from_instant(company.now())
    ids = []
    for number in range(count):
        employee = await company.employ(number)
        await company.link(f"login{number}", employee, [f"calendar{number}"])
        company.calendars.fill(f"calendar{number}", _spans(first, number))
        ids.append(employee)
    return ids


def _spans(first: int, number: int) -> list[Span]:
    """Spans of 15 to 120 minutes all over the window, different for each employee."""
    minutes = DAYS * MINUTES_PER_DAY
    steps = ((number * 7919 + at * 104_729) for at in range(BUSY))
    return [Span(first + step * 5 % minutes, first + step * 5 % minutes + 15 + step % 8 * 15) for step in steps]


async def _holds(company: BenchCompany, ids: list[str]) -> dict[str, float]:
    start = company.now()
    await company.search(ids, start, days=DAYS)
    wall, cpu, taken, complete = [], [], [], 0
    for _ in range(SEARCHES):
        began = time.perf_counter()
        async with Watchdog() as watchdog:
            found = await company.search(ids, start, days=DAYS)
        taken.append((time.perf_counter() - began) * 1000)
        complete += found.complete
        wall.append(watchdog.wall_ms)
        cpu.append(watchdog.cpu_ms)
    return {
        "hold_ms": max(cpu),
        "median_hold_ms": median(cpu),
        "wall_ms": median(wall),
        "worst_wall_ms": max(wall),
        "search_ms": median(taken),
        "searches": SEARCHES,
        "complete": complete,
    }
