"""Logging in and out, and seeing where one is logged in. Second factors: see test_second_factor.py."""

from datetime import timedelta

import pytest

from slotgraph.core import tables
from slotgraph.core.errors import SettingError
from slotgraph.core.passwords import Passwords, token_hash
from slotgraph.core.people.sessions import MAX_CLIENT, MAX_SESSIONS, LoggedIn, client_in_short, shown_id
from slotgraph.core.policy import Anonymous, Member, Role, Support, Token
from slotgraph.core.problems import LoginRefused
from slotgraph.core.store import sessions
from slotgraph.core.store.database import Database
from slotgraph.core.store.users import login_by_email
from slotgraph.core.values import Secret
from slotgraph.server.joining import Parts, join

GOOD = "a good password"


async def test_a_right_password_starts_a_session_of_that_member(world, people, owner):
    result = await people.login("OWNER@demo.example")
    assert isinstance(result, LoggedIn)
    assert result.actor == Member(
        world.company_id, owner.id, owner.user_id, "owner@demo.example", Role.OWNER, world.id_of("anna")
    )
    assert await people.who(result.session) == result.actor
    (row,) = await world.rows(tables.session)
    assert result.session.reveal() not in str(row)
    assert result.expires_at == world.clock.now() + timedelta(hours=12)


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("owner@demo.example", "a bad password"),
        ("owner@demo.example", ""),
        ("nobody@demo.example", GOOD),
        ("no address", GOOD),
        ("\ud800@demo.example", GOOD),
        ("' OR 1=1 --", GOOD),
    ],
)
async def test_wrong_address_and_wrong_password_are_refused_alike(world, people, owner, email, password):
    assert await people.login(email, Secret(password)) == LoginRefused()
    assert await world.rows(tables.session) == []


async def test_an_unknown_address_costs_as_much_hashing_as_a_wrong_password(world, people, owner):
    verified = []

    class Counting(Passwords):
        async def verify(self, stored, password):
            verified.append(stored is not None)
            return await super().verify(stored, password)

    counting = Counting(time_cost=1, memory_kib=64, parallelism=1)
    parts = world.joined.parts
    own = (parts.database, parts.clock, parts.vault, parts.registry, parts.transport, parts.offload)
    people.do = join(Parts(*own, counting)).use_cases
    for email in ("owner@demo.example", "nobody@demo.example", "no address"):
        await people.login(email, Secret("wrong"))
    assert verified == [True, False, False]
    counting.close()


async def test_a_login_whose_place_was_taken_away_gets_nowhere(world, people, owner):
    _, session = await people.logged_in("owner@demo.example")
    async with world.database.write() as connection:
        await connection.execute(tables.member.delete())
    assert await people.login() == LoginRefused()
    assert await people.who(session) == Anonymous()


async def test_a_support_login_is_an_agent(people):
    await people.add_agent()
    actor, session = await people.logged_in("agent@slotgraph.example")
    assert isinstance(actor, Support)
    assert await people.who(session) == actor


async def test_a_session_ends_at_its_time_and_at_logout(world, people, owner):
    first, second = await people.login(), await people.login()
    world.clock.advance(timedelta(hours=12) - timedelta(seconds=1))
    assert isinstance(await people.who(first.session), Member)
    await people.do.sessions.logout(world.as_(), first.session)
    await people.do.sessions.logout(world.as_(), first.session)
    assert await people.who(first.session) == Anonymous()
    assert isinstance(await people.who(second.session), Member)
    world.clock.advance(timedelta(seconds=1))
    assert await people.who(second.session) == Anonymous()
    assert await people.who(Secret("made up")) == Anonymous()
    await people.login()
    assert len(await world.rows(tables.session)) == 1  # what expired is forgotten


async def test_a_busy_writer_turns_no_reader_away(world, people, owner):
    _, session = await people.logged_in("owner@demo.example")
    now = world.clock.now() + timedelta(hours=1)  # long enough for the use to be worth noting
    hurried = await Database.open(world.address, wait_seconds=0.05)
    async with world.database.write():
        assert isinstance(await people.actors.of_session(hurried, session.reveal(), now=now), Member)
    await hurried.close()


async def test_a_disk_without_room_turns_no_reader_away(world, people, owner, monkeypatch):
    async def refused(*_args, **_options):
        raise SettingError("There is no room left on the disk.")

    _, session = await people.logged_in("owner@demo.example")
    world.clock.advance(timedelta(hours=1))
    monkeypatch.setattr(sessions, "note_session_used", refused)
    assert isinstance(await people.who(session), Member)


async def test_the_actor_is_read_anew_for_each_request(world, people, owner):
    _, session = await people.logged_in("owner@demo.example")
    await world.change(tables.member, owner.id, role="STAFF")
    assert (await people.who(session)).role is Role.STAFF
    await world.change(tables.user, owner.user_id, is_support=True)
    assert isinstance(await people.who(session), Support)


