"""Services: made with their defaults, changed field by field, deleted only when nobody counts on them (rule K8)."""

from dataclasses import replace

import pytest

from slotgraph.core import tables
from slotgraph.core.administration import services
from slotgraph.core.administration.services import ServiceForm
from slotgraph.core.errors import Forbidden, UnknownObject
from slotgraph.core.policy import Permission, Role, Token
from slotgraph.core.problems import HasUpcomingBookings, InvalidInput, NotFound
from slotgraph.core.records import Service

CUT = "cut"


async def upsert(world, name="Colour", duration=45, *, actor=None, **given):
    operation = world.as_(actor or world.owner)
    return await services.upsert(operation, world.company_id, ServiceForm(name, duration, **given))


async def change(world, **given):
    """Change `cut`, which takes half an hour."""
    return await upsert(world, **({"name": "Cut", "duration": 30, "id": world.id_of(CUT)} | given))


async def delete(world, name=CUT, *, actor=None):
    return await services.delete(world.as_(actor or world.owner), world.company_id, world.id_of(name))


async def directory(world):
    return await world.as_(world.owner).directory(world.company_id)


async def test_a_new_service_has_the_defaults(world):
    made = await upsert(world, " Colour ")
    expected = Service(world.company_id, made.id, "Colour", "", 45, 0, 0, 0, 60, None, 24, True)
    found = await directory(world)
    assert made == expected == found.services[made.id]
    assert found.employees_of(made.id) == []


async def test_what_is_given_changes_and_the_rest_stays(world):
    before = (await directory(world)).services[world.id_of(CUT)]
    assert await change(world, name="Trim") == replace(before, name="Trim")
    facts = {
        "description": "Wash,\ncut & dry",
        "buffer_before_minutes": 5,
        "buffer_after_minutes": 10,
        "minimum_notice_minutes": 60,
        "horizon_days": 30,
        "booking_interval_minutes": 20,
        "cancellation_limit_hours": 0,
        "active": False,
    }
    changed = await change(world, **facts, employee_ids=(world.id_of("ben"),))
    assert changed == replace(before, **facts)
    assert [one.name for one in (await directory(world)).employees_of(before.id)] == ["Ben"]
    assert await change(world) == changed
    assert (await change(world, booking_interval_minutes=None)).booking_interval_minutes is None


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        ({"name": ""}, "name", "empty"),
        ({"name": "x" * 201}, "name", "200"),
        ({"name": "a\x07"}, "name", "control"),
        ({"description": "x" * 5001}, "description", "5000"),
        ({"description": "a\u2066b"}, "description", "control or invisible"),
        ({"duration": 0}, "durationMinutes", "between 1 and 1440 minutes"),
        ({"duration": 1441}, "durationMinutes", "between 1 and 1440 minutes"),
        ({"buffer_before_minutes": -1}, "bufferBeforeMinutes", "between 0 and 1440 minutes"),
        ({"buffer_before_minutes": 1441}, "bufferBeforeMinutes", "between 0 and 1440 minutes"),
        ({"buffer_after_minutes": -1}, "bufferAfterMinutes", "between 0 and 1440 minutes"),
        ({"buffer_after_minutes": 1441}, "bufferAfterMinutes", "between 0 and 1440 minutes"),
        ({"minimum_notice_minutes": -1}, "minimumNoticeMinutes", "between 0 and 525600 minutes"),
        ({"minimum_notice_minutes": 525601}, "minimumNoticeMinutes", "between 0 and 525600 minutes"),
        ({"horizon_days": 0}, "horizonDays", "between 1 and 730 days"),
        ({"horizon_days": 731}, "horizonDays", "between 1 and 730 days"),
        ({"booking_interval_minutes": 25}, "bookingIntervalMinutes", "5, 10, 15, 20, 30, 45, 60, 90, 120"),
        ({"booking_interval_minutes": 0}, "bookingIntervalMinutes", "null"),
        ({"cancellation_limit_hours": -1}, "cancellationLimitHours", "between 0 and 8760 hours"),
        ({"cancellation_limit_hours": 8761}, "cancellationLimitHours", "between 0 and 8760 hours"),
        ({"employee_ids": ("0" * 32,) * 201}, "employees", "at most 200"),
    ],
)
async def test_what_makes_no_sense_is_refused_and_nothing_changes(world, given, field, said):
    before = await directory(world)
    refused = await change(world, **({"active": False} | given))
    assert isinstance(refused, InvalidInput)
    ((path, message),) = ((one.path, one.message) for one in refused.fields)
    assert path == ("input", field)
    assert said in message
    assert (await directory(world)).services == before.services


