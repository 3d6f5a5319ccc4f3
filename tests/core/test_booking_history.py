"""Many bookings and cancellations at once while calendars fail: in the end, outside stands what is booked, and nothing else."""

import asyncio
import random
from collections import defaultdict
from datetime import timedelta
from itertools import pairwise

import pytest

from slotgraph.core import tables
from slotgraph.core.booking.making import BookingConfirmed
from slotgraph.core.errors import ProviderUnreachable

STEPS = 10
ACTORS = 5
NAMES = ("anna", "ben")


async def misbehave(world, chance):
    """Another weather at the provider."""
    world.calendars.heal()
    method = chance.choice(("write", "remove"))
    match chance.randrange(4):
        case 0:
            world.calendars.fail(method, ProviderUnreachable())
        case 1:
            world.calendars.lose_answer(method)
        case 2:
            world.calendars.fail(method, RuntimeError("oops"), login=chance.choice(["annas", "bens"]))


async def act(world, chance, confirmed):
    """One customer books, one cancels, or the minute's sweep comes along."""
    choice = chance.random()
    if choice < 0.6 or not confirmed:
        start = f"2027-03-02 {chance.randrange(9, 12):02}:{chance.choice((0, 15, 30, 45)):02}"
        result = await world.book(start, employee=chance.choice([*NAMES, None]))
        if isinstance(result, BookingConfirmed):
            confirmed.append(result.booking)
    elif choice < 0.9:
        await world.cancel(confirmed.pop(chance.randrange(len(confirmed))), actor=world.owner)
    else:
        await world.joined.writer.sweep()


async def settled(world):
    """Fair weather until every wish is carried out."""
    world.calendars.heal()
    for _ in range(3):
        world.clock.advance(timedelta(minutes=2))
        await world.joined.writer.sweep()


@pytest.mark.parametrize("seed", range(3))
async def test_in_the_end_outside_stands_what_is_booked(world, seed):
    chance = random.Random(seed)
    for name in NAMES:
        await world.link(name)
    confirmed = []
    for _ in range(STEPS):
        await misbehave(world, chance)
        await asyncio.gather(*(act(world, chance, confirmed) for _ in range(ACTORS)))
        world.clock.advance(timedelta(minutes=1))
    await settled(world)
    assert {row.state for row in await world.rows(tables.outbox)} == {"DONE"}
    standing = {row.id: row for row in await world.rows(tables.booking) if row.state == "CONFIRMED"}
    assert standing.keys() == {booking.id for booking in confirmed}
    booked = defaultdict(list)
    for row in await world.rows(tables.attendance):
        if row.booking_id in standing:
            booked[row.employee_id].append((standing[row.booking_id].start_minute, standing[row.booking_id].end_minute))
    for name in NAMES:
        outside = sorted(tuple(entry.span) for entry in world.calendars.entries(f"{name}s").values())
        assert outside == sorted(booked[world.id_of(name)])
        assert all(one[1] <= after[0] for one, after in pairwise(outside))
