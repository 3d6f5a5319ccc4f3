"""Linking accounts: tried before stored, sealed, and nobody else's (rule F3)."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from slotgraph_tests_core_links import PASSWORD, annas_login, begin, complete, linked

from slotgraph.core import tables
from slotgraph.core.errors import AccountRevoked, ProviderUnreachable
from slotgraph.core.linking import LINK_TOKEN_FOR, EmployeeRef, FormRequired
from slotgraph.core.policy import Anonymous, Permission, Role, Token
from slotgraph.core.problems import InvalidInput, LinkRefused, NotFound, SecretRefused
from slotgraph.core.records import Account
from slotgraph.core.testing import InMemoryProvider
from slotgraph.core.values import Limits, OAuthLink, Purpose, Secret


@pytest.fixture
async def anna(world):
    return await annas_login(world)


async def stored(world):
    return [len(await world.rows(table)) for table in (tables.account, tables.calendar, tables.link_attempt)]


async def test_a_form_that_works_is_stored_with_its_calendars(world, anna):
    account = await linked(world, anna)
    assert isinstance(account, Account)
    assert (account.label, account.granted, account.employee_id) == ("anna", frozenset(Purpose), world.id_of("anna"))
    calendars = await world.do.accounts.calendars(world.as_(anna), world.company_id)
    assert [(one.name, one.checked, one.is_default, one.writable, one.time_zone) for one in calendars] == [
        ("Work", True, True, True, "Europe/Zurich"),
        ("Feed", True, False, False, None),
        ("Home", True, False, True, None),
    ]
    assert {one.employee_id for one in calendars} == {world.id_of("anna")}
    assert await stored(world) == [1, 3, 0]
    assert (await world.search("2027-03-02 09:00", "2027-03-02 17:00", actor=anna)).complete


async def test_a_refused_password_stores_nothing_and_passes_on_what_the_server_said(world, anna):
    begun = await begin(world, anna)
    world.calendars.fail("open", AccountRevoked("The login was refused.", server_answer="realm Radicale"))
    refused = await complete(world, anna, begun.link_token)
    assert refused == LinkRefused(AccountRevoked.cause, "The login was refused.", "realm Radicale")
    assert await stored(world) == [0, 0, 1]
    world.calendars.heal()
    assert isinstance(await complete(world, anna, begun.link_token), Account)  # the same token, the right password


async def test_calendars_that_cannot_be_listed_store_nothing(world, anna):
    begun = await begin(world, anna)
    world.calendars.fail("calendars", ProviderUnreachable())
    assert isinstance(await complete(world, anna, begun.link_token), LinkRefused)
    assert (await stored(world))[:2] == [0, 0]


async def test_the_password_lies_sealed_and_opens_for_its_account_only(world, anna):
    account = await linked(world, anna)
    await world.add_account("other", employee="ben")
    for file in [] if "://" in world.address else Path(world.address).parent.iterdir():
        assert b"horse" not in file.read_bytes(), file.name
    (row,) = [row for row in await world.rows(tables.account) if row.id == account.id]
    assert b"horse" not in row.sealed_credentials
    assert PASSWORD not in repr(account) + repr(row)
    await world.change(tables.account, world.id_of("account other"), sealed_credentials=row.sealed_credentials)
    calendar = await world.add_calendar("copied", replace(account, id=world.id_of("account other")), employee="ben")
    found = await world.search(actor=world.owner)
    assert {check.cause for check in found.sources if check.calendar.id == calendar.id} == {"PLUGIN_ERROR"}


# The token


async def test_a_token_is_good_once(world, anna):
    begun = await begin(world, anna)
    assert isinstance(await complete(world, anna, begun.link_token), Account)
    assert await complete(world, anna, begun.link_token) == SecretRefused()
    assert await stored(world) == [1, 3, 0]


async def test_a_token_used_twice_at_once_links_once(world, anna):
    begun = await begin(world, anna)
    released = world.calendars.hang("calendars")
    tries = [asyncio.create_task(complete(world, anna, begun.link_token)) for _ in range(2)]
    await world.called("calendars", 2)
    released.set()
    results = await asyncio.gather(*tries)
    assert sorted(type(result).__name__ for result in results) == ["Account", "SecretRefused"]
    assert (await stored(world))[0] == 1


async def test_a_token_lapses(world, anna):
    begun = await begin(world, anna)
    world.clock.advance(LINK_TOKEN_FOR - timedelta(seconds=1))
    other = await begin(world, anna)
    world.clock.advance(timedelta(seconds=1))
    assert await complete(world, anna, begun.link_token) == SecretRefused()
    assert isinstance(await complete(world, anna, other.link_token), Account)


async def test_a_token_is_its_members_own(world, anna):
    begun = await begin(world, anna)
    owner = await world.add_login(world.owner)
    foreigner = replace(anna, company_id=await world.add_company("other"))
    for actor in (owner, foreigner, Anonymous(), world.agent):
        assert await complete(world, actor, begun.link_token) == SecretRefused()
    assert await complete(world, anna, Secret(f"{world.company_id}guess")) == SecretRefused()
    assert world.calendars.calls["open"] == 0


async def test_a_token_is_not_stored_as_it_is(world, anna):
    begun = await begin(world, anna)
    (row,) = await world.rows(tables.link_attempt)
    assert begun.link_token.reveal() not in str(row)


# Who may link for whom


async def test_staff_link_for_themselves_admins_for_everybody_and_for_the_company(world, anna):
    admin = await world.add_login(world.member("admin", Role.ADMIN))
    for actor, employee, may in (
        (anna, "anna", True),
        (anna, "ben", False),
        (anna, None, False),
        (admin, "ben", True),
        (admin, None, True),
        (admin, "nobody", False),
        (Token(world.company_id, "t", frozenset(Permission)), "anna", False),
        (world.agent, "anna", False),
        (Anonymous(), "anna", False),
    ):
        result = await begin(world, actor, employee=employee)
        assert isinstance(result, FormRequired if may else NotFound), (actor, employee)
    foreign = EmployeeRef(await world.add_company("other"), world.id_of("anna"))
    begun = await world.do.linking.begin(world.as_(admin), "memory", employee=foreign, purposes=frozenset(Purpose))
    assert begun == NotFound(("input", "employee"))


async def test_calendars_of_a_company_account_stand_for_nobody_yet(world, anna):
    admin = await world.add_login(world.member("admin", Role.ADMIN))
    await linked(world, admin, employee=None)
    rows = await world.rows(tables.calendar)
    assert {(row.employee_id, row.is_default, row.checked) for row in rows} == {(None, False, True)}


async def test_a_second_account_does_not_take_the_default_away(world, anna):
    await linked(world, anna)
    await linked(world, anna)
    assert [row.is_default for row in await world.rows(tables.calendar)].count(True) == 1


async def test_without_consent_to_write_nothing_is_writable_and_nothing_default(world, anna):
    account = await linked(world, anna, purposes=frozenset({Purpose.BUSY}))
    assert account.granted == {Purpose.BUSY}
    assert {(row.writable, row.is_default) for row in await world.rows(tables.calendar)} == {(False, False)}


@pytest.mark.parametrize(
    ("provider", "purposes", "path"),
    [
        ("google", frozenset(Purpose), ("input", "provider")),
        ("oauth", frozenset(Purpose), ("input", "provider")),
        ("memory", frozenset({Purpose.WRITE}), ("input", "purposes")),
    ],
)
async def test_bad_input_names_its_field(world, anna, provider, purposes, path):
    consenting = InMemoryProvider("oauth", limits=Limits())
    consenting.link = OAuthLink("https://a.example/", "https://t.example/", {})
    world.registry.register([consenting], plugin="guest")
    refused = await begin(world, anna, provider=provider, purposes=purposes)
    assert isinstance(refused, InvalidInput)
    assert [field.path for field in refused.fields] == [path]


# The form


async def test_a_faulty_form_is_not_tried_and_the_token_stays_good(world, anna):
    begun = await begin(world, anna)
    refused = await complete(world, anna, begun.link_token, login="anna")
    assert [field.path for field in refused.fields] == [("input", "answer", "form")]
    assert world.calendars.calls["open"] == 0
    assert isinstance(await complete(world, anna, begun.link_token), Account)


async def test_a_name_with_what_no_database_takes_is_stored_without_it(world, anna, monkeypatch):
    listed = world.calendars.calendars

    async def oddly_named(account):
        return [replace(one, name=f"{one.name}\0\ud800") for one in await listed(account)]

    monkeypatch.setattr(world.calendars, "calendars", oddly_named)
    assert isinstance(await linked(world, anna), Account)
    assert {row.name for row in await world.rows(tables.calendar)} == {"Work", "Feed", "Home"}


async def test_an_id_with_what_no_database_takes_is_the_plugins_failure(world, anna, monkeypatch):
    listed = world.calendars.calendars

    async def oddly_known(account):
        return [replace(one, id=f"{one.id}\0") for one in await listed(account)]

    monkeypatch.setattr(world.calendars, "calendars", oddly_known)
    assert isinstance(await linked(world, anna), LinkRefused)
    assert await world.rows(tables.account) == []
