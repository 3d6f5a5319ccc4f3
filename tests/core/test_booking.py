"""Booking: checked twice, stored once, written outside, whoever races and whatever fails (rules K1-K4, S5)."""

import asyncio
import uuid
from dataclasses import replace
from datetime import date, timedelta

import pytest

from slotgraph.core import tables
from slotgraph.core.availability import DaysOff
from slotgraph.core.booking.attempts import CalendarUnverified
from slotgraph.core.booking.making import BookingConfirmed
from slotgraph.core.candidates import EmployeeChoice
from slotgraph.core.customers import CustomerForm
from slotgraph.core.errors import (
    ProviderThrottled,
    ProviderUnreachable,
    SpanTaken,
)
from slotgraph.core.grids import GridAnchor
from slotgraph.core.policy import Permission, Role, Token
from slotgraph.core.problems import InvalidInput, NotFound, SlotNotOffered, SlotTaken
from slotgraph.core.records import BookingState
from slotgraph.core.slots import SlotRule
from slotgraph.core.store import blocks
from slotgraph.core.values import Span

DAY = timedelta(days=1)


def kinds(results):
    return sorted(type(result).__name__ for result in results)


async def test_a_booking_is_stored_and_stands_in_the_default_calendar(world):
    await world.link("anna")
    confirmed = await world.book("2027-03-02 09:00", employee="anna", note="Short, please")
    assert isinstance(confirmed, BookingConfirmed)
    booking = confirmed.booking
    assert booking.span == Span(world.minute("2027-03-02 09:00"), world.minute("2027-03-02 09:30"))
    assert (booking.state, booking.employee_ids, booking.note) == (
        BookingState.CONFIRMED,
        (world.id_of("anna"),),
        "Short, please",
    )
    (entry,) = world.calendars.entries("annas").values()
    assert (entry.span, entry.title, entry.zone) == (booking.span, "Cut: Mia Muster", "Europe/Zurich")
    assert entry.description == "Mia Muster\nmia@example.org\n\nShort, please\n\nBooked with Demo."
    assert await world.entry_states() == ["WRITTEN"]


async def test_what_is_booked_is_offered_no_more_not_even_by_its_own_entry_outside(world):
    await world.link("anna")
    await world.book("2027-03-02 09:00", employee="anna")
    starts = await world.starts(choice=EmployeeChoice(employee=world.id_of("anna")))
    assert starts[0] == "09:30"


async def test_a_booking_blocks_its_buffers_too(world):
    await world.add_service("long", employees=("anna",), buffer_before_minutes=15, buffer_after_minutes=30)
    await world.book("2027-03-02 12:00", service="long")
    (block,) = await world.rows(tables.block)
    assert (block.start_minute, block.end_minute) == (
        world.minute("2027-03-02 11:45"),
        world.minute("2027-03-02 13:00"),
    )


async def test_without_a_default_calendar_nothing_is_written_and_nothing_is_owed(world):
    await world.link("anna", is_default=False)
    assert isinstance(await world.book(employee="anna"), BookingConfirmed)
    assert await world.rows(tables.outbox) == []
    assert world.calendars.calls["write"] == 0


# K1: in this order


async def test_own_tables_refuse_without_a_provider_call(world):
    await world.link("anna")
    await world.book("2027-03-02 09:00", employee="anna")
    asked = world.calendars.calls["busy"]
    assert await world.book("2027-03-02 09:15", employee="anna") == SlotTaken()
    assert await world.book("2027-03-02 18:00", employee="anna") == SlotNotOffered(SlotRule.AVAILABILITY)
    assert await world.book("2027-03-02 10:05", employee="anna") == SlotNotOffered(SlotRule.GRID)
    assert world.calendars.calls["busy"] == asked


async def test_the_live_check_covers_the_whole_blocked_span(world):
    await world.add_service("long", employees=("anna",), buffer_before_minutes=60, buffer_after_minutes=45)
    await world.link("anna")
    for busy in (("08:00", "08:01"), ("10:14", "10:15")):
        world.calendars.put("annas", world.event(*(f"2027-03-02T{text}" for text in busy)))
        assert await world.book("2027-03-02 09:00", service="long") == SlotTaken()
        world.calendars.remove_calendar("annas")
        world.calendars.add_calendar("annas", login="annas")
    for busy in (("07:59", "08:00"), ("10:15", "10:16")):
        world.calendars.put("annas", world.event(*(f"2027-03-02T{text}" for text in busy)))
    assert isinstance(await world.book("2027-03-02 09:00", service="long"), BookingConfirmed)


