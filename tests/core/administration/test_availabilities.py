"""Availabilities: wall-clock openings of one employee, by their holder or an admin (rules A1, A2, S2)."""

from dataclasses import replace
from datetime import date, time

import pytest

from slotgraph.core import tables
from slotgraph.core.administration import availabilities
from slotgraph.core.administration.availabilities import AvailabilityForm, AvailabilityRef
from slotgraph.core.availability import Dated, Times, Weekly
from slotgraph.core.policy import Permission, Role, Token
from slotgraph.core.problems import InvalidInput, NotFound
from slotgraph.core.records import Availability

TUESDAY = 1
DAY = date(2027, 3, 2)


def weekly(start="18:00", end="20:00", **more):
    return Weekly(Times(time.fromisoformat(start), time.fromisoformat(end)), TUESDAY, **more)


def dated(start="18:00", end="20:00", day=DAY):
    return Dated(Times(time.fromisoformat(start), time.fromisoformat(end)), day)


async def upsert(world, rule, *, employee="anna", before=None, actor=None):
    ref = before and AvailabilityRef(before.id, type(before.rule))
    form = AvailabilityForm(world.id_of(employee), rule, ref)
    return await availabilities.upsert(world.as_(actor or world.owner), world.company_id, form)


async def delete(world, before, *, actor=None):
    ref = AvailabilityRef(before.id, type(before.rule))
    return await availabilities.delete(world.as_(actor or world.owner), world.company_id, ref)


async def evening(world, name="anna"):
    return await world.starts("2027-03-02 17:00", "2027-03-03 00:00", choice=world.choice(name))


@pytest.mark.parametrize("rule", [weekly(), dated(), weekly(valid_from=DAY, valid_until=DAY)])
async def test_an_opening_opens_and_closes(world, rule):
    made = await upsert(world, rule)
    assert made == Availability(world.company_id, made.id, world.id_of("anna"), rule)
    assert (await evening(world))[0] == "18:00"
    assert await evening(world, "ben") == []
    later = replace(rule, times=Times(time(19), time(20)))
    assert await upsert(world, later, before=made) == replace(made, rule=later)
    assert (await evening(world))[0] == "19:00"
    assert await delete(world, made) == replace(made, rule=later)
    assert await evening(world) == []
    assert await delete(world, made) == NotFound(("input", "availability"))


async def test_times_that_overlap_are_fine(world):
    """Rule S2: each keeps its own grid, equal starts are one."""
    await upsert(world, weekly("16:30", "18:00"))
    await upsert(world, weekly("16:30", "18:00"))
    assert await evening(world) == ["17:00", "17:15", "17:30"]


async def test_a_whole_day_is_midnight_to_midnight_and_nights_run_over(world):
    """Rule A1."""
    made = await upsert(world, dated("00:00", "00:00"))
    assert (await evening(world))[-1] == "23:30"
    await upsert(world, dated("23:00", "01:00"), before=made)
    assert await evening(world) == ["23:00", "23:15", "23:30", "23:45"]


@pytest.mark.parametrize(
    ("rule", "path", "said"),
    [
        (weekly("09:00", "09:00"), ("weekly", "end"), "00:00:00 to 00:00:00"),
        (dated("09:00", "09:00"), ("dated", "end"), "00:00:00 to 00:00:00"),
        (weekly("09:00:30"), ("weekly", "start"), "whole minutes"),
        (dated("09:00", "10:00:00.5"), ("dated", "end"), "whole minutes"),
        (weekly(valid_from=DAY, valid_until=date(2027, 3, 1)), ("weekly", "validUntil"), "before validFrom"),
        (weekly(valid_from=date(1899, 1, 1)), ("weekly", "validFrom"), "1900 and 2999"),
        (weekly(valid_until=date(3000, 1, 1)), ("weekly", "validUntil"), "1900 and 2999"),
        (dated(day=date(3000, 1, 1)), ("dated", "date"), "1900 and 2999"),
    ],
)
async def test_what_makes_no_sense_is_refused_and_nothing_changes(world, rule, path, said):
    made = await upsert(world, weekly() if isinstance(rule, Weekly) else dated())
    for before in (None, made):
        refused = await upsert(world, rule, before=before)
        assert isinstance(refused, InvalidInput)
        assert [field.path for field in refused.fields] == [("input", "times", *path)]
        assert said in refused.message
    assert (await evening(world))[0] == "18:00"


