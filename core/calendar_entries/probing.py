"""Looks whether our entries still stand outside, and notes where somebody moved or deleted one (rule K6, decision 0010).

The booking keeps its time whatever is seen. No transaction is open during a provider call; where an entry went is kept nowhere.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from slotgraph.core.clock import Clock, minute_from_instant
from slotgraph.core.errors import ProviderFailure, SlotGraphError
from slotgraph.core.flights import Flights
from slotgraph.core.outbox import probes, wishes
from slotgraph.core.outbox.probes import Look, Standing
from slotgraph.core.plugin import Deadline
from slotgraph.core.records import CalendarEntryState, OutboxAction
from slotgraph.core.store.database import Database
from slotgraph.core.values import FailureCause, Gone, Present, Unverified
from slotgraph.core.wall import AccountKey, Wall

AT_ONCE = 50
"""How many entries are looked for at a time, and at most how many others of their account before one is concluded to be gone."""

SIDE_BY_SIDE = 3
"""How many entries of one account are looked for side by side."""

LOOK_SECONDS = 10.0
"""How long one look may take: less than `probes.LONGEST_LOOK`."""

LEFT_ALONE_AT_ONCE = 500

MANY = 3
PAIR, PAIR_SHARE_PERCENT = 2, 20

Answer = Present | Gone | Unverified

_log = logging.getLogger("slotgraph.probing")


def is_mass_vanishing(missing: int, entries: int) -> bool:
    """Whether so many of an account's entries cannot have been deleted one by one: three, or two that are over a fifth."""
    return missing >= MANY or (missing == PAIR and missing * 100 > entries * PAIR_SHARE_PERCENT)


def seen(look: Look, answer: Answer, *, at: datetime) -> Standing:
    """How an entry stands after one answer; nothing follows from none, and from one Gone only since when it is missed."""
    match answer:
        case Present(span):
            moved = span != look.span
            return Standing(CalendarEntryState.MOVED_OUTSIDE if moved else CalendarEntryState.WRITTEN, None, None)
        case Gone() if look.stands.state is not CalendarEntryState.GONE_OUTSIDE and look.stands.missed_at is None:
            return replace(look.stands, missed_at=at)
    return look.stands


def is_missed_twice(look: Look, answer: Answer) -> bool:
    """Whether an entry was not found a second time, long enough after the first. Once its holder is asked, they decide."""
    before = look.stands
    if (
        before.state is CalendarEntryState.REMOVED
        or not isinstance(answer, Gone)
        or before.missed_at is None
        or before.cause is not None
    ):
        return False
    return look.at - before.missed_at >= probes.AGAIN