async def test_no_transaction_is_open_while_a_calendar_is_asked_or_written(world):
    await world.link("anna")
    for method in ("busy", "write"):
        released = world.calendars.hang(method)
        booking = asyncio.create_task(world.book("2027-03-02 09:00", employee="anna"))
        await world.called(method)
        async with world.database.write():
            pass  # the one writer is free
        released.set()
        await booking
        world.calendars.heal()
        await world.cancel((await booking).booking, actor=world.owner)


async def test_busy_time_that_appeared_after_the_search_is_seen(world):
    await world.link("anna")
    assert (await world.starts(choice=EmployeeChoice(employee=world.id_of("anna"))))[0] == "09:00"
    world.calendars.put("annas", world.event("2027-03-02T09:15", "2027-03-02T09:20"))
    assert await world.book("2027-03-02 09:00", employee="anna") == SlotTaken()
    assert await world.rows(tables.booking) == []


async def test_an_unverified_calendar_books_nothing(world):
    await world.link("anna")
    world.calendars.fail("busy", ProviderThrottled(retry_after=5))
    refused = await world.book(employee="anna", actor=world.owner)
    assert isinstance(refused, CalendarUnverified)
    assert [(one.cause, one.retry_after_seconds, one.calendar.name) for one in refused.sources] == [
        ("THROTTLED", 5, "Annas")
    ]
    (hidden,) = (await world.book(employee="anna")).sources
    assert (hidden.cause, hidden.calendar, hidden.employee_id) == ("TEMPORARY", None, None)
    for table in (tables.booking, tables.block, tables.attendance, tables.outbox, tables.idempotency):
        assert await world.rows(table) == []


async def test_of_any_one_busy_and_one_unverified_is_not_taken_yet(world):
    """Who is unverified may be free in a moment."""
    await world.link("anna", world.event("2027-03-02T09:00", "2027-03-02T10:00"))
    await world.link("ben")
    world.calendars.fail("busy", ProviderUnreachable(), login="bens")
    assert isinstance(await world.book(), CalendarUnverified)


async def test_what_its_holder_ignores_counts_as_answered_when_booking(world):
    await world.link("anna", ignore_unverified_until=date(2027, 3, 1))
    world.calendars.fail("busy", ProviderUnreachable())
    assert isinstance(await world.book(employee="anna"), BookingConfirmed)


@pytest.mark.parametrize(
    ("table", "name", "values"),
    [
        (tables.service, "cut", {"duration_minutes": 45}),
        (tables.service, "cut", {"buffer_after_minutes": 15}),
        (tables.service, "cut", {"active": False}),
        (tables.service, "cut", {"minimum_notice_minutes": 10_000}),
        (tables.employee, "anna", {"active": False}),
        (tables.employee, "anna", {"time_zone": "Asia/Tokyo"}),
        (tables.company, "demo", {"booking_interval_minutes": 120}),
        (tables.company, "demo", {"grid_anchor": GridAnchor.CLOCK.value}),
        (tables.company, "demo", {"time_zone": "Asia/Kathmandu"}),
    ],
)
async def test_what_changed_while_calendars_were_asked_is_judged_anew(world, table, name, values):
    await world.link("anna")
    released = world.calendars.hang("busy")
    booking = asyncio.create_task(world.book("2027-03-02 10:00", employee="anna"))
    await world.called("busy")
    await world.change(table, world.id_of(name), **values)
    released.set()
    assert await booking == SlotTaken()
    assert await world.rows(tables.booking) == []


async def test_an_absence_entered_while_calendars_were_asked_wins(world):
    await world.link("anna")
    released = world.calendars.hang("busy")
    booking = asyncio.create_task(world.book("2027-03-02 10:00", employee="anna"))
    await world.called("busy")
    await world.take_off("anna", DaysOff(date(2027, 3, 2), date(2027, 3, 2)))
    released.set()
    assert await booking == SlotTaken()


# Racing


