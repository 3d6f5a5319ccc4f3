"""Linking accounts and choosing calendars: tried before stored, sealed, and nobody else's (rules B1, B4, F3)."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from slotgraph.core import tables
from slotgraph.core.accounts import LINK_TOKEN_FOR, EmployeeRef, FormRequired
from slotgraph.core.errors import AccountRevoked, ProviderUnreachable
from slotgraph.core.link_forms import FilledField
from slotgraph.core.policy import Anonymous, Permission, Role, Token
from slotgraph.core.problems import InvalidInput, LinkRefused, NotFound, SecretRefused
from slotgraph.core.records import Account
from slotgraph.core.support import CaseRequest
from slotgraph.core.testing import InMemoryProvider
from slotgraph.core.values import (
    FieldKind,
    Limits,
    LinkField,
    OAuthLink,
    PasswordLink,
    Purpose,
    Secret,
)

PASSWORD = "correct horse battery staple"
FIELDS = (LinkField("login", "Login"), LinkField("password", "Password", FieldKind.SECRET))


@pytest.fixture
async def anna(world):
    """Anna's own login, and her two calendars at the provider."""
    world.calendars.link = PasswordLink(FIELDS)
    world.calendars.add_calendar("feed", login="anna", writable=False)
    world.calendars.add_calendar("work", login="anna", time_zone="Europe/Zurich")
    world.calendars.add_calendar("home", login="anna")
    return await world.add_login(world.member("anna", employee="anna"))


async def begin(world, actor, *, employee="anna", provider="memory", purposes=frozenset(Purpose)):
    ref = employee and EmployeeRef(world.company_id, world.id_of(employee))
    return await world.do.accounts.begin_link(world.as_(actor), provider, employee=ref, purposes=purposes)


def form(**values):
    return [FilledField(name, Secret(value)) for name, value in values.items()]


RIGHT = {"login": "anna", "password": PASSWORD}


async def complete(world, actor, token, **values):
    return await world.do.accounts.complete_link(world.as_(actor), token, form(**(values or RIGHT)))


async def linked(world, actor, **more):
    begun = await begin(world, actor, **more)
    return await complete(world, actor, begun.link_token)


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


async def test_the_password_lies_sealed_in_the_file_and_opens_for_its_account_only(world, anna):
    account = await linked(world, anna)
    await world.add_account("other", employee="ben")
    async with world.database.write() as connection:
        await connection.exec_driver_sql("SELECT 1")
    for file in world.database.path.parent.iterdir():
        assert PASSWORD.encode() not in file.read_bytes(), file.name
        assert b"horse" not in file.read_bytes(), file.name
    (row,) = [row for row in await world.rows(tables.account) if row.id == account.id]
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
    begun = await world.do.accounts.begin_link(
        world.as_(admin), "memory", employee=foreign, purposes=frozenset(Purpose)
    )
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


# Who sees accounts and calendars


async def test_accounts_and_calendars_are_seen_by_their_holder_admins_and_support_inside_a_case(world):
    calendar = await world.link("anna")
    companys = await world.add_account("shared")
    given = await world.add_calendar("room", companys, employee="ben")

    async def seen(actor):
        accounts = await world.do.accounts.accounts(world.as_(actor), world.company_id)
        calendars = await world.do.accounts.calendars(world.as_(actor), world.company_id)
        return {one.label for one in accounts}, {one.provider_calendar_id for one in calendars}

    everything = ({"annas", "shared"}, {"annas", "room"})
    await world.do.support.open_case(world.as_(world.owner), CaseRequest(world.company_id, "help", 1, False))
    assert await seen(world.owner) == everything
    assert await seen(world.agent) == everything
    assert await seen(Token(world.company_id, "t", frozenset({Permission.READ_ACCOUNTS}))) == everything
    assert await seen(world.member("anna", employee="anna")) == ({"annas"}, {"annas"})
    assert await seen(world.member("ben", employee="ben")) == (set(), {"room"})
    assert await seen(world.member("staff")) == (set(), set())
    assert await seen(Anonymous()) == (set(), set())
    desk = world.do.accounts
    ben = world.as_(world.member("ben", employee="ben"))
    assert (await desk.account_of(ben, given)).label == "shared"
    assert await desk.account_of(ben, calendar) is None


async def test_only_failing_accounts_if_asked_for(world):
    await world.link("anna")
    await world.link("ben")
    world.calendars.fail("busy", AccountRevoked(), login="bens")
    await world.search()
    await world.joined.health.settled()
    failing = await world.do.accounts.accounts(world.as_(world.owner), world.company_id, failing=True)
    assert [one.label for one in failing] == ["bens"]
