"""Administration and booking at the same time: exactly one of them wins, whichever is first (rules K1, K8)."""

import asyncio
from datetime import date, time

import pytest
from sqlalchemy import text

from slotgraph.core import tables
from slotgraph.core.administration import absences, availabilities, services
from slotgraph.core.administration.absences import AbsenceForm
from slotgraph.core.administration.availabilities import AvailabilityForm, AvailabilityRef
from slotgraph.core.administration.employees import EmployeeForm
from slotgraph.core.administration.holidays import Holiday, fill_in
from slotgraph.core.administration.services import ServiceForm
from slotgraph.core.availability import Dated, DaysOff, Times, Weekly
from slotgraph.core.booking.making import BookingConfirmed
from slotgraph.core.link_forms import FilledField
from slotgraph.core.linking import EmployeeRef
from slotgraph.core.problems import HasUpcomingBookings, NotFound, SecretRefused, SlotTaken
from slotgraph.core.store.locks import lock_employees
from slotgraph.core.values import Purpose, Secret


async def delete_anna(world):
    return await world.do.employees.delete(world.as_(world.owner), world.company_id, world.id_of("anna"))


async def delete_cut(world):
    return await services.delete(world.as_(world.owner), world.company_id, world.id_of("cut"))


@pytest.fixture
async def checked(world):
    """A booking of Anna that has passed the check of our own tables and asks her calendar, which is the company's."""
    account = await world.add_account("annas")
    world.calendars.add_calendar("annas", login="annas")
    await world.add_calendar("annas", account, employee="anna", is_default=True)
    released = world.calendars.hang("busy")
    booking = asyncio.create_task(world.book(employee="anna"))
    await world.called("busy", 1)

    async def go_on():
        released.set()
        return await booking

    return go_on


@pytest.mark.parametrize("delete", [delete_anna, delete_cut])
async def test_a_deletion_while_calendars_are_asked_wins(world, checked, delete):
    gone = await delete(world)
    assert not isinstance(gone, HasUpcomingBookings)
    assert await checked() == SlotTaken()
    assert await world.rows(tables.booking) == []


@pytest.mark.parametrize("delete", [delete_anna, delete_cut])
async def test_a_booking_that_was_first_wins(world, checked, delete):
    assert isinstance(await checked(), BookingConfirmed)
    assert await delete(world) == HasUpcomingBookings(1)


@pytest.mark.parametrize("delete", [delete_anna, delete_cut])
async def test_many_at_once_leave_either_the_booking_or_nobody_to_book(world, delete):
    for _ in range(3):
        outcomes = await asyncio.gather(world.book(employee="anna"), delete(world), return_exceptions=True)
        booked = isinstance(outcomes[0], BookingConfirmed)
        assert isinstance(outcomes[1], HasUpcomingBookings) == booked
        if not booked:
            return
        await world.cancel(outcomes[0].booking, actor=world.owner)


async def test_while_accounts_are_revoked_nobody_can_be_booked_any_more(world):
    await world.link("anna")
    released = world.calendars.hang("close")
    deleting = asyncio.create_task(delete_anna(world))
    await world.called("close")
    assert await world.book(employee="anna") == NotFound(("input", "slot", "employees", "employee"))
    released.set()
    assert (await deleting).name == "Anna"


async def test_a_link_under_way_cannot_be_completed_after_the_deletion(world):
    """No credentials for nobody."""
    world.calendars.add_calendar("annas", login="annas")
    owner = await world.add_login(world.owner)
    anna = EmployeeRef(world.company_id, world.id_of("anna"))
    begun = await world.do.linking.begin(world.as_(owner), "memory", employee=anna, purposes=frozenset(Purpose))
    await delete_anna(world)
    filled = [FilledField("login", Secret("annas"))]
    assert await world.do.linking.complete(world.as_(owner), begun.link_token, filled) == SecretRefused()
    assert await world.rows(tables.account) == []


async def test_of_two_changes_of_one_thing_the_last_one_holds_whole(world):
    anna, cut = world.id_of("anna"), world.id_of("cut")
    forms = [EmployeeForm(f"Anna {at}", id=anna, service_ids=(cut,) * (at % 2)) for at in range(6)]
    desk = world.do.employees
    made = await asyncio.gather(*(desk.upsert(world.as_(world.owner), world.company_id, form) for form in forms))
    found = await world.as_(world.owner).directory(world.company_id)
    (last,) = [one for one in made if one == found.employees[anna]]
    assert bool(found.services_of(anna)) == bool(int(last.name[-1]) % 2)
    forms = [ServiceForm(f"Cut {at}", 30 + at, id=cut, employee_ids=(anna,) * (at % 2)) for at in range(6)]
    changed = await asyncio.gather(*(services.upsert(world.as_(world.owner), world.company_id, form) for form in forms))
    found = await world.as_(world.owner).directory(world.company_id)
    (last,) = [one for one in changed if one == found.services[cut]]
    assert bool(found.employees_of(cut)) == bool(int(last.name[-1]) % 2)


async def upsert_anna(world):
    form = EmployeeForm("Anna", id=world.id_of("anna"), service_ids=())
    return await world.do.employees.upsert(world.as_(world.owner), world.company_id, form)


async def upsert_cut(world):
    form = ServiceForm("Cut", 60, id=world.id_of("cut"))
    return await services.upsert(world.as_(world.owner), world.company_id, form)


async def open_anna(world):
    form = AvailabilityForm(world.id_of("anna"), Dated(Times(time(9), time(10)), date(2027, 3, 2)))
    return await availabilities.upsert(world.as_(world.owner), world.company_id, form)


async def close_anna(world):
    form = AbsenceForm(DaysOff(date(2027, 3, 2), date(2027, 3, 2)), employee_id=world.id_of("anna"))
    return await absences.upsert(world.as_(world.owner), world.company_id, form)


async def shut_anna(world):
    opening = next(row for row in await world.rows(tables.availability) if row.employee_id == world.id_of("anna"))
    ref = AvailabilityRef(opening.id, Weekly)
    return await availabilities.delete(world.as_(world.owner), world.company_id, ref)


async def bring_anna_back(world):
    await world.take_off("anna", DaysOff(date(2027, 3, 2), date(2027, 3, 2)))
    (off,) = await world.rows(tables.absence)
    return await absences.delete(world.as_(world.owner), world.company_id, off.id)


async def close_everybody(world):
    form = AbsenceForm(DaysOff(date(2027, 3, 2), date(2027, 3, 2)))
    return await absences.upsert(world.as_(world.owner), world.company_id, form)


async def fill_in_a_holiday(world):
    return await fill_in(world.database, "demo", [Holiday(date(2027, 3, 2), "Day of rest")])


CHANGES = (
    *(delete_anna, delete_cut, upsert_anna, upsert_cut),
    *(open_anna, shut_anna, close_anna, bring_anna_back, close_everybody, fill_in_a_holiday),
)


async def somebody_waits(world):
    asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with world.database.read() as connection:
        return (await connection.execute(text(asked))).scalar_one() > 0


@pytest.mark.postgresql
@pytest.mark.parametrize("change", CHANGES)
async def test_whoever_changes_annas_time_waits_for_whoever_books_her(world, change):
    """Rule K1: one lock for all. On SQLite there is one writer at a time anyway."""
    async with world.database.write() as booking:
        await lock_employees(booking, world.company_id, [world.id_of("anna")])
        changing = asyncio.create_task(change(world))
        while not changing.done() and not await somebody_waits(world):
            await asyncio.sleep(0.01)
        assert not changing.done()
    await changing
