"""Absences: time off of one employee, by their holder or an admin, or of the whole company (rule A2)."""

from dataclasses import replace
from datetime import date

import pytest

from slotgraph.core import tables
from slotgraph.core.administration import absences
from slotgraph.core.administration.absences import AbsenceForm
from slotgraph.core.availability import DaysOff
from slotgraph.core.errors import Forbidden
from slotgraph.core.policy import Permission, Role, Token
from slotgraph.core.problems import InvalidInput, NotFound
from slotgraph.core.records import Absence
from slotgraph.core.slots import SlotRule
from slotgraph.core.values import OMITTED, Span

DAY = date(2027, 3, 2)
OFF = DaysOff(DAY, DAY)


async def upsert(world, times=OFF, *, employee=OMITTED, actor=None, before=None, note=OMITTED):
    whose = world.id_of(employee) if isinstance(employee, str) else employee
    form = AbsenceForm(times, before and before.id, whose, note)
    return await absences.upsert(world.as_(actor or world.owner), world.company_id, form)


async def delete(world, before, *, actor=None):
    return await absences.delete(world.as_(actor or world.owner), world.company_id, before.id)


async def test_an_absence_of_one_closes_their_day_and_no_others(world):
    made = await upsert(world, employee="anna", note=" Dentist \n")
    assert made == Absence(world.company_id, made.id, world.id_of("anna"), "Dentist", OFF)
    assert await world.starts(choice=world.choice("anna")) == []
    assert await world.starts(choice=world.choice("ben")) != []
    explained = await world.explain(actor=world.owner, choice=world.choice("anna"))
    assert [one.rule for one in explained.rules if one.outcome.name == "FAILED"] == [SlotRule.ABSENCE]
    assert await delete(world, made) == made
    assert await world.starts(choice=world.choice("anna")) != []
    assert await delete(world, made) == NotFound(("input", "absence"))


async def test_an_absence_of_the_company_closes_everybodys(world):
    for employee in (OMITTED, None):
        made = await upsert(world, employee=employee)
        assert made.employee_id is made.note is None
        assert await world.starts() == []
        await delete(world, made)


async def test_a_range_closes_to_the_minute(world):
    off = Span(world.minute("2027-03-02 09:00"), world.minute("2027-03-02 16:30"))
    made = await upsert(world, off)
    assert await world.starts() == ["16:30"]
    later = Span(off.start, off.end + 1)
    assert await upsert(world, later, before=made) == replace(made, times=later)
    assert await world.starts() == []
    assert await upsert(world, OFF, before=made) == made.__class__(
        made.company_id, made.id, made.employee_id, made.note, OFF
    )


async def test_what_is_left_out_stays_and_null_means_none(world):
    """A changed day never makes one person's absence everybody's."""
    made = await upsert(world, employee="anna", note="Holiday")
    days = DaysOff(DAY, date(2027, 3, 5))
    assert await upsert(world, days, before=made) == replace(made, times=days)
    assert (await upsert(world, before=made, note=None)).note is None
    assert (await upsert(world, before=made, note=" ")).note is None
    bens = await upsert(world, before=made, employee="ben")
    assert bens.employee_id == world.id_of("ben")
    assert (await upsert(world, before=made, employee=None)).employee_id is None


@pytest.mark.parametrize(
    ("times", "path", "said"),
    [
        (DaysOff(DAY, date(2027, 3, 1)), ("days", "until"), "before from"),
        (DaysOff(DAY, date(2037, 3, 9)), ("days", "until"), "3660 days"),
        (DaysOff(date(1899, 12, 31), date(1900, 1, 1)), ("days", "from"), "1900 and 2999"),
        (DaysOff(date(2999, 12, 31), date(3000, 1, 1)), ("days", "until"), "1900 and 2999"),
        (Span(10, 10), ("range", "end"), "after start"),
        (Span(10, 9), ("range", "end"), "after start"),
        (Span(10, 11 + 3660 * 1440), ("range", "end"), "3660 days"),
    ],
)
async def test_times_that_make_no_sense_are_refused(world, times, path, said):
    made = await upsert(world)
    for before in (None, made):
        refused = await upsert(world, times, before=before)
        assert isinstance(refused, InvalidInput)
        assert [field.path for field in refused.fields] == [("input", "times", *path)]
        assert said in refused.message
    assert len(await world.rows(tables.absence)) == 1


