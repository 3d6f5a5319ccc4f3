"""Moving: judged as a new start, never against itself, in one transaction; what is refused changes nothing (rules B6, K1, K3)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from slotgraph_tests_core_booking_moved import (
    START,
    ask,
    blocked,
    entries_of,
    move,
    move_request,
    moved,
    outside,
    stored,
)

from slotgraph.core import tables
from slotgraph.core.availability import DaysOff
from slotgraph.core.booking.attempts import CalendarUnverified
from slotgraph.core.booking.finding import SeenBooking
from slotgraph.core.errors import ProviderUnreachable
from slotgraph.core.overview_entries import OverviewAvailability, OverviewBooking
from slotgraph.core.problems import BookingIsCancelled, InvalidInput, KeyReused, SlotNotOffered, SlotTaken
from slotgraph.core.records import BookingState
from slotgraph.core.slots import SlotRule
from slotgraph.core.values import Span


@pytest.fixture
async def long(world):
    """An hour of Anna's, and a quarter before and after."""
    await world.add_service("long", employees=("anna",), duration_minutes=60, buffer_before_minutes=15)
    await world.link("anna")
    return (await world.book(START, service="long", employee="anna")).booking


async def test_the_booking_its_id_its_token_and_its_entry_stay(world):
    await world.link("anna")
    confirmed = await world.book(START, employee="anna")
    before = world.calendars.entries("annas")
    booking = await moved(world, confirmed.booking, "2027-03-04 14:00")
    span = Span(world.minute("2027-03-04 14:00"), world.minute("2027-03-04 14:30"))
    assert booking == replace(confirmed.booking, span=span)
    assert await blocked(world) == {world.id_of("anna"): [("2027-03-04 14:00", "14:30")]}
    after = world.calendars.entries("annas")
    assert before.keys() == after.keys()
    assert [entry.span for entry in after.values()] == [span]
    assert world.calendars.calls["write"] == 1
    assert await entries_of(world, booking) == [(world.id_of("anna"), "WRITTEN")]
    assert isinstance(await world.cancel(confirmed.manage_token), SeenBooking)


async def test_it_is_never_in_its_own_way_not_even_by_its_entry_outside(world, long):
    for start in ("2027-03-03 09:15", "2027-03-03 10:00", "2027-03-03 09:45", START):
        assert (await moved(world, long, start)).span.start == world.minute(start)
        assert outside(world, "anna") == [start]
    assert world.calendars.calls["busy"] == 5  # it was asked all the same


async def test_the_same_start_once_more_is_fine_and_is_put_right_outside(world, long):
    """Somebody removed its entry: moving it where it stands already makes it stand again."""
    (id_,) = world.calendars.entries("annas")
    world.calendars.remove_calendar("annas")
    world.calendars.add_calendar("annas", login="annas")
    assert await moved(world, long, START) == long
    assert outside(world, "anna") == [START]
    assert list(world.calendars.entries("annas")) == [id_]


async def test_the_old_time_is_free_and_the_new_one_is_not(world):
    await world.link("anna")
    booking = (await world.book(START, employee="anna")).booking
    await moved(world, booking, "2027-03-03 10:00")
    assert await world.starts("2027-03-03 09:00", "2027-03-03 10:45", choice=world.choice("anna")) == [
        "09:00",
        "09:15",
        "09:30",
        "10:30",
    ]


async def test_until_it_is_really_gone_outside_the_old_time_stays_closed_to_others(world):
    await world.link("anna")
    booking = (await world.book(START, employee="anna")).booking
    world.calendars.fail("move", ProviderUnreachable())
    await moved(world, booking, "2027-03-03 10:00")
    assert await entries_of(world, booking) == [(world.id_of("anna"), "PENDING")]
    starts = ("2027-03-03 09:00", "2027-03-03 09:30")
    assert await world.starts(*starts, choice=world.choice("anna")) == []
    world.calendars.heal()
    world.clock.advance(timedelta(minutes=20))
    await world.joined.writer.sweep()
    assert await world.starts(*starts, choice=world.choice("anna")) == ["09:00", "09:15"]
    assert outside(world, "anna") == ["2027-03-03 10:00"]


async def test_the_overview_shows_it_once_while_its_entry_is_on_its_way(world):
    await world.link("anna")
    booking = (await world.book(START, employee="anna")).booking
    world.calendars.fail("move", ProviderUnreachable())
    await moved(world, booking, "2027-03-03 10:00")
    shown = (await world.overview(world.owner, "2027-03-03")).entries
    booked = [one for one in shown if not isinstance(one, OverviewAvailability)]
    assert [(type(one), world.shown(one.span.start)) for one in booked] == [(OverviewBooking, "10:00")]


