"""Getting in: logins, sessions, API tokens, and founding what logs in."""

from dataclasses import replace
from datetime import timedelta

import pytest

from slotgraph.core import tables
from slotgraph.core.access import LoggedIn, TokenCreated, actor_of_session, actor_of_token
from slotgraph.core.errors import BadInput
from slotgraph.core.founding import create_agent, create_member, found_company
from slotgraph.core.passwords import Passwords
from slotgraph.core.policy import NOT_FOR_TOKENS, Anonymous, Member, Permission, Role, Support, Token
from slotgraph.core.problems import InvalidInput, LoginRefused, NotFound
from slotgraph.core.store.engine import Database
from slotgraph.core.values import Secret

PASSWORD = Secret("a good password")


async def member(world, email="Owner@Demo.example", *, role=Role.STAFF, passwords=None, **more):
    """A login with its place in a company."""
    more = {"password": PASSWORD, "company": "demo"} | more
    return await create_member(
        world.database, passwords or world.passwords, email, role=role, now=world.clock.now(), **more
    )


async def agent(world, email="agent@slotgraph.example", password=PASSWORD):
    return await create_agent(world.database, world.passwords, email, password=password, now=world.clock.now())


@pytest.fixture
async def owner(world):
    """The owner's login, tied to Anna."""
    return await member(world, role=Role.OWNER, employee_id=world.id_of("anna"))


async def login(world, email="owner@demo.example", password=PASSWORD):
    return await world.do.access.login(world.as_(), email, password)


async def who(world, session):
    return await actor_of_session(world.database, session.reveal(), now=world.clock.now())


async def test_a_right_password_starts_a_session_of_that_member(world, owner):
    result = await login(world, "OWNER@demo.example")
    assert isinstance(result, LoggedIn)
    assert result.actor == Member(
        world.company_id, owner.id, owner.user_id, "owner@demo.example", Role.OWNER, world.id_of("anna")
    )
    assert await who(world, result.session) == result.actor
    (row,) = await world.rows(tables.session)
    assert result.session.reveal() not in str(row)
    assert result.expires_at == world.clock.now() + timedelta(hours=12)


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("owner@demo.example", "a bad password"),
        ("owner@demo.example", ""),
        ("nobody@demo.example", PASSWORD.reveal()),
        ("no address", PASSWORD.reveal()),
        ("\ud800@demo.example", PASSWORD.reveal()),
        ("' OR 1=1 --", PASSWORD.reveal()),
    ],
)
async def test_wrong_address_and_wrong_password_are_refused_alike(world, owner, email, password):
    assert await login(world, email, Secret(password)) == LoginRefused()
    assert await world.rows(tables.session) == []


async def test_an_unknown_address_costs_as_much_hashing_as_a_wrong_password(world, owner):
    verified = []

    class Counting(Passwords):
        async def verify(self, stored, password):
            verified.append(stored is not None)
            return await super().verify(stored, password)

    counting = Counting(time_cost=1, memory_kib=64, parallelism=1)
    desk = type(world.do.access)(counting, session_for=timedelta(hours=1))
    for email in ("owner@demo.example", "nobody@demo.example", "no address"):
        await desk.login(world.as_(), email, Secret("wrong"))
    assert verified == [True, False, False]
    counting.close()


async def test_a_login_whose_place_was_taken_away_gets_nowhere(world, owner):
    session = (await login(world)).session
    async with world.database.write() as connection:
        await connection.execute(tables.member.delete())
    assert await login(world) == LoginRefused()
    assert await who(world, session) == Anonymous()


async def test_a_support_login_is_an_agent(world):
    await agent(world)
    result = await login(world, "agent@slotgraph.example")
    assert isinstance(result.actor, Support)
    assert await who(world, result.session) == result.actor


async def test_a_session_ends_at_its_time_and_at_logout(world, owner):
    first, second = await login(world), await login(world)
    world.clock.advance(timedelta(hours=12) - timedelta(seconds=1))
    assert isinstance(await who(world, first.session), Member)
    await world.do.access.logout(world.as_(), first.session)
    await world.do.access.logout(world.as_(), first.session)
    assert await who(world, first.session) == Anonymous()
    assert isinstance(await who(world, second.session), Member)
    world.clock.advance(timedelta(seconds=1))
    assert await who(world, second.session) == Anonymous()
    assert await who(world, Secret("made up")) == Anonymous()
    await login(world)
    assert len(await world.rows(tables.session)) == 1  # what expired is forgotten


async def test_a_busy_writer_turns_no_login_away(world, owner):
    session = (await login(world)).session.reveal()
    now = world.clock.now() + timedelta(hours=1)  # long enough for the use to be worth noting
    hurried = await Database.open(world.database.path, wait_seconds=0.05)
    async with world.database.write():
        assert isinstance(await actor_of_session(hurried, session, now=now), Member)
    await hurried.close()


async def test_the_actor_is_read_anew_for_each_request(world, owner):
    session = (await login(world)).session
    await world.change(tables.member, owner.id, role="STAFF")
    assert (await who(world, session)).role is Role.STAFF
    await world.change(tables.user, owner.user_id, is_support=True)
    assert isinstance(await who(world, session), Support)


async def test_a_password_hashed_by_weaker_parameters_is_hashed_anew(world):
    weak = Passwords(time_cost=1, memory_kib=32, parallelism=1)
    await member(world, passwords=weak)
    weak.close()
    (before,) = await world.rows(tables.user)
    assert isinstance(await login(world), LoggedIn)
    (after,) = await world.rows(tables.user)
    assert after.password_hash != before.password_hash
    assert isinstance(await login(world), LoggedIn)
    assert (await world.rows(tables.user))[0].password_hash == after.password_hash


