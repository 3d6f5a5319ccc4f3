"""Small portions: once a portion is used up, those who work stand in line, one to a round of the event loop, whoever they are."""

import asyncio
from datetime import UTC, datetime, timedelta

from slotgraph.core.pacing import PORTION_SECONDS, Pace
from slotgraph.core.testing import FixedClock


async def test_many_workers_share_the_portion_of_a_round():
    clock = FixedClock(datetime(2027, 3, 1, tzinfo=UTC))
    pace, rounds, at = Pace(clock), [], 0

    async def work():
        await pace.turn()
        rounds.append(at)
        clock.advance(timedelta(seconds=PORTION_SECONDS / 2))

    workers = [asyncio.create_task(work()) for _ in range(10)]
    while not all(worker.done() for worker in workers):
        await asyncio.sleep(0)
        at += 1
    assert len(rounds) == 10
    assert max(rounds.count(one) for one in rounds) == 2


async def test_who_comes_after_a_pause_works_at_once():
    clock = FixedClock(datetime(2027, 3, 1, tzinfo=UTC))
    pace = Pace(clock)
    for _ in range(3):
        clock.advance(timedelta(hours=1))
        async with asyncio.timeout(5):
            await pace.turn()


async def test_who_has_much_to_do_does_not_keep_the_others_waiting():
    clock = FixedClock(datetime(2027, 3, 1, tzinfo=UTC))
    pace, worked = Pace(clock), []

    async def work(name, pieces):
        for _ in range(pieces):
            await pace.turn()
            worked.append(name)
            clock.advance(timedelta(seconds=PORTION_SECONDS / 2))

    await asyncio.gather(work("much", 50), work("little", 1), work("more", 50), work("last", 1))
    assert max(worked.index("little"), worked.index("last")) < 12
    assert abs(worked[:40].count("much") - worked[:40].count("more")) <= 4


async def test_who_goes_before_their_turn_holds_nobody_up():
    clock = FixedClock(datetime(2027, 3, 1, tzinfo=UTC))
    pace = Pace(clock)
    clock.advance(timedelta(hours=1))
    waiting = [asyncio.create_task(pace.turn()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    async with asyncio.timeout(5):
        await asyncio.gather(*waiting[1:])
        clock.advance(timedelta(hours=1))
        await pace.turn()
