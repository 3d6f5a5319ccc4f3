"""A member books for somebody and passes over rules (rule K8): never over what is taken, what is past, or who cannot be asked."""

import asyncio
from datetime import date, timedelta

import pytest

from slotgraph.core import tables
from slotgraph.core.availability import DaysOff
from slotgraph.core.booking.attempts import CalendarUnverified
from slotgraph.core.booking.making import BookingConfirmed
from slotgraph.core.candidates import EmployeeChoice
from slotgraph.core.errors import ProviderUnreachable
from slotgraph.core.judging import BookingOverride
from slotgraph.core.policy import Anonymous, Permission, Role, Token
from slotgraph.core.problems import InvalidInput, KeyReused, SlotNotOffered, SlotTaken
from slotgraph.core.slots import SlotRule
from slotgraph.core.store.bookings import BookingFilter

NOTICE, GRID, AVAILABILITY = BookingOverride
ALL = tuple(BookingOverride)
EARLY, OFF_GRID, CLOSED = "2027-03-01 09:00", "2027-03-02 09:07", "2027-03-02 20:00"


async def book(world, start, *override, actor=None, employee="anna", **more):
    member = actor or world.member("staff")
    return await world.book(start, employee=employee, actor=member, override=override, **more)


async def notice(world):
    """`cut` is booked a day ahead, and for a week at most."""
    await world.change(tables.service, world.id_of("cut"), minimum_notice_minutes=1440, horizon_days=7)


@pytest.mark.parametrize(
    ("start", "rule", "override"),
    [
        ("2027-03-01 10:00", SlotRule.NOTICE, NOTICE),
        ("2027-03-15 10:00", SlotRule.HORIZON, NOTICE),
        ("2027-03-03 09:07", SlotRule.GRID, GRID),
        ("2027-03-03 20:00", SlotRule.AVAILABILITY, AVAILABILITY),
        ("2027-03-06 10:00", SlotRule.AVAILABILITY, AVAILABILITY),
        ("2027-03-03 16:45", SlotRule.AVAILABILITY, AVAILABILITY),
        ("2027-03-04 10:00", SlotRule.ABSENCE, AVAILABILITY),
    ],
)
async def test_each_override_passes_over_its_rules_and_no_others(world, start, rule, override):
    await notice(world)
    await world.take_off("anna", DaysOff(date(2027, 3, 4), date(2027, 3, 4)))
    for too_little in ((), *((one,) for one in BookingOverride if one is not override)):
        assert await book(world, start, *too_little) == SlotNotOffered(rule)
    made = await book(world, start, override)
    assert isinstance(made, BookingConfirmed)
    assert made.booking.span.start == world.minute(start)


async def test_several_rules_are_passed_over_at_once(world):
    await notice(world)
    assert isinstance(await book(world, "2027-03-20 20:07", *ALL), BookingConfirmed)


async def test_outside_of_all_openings_there_is_no_grid_to_keep(world):
    assert isinstance(await book(world, "2027-03-02 20:07", AVAILABILITY), BookingConfirmed)


@pytest.mark.parametrize("role", Role)
async def test_every_role_of_the_company_may(world, role):
    assert isinstance(await book(world, OFF_GRID, GRID, actor=world.member("m", role)), BookingConfirmed)


async def test_nobody_else_may_not_even_a_token_with_every_scope(world):
    await world.add_company("other")
    stranger, agent = Anonymous(), world.agent
    token = Token(world.company_id, "t", frozenset(Permission))
    foreigner = world.member("m", Role.OWNER)
    foreigner = type(foreigner)(world.id_of("other"), *("a" * 32, "b" * 32), "o@other.example", Role.OWNER)
    for actor in (stranger, token, foreigner, agent):
        refused = await book(world, OFF_GRID, GRID, actor=actor)
        assert isinstance(refused, InvalidInput)
        assert [field.path for field in refused.fields] == [("input", "override")]
    assert world.calendars.calls["busy"] == 0
    assert await world.rows(tables.booking) == []
    assert isinstance(await book(world, "2027-03-02 09:00", actor=stranger), BookingConfirmed)


async def test_what_is_taken_stays_taken(world):
    assert isinstance(await book(world, OFF_GRID, *ALL), BookingConfirmed)
    assert await book(world, "2027-03-02 09:20", *ALL) == SlotTaken()
    await world.hold("anna", "2027-03-02 11:00", "2027-03-02 11:30", expires_at=world.clock.now() + timedelta(hours=1))
    assert await book(world, "2027-03-02 11:11", *ALL) == SlotTaken()
    await world.link("ben", world.event("2027-03-02T20:00", "2027-03-02T21:00"))
    assert await book(world, CLOSED, *ALL, employee="ben") == SlotTaken()


async def test_a_calendar_that_does_not_answer_is_never_passed_over(world):
    await world.link("anna")
    world.calendars.fail("busy", ProviderUnreachable())
    assert isinstance(await book(world, CLOSED, *ALL), CalendarUnverified)
    assert await world.rows(tables.booking) == []


