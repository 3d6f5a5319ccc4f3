"""Employees: made with their defaults, changed field by field, deleted only when nobody counts on them (rule K8)."""

from dataclasses import replace

import pytest

from slotgraph.core import tables
from slotgraph.core.administration.employees import EmployeeForm
from slotgraph.core.availability import DaysOff
from slotgraph.core.booking.making import BookingConfirmed
from slotgraph.core.errors import Forbidden, UnknownObject
from slotgraph.core.policy import Permission, Role, Token
from slotgraph.core.problems import HasUpcomingBookings, InvalidInput, NotFound
from slotgraph.core.records import Employee, EmployeeKind

ANNA = "anna"


async def upsert(world, name="Cleo", *, actor=None, **given):
    operation = world.as_(actor or world.owner)
    return await world.do.employees.upsert(operation, world.company_id, EmployeeForm(name, **given))


async def delete(world, name, *, actor=None):
    return await world.do.employees.delete(world.as_(actor or world.owner), world.company_id, world.id_of(name))


async def directory(world):
    return await world.as_(world.owner).directory(world.company_id)


def until(world, moment):
    world.clock.advance(world.at(moment) - world.clock.now())


async def test_a_new_employee_has_the_defaults(world):
    made = await upsert(world, " Cleo ")
    expected = Employee(world.company_id, made.id, "Cleo", EmployeeKind.PERSON, "Europe/Zurich", True, False)
    found = await directory(world)
    assert made == expected == found.employees[made.id]
    assert found.services_of(made.id) == []


async def test_what_is_given_changes_and_the_rest_stays(world):
    before = (await directory(world)).employees[world.id_of(ANNA)]
    changed = await upsert(world, "Anne", id=before.id)
    assert changed == replace(before, name="Anne")
    changed = await upsert(
        world,
        "Room",
        id=before.id,
        kind=EmployeeKind.RESOURCE,
        time_zone="Asia/Tokyo",
        active=False,
        show_appointments=True,
        service_ids=(),
    )
    assert (changed.kind, changed.time_zone, changed.active) == (EmployeeKind.RESOURCE, "Asia/Tokyo", False)
    assert changed.show_appointments
    assert (await directory(world)).services_of(before.id) == []
    assert await upsert(world, "Room", id=before.id) == changed


async def test_a_service_named_twice_counts_once(world):
    cut = world.id_of("cut")
    made = await upsert(world, service_ids=(cut, cut))
    assert [one.id for one in (await directory(world)).services_of(made.id)] == [cut]


async def test_a_service_that_is_none_changes_nothing(world):
    with pytest.raises(UnknownObject) as refused:
        await upsert(world, service_ids=(world.id_of("cut"), world.id_of("none")))
    assert refused.value.path == ("input", "services", "1")
    assert len((await directory(world)).employees) == 2


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        ({"name": " "}, "name", "empty"),
        ({"name": "x" * 201}, "name", "200"),
        ({"name": "a\nb"}, "name", "control"),
        ({"name": "a\u202eb"}, "name", "control or invisible"),
        ({"time_zone": "Zurich"}, "timeZone", "IANA"),
        ({"service_ids": ("0" * 32,) * 201}, "services", "at most 200"),
    ],
)
async def test_what_makes_no_sense_is_refused_and_nothing_changes(world, given, field, said):
    before = await directory(world)
    refused = await upsert(world, **({"id": world.id_of(ANNA), "active": False} | given))
    assert isinstance(refused, InvalidInput)
    ((path, message),) = ((one.path, one.message) for one in refused.fields)
    assert path == ("input", field)
    assert said in message
    assert (await directory(world)).employees == before.employees


async def test_markup_in_a_name_is_text(world):
    assert (await upsert(world, "<b>Cleo</b> & {{x}}")).name == "<b>Cleo</b> & {{x}}"
    assert len((await upsert(world, "x" * 200)).name) == 200


