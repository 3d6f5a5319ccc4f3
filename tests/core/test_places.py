"""Places of an account: no more calls at a time than it takes, booking checks before searches (B7)."""

import asyncio

import pytest

from slotgraph.core.places import Places


class Callers:
    """Callers by name that keep their place until told to go."""

    def __init__(self, places):
        self.places = places
        self.inside = []
        self.tasks = {}
        self.leave = {}

    async def come(self, name):
        """Booking checks are those whose name begins with a b."""
        self.leave[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._call(name))
        await settled()

    async def go(self, name):
        self.leave[name].set()
        await settled()

    async def give_up(self, *names):
        for name in names:
            self.tasks[name].cancel()
        await settled()

    async def _call(self, name):
        async with self.places.taken(for_booking=name.startswith("b")):
            self.inside.append(name)
            try:
                await self.leave[name].wait()
            finally:
                self.inside.remove(name)


async def settled():
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.fixture
async def callers():
    made = Callers(Places(2))
    yield made
    for task in made.tasks.values():
        task.cancel()
    await asyncio.gather(*made.tasks.values(), return_exceptions=True)
    assert made.places.all_free


async def test_who_comes_first_is_let_in_first(callers):
    for name in ("s1", "s2", "s3", "s4"):
        await callers.come(name)
    assert callers.inside == ["s1", "s2"]
    await callers.go("s2")
    assert callers.inside == ["s1", "s3"]


async def test_a_booking_check_goes_before_searches_that_wait(callers):
    for name in ("s1", "s2", "s3", "b1"):
        await callers.come(name)
    await callers.go("s1")
    assert callers.inside == ["s2", "b1"]


@pytest.mark.parametrize(("count", "for_searches"), [(1, 1), (2, 2), (3, 3), (4, 3), (8, 6)])
async def test_of_every_four_places_one_is_kept_for_booking_checks(count, for_searches):
    callers = Callers(Places(count))
    for number in range(count + 1):
        await callers.come(f"s{number}")
    assert len(callers.inside) == for_searches
    for number in range(count):
        await callers.come(f"b{number}")
    assert len(callers.inside) == count
    await callers.give_up(*callers.tasks)


async def test_who_gives_up_waiting_takes_no_place_and_frees_none(callers):
    for name in ("s1", "s2", "s3", "s4"):
        await callers.come(name)
    await callers.give_up("s3")
    assert callers.inside == ["s1", "s2"]
    await callers.go("s1")
    assert callers.inside == ["s2", "s4"]


async def test_who_gives_up_in_the_moment_a_place_is_freed_passes_it_on(callers):
    for name in ("s1", "s2", "s3", "s4"):
        await callers.come(name)
    callers.tasks["s3"].cancel()
    await callers.go("s1")
    assert callers.inside == ["s2", "s4"]


async def test_who_gives_up_in_the_moment_it_is_called_passes_its_place_on(callers):
    for name in ("s1", "s2", "s3", "s4"):
        await callers.come(name)
    turn = callers.places._searches[0]
    callers.leave["s1"].set()
    while not turn.done():
        await asyncio.sleep(0)
    callers.tasks["s3"].cancel()
    await settled()
    assert callers.inside == ["s2", "s4"]
