"""Holidays of the company, filled in once however often one asks."""

from datetime import date

import pytest

from slotgraph.core import tables
from slotgraph.core.administration.holidays import FilledIn, Holiday, fill_in
from slotgraph.core.availability import DaysOff
from slotgraph.core.errors import BadInput

NEW_YEAR, EASTER = Holiday(date(2027, 1, 1), "New Year"), Holiday(date(2027, 3, 29), "Easter Monday")


async def absences(world):
    rows = await world.rows(tables.absence)
    return sorted((row.first_day, row.last_day, row.note) for row in rows if row.employee_id is None)


async def test_each_is_a_day_off_of_the_company(world):
    assert await fill_in(world.database, "demo", [EASTER, NEW_YEAR]) == FilledIn((NEW_YEAR, EASTER), ())
    assert await absences(world) == [(one.day, one.day, one.name) for one in (NEW_YEAR, EASTER)]
    assert await world.starts("2027-03-29 00:00", "2027-03-30 00:00") == []


async def test_again_adds_nothing_and_the_rest_is_left_alone(world):
    other = DaysOff(EASTER.day, EASTER.day)
    await world.take_off(None, other, note="Easter")
    await world.take_off("anna", other, note=EASTER.name)
    await fill_in(world.database, "demo", [NEW_YEAR])
    assert await fill_in(world.database, "demo", [NEW_YEAR, EASTER]) == FilledIn((EASTER,), (NEW_YEAR,))
    assert await fill_in(world.database, "demo", [NEW_YEAR, EASTER, EASTER]) == FilledIn((), (NEW_YEAR, EASTER))
    assert len(await absences(world)) == 3
    assert len(await world.rows(tables.absence)) == 4


async def test_a_dry_run_writes_nothing(world):
    await fill_in(world.database, "demo", [NEW_YEAR])
    found = await fill_in(world.database, "demo", [NEW_YEAR, EASTER], dry_run=True)
    assert found == FilledIn((EASTER,), (NEW_YEAR,))
    assert len(await absences(world)) == 1


@pytest.mark.parametrize("dry_run", [False, True])
async def test_what_cannot_be_is_refused_whole(world, monkeypatch, dry_run):
    with pytest.raises(BadInput, match="no company 'salon'"):
        await fill_in(world.database, "salon", [EASTER], dry_run=dry_run)
    monkeypatch.setattr("slotgraph.core.administration.holidays.MAX_ABSENCES", 1)
    with pytest.raises(BadInput, match="at most 1 absences"):
        await fill_in(world.database, "demo", [NEW_YEAR, EASTER], dry_run=dry_run)
    assert await absences(world) == []