async def test_there_is_a_limit_and_the_deleted_do_not_count(world, monkeypatch):
    monkeypatch.setattr("slotgraph.core.administration.employees.MAX_EMPLOYEES", 3)
    third = await upsert(world)
    refused = await upsert(world)
    assert isinstance(refused, InvalidInput)
    assert "at most 3 employees" in refused.message
    await upsert(world, "Still", id=third.id)
    await world.do.employees.delete(world.as_(world.owner), world.company_id, third.id)
    assert isinstance(await upsert(world), Employee)


async def test_who_may(world):
    """Also for somebody's own employee: what they are is the company's to say."""
    scoped = Token(world.company_id, "t" * 32, frozenset({Permission.CHANGE_SCHEDULE}))
    reads = Token(world.company_id, "t" * 32, frozenset(Permission) - {Permission.CHANGE_SCHEDULE})
    for actor in (world.member("admin", Role.ADMIN), scoped):
        assert (await upsert(world, "Anna", id=world.id_of(ANNA), actor=actor)).name == "Anna"
        assert isinstance(await upsert(world, actor=actor), Employee)
    foreigner = replace(world.owner, company_id=await world.add_company("other"))
    for actor in (world.member("a", employee=ANNA), world.member("staff"), world.agent, reads, foreigner):
        assert await upsert(world, "Mine", id=world.id_of(ANNA), actor=actor) == NotFound(("input", "id"))
        assert await delete(world, ANNA, actor=actor) == NotFound(("input", "employee"))
        with pytest.raises(Forbidden):
            await upsert(world, actor=actor)
    assert (await directory(world)).employees[world.id_of(ANNA)].name == "Anna"


async def test_an_employee_nobody_knows_is_not_found(world):
    unknown = world.id_of("nobody")
    assert await upsert(world, id=unknown) == NotFound(("input", "id"))
    assert await delete(world, "nobody") == NotFound(("input", "employee"))


async def test_somebody_inactive_or_without_the_service_is_offered_no_more_and_bookings_stay(world):
    booked = await world.book(employee=ANNA)
    assert isinstance(booked, BookingConfirmed)
    before = await world.starts(choice=world.choice(ANNA))
    assert "09:30" in before
    await upsert(world, "Anna", id=world.id_of(ANNA), active=False, kind=EmployeeKind.RESOURCE)
    with pytest.raises(UnknownObject):
        await world.starts(choice=world.choice(ANNA))
    await upsert(world, "Anna", id=world.id_of(ANNA), active=True)
    assert await world.starts(choice=world.choice(ANNA)) == before
    await upsert(world, "Anna", id=world.id_of(ANNA), service_ids=())
    await upsert(world, "Anna", id=world.id_of(ANNA), service_ids=(world.id_of("cut"),), time_zone="Europe/London")
    assert (await world.starts(choice=world.choice(ANNA)))[0] == "10:00"
    assert [row.state for row in await world.rows(tables.booking)] == ["CONFIRMED"]


async def test_whoever_has_upcoming_bookings_is_not_deleted_and_it_says_how_many(world):
    await world.book(employee=ANNA)
    await world.book("2027-03-02 10:00", employee=ANNA)
    refused = await delete(world, ANNA)
    assert refused == HasUpcomingBookings(2)
    assert "are 2 upcoming bookings" in refused.message
    assert "`active` to false" in refused.message
    assert isinstance(await delete(world, "ben"), Employee)
    assert world.id_of(ANNA) in (await directory(world)).employees


async def test_a_booking_counts_until_its_last_minute_is_over(world):
    await world.book(employee=ANNA)
    until(world, "2027-03-02 09:29")
    assert await delete(world, ANNA) == HasUpcomingBookings(1)
    until(world, "2027-03-02 09:30")
    assert isinstance(await delete(world, ANNA), Employee)