# Judged as a new start


async def test_each_rule_binds_the_new_start(world):
    await world.link("anna", world.event("2027-03-03T15:00", "2027-03-03T16:00"))
    await world.add_service("care", employees=("anna",), minimum_notice_minutes=120, horizon_days=30)
    await world.take_off("anna", DaysOff(date(2027, 3, 5), date(2027, 3, 5)))
    await world.book("2027-03-03 11:00", employee="anna")
    booking = (await world.book(START, service="care")).booking
    before, asked = await stored(world), world.calendars.calls["busy"]
    for start, refusal in (
        ("2027-03-03 09:10", SlotNotOffered(SlotRule.GRID)),
        ("2027-03-01 08:45", SlotNotOffered(SlotRule.NOTICE)),
        ("2027-04-01 09:00", SlotNotOffered(SlotRule.HORIZON)),
        ("2027-03-03 17:00", SlotNotOffered(SlotRule.AVAILABILITY)),
        ("2027-03-05 09:00", SlotNotOffered(SlotRule.ABSENCE)),
        ("2027-03-03 10:45", SlotTaken()),
    ):
        assert await move(world, booking, start) == refusal
    assert world.calendars.calls["busy"] == asked  # our own tables said no
    assert await move(world, booking, "2027-03-03 15:30") == SlotTaken()
    assert await stored(world) == before


async def test_duration_and_buffers_are_those_of_today(world):
    booking = (await world.book(START, employee="anna")).booking
    await world.change(tables.service, world.id_of("cut"), duration_minutes=60, buffer_after_minutes=30)
    after = await moved(world, booking, "2027-03-03 09:15")
    assert world.shown(after.span.end) == "10:15"
    assert await blocked(world) == {world.id_of("anna"): [("2027-03-03 09:15", "10:45")]}


async def test_what_is_offered_no_more_cannot_be_moved(world):
    """Inactive or deleted, the service or whoever attends."""
    booking = (await world.book(START, employee="anna")).booking
    for table, name in ((tables.service, "cut"), (tables.employee, "anna")):
        for change, back in (
            ({"active": False}, {"active": True}),
            ({"deleted_at": world.clock.now()}, {"deleted_at": None}),
        ):
            await world.change(table, world.id_of(name), **change)
            assert await move(world, booking, "2027-03-03 10:00") == SlotNotOffered(SlotRule.SERVICE)
            await world.change(table, world.id_of(name), **back)
    await moved(world, booking, "2027-03-03 10:00")


async def test_whoever_lacks_the_service_by_now_cannot_keep_it(world):
    booking = (await world.book(START, employee="anna")).booking
    async with world.database.write() as connection:
        s = tables.service_employee
        await connection.execute(s.delete().where(s.c.employee_id == world.id_of("anna")))
    assert await move(world, booking, "2027-03-03 10:00") == SlotNotOffered(SlotRule.SERVICE)
    assert isinstance(await move(world, booking, "2027-03-03 10:00", employee="ben"), SeenBooking)


async def test_an_unverified_calendar_moves_nothing(world):
    await world.link("anna")
    booking = (await world.book(START, employee="anna")).booking
    before = await stored(world)
    world.calendars.fail("busy", ProviderUnreachable())
    refused = await move(world, booking, "2027-03-03 10:00")
    assert isinstance(refused, CalendarUnverified)
    assert [one.calendar.name for one in refused.sources] == ["Annas"]
    assert await stored(world) == before


async def test_a_cancelled_booking_cannot_be_moved(world):
    booking = (await world.book(START, employee="anna")).booking
    await world.cancel(booking, actor=world.owner)
    before = await stored(world)
    assert await move(world, booking, "2027-03-03 10:00") == BookingIsCancelled()
    assert await stored(world) == before


async def test_a_lapsed_hold_at_the_new_place_makes_way_and_a_live_one_does_not(world):
    booking = (await world.book(START, employee="anna")).booking
    soon = world.clock.now() + timedelta(minutes=10)
    await world.hold("anna", "2027-03-03 09:30", "2027-03-03 10:00", expires_at=world.clock.now())
    await world.hold("anna", "2027-03-03 11:00", "2027-03-03 11:30", expires_at=soon)
    assert await move(world, booking, "2027-03-03 11:15") == SlotTaken()
    assert isinstance(await move(world, booking, "2027-03-03 09:15"), SeenBooking)


