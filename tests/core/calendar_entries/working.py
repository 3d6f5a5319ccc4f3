"""Two processes over one database, and waiting for what a worker does."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

from slotgraph.core import tables
from slotgraph.core.calendar_entries.worker import Worker
from slotgraph.server.joining import join

OVER = timedelta(seconds=16)
"""Longer than a lease."""


def another(world):
    """What another process has: the same database, calendars and clock."""
    return join(world.joined.parts)


def worker_of(world, joined=None):
    """A worker that hardly rests between two looks."""
    joined = joined or world.joined
    return Worker(joined.writer, world.database, world.clock, jitter=lambda: -0.48)


@asynccontextmanager
async def working(world, joined=None, **options):
    """A worker at work."""
    async with worker_of(world, joined).working(**options):
        yield


async def until(done):
    """Wait until something is so."""
    async with asyncio.timeout(20):
        while not await done():
            await asyncio.sleep(0.01)


async def all_written(world):
    """Whether nothing waits any more."""
    return set(await world.entry_states()) == {"WRITTEN"}


async def wishes(world):
    """How the wishes stand."""
    return [(row.action, row.state) for row in await world.rows(tables.outbox)]


async def leased(world):
    """How many wishes somebody is at."""
    return sum(row.lease_until is not None for row in await world.rows(tables.outbox))


async def starts_outside(world, calendar="annas"):
    """When our entries in a calendar begin, by the wall clock."""
    return sorted(world.moment(entry.span.start) for entry in world.calendars.entries(calendar).values())
