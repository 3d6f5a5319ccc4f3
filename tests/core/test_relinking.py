"""Linking an account again: new credentials for the same account, everything chosen for it kept (rules F3, K4)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from slotgraph_tests_core_links import PASSWORD, annas_login, begin_again, complete, linked, relinked

from slotgraph.core import tables
from slotgraph.core.calendar_choices import CalendarChange
from slotgraph.core.errors import AccountRevoked
from slotgraph.core.linking import LINK_TOKEN_FOR, FormRequired
from slotgraph.core.policy import Anonymous, Permission, Role, Token
from slotgraph.core.problems import InvalidField, InvalidInput, LinkRefused, NotFound, SecretRefused
from slotgraph.core.records import Account
from slotgraph.core.values import BusyStatus, FailureCause, OAuthLink, Purpose, ReadMode, Secret


@pytest.fixture
async def anna(world):
    return await annas_login(world)


@pytest.fixture
async def account(world, anna):
    return await linked(world, anna)


async def calendars(world):
    """The calendars as they are stored, by their name at the provider."""
    async with world.database.read() as connection:
        rows = await connection.execute(tables.calendar.select())
    return {row.provider_calendar_id: row for row in rows}


async def credentials(world, account):
    """The credentials as they are stored, opened."""
    (row,) = [row for row in await world.rows(tables.account) if row.id == account.id]
    sealed = type(world.vault.seal("c", "a", {}))(row.key_id, row.sealed_credentials)
    return world.vault.open(account.company_id, account.id, sealed)


async def test_credentials_change_and_the_account_stays_the_same(world, anna, account):
    before = await calendars(world)
    world.calendars.fail("busy", AccountRevoked())
    await world.search()
    await world.joined.health.settled()
    world.calendars.heal()
    again = await relinked(world, anna, account, login="anna", password="another one")
    assert isinstance(again, Account)
    assert (again.id, again.employee_id, again.health.failing) == (account.id, account.employee_id, False)
    assert await credentials(world, account) == {"login": "anna", "password": "another one"}
    after = await calendars(world)
    assert {name: row.id for name, row in after.items()} == {name: row.id for name, row in before.items()}
    assert not any(row.failing for row in [*after.values(), *await world.rows(tables.account)])
    assert after["work"].last_cause == "REAUTH_REQUIRED"  # when it failed last is still told
    assert await world.rows(tables.link_attempt) == []
    assert (await world.search(actor=anna)).complete


async def test_a_wrong_password_leaves_the_old_credentials_and_the_token_good(world, anna, account):
    begun = await begin_again(world, anna, account)
    world.calendars.fail("open", AccountRevoked("The login was refused."))
    refused = await complete(world, anna, begun.link_token, login="anna", password="wrong")
    assert refused == LinkRefused(FailureCause.REAUTH_REQUIRED, "The login was refused.")
    assert await credentials(world, account) == {"login": "anna", "password": PASSWORD}
    world.calendars.heal()
    assert (await world.search(actor=anna)).complete
    assert isinstance(await complete(world, anna, begun.link_token), Account)


async def test_what_was_chosen_for_calendars_is_kept(world, anna, account):
    known = await calendars(world)
    choices = {
        "checked": False,
        "status_policy": frozenset({BusyStatus.BUSY}),
        "ignore_unverified_until": date(2027, 5, 1),
        "read_mode": ReadMode.FREE_BUSY_ONLY,
    }
    operation = world.as_(anna)
    await world.do.calendar_choices.update(
        operation, CalendarChange(world.company_id, known["home"].id, default=True, **choices)
    )
    await world.do.calendar_choices.update(
        operation, CalendarChange(world.company_id, known["feed"].id, employee_id=None)
    )
    chosen = await calendars(world)
    await relinked(world, anna, account)
    assert await calendars(world) == chosen


async def test_names_follow_new_calendars_count_and_vanished_ones_stay(world, anna, account):
    before = await calendars(world)
    provider = world.calendars
    provider._calendars["work"].found = replace(provider._calendars["work"].found, name="Renamed", time_zone=None)
    provider.add_calendar("new", login="anna")
    provider.remove_calendar("home")
    again = await relinked(world, anna, account)
    after = await calendars(world)
    assert (after["work"].name, after["work"].time_zone, after["work"].is_default) == ("Renamed", None, True)
    new = after["new"]
    assert (new.checked, new.is_default, new.employee_id, new.account_id) == (True, False, anna.employee_id, again.id)
    assert after["home"] == before["home"]
    world.clock.advance(timedelta(minutes=1))
    found = await world.search(actor=anna)
    assert [check.cause for check in found.sources if check.calendar.id == after["home"].id] == ["NOT_FOUND"]
    await world.joined.health.settled()
    assert ((await calendars(world))["home"].failing, (await calendars(world))["home"].last_cause) == (
        True,
        "NOT_FOUND",
    )


async def test_another_login_is_refused_and_changes_nothing(world, anna, account):
    world.calendars.add_calendar("bens", login="ben")
    begun = await begin_again(world, anna, account)
    refused = await complete(world, anna, begun.link_token, login="ben", password="his")
    assert isinstance(refused, LinkRefused)
    assert refused.cause is FailureCause.NOT_FOUND
    assert "another" in refused.message
    assert await credentials(world, account) == {"login": "anna", "password": PASSWORD}
    assert set(await calendars(world)) == {"feed", "work", "home"}
    assert isinstance(await complete(world, anna, begun.link_token), Account)


async def test_a_login_that_was_renamed_but_has_the_calendars_is_the_same(world, anna, account):
    for known in world.calendars._calendars.values():
        known.login = "anna.new"
    again = await relinked(world, anna, account, login="anna.new", password="x")
    assert (again.id, again.label) == (account.id, "anna.new")


async def test_without_calendars_the_label_decides(world, anna, account):
    async with world.database.write() as connection:
        await connection.execute(tables.calendar.delete())
    world.calendars.add_calendar("bens", login="ben")
    assert isinstance(await relinked(world, anna, account, login="ben", password="his"), LinkRefused)
    assert isinstance(await relinked(world, anna, account), Account)


# Purposes


async def test_purposes_are_kept_unless_others_are_given(world, anna, account):
    read_only = frozenset({Purpose.BUSY, Purpose.TITLES})
    assert (await relinked(world, anna, account, purposes=read_only)).granted == read_only
    assert (await relinked(world, anna, account)).granted == read_only
    assert (await relinked(world, anna, account, purposes=frozenset(Purpose))).granted == frozenset(Purpose)


async def test_nothing_is_written_any_more_once_writing_is_not_wanted(world, anna, account):
    world.calendars.remove_calendar("home")
    await relinked(world, anna, account, purposes=frozenset({Purpose.BUSY}))
    assert {(row.writable, row.is_default) for row in (await calendars(world)).values()} == {(False, False)}
    await world.change(tables.calendar, (await calendars(world))["home"].id, checked=False)
    await world.book(employee="anna")
    assert await world.entry_states() == []
    assert world.calendars.calls["write"] == 0


async def test_purposes_without_busy_are_refused(world, anna, account):
    refused = await begin_again(world, anna, account, purposes=frozenset({Purpose.WRITE}))
    assert refused == InvalidInput((InvalidField(("input", "purposes"), "must contain BUSY."),))


# Who, and when


async def test_whoever_may_change_the_account_may_link_it_again(world, anna, account):
    admin = await world.add_login(world.member("admin", Role.ADMIN))
    other = await world.add_company("other")
    for actor, may in (
        (anna, True),
        (admin, True),
        (world.member("ben", employee="ben"), False),
        (replace(admin, company_id=other), False),
        (Token(world.company_id, "t", frozenset(Permission)), False),
        (world.agent, False),
        (Anonymous(), False),
    ):
        result = await begin_again(world, actor, account)
        assert isinstance(result, FormRequired) if may else result == NotFound(("input", "account")), actor
    assert await begin_again(world, admin, replace(account, id=world.id_of("none"))) == NotFound(("input", "account"))


async def test_the_token_lapses_and_is_good_once(world, anna, account):
    begun = await begin_again(world, anna, account)
    assert isinstance(await complete(world, anna, begun.link_token), Account)
    assert await complete(world, anna, begun.link_token) == SecretRefused()
    begun = await begin_again(world, anna, account)
    world.clock.advance(LINK_TOKEN_FOR)
    assert await complete(world, anna, begun.link_token) == SecretRefused()


async def test_an_account_that_is_gone_is_not_linked_again(world, anna, account):
    begun = await begin_again(world, anna, account)
    await world.do.accounts.unlink(world.as_(anna), account.company_id, account.id)
    assert await world.rows(tables.link_attempt) == []
    assert await complete(world, anna, begun.link_token) == SecretRefused()
    assert await world.rows(tables.account) == []


async def test_an_account_that_goes_while_its_credentials_are_tried_is_not_linked_again(world, anna, account):
    begun = await begin_again(world, anna, account)
    unlinking = world.do.accounts.unlink(world.as_(anna), account.company_id, account.id)

    class Slow(type(world.calendars)):
        """By the time it has listed the calendars, the account is unlinked."""

        async def calendars(self, asked):
            await unlinking
            return await super().calendars(asked)

    world.calendars.__class__ = Slow
    assert await complete(world, anna, begun.link_token) == SecretRefused()
    assert (await world.rows(tables.account), await world.rows(tables.calendar)) == ([], [])


async def test_a_provider_that_is_not_there_or_wants_a_visit_says_so(world, anna, account):
    gone = await world.add_account("old", employee="anna", provider="gone")
    refused = await begin_again(world, anna, gone)
    assert [field.path for field in refused.fields] == [("input", "account")]
    world.calendars.link = OAuthLink("https://a.example/", "https://t.example/", {})
    refused = await begin_again(world, anna, account)
    assert [field.path for field in refused.fields] == [("input", "account")]


async def test_a_guessed_token_is_refused(world, anna, account):
    await begin_again(world, anna, account)
    assert await complete(world, anna, Secret(f"{world.company_id}guess")) == SecretRefused()