# Tokens


async def token(world, actor=None, *, name="Website", scopes=(Permission.SEARCH_SLOTS,), expires_at=None):
    return await world.do.access.create_token(
        world.as_(actor or world.owner), name, scopes=frozenset(scopes), expires_at=expires_at
    )


async def bearer(world, text):
    return await actor_of_token(world.database, text, now=world.clock.now())


async def test_a_token_is_its_company_and_its_scopes(world):
    made = await token(world, scopes=(Permission.SEARCH_SLOTS, Permission.BOOK))
    assert isinstance(made, TokenCreated)
    assert await bearer(world, made.secret.reveal()) == Token(world.company_id, made.token.id, made.token.scopes)
    (row,) = await world.rows(tables.api_token)
    assert made.secret.reveal().rpartition("_")[2] not in str(row)
    (listed,) = await world.do.access.tokens(world.as_(world.owner), world.company_id)
    assert listed.last_used_at == world.clock.now()


@pytest.mark.parametrize("scope", sorted(NOT_FOR_TOKENS, key=lambda one: one.value))
async def test_what_no_token_can_have(world, scope):
    refused = await token(world, scopes=(Permission.BOOK, scope))
    assert isinstance(refused, InvalidInput)
    assert [field.path for field in refused.fields] == [("input", "scopes")]
    assert scope.value in refused.message


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({"name": " "}, ("input", "name")),
        ({"name": "n" * 201}, ("input", "name")),
        ({"scopes": ()}, ("input", "scopes")),
    ],
)
async def test_bad_input_names_its_field(world, more, path):
    refused = await token(world, **more)
    assert isinstance(refused, InvalidInput)
    assert [field.path for field in refused.fields] == [path]


async def test_a_token_ends_at_its_time(world):
    assert isinstance(await token(world, expires_at=world.clock.now()), InvalidInput)
    made = await token(world, expires_at=world.clock.now() + timedelta(hours=1))
    world.clock.advance(timedelta(minutes=59))
    assert await bearer(world, made.secret.reveal())
    world.clock.advance(timedelta(minutes=1))
    assert await bearer(world, made.secret.reveal()) is None


async def test_a_revoked_token_is_dead_at_once(world):
    made = await token(world)
    assert await world.do.access.revoke_token(world.as_(world.owner), world.company_id, made.token.id)
    assert await bearer(world, made.secret.reveal()) is None
    assert not await world.do.access.revoke_token(world.as_(world.owner), world.company_id, made.token.id)


async def test_a_secret_of_one_company_is_nothing_in_another(world):
    made = await token(world)
    other = await world.add_company("other")
    assert await bearer(world, made.secret.reveal().replace(world.company_id, other)) is None
    for text in ("", "sg_", "sg_x_y", made.secret.reveal()[:-1], f"sg_{world.company_id}_{'A' * 43}"):
        assert await bearer(world, text) is None


async def test_only_admins_make_see_and_revoke_tokens(world):
    made = await token(world)
    foreigner = replace(world.owner, company_id=await world.add_company("other"))
    bare = Token(world.company_id, "t", frozenset(Permission))
    for actor in (world.member("staff"), Anonymous(), world.agent, bare):
        assert await token(world, actor) == NotFound(("input",))
    for actor in (world.member("staff"), Anonymous(), world.agent, bare, foreigner):
        operation = world.as_(actor)
        assert await world.do.access.tokens(operation, world.company_id) is None
        assert not await world.do.access.revoke_token(operation, world.company_id, made.token.id)
    assert isinstance(await token(world, world.member("admin", Role.ADMIN)), TokenCreated)
    assert await bearer(world, made.secret.reveal())


# Founding


async def test_a_company_is_founded_with_a_name_in_addresses_of_its_own(world):
    company_id = await found_company(
        world.database, "salon", name="Salon", time_zone="Asia/Tokyo", locale="ja", now=world.clock.now()
    )
    assert await world.as_().company_id_of_slug("salon") == company_id


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"slug": "demo"}, "slug"),
        ({"slug": "De mo"}, "slug"),
        ({"name": ""}, "name"),
        ({"time_zone": "Tokyo"}, "time-zone"),
        ({"locale": "?"}, "locale"),
    ],
)
async def test_founding_names_the_field_it_refuses(world, change, field):
    facts = {"slug": "salon", "name": "Salon", "time_zone": "Asia/Tokyo", "locale": "ja"} | change
    with pytest.raises(BadInput) as refused:
        await found_company(world.database, now=world.clock.now(), **facts)
    assert refused.value.path == (field,)


async def test_a_login_has_an_address_of_its_own_and_a_password_worth_the_name(world, owner):
    before = await world.rows(tables.user)
    for email, more, field in (
        ("OWNER@demo.EXAMPLE", {}, "email"),
        ("nobody", {}, "email"),
        ("new@demo.example", {"password": Secret("short")}, "password"),
        ("new@demo.example", {"password": Secret("x" * 1001)}, "password"),
        ("new@demo.example", {"company": "nowhere"}, "company"),
    ):
        with pytest.raises(BadInput) as refused:
            await member(world, email, **more)
        assert refused.value.path == (field,)
    with pytest.raises(BadInput):
        await agent(world, "owner@demo.example")
    assert await world.rows(tables.user) == before