@pytest.mark.parametrize("second", ["09:00", "09:15"], ids=["the same start", "overlapping starts"])
async def test_of_two_racing_bookings_one_is_confirmed_and_one_comes_too_late(world, second):
    await world.link("anna")
    requests = [world.request(f"2027-03-02 {text}", employee="anna") for text in ("09:00", second)]
    assert kinds(await world.race(requests)) == ["BookingConfirmed", "SlotTaken"]
    assert len(await world.rows(tables.booking)) == len(await world.rows(tables.block)) == 1
    assert len(world.calendars.entries("annas")) == 1


async def test_the_database_itself_refuses_an_overlap(world):
    """Whatever use case forgets to look: the trigger does not, and the transaction goes on after a rollback to where it was."""
    booking = (await world.book("2027-03-02 09:00", employee="anna")).booking
    block = {"employee_id": world.id_of("anna"), "booking_id": booking.id}
    async with world.database.write() as connection:
        for span, is_free in (
            (Span(booking.span.start - 1, booking.span.start + 1), False),
            (Span(booking.span.end - 1, booking.span.end + 1), False),
            (booking.span, False),
            (Span(booking.span.start - 30, booking.span.start), True),
            (Span(booking.span.end, booking.span.end + 30), True),
        ):
            try:
                async with connection.begin_nested():
                    await blocks.insert_block(
                        connection, world.company_id, block_id=uuid.uuid4().hex, span=span, **block
                    )
            except SpanTaken:
                assert not is_free
            else:
                assert is_free
    assert len(await world.rows(tables.block)) == 3


async def test_twenty_racers_for_two_employees_make_two_bookings(world):
    for name in ("anna", "ben"):
        await world.link(name)
    released = world.calendars.hang("busy")
    running = [asyncio.create_task(world.book("2027-03-02 09:00")) for _ in range(20)]
    await world.called("busy", 40)
    released.set()
    results = await asyncio.gather(*running)
    assert kinds(results) == ["BookingConfirmed"] * 2 + ["SlotTaken"] * 18
    assert sorted(row.employee_id for row in await world.rows(tables.attendance)) == sorted(
        map(world.id_of, ("anna", "ben"))
    )
    assert len(world.calendars.entries("annas")) == len(world.calendars.entries("bens")) == 1


async def test_bookings_that_only_meet_do_not_race(world):
    await world.link("anna")
    requests = [world.request(f"2027-03-02 {text}", employee="anna") for text in ("09:00", "09:30", "10:00")]
    assert kinds(await world.race(requests)) == ["BookingConfirmed"] * 3


# S5: any employee


async def test_the_least_booked_of_the_iso_week_is_taken_ties_by_id(world):
    first, second = sorted(["anna", "ben"], key=world.id_of)
    taken = [(await world.book(f"2027-03-0{day} 09:00")).booking.employee_ids[0] for day in (2, 3, 4, 5)]
    assert taken == [world.id_of(name) for name in (first, second, first, second)]


async def test_bookings_of_other_weeks_and_cancelled_ones_do_not_count(world):
    first, second = sorted(["anna", "ben"], key=world.id_of)
    await world.book("2027-03-08 09:00", employee=first)  # Monday of the next week
    await world.book("2027-03-05 16:30", employee=second)
    assert (await world.book("2027-03-02 09:00")).booking.employee_ids == (world.id_of(first),)
    cancelled = (await world.book("2027-03-03 09:00", employee=first)).booking
    await world.cancel(cancelled, actor=world.owner)
    assert (await world.book("2027-03-04 09:00")).booking.employee_ids == (world.id_of(first),)


async def test_the_next_is_tried_when_one_is_busy_or_unverified(world):
    first, second = sorted(["anna", "ben"], key=world.id_of)
    await world.link(first)
    await world.link(second)
    world.calendars.fail("busy", ProviderUnreachable(), login=f"{first}s")
    assert (await world.book("2027-03-02 09:00")).booking.employee_ids == (world.id_of(second),)
    assert isinstance(await world.book("2027-03-02 09:00"), CalendarUnverified)
    world.calendars.heal()
    assert (await world.book("2027-03-02 09:00")).booking.employee_ids == (world.id_of(first),)
    assert await world.book("2027-03-02 09:00") == SlotTaken()


