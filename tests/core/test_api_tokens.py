"""API tokens: what they can have, what they end by, and whose they are."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from slotgraph.core import api_tokens, tables
from slotgraph.core.api_tokens import TokenCreated, actor_of_token
from slotgraph.core.errors import SettingError
from slotgraph.core.policy import NOT_FOR_TOKENS, Anonymous, Permission, Role, Token
from slotgraph.core.problems import InvalidInput, NotFound
from slotgraph.core.store import tokens


async def token(world, actor=None, *, name="Website", scopes=(Permission.SEARCH_SLOTS,), expires_at=None):
    return await world.do.api_tokens.create(
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
    (listed,) = await world.do.api_tokens.tokens_of(world.as_(world.owner), world.company_id)
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


async def test_a_company_has_so_many_tokens_and_no_more(world, monkeypatch):
    """However many are made at once."""
    monkeypatch.setattr(api_tokens, "MAX_TOKENS", 2)
    made = await asyncio.gather(*(token(world) for _ in range(5)))
    assert Counter(map(type, made)) == {TokenCreated: 2, InvalidInput: 3}
    assert len(await world.rows(tables.api_token)) == 2


async def test_a_token_ends_at_its_time(world):
    assert isinstance(await token(world, expires_at=world.clock.now()), InvalidInput)
    made = await token(world, expires_at=world.clock.now() + timedelta(hours=1))
    world.clock.advance(timedelta(minutes=59))
    assert await bearer(world, made.secret.reveal())
    world.clock.advance(timedelta(minutes=1))
    assert await bearer(world, made.secret.reveal()) is None


async def test_a_disk_without_room_turns_no_program_away(world, monkeypatch):
    async def refused(*_args, **_options):
        raise SettingError("There is no room left on the disk.")

    made = await token(world)
    monkeypatch.setattr(tokens, "note_token_used", refused)
    assert await bearer(world, made.secret.reveal())


async def test_a_revoked_token_is_dead_at_once(world):
    made = await token(world)
    assert await world.do.api_tokens.revoke(world.as_(world.owner), world.company_id, made.token.id)
    assert await bearer(world, made.secret.reveal()) is None
    assert not await world.do.api_tokens.revoke(world.as_(world.owner), world.company_id, made.token.id)


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
        assert await world.do.api_tokens.tokens_of(operation, world.company_id) is None
        assert not await world.do.api_tokens.revoke(operation, world.company_id, made.token.id)
    assert isinstance(await token(world, world.member("admin", Role.ADMIN)), TokenCreated)
    assert await bearer(world, made.secret.reveal())
