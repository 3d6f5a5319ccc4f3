"""Whoever names an employee or a service while it is being deleted finds it there or gone: nothing is left half done (rules K1, K8)."""

import asyncio

import pytest
from sqlalchemy import text

from slotgraph.core import calendar_choices, linking, tables
from slotgraph.core.administration import services
from slotgraph.core.administration.employees import EmployeeForm
from slotgraph.core.administration.holidays import Holiday, fill_in
from slotgraph.core.calendar_choices import CalendarChange
from slotgraph.core.linking import EmployeeRef
from slotgraph.core.people.invitations import InvitationRequest
from slotgraph.core.policy import Role
from slotgraph.core.problems import NotFound
from slotgraph.core.store import accounts, companies, references, schedule
from slotgraph.core.values import Purpose


@pytest.fixture
def stop(monkeypatch):
    """Stop whoever comes to a function, as (they are there, let them go on)."""

    def stop(module, name):
        there, go_on, real = asyncio.Event(), asyncio.Event(), getattr(module, name)

        async def stopped(*args, **options):
            there.set()
            await go_on.wait()
            return await real(*args, **options)

        monkeypatch.setattr(module, name, stopped)
        return there, go_on

    return stop


async def waits_or_ends(world, task):
    """Until a task has ended, or a transaction waits for another."""
    asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    for _ in range(100):
        if task.done():
            return
        async with world.database.read() as connection:
            if (await connection.execute(text(asked))).scalar_one():
                return
        await asyncio.sleep(0.01)


async def delete_anna(world):
    return await world.do.employees.delete(world.as_(world.owner), world.company_id, world.id_of("anna"))


async def delete_cut(world):
    return await services.delete(world.as_(world.owner), world.company_id, world.id_of("cut"))


async def companys_calendar(world, **facts):
    return await world.add_calendar("room", await world.add_account("companys"), employee=None, **facts)


async def give_to_anna(world, calendar, operation=None, **more):
    change = CalendarChange(world.company_id, calendar.id, employee_id=world.id_of("anna"), **more)
    return await world.do.calendar_choices.update(operation or world.as_(world.owner), change)


async def test_a_calendar_is_not_given_to_an_employee_who_goes_meanwhile(world, stop):
    calendar = await companys_calendar(world)
    there, go_on = stop(calendar_choices, "_found")
    operation = world.as_(world.owner)
    await operation.directory(world.company_id)
    giving = asyncio.create_task(give_to_anna(world, calendar, operation))
    await there.wait()
    assert (await delete_anna(world)).name == "Anna"
    go_on.set()
    assert await giving == NotFound(("input", "employee"))


@pytest.mark.postgresql
async def test_a_calendar_that_is_being_given_to_an_employee_is_waited_for(world, stop):
    calendar = await companys_calendar(world)
    there, go_on = stop(accounts, "update_choices")
    giving = asyncio.create_task(give_to_anna(world, calendar))
    await there.wait()
    deleting = asyncio.create_task(delete_anna(world))
    await waits_or_ends(world, deleting)
    go_on.set()
    assert (await giving).employee_id == world.id_of("anna")
    assert (await deleting).name == "Anna"
    assert (await world.calendar(calendar.id)).employee_id is None


@pytest.mark.postgresql
async def test_of_two_calendars_chosen_at_a_time_one_is_the_default(world, stop):
    account = await world.add_account("companys")
    one, two = [await world.add_calendar(name, account, employee="anna") for name in ("one", "two")]
    there, go_on = stop(accounts, "update_choices")
    first = asyncio.create_task(give_to_anna(world, one, default=True))
    await there.wait()
    second = asyncio.create_task(give_to_anna(world, two, default=True))
    await waits_or_ends(world, second)
    go_on.set()
    assert (await first).is_default
    assert (await second).is_default
    assert [row.provider_calendar_id for row in await world.rows(tables.calendar) if row.is_default] == ["two"]


async def test_no_link_is_begun_for_an_employee_who_goes_meanwhile(world, stop):
    """No credentials for nobody."""
    world.calendars.add_calendar("annas", login="annas")
    owner = await world.add_login(world.owner)
    anna = EmployeeRef(world.company_id, world.id_of("anna"))
    there, go_on = stop(linking, "_begun")
    begun = world.do.linking.begin(world.as_(owner), "memory", employee=anna, purposes=frozenset(Purpose))
    beginning = asyncio.create_task(begun)
    await there.wait()
    assert (await delete_anna(world)).name == "Anna"
    go_on.set()
    assert await beginning == NotFound(("input", "employee"))
    assert await world.rows(tables.link_attempt) == []


@pytest.mark.postgresql
async def test_an_invitation_as_an_employee_who_goes_is_refused(world, stop):
    owner = await world.add_login(world.owner)
    there, go_on = stop(references, "delete_employee")
    deleting = asyncio.create_task(delete_anna(world))
    await there.wait()
    request = InvitationRequest("new@demo.example", Role.STAFF, world.id_of("anna"))
    inviting = asyncio.create_task(world.do.invitations.invite(world.as_(owner), request))
    await waits_or_ends(world, inviting)
    go_on.set()
    assert (await deleting).name == "Anna"
    outcome = await asyncio.gather(inviting, return_exceptions=True)
    assert [type(one).__name__ for one in outcome] == ["UnknownObject"]


@pytest.mark.postgresql
async def test_a_service_that_a_new_employee_is_given_is_waited_for(world, stop):
    there, go_on = stop(companies, "set_services_of_employee")
    form = EmployeeForm("Carl", service_ids=(world.id_of("cut"),))
    making = asyncio.create_task(world.do.employees.upsert(world.as_(world.owner), world.company_id, form))
    await there.wait()
    deleting = asyncio.create_task(delete_cut(world))
    await waits_or_ends(world, deleting)
    go_on.set()
    assert (await making).name == "Carl"
    assert (await deleting).name == "Cut"


@pytest.mark.postgresql
async def test_holidays_are_filled_in_once_where_nobody_works_yet(world, stop):
    await world.add_company("empty")
    day = [Holiday(world.at("2027-03-02 09:00").date(), "Day of rest")]

    there, go_on = stop(schedule, "insert_absence")
    first = asyncio.create_task(fill_in(world.database, "empty", day))
    await there.wait()
    second = asyncio.create_task(fill_in(world.database, "empty", day))
    await waits_or_ends(world, second)
    await asyncio.sleep(0.05)
    go_on.set()
    await asyncio.gather(first, second)
    assert len(await world.rows(tables.absence)) == 1