# Bad input and refusals


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"idempotency_key": "1"}, "input.idempotencyKey"),
        ({"idempotency_key": "{12345678-1234-1234-1234-123456789abc}"}, "input.idempotencyKey"),
        ({"customer": CustomerForm("  ", "mia@example.org")}, "input.customer.name"),
        ({"customer": CustomerForm("Mia\r\nBcc: all@example.org", "mia@example.org")}, "input.customer.name"),
        ({"customer": CustomerForm("Mia \u202eretsuM", "mia@example.org")}, "input.customer.name"),
        ({"customer": CustomerForm("M" * 201, "mia@example.org")}, "input.customer.name"),
        ({"customer": CustomerForm("Mia", "mia@example")}, "input.customer.email"),
        ({"customer": CustomerForm("Mia", "Mia <mia@example.org>")}, "input.customer.email"),
        ({"customer": CustomerForm("Mia", "mia@example.org", phone="call me")}, "input.customer.phone"),
        ({"customer": CustomerForm("Mia", "mia@example.org", locale="deutsch!")}, "input.customer.locale"),
        ({"customer": CustomerForm("Mia", "mia@example.org", time_zone="Bern")}, "input.customer.timeZone"),
        ({"note": "n" * 2001}, "input.note"),
        ({"note": "\x00"}, "input.note"),
        ({"deadline_ms": 9000}, "input.deadlineMs"),
    ],
)
async def test_bad_input_names_its_field_and_asks_nobody(world, change, path):
    await world.link("anna")
    refused = await world.do.bookings.book(world.as_(), replace(world.request(employee="anna"), **change))
    assert isinstance(refused, InvalidInput)
    assert [".".join(field.path) for field in refused.fields] == [path]
    assert world.calendars.calls["busy"] == 0


async def test_a_start_within_a_minute_is_refused(world):
    request = world.request(employee="anna")
    refused = await world.do.bookings.book(world.as_(), replace(request, start=request.start + timedelta(seconds=1)))
    assert [field.path for field in refused.fields] == [("input", "slot", "start")]


@pytest.mark.parametrize("text", ["علی\u200cرضا", "Zoë", "👩\u200d💻 please\nring twice"])
async def test_what_people_really_write_is_taken(world, text):
    await world.link("anna")
    assert isinstance(await world.book(employee="anna", note=text), BookingConfirmed)
    (entry,) = world.calendars.entries("annas").values()
    assert text in entry.description


async def test_a_blank_note_is_none(world):
    assert (await world.book(employee="anna", note=" \n")).booking.note is None


async def test_unknown_things_are_not_found(world):
    assert await world.book(service="nothing") == NotFound(("input", "slot", "service"))
    assert await world.book(employee="nobody") == NotFound(("input", "slot", "employees", "employee"))
    assert await world.book(actor=world.agent) == NotFound(("input", "slot", "service"))
    assert await world.book(actor=Token(world.company_id, "t", frozenset({Permission.SEARCH_SLOTS}))) == NotFound(
        ("input", "slot", "service")
    )


async def test_nobody_to_book_is_a_rule_broken(world):
    await world.add_service("alone", employees=())
    assert await world.book(service="alone") == SlotNotOffered(SlotRule.SERVICE)


@pytest.mark.parametrize(
    ("start", "rule"),
    [
        ("2027-03-01 06:00", SlotRule.NOTICE),  # closed as well, but the rules have an order
        ("2027-03-01 09:00", SlotRule.NOTICE),
        ("2027-03-05 09:00", SlotRule.HORIZON),
        ("2027-03-02 16:45", SlotRule.AVAILABILITY),
        ("2027-03-02 09:05", SlotRule.GRID),
        ("2027-03-03 09:00", SlotRule.ABSENCE),
    ],
)
async def test_a_start_that_is_not_offered_names_its_rule(world, start, rule):
    await world.add_service("strict", employees=("anna",), minimum_notice_minutes=240, horizon_days=3)
    await world.take_off("anna", DaysOff(date(2027, 3, 3), date(2027, 3, 3)))
    assert await world.book(start, service="strict", actor=world.owner) == SlotNotOffered(rule)
    hidden = SlotRule.FREE if rule is SlotRule.ABSENCE else rule
    assert await world.book(start, service="strict") == SlotNotOffered(hidden)


async def test_members_book_by_the_same_rules(world):
    for actor in (world.owner, world.member("staff"), world.member("eve", Role.ADMIN)):
        assert isinstance(await world.book("2027-03-02 18:00", actor=actor), SlotNotOffered)
