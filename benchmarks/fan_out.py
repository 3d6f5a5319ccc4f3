"""How long a search waits for its calendars: 8 calendars on 3 accounts that each take 200 ms, and many searches at once."""

import asyncio
import time
from collections.abc import Callable

from benchmarks.company import BenchCompany
from benchmarks.timing import Spread

ACCOUNT_SECONDS = 0.2
ACCOUNTS = {"first": 3, "second": 3, "third": 2}
TARGET = 1.1
SEARCHES = 15
AT_ONCE = 20
AT_ONCE_SECONDS = 1.0
"""So long that they are all on their way when the first is answered."""


async def measure(say: Callable[[str], None]) -> dict[str, object]:
    """Wall time of a search as a ratio to its slowest account's own, and how often the accounts were called."""
    async with BenchCompany.founded() as company:
        employee = await company.employ(1)
        for login, count in ACCOUNTS.items():
            await company.link(login, employee, [f"{login}{number}" for number in range(count)])
        await company.search([employee], company.now(), days=7)
        company.calendars.seconds = ACCOUNT_SECONDS
        say(f"fan-out: {SEARCHES} searches ...")
        ratios, milliseconds, calls = [], [], 0
        for _ in range(SEARCHES):
            company.calendars.forget()
            began = time.perf_counter()
            found = await company.search([employee], company.now(), days=7)
            taken = time.perf_counter() - began
            assert found.complete
            calls = max(calls, company.calendars.calls["busy"])
            ratios.append(taken / max(company.calendars.took.values()))
            milliseconds.append(taken * 1000)
        say(f"fan-out: {AT_ONCE} searches at once ...")
        spread = Spread.of(ratios)
        return {
            "ratio": spread.median,
            "ratio_quartiles": (spread.low, spread.high),
            "ms": Spread.of(milliseconds).median,
            "calls": calls,
            "calls_target": len(ACCOUNTS),
            "calls_at_once": await _calls_at_once(company, employee),
            "target": TARGET,
        }


async def _calls_at_once(company: BenchCompany, employee: str) -> int:
    company.calendars.forget()
    company.calendars.seconds = AT_ONCE_SECONDS
    start = company.now()
    found = await asyncio.gather(*(company.search([employee], start, days=7) for _ in range(AT_ONCE)))
    assert all(one.complete for one in found)
    return company.calendars.calls["busy"]
