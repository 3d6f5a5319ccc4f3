"""One request per account, group of calendars and chunk, accounts side by side, all within one deadline (rule B5).

Knows nothing of what is asked for: `ask` sends one request, `receive` takes each calendar's answer for each chunk.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from slotgraph.core.clock import MINUTES_PER_DAY
from slotgraph.core.errors import ProviderFailure
from slotgraph.core.records import Account, Calendar
from slotgraph.core.registry import Registry
from slotgraph.core.values import AskedCalendar, Span, Unverified
from slotgraph.core.wall import AccountKey

Answer = TypeVar("Answer")

STARTED_AT_ONCE = 32
"""Accounts whose calls begin in the same round of the event loop, so that hundreds do not hold it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom to ask: the accounts by id, their calendars, and the zone of each employee the calendars stand for."""

    accounts: Mapping[str, Account]
    calendars: Sequence[Calendar]
    zones: Mapping[str, str]

    def zone_of(self, calendar: Calendar) -> str:
        """The zone of the employee a calendar stands for (rule B2)."""
        return self.zones[calendar.employee_id or ""]


def chunks_of(window: Span, *, days: int) -> list[Span]:
    """Cut a window into chunks of whole UTC days, at most `days` long each.

    What fits into one chunk is one: a border inside would cost every search a call, to share little. What does not is cut at
    borders that are the same for everybody, counted from the epoch, so that windows which overlap share all chunks but their
    first and last. Counted from the window's own first day, windows that begin a day apart would share none; that would save a
    call at most, and no cut asks for a day more than the window has.
    """
    start = window.start - window.start % MINUTES_PER_DAY
    end = window.end + -window.end % MINUTES_PER_DAY
    step = days * MINUTES_PER_DAY
    if end - start <= step:
        return [Span(start, end)] if start < end else []
    borders = [start, *range(start - start % step + step, end, step), end]
    return [Span(*pair) for pair in pairwise(borders)]


async def fan_out(
    asked: Asked,
    window: Span,
    *,
    registry: Registry,
    ask: Callable[[AccountKey, Sequence[AskedCalendar], Span], Awaitable[Mapping[str, Answer | Unverified]]],
    receive: Callable[[Calendar, Span, Answer | Unverified], None],
) -> None:
    """Ask every calendar for the whole window. A failing request costs its own calendars, in its own chunk."""

    async def ask_chunk(key: AccountKey, group: Sequence[Calendar], chunk: Span) -> None:
        to_ask = [
            AskedCalendar(one.provider_calendar_id, asked.zone_of(one), one.read_mode, one.flags) for one in group
        ]
        answers: Mapping[str, Answer | Unverified]
        try:
            answers = await ask(key, to_ask, chunk)
        except ProviderFailure as failure:
            answers = {calendar.id: failure.unverified() for calendar in to_ask}
        for calendar in group:
            receive(calendar, chunk, answers[calendar.provider_calendar_id])

    async def ask_account(number: int, calendars: Sequence[Calendar]) -> None:
        for _ in range(number // STARTED_AT_ONCE):
            await asyncio.sleep(0)
        account = asked.accounts[calendars[0].account_id]
        limits = registry.limits(account.provider)
        key = AccountKey(account.company_id, account.id, account.provider)
        size = limits.calendars_per_call
        groups = [calendars[at : at + size] for at in range(0, len(calendars), size)]
        chunks = chunks_of(window, days=limits.days_per_call)
        await asyncio.gather(*(ask_chunk(key, group, chunk) for group in groups for chunk in chunks))

    by_account: defaultdict[str, list[Calendar]] = defaultdict(list)
    for calendar in asked.calendars:
        by_account[calendar.account_id].append(calendar)
    await asyncio.gather(*(ask_account(number, calendars) for number, calendars in enumerate(by_account.values())))
