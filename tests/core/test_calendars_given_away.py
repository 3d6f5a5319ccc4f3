"""A calendar that was given to somebody else, or to nobody, is not taken back by whoever had it before."""

from slotgraph.core.calendar_choices import CalendarChange
from slotgraph.core.problems import NotFound


async def company_calendar(world, employee):
    account = await world.add_account("tenant@demo.example")
    return await world.add_calendar("shared", account, employee=employee)


async def test_a_change_under_way_does_not_undo_that_the_calendar_was_given_to_somebody_else(world):
    calendar = await company_calendar(world, "anna")
    desk, owner, anna = world.do.calendar_choices, world.as_(world.owner), world.member("anna", employee="anna")
    give = CalendarChange(world.company_id, calendar.id, employee_id=world.id_of("ben"))
    change = CalendarChange(world.company_id, calendar.id, checked=False)

    class Slow(type(owner)):
        """Asks for a permission, and by the time of the answer the owner has given the calendar to Ben."""

        async def permits(self, *args, **facts):
            permitted = await super().permits(*args, **facts)
            if (await world.calendar(calendar.id)).employee_id == world.id_of("anna"):
                await desk.update(owner, give)
            return permitted

    outcome = await desk.update(Slow(anna, world.database, world.clock), change)
    assert outcome == NotFound(("input", "calendar"))
    assert (await world.calendar(calendar.id)).employee_id == world.id_of("ben")


async def test_nobody_gives_away_what_they_could_not_take_back(world):
    calendar = await company_calendar(world, "anna")
    anna = world.as_(world.member("anna", employee="anna"))
    change = CalendarChange(world.company_id, calendar.id, employee_id=None)
    assert await world.do.calendar_choices.update(anna, change) == NotFound(("input", "employee"))
    assert (await world.calendar(calendar.id)).employee_id == world.id_of("anna")


async def test_the_calendars_of_ones_own_account_may_stand_for_nobody(world):
    calendar = await world.link("anna")
    anna = world.as_(world.member("anna", employee="anna"))
    change = CalendarChange(world.company_id, calendar.id, employee_id=None)
    assert (await world.do.calendar_choices.update(anna, change)).employee_id is None
