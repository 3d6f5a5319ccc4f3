"""Trying an account now: what comes of it is its health, and its calendars' (rules B4, B5, B7)."""

import asyncio
from datetime import timedelta

import pytest

from slotgraph.core import tables
from slotgraph.core.breaker import OPENS_AFTER
from slotgraph.core.check_budget import CHECKS_PER_MINUTE
from slotgraph.core.errors import (
    AccountRevoked,
    CalendarMissing,
    ProviderThrottled,
    ProviderUnreachable,
    RateLimited,
)
from slotgraph.core.policy import Anonymous, Permission, Role, Token
from slotgraph.core.problems import NotFound
from slotgraph.core.records import Account
from slotgraph.core.support import CaseRequest
from slotgraph.core.values import FailureCause


async def check(world, actor=None, name="annas", company_id=None):
    operation = world.as_(actor or world.owner)
    return await world.do.account_checks.check(
        operation, company_id or world.company_id, world.id_of(f"account {name}")
    )


async def health(world):
    """Of each calendar by its id at the provider: whether it fails, and why it did last."""
    return {row.provider_calendar_id: (row.failing, row.last_cause) for row in await world.rows(tables.calendar)}


async def test_an_account_that_answers_again_is_said_to_at_once(world):
    calendar = await world.link("anna")
    world.calendars.fail("busy", AccountRevoked())
    await world.search()
    await world.joined.health.settled()
    assert (await health(world))["annas"] == (True, "REAUTH_REQUIRED")
    world.calendars.heal()
    world.clock.advance(timedelta(minutes=1))
    account = await check(world)
    assert isinstance(account, Account)
    assert (account.health.failing, account.health.last_success_at) == (False, world.clock.now())
    now = (await world.calendar(calendar.id)).health
    assert (now.failing, now.last_success_at, now.last_cause) == (
        False,
        world.clock.now(),
        FailureCause.REAUTH_REQUIRED,
    )


async def test_why_it_fails_is_noted_of_the_account_and_its_calendars(world):
    await world.link("anna")
    for failure in (AccountRevoked(), ProviderUnreachable()):
        world.calendars.fail("busy", failure)
        world.calendars.fail("calendars", failure)
        account = await check(world)
        assert (account.health.failing, account.health.last_cause) == (True, failure.cause)
        assert (await health(world))["annas"] == (True, failure.cause.value)
    failing = await world.do.accounts.accounts(world.as_(world.owner), world.company_id, failing=True)
    assert [one.id for one in failing] == [account.id]


async def test_each_calendar_answers_for_itself(world):
    await world.link("anna")
    account = await world.add_account("annas two", employee="anna", id=world.id_of("two"))
    for name in ("work", "gone", "unread"):
        world.calendars.add_calendar(name, login="annas two")
        await world.add_calendar(name, account, employee="anna")
    world.calendars.remove_calendar("gone")
    world.calendars.leave_out("unread")
    found = await world.do.account_checks.check(world.as_(world.owner), world.company_id, account.id)
    assert found.health.failing
    assert await health(world) == {
        "annas": (False, None),  # another account's: not asked
        "work": (False, None),
        "gone": (True, "NOT_FOUND"),
        "unread": (True, "PLUGIN_ERROR"),
    }


async def test_calendars_that_do_not_count_are_only_looked_for(world):
    await world.link("anna")
    account = await world.add_account("annas two", employee="anna")
    for name in ("there", "gone"):
        world.calendars.add_calendar(name, login="annas two")
        await world.add_calendar(name, account, employee="anna", checked=False)
    world.calendars.remove_calendar("gone")
    found = await check(world, name="annas two")
    assert not found.health.failing
    assert world.calendars.calls["busy"] == 0
    assert (await health(world)) | {"annas": None} == {
        "annas": None,
        "there": (False, None),
        "gone": (True, "NOT_FOUND"),
    }