async def test_all_that_is_wrong_is_told_at_once(world):
    refused = await change(world, name="", duration=0, horizon_days=0)
    assert [field.path[-1] for field in refused.fields] == ["name", "durationMinutes", "horizonDays"]


async def test_every_bound_can_be_reached_and_searched(world):
    """What is accepted here can be cut into slots: nothing waits to fail at the first search."""
    for least in (
        {"duration": 1, "horizon_days": 1, "booking_interval_minutes": 5, "cancellation_limit_hours": 0},
        {
            "duration": 1440,
            "buffer_before_minutes": 1440,
            "buffer_after_minutes": 1440,
            "minimum_notice_minutes": 525600,
            "horizon_days": 730,
            "booking_interval_minutes": 120,
            "cancellation_limit_hours": 8760,
            "description": "x" * 5000,
            "name": "x" * 200,
        },
    ):
        assert isinstance(await change(world, **least), Service)
        assert isinstance(await world.starts(), list)


async def test_an_employee_who_is_none_changes_nothing(world):
    with pytest.raises(UnknownObject) as refused:
        await change(world, name="Other", employee_ids=(world.id_of("nobody"),))
    assert refused.value.path == ("input", "employees", "0")
    assert (await directory(world)).services[world.id_of(CUT)].name == "Cut"


async def test_there_is_a_limit(world, monkeypatch):
    monkeypatch.setattr("slotgraph.core.administration.services.MAX_SERVICES", 2)
    assert isinstance(await upsert(world), Service)
    refused = await upsert(world)
    assert "at most 2 services" in refused.message
    assert isinstance(await change(world), Service)


async def test_who_may(world):
    scoped = Token(world.company_id, "t" * 32, frozenset({Permission.CHANGE_SCHEDULE}))
    reads = Token(world.company_id, "t" * 32, frozenset(Permission) - {Permission.CHANGE_SCHEDULE})
    for actor in (world.member("admin", Role.ADMIN), scoped):
        assert isinstance(await change(world, actor=actor), Service)
        assert isinstance(await upsert(world, actor=actor), Service)
    foreigner = replace(world.owner, company_id=await world.add_company("other"))
    for actor in (world.member("a", employee="anna"), world.agent, reads, foreigner):
        assert await change(world, actor=actor, name="Mine") == NotFound(("input", "id"))
        assert await delete(world, actor=actor) == NotFound(("input", "service"))
        with pytest.raises(Forbidden):
            await upsert(world, actor=actor)
    assert await change(world, id=world.id_of("none")) == NotFound(("input", "id"))
    assert await delete(world, "none") == NotFound(("input", "service"))
    assert (await directory(world)).services[world.id_of(CUT)].name == "Cut"


async def test_the_next_search_finds_what_was_changed(world):
    assert (await world.starts())[:2] == ["09:00", "09:15"]
    await change(world, booking_interval_minutes=120, buffer_before_minutes=0)
    assert await world.starts() == ["09:00", "11:00", "13:00", "15:00"]
    await change(world, employee_ids=())
    assert await world.starts() == []
    await change(world, active=False)
    with pytest.raises(UnknownObject):
        await world.starts()


async def test_a_change_between_check_and_booking_does_not_move_what_is_booked(world):
    booked = await world.book(employee="anna")
    await change(world, duration=60, cancellation_limit_hours=100)
    (row,) = await world.rows(tables.booking)
    assert (row.end_minute - row.start_minute, row.cancellation_limit_hours) == (30, 24)
    assert booked.booking.span.end == row.end_minute


async def test_a_service_with_upcoming_bookings_is_not_deleted(world):
    await world.book(employee="anna")
    refused = await delete(world)
    assert refused == HasUpcomingBookings(1)
    assert "is one upcoming booking" in refused.message
    assert world.id_of(CUT) in (await directory(world)).services


async def test_past_bookings_keep_its_name(world):
    await world.book(employee="anna")
    world.clock.advance(world.at("2027-03-02 09:30") - world.clock.now())
    assert (await delete(world)).name == "Cut"
    found = await directory(world)
    assert found.services == {}
    assert found.services_of(world.id_of("anna")) == []
    assert found.service_ever(world.id_of(CUT)).name == "Cut"
    with pytest.raises(UnknownObject):
        await world.starts()
    assert await delete(world) == NotFound(("input", "service"))
    assert await change(world) == NotFound(("input", "id"))


async def test_what_nothing_refers_to_goes_for_good(world):
    await delete(world)
    assert await world.rows(tables.service) == await world.rows(tables.service_employee) == []
    assert len((await directory(world)).employees) == 2
