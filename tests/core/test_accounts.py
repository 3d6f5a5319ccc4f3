"""Who sees linked accounts and their calendars."""

from slotgraph.core.errors import AccountRevoked
from slotgraph.core.policy import Anonymous, Permission, Token
from slotgraph.core.support import CaseRequest


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
