"""Founding a company, and the logins that nobody could make by the API."""

import pytest

from slotgraph.core import tables
from slotgraph.core.errors import BadInput
from slotgraph.core.founding import create_agent, create_member, found_company
from slotgraph.core.policy import Role
from slotgraph.core.values import Secret

PASSWORD = Secret("a good password")


async def member(world, email, **more):
    """A login with its place in a company."""
    more = {"password": PASSWORD, "company": "demo", "role": Role.STAFF} | more
    return await create_member(world.database, world.passwords, email, now=world.clock.now(), **more)


async def agent(world, email, password=PASSWORD):
    return await create_agent(world.database, world.passwords, email, password=password, now=world.clock.now())


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


async def test_a_login_has_an_address_of_its_own_and_a_password_worth_the_name(world):
    await member(world, "owner@demo.example")
    before = await world.rows(tables.user)
    for email, more, field in (
        ("OWNER@demo.EXAMPLE", {}, "email"),
        ("nobody", {}, "email"),
        ("new@demo.example", {"password": Secret("short")}, "password"),
        ("new@demo.example", {"password": Secret("x" * 201)}, "password"),
        ("new@demo.example", {"company": "nowhere"}, "company"),
    ):
        with pytest.raises(BadInput) as refused:
            await member(world, email, **more)
        assert refused.value.path == (field,)
    with pytest.raises(BadInput):
        await agent(world, "owner@demo.example")
    assert await world.rows(tables.user) == before
