"""What a booking costs beside the bare INSERT under the same constraint: accepted and refused, one after the other and many at once.

The use case alone: no HTTP, calendars in memory that answer at once. On SQLite, and on a throw-away PostgreSQL where there is one.
"""

import asyncio
import importlib.util
import itertools
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from statistics import median
from tempfile import gettempdir
from types import ModuleType

from benchmarks.company import COMPANY, BenchCompany
from benchmarks.timing import Spread, ratios
from slotgraph.core.clock import minute_from_instant
from slotgraph.core.errors import SpanTaken
from slotgraph.core.store import blocks
from slotgraph.core.values import Span

ROUNDS = 15
IN_A_ROW = 10
AT_ONCE = 16
EMPLOYEES = 12
DAYS = 45
_POSTGRESQL = Path(__file__).parents[1] / "tests" / "servers" / "postgresql.py"

Act = Callable[[], Awaitable[object]]


async def measure(say: Callable[[str], None]) -> dict[str, object]:
    """Wall time of each kind of booking as a ratio to the bare INSERT, round by round, on each database there is."""
    found: dict[str, object] = {"sqlite": await _measured("", say, "SQLite")}
    servers = _servers()
    if servers.programs() is None:
        say("booking: PostgreSQL is not installed, so only SQLite is measured")
        return found
    cluster = await asyncio.to_thread(servers.Cluster.start, Path(gettempdir()))
    try:
        found["postgresql"] = await _measured(cluster.url(cluster.make()), say, "PostgreSQL")
    finally:
        cluster.stop()
    return found


def _servers() -> ModuleType:
    """The throw-away PostgreSQL of the tests."""
    spec = importlib.util.spec_from_file_location("slotgraph_bench_postgresql", _POSTGRESQL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def _measured(address: str, say: Callable[[str], None], name: str) -> dict[str, object]:
    async with BenchCompany.founded(address) as company:
        say(f"booking: {ROUNDS} rounds on {name} ...")
        plan = await _Plan.made(company)
        one_by_one = {
            "insert": plan.insert,
            "refused_insert": plan.refused_insert,
            "accepted": plan.accepted,
            "accepted_and_written": plan.accepted_and_written,
            "refused": plan.refused,
        }
        taken: dict[str, list[float]] = {kind: [] for kind in one_by_one}
        at_once: dict[str, list[float]] = {"insert": [], "accepted_and_written": []}
        for _ in range(ROUNDS):
            for kind, act in one_by_one.items():
                taken[kind].append(await _in_a_row(act))
            for kind in at_once:
                at_once[kind].append(await _at_once(one_by_one[kind]))
        return {
            "insert_ms": median(taken["insert"]) * 1000,
            "accepted": _ratio(taken["accepted"], taken["insert"]),
            "accepted_and_written": _ratio(taken["accepted_and_written"], taken["insert"]),
            "refused": _ratio(taken["refused"], taken["refused_insert"]),
            "accepted_at_once": _ratio(at_once["accepted_and_written"], at_once["insert"]),
            "per_second_at_once": 1 / median(at_once["accepted_and_written"]),
        }


def _ratio(ours: list[float], theirs: list[float]) -> dict[str, float]:
    spread: Spread = ratios(ours, theirs)
    return {"ratio": spread.median, "low": spread.low, "high": spread.high, "ms": median(ours) * 1000}


async def _in_a_row(act: Act) -> float:
    began = time.perf_counter()
    for _ in range(IN_A_ROW):
        await act()
    return (time.perf_counter() - began) / IN_A_ROW


async def _at_once(act: Act) -> float:
    began = time.perf_counter()
    await asyncio.gather(*(act() for _ in range(AT_ONCE)))
    return (time.perf_counter() - began) / AT_ONCE


class _Plan:
    """What is booked next: each place is taken once, but for the one that everybody is refused."""

    def __init__(
        self, company: BenchCompany, linked: list[str], *, unlinked: str, bare: str, spans: list[Span]
    ) -> None:
        self._company = company
        self._linked = itertools.cycle((employee, iter(spans)) for employee in linked)
        self._unlinked, self._unlinked_places = unlinked, iter(spans)
        first = minute_from_instant(company.now() + timedelta(days=400))
        self._bare, self._bare_places = bare, (Span(start, start + 30) for start in itertools.count(first, 30))
        self._taken, self._taken_bare = next(self._unlinked_places), next(self._bare_places)

    @classmethod
    async def made(cls, company: BenchCompany) -> "_Plan":
        """A plan for employees with a calendar each, one without, and one for the bare INSERT."""
        *linked, unlinked, bare = [await company.employ(number) for number in range(1, EMPLOYEES + 1)]
        for number, employee in enumerate(linked, 1):
            await company.link(f"login{number}", employee, [f"calendar{number}"], default=True)
        starts = await company.starts(unlinked, days=DAYS)
        spans = [Span(start, start + 30) for start in starts[::2]]
        plan = cls(company, linked, unlinked=unlinked, bare=bare, spans=spans)
        await company.book(unlinked, plan._taken.start)
        await plan._insert(plan._taken_bare)
        return plan

    async def insert(self) -> None:
        """One blocked span, in a transaction of its own."""
        await self._insert(next(self._bare_places))

    async def refused_insert(self) -> None:
        """The same where it overlaps: the constraint says no."""
        try:
            await self._insert(self._taken_bare)
        except SpanTaken:
            return
        raise AssertionError("the constraint is off")

    async def _insert(self, span: Span) -> None:
        until = self._company.now() + timedelta(days=1)
        async with self._company.database.write() as connection:
            await blocks.insert_hold(
                connection, COMPANY, block_id=uuid.uuid4().hex, employee_id=self._bare, span=span, expires_at=until
            )

    async def accepted(self) -> None:
        """A booking of somebody without calendar."""
        assert await self._company.book(self._unlinked, next(self._unlinked_places).start) == "BookingConfirmed"

    async def accepted_and_written(self) -> None:
        """A booking of somebody whose calendar is asked, and written into."""
        employee, places = next(self._linked)
        assert await self._company.book(employee, next(places).start) == "BookingConfirmed"

    async def refused(self) -> None:
        """A booking where somebody was faster."""
        assert await self._company.book(self._unlinked, self._taken.start) == "SlotTaken"
