"""Our own entries at providers: each call in its account's turn (rules B7, K3)."""

from collections.abc import Mapping
from functools import partial

from slotgraph.core.calendar_entries.jobs import Job
from slotgraph.core.flights import Flights
from slotgraph.core.plugin import Deadline
from slotgraph.core.values import Reference
from slotgraph.core.wall import Wall


class Outside:
    """Writes, moves and removes. Each raises ProviderFailure if it was not heard to be done by the deadline.

    While somebody waits for the answer a call is let through as a booking check is; at leisure it leaves what is kept for those.
    """

    def __init__(self, wall: Wall, flights: Flights, *, at_leisure: bool = False) -> None:
        self._wall = wall
        self._turn = partial(flights.alone, for_booking=not at_leisure, at_leisure=at_leisure)

    async def write(self, job: Job, deadline: Deadline) -> Reference:
        """Write the entry; if it stands already, this only tells where."""

        async def call(within: Deadline) -> Mapping[str, Reference]:
            written = await self._wall.write(
                job.account, job.calendar_id, entry=job.text, idempotency=job.entry.id, deadline=within
            )
            return {job.calendar_id: written}

        return (await self._turn(job.account, call, deadline=deadline))[job.calendar_id]

    async def move(self, job: Job, reference: Reference, deadline: Deadline) -> Reference:
        """Make the entry stand as it is wished, also if somebody removed it."""

        async def call(within: Deadline) -> Mapping[str, Reference]:
            moved = await self._wall.move(
                job.account, reference, entry=job.text, idempotency=job.entry.id, deadline=within
            )
            return {job.calendar_id: moved}

        return (await self._turn(job.account, call, deadline=deadline))[job.calendar_id]

    async def remove(self, job: Job, reference: Reference, deadline: Deadline) -> None:
        """Remove the entry; if it is gone already, that is fine."""

        async def call(within: Deadline) -> Mapping[str, None]:
            await self._wall.remove(job.account, reference, idempotency=job.entry.id, deadline=within)
            return {job.calendar_id: None}

        await self._turn(job.account, call, deadline=deadline)