# An entry whose writing was never answered


@pytest.mark.parametrize("fault", ["lose_answer", "fail"])
async def test_an_entry_nobody_answered_for_is_not_in_its_own_way(world, fault):
    """Whether the writing was carried out or not, it is found out before the move is refused."""
    await world.link("anna")
    world.calendars.lose_answer("write") if fault == "lose_answer" else world.calendars.fail(
        "write", ProviderUnreachable()
    )
    booking = (await world.book(START, employee="anna")).booking
    assert await entries_of(world, booking) == [(world.id_of("anna"), "PENDING")]
    world.calendars.heal()
    await moved(world, booking, "2027-03-03 09:15")
    assert await entries_of(world, booking) == [(world.id_of("anna"), "WRITTEN")]
    assert outside(world, "anna") == ["2027-03-03 09:15"]


async def test_an_entry_that_cannot_be_asked_for_stays_in_the_way(world):
    """Fail closed: the event there may be somebody else's."""
    await world.link("anna")
    world.calendars.lose_answer("write")
    booking = (await world.book(START, employee="anna")).booking
    world.calendars.fail("write", ProviderUnreachable())
    before = await blocked(world)
    assert await move(world, booking, "2027-03-03 09:15") == SlotTaken()
    assert await blocked(world) == before
    assert isinstance(await move(world, booking, "2027-03-03 11:00"), SeenBooking)
    world.calendars.heal()
    world.clock.advance(timedelta(minutes=20))
    await world.joined.writer.sweep()
    assert outside(world, "anna") == ["2027-03-03 11:00"]


# Again, and bad input


async def test_a_repeated_call_moves_once_and_tells_the_booking_as_it_is_now(world):
    await world.link("anna")
    booking = (await world.book(START, employee="anna")).booking
    request = move_request(world, booking, "2027-03-03 10:00")
    first = (await ask(world, request)).booking
    await moved(world, booking, "2027-03-03 11:00")
    calls = dict(world.calendars.calls)
    assert (await ask(world, replace(request, deadline_ms=500))).booking.span != first.span
    await world.cancel(booking, actor=world.owner)
    assert (await ask(world, request)).booking.state is BookingState.CANCELLED
    assert world.calendars.calls["busy"] == calls["busy"]
    assert world.calendars.calls["move"] == calls["move"]


async def test_the_same_key_with_other_input_is_refused_and_refusals_are_not_remembered(world):
    booking, other = [(await world.book(START, employee=name)).booking for name in ("anna", "ben")]
    request = move_request(world, booking, "2027-03-03 10:05")
    assert await ask(world, request) == SlotNotOffered(SlotRule.GRID)
    request = replace(request, start=world.at("2027-03-03 10:00"))
    assert isinstance(await ask(world, request), SeenBooking)
    for changed in (
        replace(request, start=world.at("2027-03-03 10:15")),
        replace(request, employees=world.choice("anna")),
        replace(request, booking=move_request(world, other, START).booking),
    ):
        assert await ask(world, changed) == KeyReused()


async def test_bad_input_names_its_field_and_changes_nothing(world):
    await world.link("anna")
    booking = (await world.book(START, employee="anna")).booking
    before, request = await stored(world), move_request(world, booking, "2027-03-03 10:00")
    for change, path in (
        ({"idempotency_key": "once"}, "input.idempotencyKey"),
        ({"deadline_ms": 49}, "input.deadlineMs"),
        ({"deadline_ms": 8001}, "input.deadlineMs"),
        ({"start": request.start + timedelta(seconds=1)}, "input.start"),
    ):
        refused = await ask(world, replace(request, **change))
        assert isinstance(refused, InvalidInput)
        assert [".".join(field.path) for field in refused.fields] == [path]
    assert await stored(world) == before
    assert world.calendars.calls["busy"] == 1


async def test_an_entry_moved_after_its_customer_was_erased_names_nobody(world):
    """Rule F4: the template is filled without a customer."""
    await world.link("anna")
    booking = (await world.book(START, employee="anna", note="Short, please")).booking
    await world.do.erasing.erase(world.as_(world.owner), "mia@example.org")
    assert (await moved(world, booking, "2027-03-03 10:00")).customer is None
    (entry,) = world.calendars.entries("annas").values()
    assert "Mia" not in entry.title + entry.description
    assert "mia@example.org" not in entry.description