async def test_what_nothing_refers_to_goes_for_good(world):
    anna = await world.add_login(world.member("anna", employee=ANNA))
    await world.take_off(ANNA, DaysOff(world.clock.now().date(), world.clock.now().date()))
    await world.take_off(None, DaysOff(world.clock.now().date(), world.clock.now().date()))
    await world.hold(ANNA, "2027-03-02 09:00", "2027-03-02 09:30", expires_at=world.at("2027-03-01 08:00"))
    assert (await delete(world, ANNA)).name == "Anna"
    assert [row.name for row in await world.rows(tables.employee)] == ["Ben"]
    for table in (tables.availability, tables.service_employee, tables.absence, tables.block):
        assert world.id_of(ANNA) not in {row.employee_id for row in await world.rows(table)}
    assert len(await world.rows(tables.absence)) == 1
    assert [(row.id, row.employee_id) for row in await world.rows(tables.member)] == [(anna.id, None)]


async def test_past_bookings_keep_the_name(world):
    booked = await world.book(employee=ANNA)
    until(world, "2027-03-02 12:00")
    assert isinstance(await delete(world, ANNA), Employee)
    found = await directory(world)
    assert world.id_of(ANNA) not in found.employees
    assert found.employees_of(world.id_of("cut")) == [found.employees[world.id_of("ben")]]
    gone = found.employee_ever(world.id_of(ANNA))
    assert (gone.name, gone.active) == ("Anna", False)
    assert booked.booking.employee_ids == (gone.id,)
    assert await delete(world, ANNA) == NotFound(("input", "employee"))
    assert await upsert(world, id=gone.id) == NotFound(("input", "id"))


async def test_an_open_invitation_stays_without_the_employee(world):
    now, facts = world.clock.now(), {"email": "a@b.example", "role": "STAFF", "token_hash": "x" * 64}
    facts |= {"created_at": now, "expires_at": now, "employee_id": world.id_of(ANNA)}
    async with world.database.write() as connection:
        await connection.execute(tables.invitation.insert().values(company_id=world.company_id, id="1" * 32, **facts))
    await delete(world, ANNA)
    assert [(row.email, row.employee_id) for row in await world.rows(tables.invitation)] == [("a@b.example", None)]


async def test_a_cancelled_booking_ahead_does_not_hold_anybody(world):
    booked = await world.book(employee=ANNA)
    await world.cancel(booked.booking, actor=world.owner)
    assert isinstance(await delete(world, ANNA), Employee)
    assert (await directory(world)).employee_ever(world.id_of(ANNA)) is not None


async def test_linked_accounts_are_unlinked_and_calendars_of_the_company_given_back(world):
    await world.link(ANNA)
    shared = await world.add_account("shared")
    calendar = await world.add_calendar("shared", shared, employee=ANNA)
    assert isinstance(await delete(world, ANNA), Employee)
    assert [row.label for row in await world.rows(tables.account)] == ["shared"]
    assert [(row.id, row.employee_id) for row in await world.rows(tables.calendar)] == [(calendar.id, None)]


async def test_a_refused_deletion_unlinks_nothing(world):
    await world.link(ANNA)
    await world.book(employee=ANNA)
    assert await delete(world, ANNA) == HasUpcomingBookings(1)
    assert len(await world.rows(tables.account)) == 1
    assert (await directory(world)).employees[world.id_of(ANNA)].active


async def test_a_token_deletes_nobody_whose_accounts_are_linked(world):
    """Accounts are not for tokens."""
    scoped = Token(world.company_id, "t" * 32, frozenset({Permission.CHANGE_SCHEDULE}))
    await world.link(ANNA)
    with pytest.raises(Forbidden, match="linked accounts"):
        await delete(world, ANNA, actor=scoped)
    assert (await directory(world)).employees[world.id_of(ANNA)].active
    assert len(await world.rows(tables.account)) == 1
    assert isinstance(await delete(world, "ben", actor=scoped), Employee)
