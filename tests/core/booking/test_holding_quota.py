"""Strangers keep few slots at a time, counted by where they come from; nobody else is counted (rules B7, K1)."""

import asyncio
from datetime import timedelta

import pytest
from slotgraph_tests_core_booking_held import KEPT_FOR, MINUTE, ask, held, hold, hold_request, release

from slotgraph.core import tables
from slotgraph.core.booking.holding import SlotHeld
from slotgraph.core.booking.making import BookingConfirmed
from slotgraph.core.policy import Permission, Role, Token
from slotgraph.core.problems import QuotaReached
from slotgraph.server.joining import join

STARTS = [f"2027-03-{day:02} {hour:02}:00" for day in (2, 3) for hour in range(9, 17)]
ALLOWED = 5
SOURCE = "192.0.2.7"


async def use_up(world, *, source=SOURCE, starts=STARTS):
    """Keep as many as may be, a minute apart, the first one first."""
    kept = []
    for start in starts[:ALLOWED]:
        kept.append(await held(world, start, source=source, employee="anna"))
        world.clock.advance(MINUTE)
    return kept


async def test_one_source_keeps_five_and_is_told_when_the_first_of_them_lapses(world):
    await use_up(world)
    before = await world.rows(tables.hold)
    for seconds in (300, 300, 299):
        refused = await hold(world, STARTS[5], source=SOURCE, employee="anna")
        assert isinstance(refused, QuotaReached)
        assert refused.retry_after_seconds == seconds
        world.clock.advance(timedelta(milliseconds=500))
    assert await world.rows(tables.hold) == before
    world.clock.advance(timedelta(seconds=298.5))
    assert isinstance(await hold(world, STARTS[5], source=SOURCE, employee="anna"), SlotHeld)
    assert isinstance(await hold(world, STARTS[6], source=SOURCE, employee="anna"), QuotaReached)


@pytest.mark.parametrize("over", ["given back", "booked"])
async def test_a_hold_that_is_over_is_not_counted(world, over):
    kept = await use_up(world)
    if over == "given back":
        await release(world, kept[2].hold_token)
    else:
        booked = await world.book(STARTS[2], employee="anna", hold_token=kept[2].hold_token)
        assert isinstance(booked, BookingConfirmed)
    assert isinstance(await hold(world, STARTS[5], source=SOURCE, employee="anna"), SlotHeld)
    assert isinstance(await hold(world, STARTS[6], source=SOURCE, employee="anna"), QuotaReached)


async def test_a_repeated_call_is_answered_and_not_counted(world):
    request = hold_request(world, STARTS[0], employee="anna")
    first = await ask(world, request, source=SOURCE)
    await use_up(world, starts=STARTS[1:5])
    for _ in range(3):
        assert await ask(world, request, source=SOURCE) == first
    assert isinstance(await hold(world, STARTS[6], source=SOURCE, employee="anna"), QuotaReached)


async def test_each_source_and_each_company_is_counted_by_itself(world):
    await world.add_company("other")
    await world.add_employee("otto", company="other")
    await world.add_service("trim", employees=("otto",), company="other")
    await use_up(world)
    theirs = {"employee": "otto", "service": "trim", "company_id": world.id_of("other")}
    assert isinstance(await hold(world, STARTS[5], source="192.0.2.8", employee="anna"), SlotHeld)
    assert isinstance(await hold(world, STARTS[6], source=SOURCE, **theirs), SlotHeld)


async def test_who_comes_from_nowhere_is_one_source(world):
    await use_up(world, source="")
    assert isinstance(await hold(world, STARTS[5], employee="anna"), QuotaReached)


async def test_members_and_tokens_of_the_company_keep_as_many_as_they_like_and_others_are_strangers(world):
    await use_up(world)
    booking = frozenset({Permission.BOOK})
    for number, actor in enumerate((world.owner, world.member("ben"), Token(world.company_id, "t", booking)), 5):
        kept = await hold(world, STARTS[number], source=SOURCE, employee="anna", actor=actor)
        assert isinstance(kept, SlotHeld)
    foreign = world.id_of("other")
    world.company_id, ours = foreign, world.company_id
    owner = world.member("owner", Role.OWNER)
    world.company_id = ours
    for actor in (None, owner, Token(foreign, "t", booking)):
        refused = await hold(world, STARTS[9], source=SOURCE, employee="anna", actor=actor)
        assert isinstance(refused, QuotaReached)


async def test_where_a_stranger_came_from_is_not_kept(world):
    kept = await held(world, source=SOURCE)
    await held(world, source=SOURCE, actor=world.owner)
    marks = {row.id: row.source for row in await world.rows(tables.hold)}
    assert marks.pop(kept.hold.id) is not None
    assert list(marks.values()) == [None]
    assert SOURCE.encode() not in world.stored()


async def test_the_operator_says_how_many_and_0_is_any_number(world):
    for allowed, outcome in ((1, QuotaReached), (0, SlotHeld)):
        world.do = join(world.joined.parts, stranger_holds=allowed).use_cases
        world.clock.advance(KEPT_FOR)
        await held(world, STARTS[0], source=SOURCE, employee="anna")
        assert isinstance(await hold(world, STARTS[1], source=SOURCE, employee="anna"), outcome)


async def test_fewer_allowed_than_are_kept_wait_until_enough_have_lapsed(world):
    await use_up(world)
    world.do = join(world.joined.parts, stranger_holds=2).use_cases
    refused = await hold(world, STARTS[5], source=SOURCE, employee="anna")
    assert refused.retry_after_seconds == 8 * 60


async def test_many_at_once_from_one_source_keep_five(world):
    """Each wants somebody else: nobody waits for another's employee."""
    team = [f"one of {number}" for number in range(10)]
    for name in team:
        await world.add_employee(name)
    await world.add_service("all", employees=tuple(team))
    requests = [hold_request(world, employee=name, service="all") for name in team]
    outcomes = await asyncio.gather(*(ask(world, request, source=SOURCE) for request in requests))
    assert sorted(type(one).__name__ for one in outcomes) == ["QuotaReached"] * 5 + ["SlotHeld"] * ALLOWED
    assert len(await world.rows(tables.block)) == ALLOWED


async def test_who_holds_and_gives_back_again_and_again_uses_up_a_budget(world):
    """Each call of a stranger counts as a search: the rows of holds stay for a day."""
    world.do = join(world.joined.parts, stranger_searches_per_minute=3).use_cases
    outcomes = []
    for _ in range(5):
        outcomes.append(await hold(world, source=SOURCE, employee="anna"))
        if isinstance(outcomes[-1], SlotHeld):
            await release(world, outcomes[-1].hold_token)
    assert isinstance(outcomes[-1], QuotaReached)
    assert outcomes[-1].retry_after_seconds in range(1, 61)
    assert len(await world.rows(tables.hold)) < 5