async def test_what_is_weekly_stays_weekly(world):
    """Its id says so, and ids are stable."""
    for rule, other in ((weekly(), dated()), (dated(), weekly())):
        made = await upsert(world, rule)
        refused = await upsert(world, other, before=made)
        assert [field.path for field in refused.fields] == [("input", "times")]
        wrong = replace(made, rule=other)
        assert await upsert(world, other, before=wrong) == NotFound(("input", "id"))
        assert await delete(world, wrong) == NotFound(("input", "availability"))


async def test_the_holder_changes_their_own_and_no_colleagues(world):
    anna = world.member("anna", employee="anna")
    made = await upsert(world, weekly(), actor=anna)
    assert isinstance(await upsert(world, weekly("19:00"), before=made, actor=anna), Availability)
    bens = await upsert(world, weekly(), employee="ben")
    assert await upsert(world, weekly(), employee="ben", actor=anna) == NotFound(("input", "employee"))
    assert await upsert(world, weekly(), before=bens, actor=anna) == NotFound(("input", "id"))
    assert await upsert(world, weekly(), employee="ben", before=made, actor=anna) == NotFound(("input", "employee"))
    assert await delete(world, bens, actor=anna) == NotFound(("input", "availability"))
    assert await delete(world, made, actor=anna)
    assert await upsert(world, weekly(), employee="ben", before=bens) == bens


async def test_who_else_may(world):
    made = await upsert(world, weekly())
    scoped = Token(world.company_id, "t" * 32, frozenset({Permission.CHANGE_SCHEDULE}))
    reads = Token(world.company_id, "t" * 32, frozenset(Permission) - {Permission.CHANGE_SCHEDULE})
    for actor in (world.member("admin", Role.ADMIN), scoped):
        assert await upsert(world, weekly(), before=made, actor=actor) == made
    foreigner = replace(world.owner, company_id=await world.add_company("other"))
    for actor in (world.member("staff"), world.agent, reads, foreigner):
        assert await upsert(world, weekly(), actor=actor) == NotFound(("input", "employee"))
        assert await delete(world, made, actor=actor) == NotFound(("input", "availability"))
    assert await upsert(world, weekly(), employee="nobody") == NotFound(("input", "employee"))


async def test_an_opening_can_be_given_to_somebody_else(world):
    made = await upsert(world, weekly())
    moved = await upsert(world, weekly(), employee="ben", before=made)
    assert moved == replace(made, employee_id=world.id_of("ben"))
    assert await evening(world) == []
    assert (await evening(world, "ben"))[0] == "18:00"


async def test_there_is_a_limit_for_each_employee(world, monkeypatch):
    monkeypatch.setattr("slotgraph.core.administration.availabilities.MAX_AVAILABILITIES", 6)
    made = await upsert(world, weekly())
    refused = await upsert(world, weekly())
    assert "at most 6 availabilities" in refused.message
    assert await upsert(world, weekly(), before=made) == made
    bens = await upsert(world, weekly(), employee="ben")
    assert isinstance(await upsert(world, weekly(), before=bens), InvalidInput)
    assert len(await world.rows(tables.availability)) == 12


async def test_bookings_stay_when_their_opening_goes(world):
    made = await upsert(world, weekly())
    await world.book("2027-03-02 18:00", employee="anna")
    await delete(world, made)
    assert [row.state for row in await world.rows(tables.booking)] == ["CONFIRMED"]
