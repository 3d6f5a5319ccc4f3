"""A hold becomes a booking by UPDATE: judged by S1, S2, S4 when it was held, by S3 and the calendars when it is booked (rules K1, S4)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from slotgraph_tests_core_booking_held import (
    KEPT_FOR,
    MINUTE,
    START,
    any_of,
    blocked,
    blocked_of,
    everything,
    held,
    release,
    together,
    token_of,
)

from slotgraph.core import tables
from slotgraph.core.availability import DaysOff
from slotgraph.core.booking.attempts import CalendarUnverified
from slotgraph.core.booking.holding import HoldReleased
from slotgraph.core.booking.making import BookingConfirmed
from slotgraph.core.candidates import EmployeeChoice
from slotgraph.core.errors import ProviderUnreachable
from slotgraph.core.judging import BookingOverride
from slotgraph.core.policy import Permission, Token
from slotgraph.core.problems import InvalidInput, KeyReused, NotFound, SlotNotOffered, SlotTaken
from slotgraph.core.slots import SlotRule
from slotgraph.core.values import Secret


async def book(world, kept, start=START, **more):
    """Book with the token of a hold."""
    return await world.book(start, hold_token=kept.hold_token, **more)


async def test_the_hold_itself_becomes_the_booking(world):
    await world.link("anna")
    kept = await held(world, employee="anna")
    (before,) = await world.rows(tables.block)
    confirmed = await book(world, kept, employee="anna")
    assert isinstance(confirmed, BookingConfirmed)
    (after,) = await world.rows(tables.block)
    assert (after.id, after.booking_id, after.hold_id, after.expires_at) == (
        before.id,
        confirmed.booking.id,
        None,
        None,
    )
    (row,) = await world.rows(tables.hold)
    assert row.ended_at == confirmed.booking.created_at
    assert await world.entry_states() == ["WRITTEN"]
    world.clock.advance(2 * KEPT_FOR)
    await world.joined.retention.sweep()
    assert await blocked(world) == {("booking", "09:00", "09:30")}


async def test_who_was_kept_free_for_anybody_is_booked_and_nobody_asked_but_they(world):
    """Ben would be the least booked."""
    await world.book("2027-03-04 09:00", employee="ben")
    kept = await held(world)
    await world.book("2027-03-04 10:00", employee="anna")
    await world.book("2027-03-04 11:00", employee="anna")
    for name in ("anna", "ben"):
        await world.link(name)
    assert kept.hold.employee_ids == (world.id_of("anna"),)
    confirmed = await book(world, kept)
    assert confirmed.booking.employee_ids == kept.hold.employee_ids
    assert world.calendars.calls["busy"] == 1


async def test_together_all_blocks_become_the_bookings(world):
    kept = await held(world, choice=together(world, "anna", "ben"))
    confirmed = await book(world, kept, choice=together(world, "ben", "anna"))
    assert set(confirmed.booking.employee_ids) == {world.id_of("anna"), world.id_of("ben")}
    assert await blocked_of(world) == {("booking", one) for one in confirmed.booking.employee_ids}


async def test_anybody_with_the_token_may_book_but_whoever_may_not_book_at_all(world):
    reading = Token(world.company_id, "t", frozenset({Permission.READ_BOOKINGS}))
    kept = await held(world, employee="anna", actor=world.owner)
    for actor in (reading, world.agent):
        refused = await book(world, kept, employee="anna", actor=actor)
        assert refused == NotFound(("input", "slot", "service"))
    assert isinstance(await book(world, kept, employee="anna"), BookingConfirmed)


# S4: notice, horizon and grid were judged when it was held


async def test_what_was_soon_enough_when_held_is_soon_enough(world):
    await world.add_service("color", employees=("anna",), minimum_notice_minutes=26 * 60)
    kept = await held(world, service="color")
    world.clock.advance(9 * MINUTE)
    await world.change(tables.service, world.id_of("color"), minimum_notice_minutes=27 * 60)
    assert await world.book("2027-03-02 09:30", service="color") == SlotNotOffered(SlotRule.NOTICE)
    assert isinstance(await book(world, kept, service="color"), BookingConfirmed)


async def test_what_was_on_the_grid_and_within_the_horizon_when_held_is(world):
    kept = await held(world, "2027-03-02 09:15", employee="anna")
    await world.change(tables.service, world.id_of("cut"), booking_interval_minutes=60, horizon_days=0)
    assert isinstance(await book(world, kept, "2027-03-02 09:15", employee="anna"), BookingConfirmed)


async def test_what_lies_in_the_past_is_not_booked(world):
    world.clock.advance(world.at("2027-03-02 08:55") - world.clock.now())
    kept = await held(world, employee="anna")
    world.clock.advance(5 * MINUTE + timedelta(seconds=1))
    assert await book(world, kept, employee="anna") == SlotNotOffered(SlotRule.NOTICE)


async def test_a_members_override_goes_with_a_hold(world):
    kept = await held(world, employee="anna")
    await world.take_off("anna", DaysOff(date(2027, 3, 2), date(2027, 3, 2)))
    request = {"employee": "anna", "actor": world.owner}
    assert await book(world, kept, **request) == SlotNotOffered(SlotRule.ABSENCE)
    confirmed = await book(world, kept, **request, override=(BookingOverride.AVAILABILITY,))
    assert isinstance(confirmed, BookingConfirmed)
    assert await blocked(world) == {("booking", "09:00", "09:30")}


# S3 and the calendars are judged again; a refusal leaves the hold as it was


async def test_what_is_no_longer_free_is_not_booked_and_stays_held(world):
    kept = await held(world, employee="anna")
    before = await everything(world)
    await world.take_off("anna", DaysOff(date(2027, 3, 2), date(2027, 3, 2)))
    assert await book(world, kept, employee="anna") == SlotNotOffered(SlotRule.FREE)
    assert await everything(world) == before


async def test_what_is_busy_outside_is_not_booked_and_stays_held(world):
    await world.link("anna", world.event("2027-03-02T09:00", "2027-03-02T09:10"))
    kept = await held(world, employee="anna")
    before = await everything(world)
    assert await book(world, kept, employee="anna") == SlotTaken()
    world.calendars.fail("busy", ProviderUnreachable())
    assert isinstance(await book(world, kept, employee="anna"), CalendarUnverified)
    assert await everything(world) == before
    assert await release(world, kept.hold_token) == HoldReleased(True)


async def test_the_buffers_of_now_are_blocked(world):
    kept = await held(world, "2027-03-02 12:00", employee="anna")
    await world.change(tables.service, world.id_of("cut"), buffer_before_minutes=15, buffer_after_minutes=30)
    assert isinstance(await book(world, kept, "2027-03-02 12:00", employee="anna"), BookingConfirmed)
    assert await blocked(world) == {("booking", "11:45", "13:00")}


@pytest.mark.parametrize("other", ["booking", "hold"])
async def test_buffers_of_now_that_reach_into_anothers_time_are_refused_and_it_stays_held(world, other):
    kept = await held(world, "2027-03-02 12:00", employee="anna")
    if other == "hold":
        await held(world, "2027-03-02 12:30", employee="anna")
    else:
        await world.book("2027-03-02 12:30", employee="anna")
    await world.change(tables.service, world.id_of("cut"), buffer_after_minutes=15)
    before = await everything(world)
    assert await book(world, kept, "2027-03-02 12:00", employee="anna") == SlotTaken()
    assert await everything(world) == before


async def test_a_lapsed_hold_in_the_way_of_the_buffers_of_now_goes(world):
    await held(world, "2027-03-02 12:30", employee="anna")
    world.clock.advance(KEPT_FOR)
    kept = await held(world, "2027-03-02 12:00", employee="anna")
    await world.change(tables.service, world.id_of("cut"), buffer_after_minutes=15)
    assert isinstance(await book(world, kept, "2027-03-02 12:00", employee="anna"), BookingConfirmed)
    assert await blocked(world) == {("booking", "12:00", "12:45")}


# A hold that is over does no harm


async def test_a_lapsed_hold_is_as_good_as_none(world):
    kept = await held(world, employee="anna")
    world.clock.advance(KEPT_FOR)
    assert await world.book("2027-03-02 09:05", employee="anna", hold_token=kept.hold_token) == SlotNotOffered(
        SlotRule.GRID
    )
    confirmed = await book(world, kept, employee="anna")
    assert isinstance(confirmed, BookingConfirmed)
    assert await blocked(world) == {("booking", "09:00", "09:30")}


@pytest.mark.parametrize("over", ["booked", "given back", "lapsed"])
async def test_who_comes_with_a_hold_that_is_over_is_judged_like_everybody(world, over):
    kept = await held(world, employee="anna")
    if over == "booked":
        await book(world, kept, employee="anna")
    elif over == "given back":
        await release(world, kept.hold_token)
        await world.book(employee="anna")
    else:
        world.clock.advance(KEPT_FOR)
        await held(world, employee="anna")
    assert await book(world, kept, employee="anna") == SlotTaken()
    assert isinstance(await book(world, kept), BookingConfirmed)  # anybody: Ben


async def test_a_hold_that_nobody_remembers_is_as_good_as_none(world):
    assert isinstance(await world.book(employee="anna", hold_token=token_of(world)), BookingConfirmed)


async def test_of_who_cannot_be_had_any_more_a_hold_is_as_good_as_none(world):
    await world.book("2027-03-04 09:00", employee="ben")
    kept = await held(world)
    await world.change(tables.employee, world.id_of("anna"), active=False)
    assert (await book(world, kept)).booking.employee_ids == (world.id_of("ben"),)


async def test_a_hold_whose_time_was_taken_away_is_as_good_as_none(world):
    kept = await held(world)
    await world.do.employees.delete(world.as_(world.owner), world.company_id, kept.hold.employee_ids[0])
    (other,) = {world.id_of("anna"), world.id_of("ben")} - {*kept.hold.employee_ids}
    assert (await book(world, kept)).booking.employee_ids == (other,)


# K2


async def test_a_repeated_call_gets_its_booking_again_though_the_hold_is_over(world):
    kept = await held(world, employee="anna")
    request = world.request(employee="anna", hold_token=kept.hold_token)
    first = await world.do.bookings.book(world.as_(), request)
    world.clock.advance(timedelta(hours=2))
    again = await world.do.bookings.book(world.as_(), request)
    assert (again.booking.id, again.manage_token) == (first.booking.id, first.manage_token)
    for token in (None, token_of(world)):
        assert await world.do.bookings.book(world.as_(), replace(request, hold_token=token)) == KeyReused()


# Bad input


async def test_a_token_that_is_none_or_of_something_else_books_nothing(world):
    await world.add_company("other")
    await world.add_employee("otto", company="other")
    await world.add_service("trim", employees=("otto",), company="other")
    await world.add_service("color", employees=("anna", "ben"))
    kept = await held(world, employee="anna")
    both = await held(world, "2027-03-02 12:00", choice=together(world, "anna", "ben"))
    theirs = await held(world, employee="otto", service="trim", company_id=world.id_of("other"))
    confirmed = await world.book("2027-03-03 12:00", employee="ben")
    good = kept.hold_token.reveal()
    flipped = good[:60] + ("A" if good[60] != "A" else "B") + good[61:]
    claimed = token_of(world, company_id=world.id_of("other"), hold_id=kept.hold.id)
    texts = ("", "hold", good[:-1], good + "A", flipped, "\0" * 86, "\ud800", confirmed.manage_token.reveal())
    forged = [(Secret(text), START, {"employee": "anna"}) for text in texts]
    before = await everything(world)
    for token, start, more in (
        *forged,
        (claimed, START, {"employee": "anna"}),
        (theirs.hold_token, START, {"employee": "anna"}),
        (kept.hold_token, "2027-03-02 09:15", {"employee": "anna"}),
        (kept.hold_token, START, {"employee": "anna", "service": "color"}),
        (kept.hold_token, START, {"employee": "ben"}),
        (kept.hold_token, START, {"choice": any_of(world, "ben")}),
        (kept.hold_token, START, {"choice": together(world, "anna", "ben")}),
        (both.hold_token, "2027-03-02 12:00", {"employee": "anna"}),
        (both.hold_token, "2027-03-02 12:00", {"choice": EmployeeChoice()}),
        (both.hold_token, "2027-03-02 12:00", {"choice": together(world, "anna")}),
    ):
        refused = await world.book(start, hold_token=token, **more)
        assert isinstance(refused, InvalidInput), (start, more)
        assert [field.path for field in refused.fields] == [("input", "holdToken")]
    assert await everything(world) == before