async def test_a_login_without_any_calendar_of_ours_is_tried_too(world):
    await world.add_account("annas", employee="anna")
    world.calendars.add_calendar("theirs", login="annas")
    assert not (await check(world)).health.failing
    world.calendars.remove_calendar("theirs")
    world.calendars.fail("calendars", AccountRevoked())
    assert (await check(world)).health.last_cause is FailureCause.REAUTH_REQUIRED


async def test_a_calendar_that_stands_for_nobody_is_read_in_the_companys_zone(world):
    account = await world.add_account("shared")
    world.calendars.add_calendar("room", login="shared")
    await world.add_calendar("room", account, employee=None)
    assert not (await check(world, name="shared")).health.failing
    assert world.calendars.calls["busy"] == 1


async def test_it_asks_anew_though_a_search_is_asking_the_same(world):
    await world.link("anna")
    released = world.calendars.hang("busy")
    search = asyncio.create_task(world.search())
    await world.called("busy")
    checking = asyncio.create_task(check(world))
    await world.called("busy", 2)
    released.set()
    await asyncio.gather(search, checking)


async def test_it_asks_an_account_that_searches_leave_alone(world):
    await world.link("anna")
    world.calendars.fail("busy", ProviderUnreachable())
    for _ in range(OPENS_AFTER):
        await world.search()
        world.clock.advance(timedelta(seconds=2))
    world.calendars.heal()
    before = world.calendars.calls["busy"]
    assert not (await world.search()).complete
    assert world.calendars.calls["busy"] == before  # the breaker
    assert not (await check(world)).health.failing


async def test_it_is_over_by_its_deadline(world, monkeypatch):
    await world.link("anna")
    monkeypatch.setattr("slotgraph.core.account_checks.MAX_DEADLINE_MS", 50)
    world.calendars.hang("busy")
    world.calendars.hang("calendars")
    assert (await check(world)).health.last_cause is FailureCause.TIMEOUT


async def test_a_provider_that_wants_a_pause_is_noted(world):
    await world.link("anna")
    world.calendars.fail("busy", ProviderThrottled(retry_after=60))
    assert (await check(world)).health.last_cause is FailureCause.THROTTLED


async def test_an_account_that_goes_meanwhile_is_not_found_and_not_made_again(world):
    await world.link("anna")
    released = world.calendars.hang("busy")
    checking = asyncio.create_task(check(world))
    await world.called("busy")
    await world.do.accounts.unlink(world.as_(world.owner), world.company_id, world.id_of("account annas"))
    released.set()
    assert await checking == NotFound(("input", "account"))
    assert await world.rows(tables.account) == []


async def test_who_may(world):
    await world.link("anna")
    await world.do.support.open_case(world.as_(world.owner), CaseRequest(world.company_id, "help", 1, False))
    for actor in (
        world.member("ben", employee="ben"),
        Token(world.company_id, "t", frozenset(Permission)),
        world.agent,  # it changes the health
        Anonymous(),
    ):
        assert await check(world, actor) == NotFound(("input", "account")), actor
    other = await world.add_company("other")
    assert await check(world, company_id=other) == NotFound(("input", "account"))
    assert world.calendars.calls["calendars"] == 0
    for actor in (world.member("anna", employee="anna"), world.member("admin", Role.ADMIN)):
        assert isinstance(await check(world, actor), Account)


async def test_six_a_minute_and_those_refused_ask_nobody(world):
    await world.link("anna")
    for _ in range(CHECKS_PER_MINUTE):
        await check(world)
    asked = world.calendars.calls.copy()
    with pytest.raises(RateLimited) as refused:
        await check(world)
    assert refused.value.retry_after == 60
    assert world.calendars.calls == asked
    assert await check(world, Anonymous()) == NotFound(("input", "account"))  # strangers learn nothing of it


async def test_nothing_of_the_calendars_is_kept(world):
    await world.link("anna", world.event("2027-03-01T09:00", "2027-03-01T10:00", title="canary"))
    world.calendars.fail("calendars", CalendarMissing("canary"))
    await check(world)
    for table in tables.metadata.sorted_tables:
        assert "canary" not in str(await world.rows(table))