class Probing:
    """Looks for the upcoming entries of all companies; several processes share the work."""

    def __init__(self, database: Database, wall: Wall, flights: Flights, clock: Clock) -> None:
        self._database = database
        self._wall = wall
        self._flights = flights
        self._clock = clock

    async def sweep(self) -> int:
        """Look for all entries whose turn it is; how many there were."""
        looked = 0
        while True:
            due = await self._take_due()
            await asyncio.gather(*(self._look_at(account, looks) for account, looks in _by_account(due).items()))
            looked += len(due)
            if len(due) < AT_ONCE:
                return looked

    async def _take_due(self) -> list[Look]:
        now = self._clock.now()
        async with self._database.write() as connection:
            now_minute = minute_from_instant(now)
            await probes.leave_alone(connection, now_minute=now_minute, limit=LEFT_ALONE_AT_ONCE)
            return await probes.take_due(connection, now=now, now_minute=now_minute, limit=AT_ONCE)

    async def _look_at(self, account: AccountKey, looks: Sequence[Look]) -> None:
        """Look for entries of one account; before any is concluded to be gone, look whether others are, too."""
        try:
            missed = await self._look_for(account, looks)
            if missed:
                missed += await self._look_for(account, await self._take_others(account, looks))
                await self._conclude(account, missed)
        except SlotGraphError as error:
            # They are looked for again within the hour.
            _log.warning("account %s: nothing was concluded of its entries: %s", account.account_id, error)

    async def _take_others(self, account: AccountKey, looks: Sequence[Look]) -> list[Look]:
        now = self._clock.now()
        async with self._database.write() as connection:
            return await probes.take_others(
                connection,
                account.company_id,
                account.account_id,
                apart_from=[look.entry_id for look in looks],
                now=now,
                now_minute=minute_from_instant(now),
                limit=AT_ONCE,
            )

    async def _look_for(self, account: AccountKey, looks: Sequence[Look]) -> list[Look]:
        """Look for entries and note what was seen; those that were missed twice."""
        places = asyncio.Semaphore(SIDE_BY_SIDE)

        async def look_for(look: Look) -> bool:
            try:
                async with places:
                    answer = await self._ask(account, look)
                await self._note(look, answer)
            except SlotGraphError as error:
                _log.warning("entry %s was not looked for: %s", look.entry_id, error)
                return False
            return is_missed_twice(look, answer)

        missed = await asyncio.gather(*(look_for(look) for look in looks))
        return [look for look, is_missed in zip(looks, missed, strict=True) if is_missed]

    async def _note(self, look: Look, answer: Answer) -> None:
        now = self._clock.now()
        if look.stands.state is CalendarEntryState.REMOVED:
            await self._note_removed(look, answer, at=now)
            return
        stands = seen(look, answer, at=now)
        if stands != look.stands:
            async with self._database.write() as connection:
                await probes.note(connection, look, stands, at=now)

    async def _note_removed(self, look: Look, answer: Answer, *, at: datetime) -> None:
        """A writing that was given up may land after the entry was removed: then it is to go once more."""
        if isinstance(answer, Unverified) or (isinstance(answer, Gone) and at - look.since < probes.EVERY):
            return
        async with self._database.write() as connection:
            if not await probes.is_as_wished(connection, look):
                return
            if isinstance(answer, Gone):
                await probes.be_sure(connection, look)
                return
            await wishes.change_wish(
                connection, look.company_id, look.entry_id, action=OutboxAction.REMOVE, at=at, lease_until=at
            )
        _log.warning("entry %s stands again after it was removed; it is removed once more", look.entry_id)

    async def _ask(self, account: AccountKey, look: Look) -> Answer:
        """Ask as searches do: whoever books goes first, and an account that does not answer is left alone (rule B7)."""

        async def call(within: Deadline) -> Mapping[str, Answer]:
            return {look.entry_id: await self._wall.probe(account, look.reference, deadline=within)}

        deadline = Deadline(self._clock, LOOK_SECONDS)
        try:
            answers = await self._flights.alone(account, call, deadline=deadline, for_booking=False)
        except ProviderFailure as failure:
            return failure.unverified()
        return answers[look.entry_id]

    async def _conclude(self, account: AccountKey, missed: Sequence[Look]) -> None:
        """Conclude that entries are gone, or, where too many vanished at once, ask their holder instead."""
        now = self._clock.now()
        asked = 0
        async with self._database.write() as connection:
            missing, entries = await probes.missing_of_account(
                connection, account.company_id, account.account_id, now=now, now_minute=minute_from_instant(now)
            )
            is_mass = is_mass_vanishing(missing, entries)
            for look in sorted(missed, key=lambda one: one.entry_id):
                asking = replace(look.stands, cause=FailureCause.NOT_FOUND)
                stands = asking if is_mass else Standing(CalendarEntryState.GONE_OUTSIDE, None, None)
                asked += await probes.note(connection, look, stands, at=now) and is_mass
        if asked:
            _log.warning(
                "company %s, account %s: %d of %d entries vanished at once; nothing is concluded, the holder is asked",
                account.company_id,
                account.account_id,
                missing,
                entries,
            )


def _by_account(looks: Sequence[Look]) -> Mapping[AccountKey, list[Look]]:
    found: defaultdict[AccountKey, list[Look]] = defaultdict(list)
    for look in looks:
        found[AccountKey(look.company_id, look.account_id, look.provider)].append(look)
    return found