@pytest.mark.parametrize("start", ["2027-03-01 06:59", "2027-02-01 10:00"])
async def test_what_is_past_stays_past(world, start):
    refused = await book(world, start, *ALL)
    assert isinstance(refused, InvalidInput)
    (field,) = refused.fields
    assert field.path == ("input", "slot", "start")
    assert "past" in field.message
    assert await book(world, start, GRID, AVAILABILITY) == SlotNotOffered(SlotRule.NOTICE)


async def test_a_start_may_be_now(world):
    await notice(world)
    assert isinstance(await book(world, "2027-03-01 07:00", *ALL), BookingConfirmed)


async def test_a_start_that_passed_while_the_calendars_were_asked_is_not_booked(world):
    await world.link("anna")
    released = world.calendars.hang("busy")
    booking = asyncio.create_task(book(world, "2027-03-01 07:00", *ALL))
    await world.called("busy")
    world.clock.advance(timedelta(seconds=1))
    released.set()
    assert await booking == SlotTaken()
    assert await world.rows(tables.booking) == []


async def test_a_rule_that_changed_meanwhile_is_passed_over_in_the_transaction_too(world):
    await world.link("anna")
    released = world.calendars.hang("busy")
    booking = asyncio.create_task(book(world, "2027-03-02 09:00", AVAILABILITY))
    await world.called("busy")
    await world.take_off("anna", DaysOff(date(2027, 3, 2), date(2027, 3, 2)))
    released.set()
    assert isinstance(await booking, BookingConfirmed)


async def test_a_repeated_call_gets_its_booking_also_once_the_start_is_past(world):
    member = world.member("staff")
    request = world.request("2027-03-01 07:00", employee="anna", override=ALL)
    first = await world.do.bookings.book(world.as_(member), request)
    world.clock.advance(timedelta(minutes=5))
    assert await world.do.bookings.book(world.as_(member), request) == first


async def test_the_same_key_with_another_override_is_refused(world):
    key = "5c1f9b1c-5a54-4a57-9a55-2b6b8f9a4f10"
    assert isinstance(await book(world, "2027-03-02 09:00", GRID, key=key), BookingConfirmed)
    assert await book(world, "2027-03-02 09:00", key=key) == KeyReused()
    assert await book(world, "2027-03-02 09:00", GRID, NOTICE, key=key) == KeyReused()


async def test_any_is_first_somebody_who_needs_no_rule_passed_over(world):
    """Rule S5: the least booked, but nobody is fetched from an absence while somebody else is there."""
    await world.take_off("anna", DaysOff(date(2027, 3, 2), date(2027, 3, 2)))
    await world.book("2027-03-02 11:00", employee="ben")
    first, second = [await book(world, "2027-03-02 09:00", AVAILABILITY, employee=None) for _ in range(2)]
    assert first.booking.employee_ids == (world.id_of("ben"),)
    assert second.booking.employee_ids == (world.id_of("anna"),)


async def test_together_all_pass_over_or_none(world):
    await world.take_off("anna", DaysOff(date(2027, 3, 2), date(2027, 3, 2)))
    both = EmployeeChoice(together=(world.id_of("anna"), world.id_of("ben")))
    member = world.member("staff")
    refused = await world.book("2027-03-02 09:00", choice=both, actor=member, override=(NOTICE,))
    assert refused == SlotNotOffered(SlotRule.ABSENCE)
    made = await world.book("2027-03-02 09:00", choice=both, actor=member, override=(AVAILABILITY,))
    assert len(made.booking.employee_ids) == 2


async def test_an_odd_booking_stands_like_any_other(world):
    """In the overview, in the list, in the slots around it, outside, and when it is cancelled."""
    await world.link("anna")
    odd = (await book(world, OFF_GRID, GRID)).booking
    late = (await book(world, CLOSED, AVAILABILITY)).booking
    overview = await world.overview(world.owner)
    shown = {entry.booking.id for entry in overview.entries if getattr(entry, "booking", None)}
    assert shown == {odd.id, late.id}
    listed = await world.do.booking_desk.bookings(
        world.as_(world.owner), world.company_id, which=BookingFilter(), first=50
    )
    assert [one.id for one in listed] == [odd.id, late.id]
    starts = await world.starts(choice=world.choice("anna"))
    assert starts[:2] == ["09:45", "10:00"]
    assert {entry.span for entry in world.calendars.entries("annas").values()} == {odd.span, late.span}
    assert (await world.explain(OFF_GRID, actor=world.owner, choice=world.choice("anna"))).offered is False
    for booking in (odd, late):
        assert (await world.cancel(booking, actor=world.owner)).booking.state.value == "CANCELLED"
    assert world.calendars.entries("annas") == {}
    assert (await world.starts(choice=world.choice("anna")))[0] == "09:00"