async def test_a_password_hashed_by_weaker_parameters_is_hashed_anew(world, people):
    weak = Passwords(time_cost=1, memory_kib=32, parallelism=1)
    await people.add("owner@demo.example", Role.OWNER, passwords=weak)
    weak.close()
    (before,) = await world.rows(tables.user)
    assert isinstance(await people.login(), LoggedIn)
    (after,) = await world.rows(tables.user)
    assert after.password_hash != before.password_hash
    assert isinstance(await people.login(), LoggedIn)
    assert (await world.rows(tables.user))[0].password_hash == after.password_hash


async def test_a_password_that_changes_while_it_is_checked_starts_no_session(world, people, owner):
    """Else who knows the old one is in again, a moment after all sessions were ended."""

    class Slow:
        def __init__(self, passwords):
            self._passwords = passwords

        async def verify(self, stored, password):
            matches = await self._passwords.verify(stored, password)
            await world.change(tables.user, owner.user_id, password_hash="another")
            return matches

        def needs_rehash(self, stored):
            return False

    parts = world.joined.parts
    own = (parts.database, parts.clock, parts.vault, parts.registry, parts.transport, parts.offload)
    people.do = join(Parts(*own, Slow(world.passwords))).use_cases
    assert await people.login() == LoginRefused()
    assert await world.rows(tables.session) == []


# Seeing and ending sessions


async def test_ones_own_open_sessions_the_one_used_last_first(world, people, owner):
    await people.add("staff@demo.example")
    actor, first = await people.logged_in("owner@demo.example")
    world.clock.advance(timedelta(minutes=1))
    _, second = await people.logged_in("owner@demo.example")
    await people.logged_in("staff@demo.example")
    listed = await people.do.sessions.sessions(world.as_(actor))
    assert [one.id for one in listed] == [shown_id(second), shown_id(first)]
    assert [one.company_id for one in listed] == [world.company_id] * 2
    world.clock.advance(timedelta(minutes=10))
    await people.who(first)
    assert [one.id for one in await people.do.sessions.sessions(world.as_(actor))] == [
        shown_id(first),
        shown_id(second),
    ]
    world.clock.advance(timedelta(hours=12))
    assert await people.do.sessions.sessions(world.as_(actor)) == []


async def test_what_is_shown_of_a_session_lets_nobody_in(world, people, owner):
    _, session = await people.logged_in("owner@demo.example")
    assert shown_id(session) == token_hash(session.reveal())[:32]
    assert await people.who(Secret(shown_id(session))) == Anonymous()


async def test_ending_some_sessions_leaves_those_of_others_alone(world, people, owner):
    await people.add("staff@demo.example")
    actor, session = await people.logged_in("owner@demo.example")
    _, another = await people.logged_in("owner@demo.example")
    _, colleagues = await people.logged_in("staff@demo.example")
    await people.do.sessions.end(world.as_(actor), {shown_id(another), shown_id(colleagues), "%", "_" * 32})
    assert await people.who(another) == Anonymous()
    assert isinstance(await people.who(session), Member)
    assert isinstance(await people.who(colleagues), Member)


async def test_programs_and_strangers_have_no_sessions(world, people, owner):
    _, session = await people.logged_in("owner@demo.example")
    for actor in (None, Token(world.company_id, "t", frozenset())):
        assert await people.do.sessions.sessions(world.as_(actor)) == []
        await people.do.sessions.end(world.as_(actor), {shown_id(session)})
    assert isinstance(await people.who(session), Member)


async def test_one_session_too_many_ends_the_one_used_longest_ago(world, people, owner):
    actor, first = await people.logged_in("owner@demo.example")
    operation = world.as_(actor)
    async with world.database.write() as connection:
        for _ in range(MAX_SESSIONS - 1):
            world.clock.advance(timedelta(seconds=1))
            await people.do.sessions.begin(connection, operation, actor)
    assert isinstance(await people.who(first), Member)
    world.clock.advance(timedelta(seconds=1))
    await people.logged_in("owner@demo.example")
    assert await people.who(first) == Anonymous()
    assert len(await world.rows(tables.session)) == MAX_SESSIONS


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Firefox 140 on Linux", "Firefox 140 on Linux"),
        (" a\x00b\u202ec\n ", "abc"),
        ("x" * 500, "x" * (MAX_CLIENT - 1) + "…"),
        ("", ""),
    ],
)
async def test_a_client_is_shown_printable_and_not_too_long(world, people, owner, said, shown):
    assert client_in_short(said) == shown
    operation = world.as_()
    operation.client = said
    begun = await people.do.sessions.login(operation, "owner@demo.example", people.PASSWORD)
    (listed,) = await people.do.sessions.sessions(world.as_(begun.actor))
    assert listed.client == shown


async def test_a_login_is_not_printed(world, owner):
    async with world.database.read() as connection:
        login = await login_by_email(connection, "owner@demo.example")
    assert "owner" not in repr(login)
    assert login.password_hash not in repr(login)
