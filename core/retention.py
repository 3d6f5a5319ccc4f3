"""What is kept no longer than it has to be (rule F4): customers of past bookings are erased, what has lapsed is cleared away.

Short transactions of a few hundred rows, so that bookings are not held up. Several processes may do it at once.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial

from slotgraph.core.booking.idempotency import REMEMBERED_FOR
from slotgraph.core.clock import Clock, minute_from_instant
from slotgraph.core.store import forgetting
from slotgraph.core.store.database import Database, Transaction

HOLDS_STAY = timedelta(days=1)
"""How long a lapsed hold may lie where nobody wants its place."""

HOLDS_KNOWN_FOR = REMEMBERED_FOR + timedelta(hours=1)
"""As long as whoever asks again is answered with the hold (rule K2), whoever's clock is a little ahead."""

Take = Callable[[Transaction], Awaitable[int]]


class Retention:
    """Forgets what is due, up to `at_once` rows in a transaction."""

    def __init__(self, database: Database, clock: Clock, *, at_once: int = 500) -> None:
        self._database = database
        self._clock = clock
        self._at_once = at_once

    async def sweep(self) -> int:
        """Erase and clear away all that is due now; how many rows there were."""
        now = self._clock.now()
        async with self._database.read() as connection:
            companies = await forgetting.companies_and_days(connection)
        swept = 0
        for clear in (forgetting.clear_sessions, forgetting.clear_resets):
            swept += await self._all(partial(clear, before=now, limit=self._at_once))
        for company_id, days in companies:
            swept += await self._sweep_company(company_id, days, now)
        return swept

    async def _sweep_company(self, company_id: str, days: int, now: datetime) -> int:
        ended = minute_from_instant(now - timedelta(days=days))
        swept = await self._all(
            partial(forgetting.erase_ended, company_id=company_id, before=ended, limit=self._at_once)
        )
        for clear, before in (
            (forgetting.clear_keys, now - REMEMBERED_FOR),
            (forgetting.clear_holds, now - HOLDS_STAY),
            (forgetting.clear_past_holds, now - HOLDS_KNOWN_FOR),
            (forgetting.clear_invitations, now),
            (forgetting.clear_links, now),
        ):
            swept += await self._all(partial(clear, company_id=company_id, before=before, limit=self._at_once))
        return swept

    async def _all(self, take: Take) -> int:
        """Take rows, a transaction for each portion, until fewer come than could."""
        taken, portion = 0, self._at_once
        while portion >= self._at_once:
            async with self._database.write() as connection:
                portion = await take(connection)
            taken += portion
        return taken
