"""How many calls a search costs, counted at the provider (rule B5)."""

import asyncio


async def test_a_hundred_identical_searches_at_once_are_one_call_per_account(world):
    """Rule B5. They share the flight, and each has its own answer."""
    for name in ("anna", "ben"):
        await world.link(name, world.event("2027-03-02T09:00", "2027-03-02T16:30"))
    released = world.calendars.hang("busy")
    searches = [asyncio.create_task(world.starts()) for _ in range(100)]
    async with asyncio.timeout(60):
        while sum(flight.waiting for flight in world.joined.flights._joinable.values()) < 200:
            await asyncio.sleep(0)
    released.set()
    assert {tuple(found) for found in await asyncio.gather(*searches)} == {("16:30",)}
    assert world.calendars.calls["busy"] == 2
    assert not world.joined.flights._joinable


async def test_eight_calendars_on_three_accounts_are_three_calls(world):
    for account, count in (("work", 3), ("home", 3), ("club", 2)):
        linked = await world.add_account(account, employee="anna")
        for number in range(count):
            world.calendars.add_calendar(f"{account}{number}", login=account)
            await world.add_calendar(f"{account}{number}", linked, employee="anna")
    found = await world.search(choice=world.choice("anna"), actor=world.owner)
    assert (world.calendars.calls["busy"], len(found.sources), found.complete) == (3, 8, True)
