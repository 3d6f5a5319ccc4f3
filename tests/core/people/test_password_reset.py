"""Resetting a password by a token that the operator made."""

import asyncio
from datetime import timedelta

import pytest

from slotgraph.core import tables
from slotgraph.core.errors import BadInput
from slotgraph.core.people.password_reset import issue_reset
from slotgraph.core.people.sessions import LoggedIn
from slotgraph.core.policy import Anonymous, Member
from slotgraph.core.problems import InvalidInput, LoginRefused, SecondFactorRequired, SecretRefused
from slotgraph.core.values import Secret

EMAIL = "owner@demo.example"
FRESH = Secret("a fresh password")


@pytest.fixture
def issue(world):
    async def issue(email=EMAIL):
        return await issue_reset(world.database, email, now=world.clock.now())

    return issue


@pytest.fixture
def reset(world, people):
    async def reset(token, password=FRESH):
        return await people.do.password_resets.reset(world.as_(), token, password)

    return reset


async def test_the_new_password_counts_and_the_old_one_no_more(people, owner, issue, reset):
    assert await reset(await issue("OWNER@demo.example")) is None
    assert await people.login() == LoginRefused()
    assert isinstance(await people.login(password=FRESH), LoggedIn)


async def test_all_sessions_of_the_user_end_and_no_others(people, owner, issue, reset):
    await people.add("staff@demo.example")
    mine = [(await people.logged_in(EMAIL))[1] for _ in range(2)]
    _, another = await people.logged_in("staff@demo.example")
    await reset(await issue())
    assert [await people.who(session) for session in mine] == [Anonymous()] * 2
    assert isinstance(await people.who(another), Member)


async def test_a_token_is_good_once_and_for_an_hour(world, owner, issue, reset):
    token = await issue()
    world.clock.advance(timedelta(minutes=60))
    assert await reset(token) == SecretRefused()
    token = await issue()
    world.clock.advance(timedelta(minutes=59, seconds=59))
    assert await reset(token) is None
    assert await reset(token) == SecretRefused()
    assert await world.rows(tables.password_reset) == []


async def test_of_two_who_come_with_one_token_at_a_time_one_sets_the_password(world, people, owner, issue, reset):
    token = await issue()
    fresh = [Secret(f"a fresh password {number}") for number in range(4)]
    results = await asyncio.gather(*(reset(token, password) for password in fresh))
    assert sorted(map(type, results), key=str) == sorted([type(None), *[SecretRefused] * 3], key=str)
    assert isinstance(await people.login(password=fresh[results.index(None)]), LoggedIn)


async def test_there_is_one_at_a_time_and_only_its_hash_is_stored(world, owner, issue, reset):
    first, second = await issue(), await issue()
    (row,) = await world.rows(tables.password_reset)
    assert second.reveal() not in str(row)
    assert await reset(first) == SecretRefused()
    assert await reset(second) is None


async def test_what_is_no_token_is_refused_before_the_password_is_judged(owner, issue, reset):
    await issue()
    for text in ("", "x", "A" * 43, "\ud800", "'"):
        assert await reset(Secret(text), Secret("short")) == SecretRefused()


@pytest.mark.parametrize("password", ["short", EMAIL, "password1234", "x" * 201])
async def test_a_bad_password_uses_nothing_up(people, owner, issue, reset, password):
    token = await issue()
    refused = await reset(token, Secret(password))
    assert isinstance(refused, InvalidInput)
    assert [field.path for field in refused.fields] == [("input", "password")]
    assert isinstance(await people.login(), LoggedIn)
    assert await reset(token) is None


async def test_a_second_factor_is_asked_for_as_before(people, owner, issue, reset):
    actor, session = await people.logged_in(EMAIL)
    await people.enrol(actor, session)
    await reset(await issue())
    assert await people.login(password=FRESH) == SecondFactorRequired()


@pytest.mark.parametrize("email", ["nobody@demo.example", "", "no address", "\udcff@demo.example"])
async def test_an_unknown_address_is_told_to_the_operator(owner, issue, email):
    with pytest.raises(BadInput) as refused:
        await issue(email)
    assert refused.value.path == ("email",)
    assert "no login" in refused.value.reason


async def test_a_token_of_a_member_who_was_removed_is_dead(people, owner, issue, reset):
    place = await people.add("staff@demo.example")
    boss, _ = await people.logged_in(EMAIL)
    token = await issue("staff@demo.example")
    assert await people.remove(boss, place) is None
    assert await reset(token) == SecretRefused()
