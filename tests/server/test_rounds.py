"""What the process does by itself: at start, again and again, each round for itself, until the end."""

import asyncio
import logging
from dataclasses import replace

import pytest

from slotgraph.server.app import create_app
from slotgraph.server.rounds import Round, going_round
from slotgraph.server.settings import Settings


class Work:
    """Counts its times; `fails` at the first, and can be waited for."""

    def __init__(self, *, fails=False):
        self.times = 0
        self._fails = fails
        self._done = asyncio.Condition()

    async def __call__(self):
        self.times += 1
        async with self._done:
            self._done.notify_all()
        if self._fails and self.times == 1:
            raise RuntimeError("Mia Muster")

    async def done(self, times):
        async with asyncio.timeout(20), self._done:
            await self._done.wait_for(lambda: self.times >= times)


async def test_a_round_is_gone_at_start_and_again():
    work = Work()
    async with going_round(Round("working", work, 0)):
        await work.done(3)


async def test_a_round_rests_between_two_times():
    often, seldom = Work(), Work()
    async with going_round(Round("often", often, 0), Round("seldom", seldom, 3600)):
        await often.done(50)
    assert seldom.times == 1


async def test_a_round_that_fails_is_logged_by_its_kind_and_goes_on_as_do_the_others(caplog):
    failing, other = Work(fails=True), Work()
    async with going_round(Round("failing", failing, 0), Round("other", other, 0)):
        await failing.done(3)
        await other.done(3)
    (record,) = [one for one in caplog.records if one.levelno >= logging.ERROR]
    assert record.getMessage() == "a round of failing failed: RuntimeError"
    assert record.exc_info is None
    assert "Mia" not in caplog.text


async def test_the_end_is_the_end_of_every_round():
    never = asyncio.Event()
    hanging, work = Round("hanging", never.wait, 0), Work()
    before = asyncio.all_tasks()
    async with going_round(hanging, Round("working", work, 0)):
        await work.done(1)
        assert len(asyncio.all_tasks() - before) == 2
    assert asyncio.all_tasks() == before
    times = work.times
    await asyncio.sleep(0)
    assert work.times == times


@pytest.mark.parametrize("wish", ["probing", "retention"])
async def test_the_application_goes_round_looking_and_forgetting(site, wish):
    """Both begin at start. Writing has a worker of its own: test_working.py."""
    gone = asyncio.Event()
    joined = site.world.joined

    class Sweeper:
        async def sweep(self):
            gone.set()

    app = create_app(replace(joined, **{wish: Sweeper()}), Settings())
    async with app.router.lifespan_context(app), asyncio.timeout(20):
        await gone.wait()
