"""How one calendar counts: who chooses, and what cannot be chosen (rules B1, B4, B8)."""

from dataclasses import replace
from datetime import date

import pytest

from slotgraph.core.calendar_choices import CalendarChange
from slotgraph.core.policy import Anonymous, Permission, Token
from slotgraph.core.problems import CalendarNotWritable, InvalidInput, NotFound
from slotgraph.core.support import CaseRequest
from slotgraph.core.values import (
    BusyStatus,
    ReadMode,
)


def change(world, calendar, **more):
    return CalendarChange(world.company_id, calendar.id, **more)


async def test_the_holder_changes_how_their_calendar_counts_and_what_is_left_out_stays(world):
    calendar = await world.link("anna")
    anna = world.as_(world.member("anna", employee="anna"))
    policy = frozenset({BusyStatus.BUSY, BusyStatus.TENTATIVE})
    until = date(2027, 3, 5)
    for given in (
        {"status_policy": policy},
        {"ignore_unverified_until": until},
        {"read_mode": ReadMode.FREE_BUSY_ONLY},
        {"checked": False},
    ):
        await world.do.calendar_choices.update(anna, change(world, calendar, **given))
    expected = replace(
        calendar,
        status_policy=policy,
        ignore_unverified_until=until,
        read_mode=ReadMode.FREE_BUSY_ONLY,
        checked=False,
    )
    assert await world.calendar(calendar.id) == expected
    await world.do.calendar_choices.update(anna, change(world, calendar, ignore_unverified_until=None))
    assert (await world.calendar(calendar.id)).ignore_unverified_until is None


async def test_colleagues_strangers_tokens_and_support_find_no_such_calendar(world):
    calendar = await world.link("anna")
    await world.do.support.open_case(world.as_(world.owner), CaseRequest(world.company_id, "help", 1, False))
    foreigner = replace(world.owner, company_id=await world.add_company("other"))
    for actor in (
        world.member("ben", employee="ben"),
        Anonymous(),
        world.agent,
        foreigner,
        Token(world.company_id, "t", frozenset(Permission)),
    ):
        result = await world.do.calendar_choices.update(world.as_(actor), change(world, calendar, checked=False))
        assert result == NotFound(("input", "calendar"))
    unknown = CalendarChange(world.company_id, "f" * 32, checked=False)
    assert await world.do.calendar_choices.update(world.as_(world.owner), unknown) == NotFound(("input", "calendar"))
    assert (await world.calendar(calendar.id)).checked


async def test_a_new_default_takes_the_place_of_the_former(world):
    first = await world.link("anna")
    account = await world.add_account("second", employee="anna")
    second = await world.add_calendar("second", account, employee="anna")
    await world.do.calendar_choices.update(world.as_(world.owner), change(world, second, default=True))
    assert ((await world.calendar(first.id)).is_default, (await world.calendar(second.id)).is_default) == (False, True)
    await world.do.calendar_choices.update(world.as_(world.owner), change(world, second, default=False))
    assert not (await world.calendar(second.id)).is_default


async def test_a_read_only_calendar_is_nobodys_default(world):
    account = await world.add_account("feed", employee="anna")
    feed = await world.add_calendar("feed", account, employee="anna", writable=False)
    result = await world.do.calendar_choices.update(world.as_(world.owner), change(world, feed, default=True))
    assert result == CalendarNotWritable()
    assert not (await world.calendar(feed.id)).is_default


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"status_policy": frozenset({BusyStatus.TENTATIVE})}, ("input", "statusPolicy")),
        ({"status_policy": frozenset()}, ("input", "statusPolicy")),
        ({"employee_id": None, "default": True}, ("input", "default")),
    ],
)
async def test_choices_that_make_no_sense_name_their_field(world, given, path):
    calendar = await world.link("anna")
    refused = await world.do.calendar_choices.update(world.as_(world.owner), change(world, calendar, **given))
    assert isinstance(refused, InvalidInput)
    assert refused.fields[0].path == path
    assert await world.calendar(calendar.id) == calendar


async def test_a_status_the_provider_cannot_tell_apart_stays_on(world):
    world.calendars.sees = frozenset({BusyStatus.BUSY, BusyStatus.TENTATIVE})
    calendar = await world.link("anna")
    for off, may in ((BusyStatus.TENTATIVE, True), (BusyStatus.OUT_OF_OFFICE, False)):
        wanted = change(world, calendar, status_policy=frozenset(BusyStatus) - {off})
        result = await world.do.calendar_choices.update(world.as_(world.owner), wanted)
        assert isinstance(result, InvalidInput) is not may


async def test_only_admins_give_a_calendar_to_somebody_else_and_then_it_is_nobodys_default(world):
    calendar = await world.link("anna")
    to_ben = change(world, calendar, employee_id=world.id_of("ben"))
    anna = world.as_(world.member("anna", employee="anna"))
    assert await world.do.calendar_choices.update(anna, to_ben) == NotFound(("input", "employee"))
    await world.do.calendar_choices.update(world.as_(world.owner), to_ben)
    given = await world.calendar(calendar.id)
    assert (given.employee_id, given.is_default) == (world.id_of("ben"), False)
    unknown = change(world, calendar, employee_id="f" * 32)
    assert await world.do.calendar_choices.update(world.as_(world.owner), unknown) == NotFound(("input", "employee"))


async def test_a_calendar_given_to_somebody_else_stays_its_account_holders_to_choose(world):
    account = await world.add_account("annas", employee="anna")
    given = await world.add_calendar("given", account, employee="ben")
    ben, anna = (world.as_(world.member(name, employee=name)) for name in ("ben", "anna"))
    update = world.do.calendar_choices.update
    assert await update(ben, change(world, given, checked=False)) == NotFound(("input", "calendar"))
    assert not (await update(anna, change(world, given, checked=False))).checked


async def test_whoever_a_company_calendar_stands_for_may_choose_how_it_counts(world):
    companys = await world.add_account("shared")
    room = await world.add_calendar("room", companys, employee="ben")
    ben, anna = (world.as_(world.member(name, employee=name)) for name in ("ben", "anna"))
    assert await world.do.calendar_choices.update(anna, change(world, room, checked=False)) == NotFound(
        ("input", "calendar")
    )
    assert not (await world.do.calendar_choices.update(ben, change(world, room, checked=False))).checked