@pytest.mark.parametrize("note", ["x" * 2001, "a\x00b", "a\u202eb"])
async def test_a_note_is_text_of_some_length(world, note):
    refused = await upsert(world, note=note)
    assert [field.path for field in refused.fields] == [("input", "note")]
    assert (await upsert(world, note="<script>\n" + "x" * 1991)).note.startswith("<script>\n")


async def test_the_longest_absence_there_may_be(world):
    assert isinstance(await upsert(world, DaysOff(DAY, date(2037, 3, 8))), Absence)
    assert isinstance(await upsert(world, Span(10, 10 + 3660 * 1440)), Absence)


async def test_the_holder_takes_time_off_but_does_not_close_the_shop(world):
    anna = world.member("anna", employee="anna")
    made = await upsert(world, employee="anna", actor=anna)
    assert await upsert(world, before=made, actor=anna) == made
    bens, everybodys = await upsert(world, employee="ben"), await upsert(world)
    assert await upsert(world, employee="ben", actor=anna) == NotFound(("input", "employee"))
    assert await upsert(world, before=made, employee="ben", actor=anna) == NotFound(("input", "employee"))
    for other in (bens, everybodys):
        assert await upsert(world, before=other, actor=anna) == NotFound(("input", "id"))
        assert await upsert(world, before=other, employee="anna", actor=anna) == NotFound(("input", "id"))
        assert await delete(world, other, actor=anna) == NotFound(("input", "absence"))
    for before in (None, made):
        with pytest.raises(Forbidden):
            await upsert(world, before=before, employee=None, actor=anna)
    assert await delete(world, made, actor=anna)


async def test_who_else_may(world):
    made = await upsert(world)
    scoped = Token(world.company_id, "t" * 32, frozenset({Permission.CHANGE_SCHEDULE}))
    reads = Token(world.company_id, "t" * 32, frozenset(Permission) - {Permission.CHANGE_SCHEDULE})
    for actor in (world.member("admin", Role.ADMIN), scoped):
        assert await upsert(world, before=made, actor=actor) == made
    foreigner = replace(world.owner, company_id=await world.add_company("other"))
    for actor in (world.member("staff"), world.agent, reads, foreigner):
        assert await upsert(world, employee="anna", actor=actor) == NotFound(("input", "employee"))
        assert await upsert(world, before=made, actor=actor) == NotFound(("input", "id"))
        assert await delete(world, made, actor=actor) == NotFound(("input", "absence"))
        with pytest.raises(Forbidden):
            await upsert(world, actor=actor)
    assert await upsert(world, employee="nobody") == NotFound(("input", "employee"))


async def test_there_is_a_limit_for_each_employee_and_one_for_the_company(world, monkeypatch):
    monkeypatch.setattr("slotgraph.core.administration.absences.MAX_ABSENCES", 1)
    for employee in ("anna", "ben", None):
        made = await upsert(world, employee=employee)
        refused = await upsert(world, employee=employee)
        assert "at most 1 absences" in refused.message
        assert isinstance(await upsert(world, before=made), Absence)
    assert isinstance(await upsert(world, before=made, employee="anna"), InvalidInput)


async def test_bookings_inside_an_absence_stay(world):
    await world.book(employee="anna")
    await upsert(world)
    assert [row.state for row in await world.rows(tables.booking)] == ["CONFIRMED"]


async def test_a_note_that_was_written_meanwhile_stays_where_none_is_given(world, monkeypatch):
    made = await upsert(world, employee="anna", note="Dentist")
    found = absences._found

    async def found_before_others_write(*args):
        before = await found(*args)
        monkeypatch.setattr(absences, "_found", found)
        await upsert(world, before=made, note="Doctor")
        return before

    monkeypatch.setattr(absences, "_found", found_before_others_write)
    later = DaysOff(DAY, date(2027, 3, 3))
    assert await upsert(world, later, before=made) == replace(made, times=later, note="Doctor")
