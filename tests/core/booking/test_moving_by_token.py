"""Who may move a booking, and until when: customers by manage token, members and tokens of the company (rules K5, T5)."""

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from slotgraph_tests_core_booking_moved import START, ask, attending, move, move_request, moved, stored

from slotgraph.core import tables
from slotgraph.core.booking.attempts import CalendarUnverified
from slotgraph.core.booking.finding import BookingRef, SeenBooking
from slotgraph.core.candidates import EmployeeChoice
from slotgraph.core.errors import ProviderUnreachable, RateLimited
from slotgraph.core.manage_token import token_for
from slotgraph.core.policy import Anonymous, Customer, Permission, Role, Token
from slotgraph.core.problems import BookingIsCancelled, KeyReused, NotFound, SlotNotOffered, TooLate
from slotgraph.core.slots import SlotRule
from slotgraph.core.support import CaseRequest
from slotgraph.core.values import Secret, Span
from slotgraph.server.joining import join


@pytest.fixture
async def confirmed(world):
    """Wednesday at nine, with Anna; customers may change it until Tuesday at nine."""
    await world.link("anna")
    return await world.book(START, employee="anna")


async def test_the_customer_moves_it_and_the_token_stays_good(world, confirmed):
    token = confirmed.manage_token
    seen = await move(world, token, "2027-03-04 09:00")
    assert seen.operation.actor == Customer(world.company_id, confirmed.booking.id)
    assert seen.booking.generation == confirmed.booking.generation
    assert (await moved(world, token, "2027-03-05 09:00")).span.start == world.minute("2027-03-05 09:00")
    assert isinstance(await world.cancel(token), SeenBooking)
    assert await move(world, token, "2027-03-08 09:00") == BookingIsCancelled()


async def test_customers_may_until_the_limit_before_the_old_start_and_not_a_second_longer(world, confirmed):
    limit = world.at("2027-03-02 09:00")
    world.clock.advance(limit - world.clock.now() + timedelta(seconds=1))
    before = await stored(world)
    assert await move(world, confirmed.manage_token, "2027-03-10 09:00") == TooLate(limit)
    assert await stored(world) == before
    world.clock.advance(timedelta(seconds=-1))
    assert isinstance(await move(world, confirmed.manage_token, "2027-03-02 11:00"), SeenBooking)
    # Moved to within the limit, it is too late to move it on.
    late = await move(world, confirmed.manage_token, "2027-03-10 09:00")
    assert late == TooLate(world.at("2027-03-01 11:00"))


async def test_the_limit_is_the_one_the_booking_was_made_under(world, confirmed):
    await world.change(tables.service, world.id_of("cut"), cancellation_limit_hours=0)
    world.clock.advance(world.at("2027-03-02 10:00") - world.clock.now())
    assert isinstance(await move(world, confirmed.manage_token, "2027-03-04 09:00"), TooLate)


async def test_members_and_tokens_with_the_scope_move_past_the_limit(world):
    for day, actor in (
        (2, world.member("staff")),
        (3, world.owner),
        (4, Token(world.company_id, "t", frozenset({Permission.CHANGE_BOOKINGS}))),
    ):
        booking = (await world.book(f"2027-03-0{day} 09:00")).booking
        world.clock.advance(world.at(f"2027-03-0{day} 08:59") - world.clock.now())
        assert isinstance(await move(world, booking, f"2027-03-0{day} 16:00", actor=actor), SeenBooking)


async def test_who_may_not_change_it_finds_no_booking(world, confirmed):
    foreigner = replace(world.member("eve", Role.OWNER), company_id=await world.add_company("other"))
    reader = Token(world.company_id, "t", frozenset({Permission.READ_BOOKINGS}))
    await world.do.support.open_case(world.as_(world.owner), CaseRequest(world.company_id, "help", 1, True))
    before, asked = await stored(world), world.calendars.calls["busy"]
    for actor in (Anonymous(), foreigner, reader, world.agent):
        refused = await move(world, confirmed.booking, "2027-03-04 09:00", actor=actor)
        assert refused == NotFound(("input", "booking"))
    request = move_request(world, confirmed.booking, "2027-03-04 09:00")
    elsewhere = replace(request, booking=BookingRef(foreigner.company_id, confirmed.booking.id))
    assert await ask(world, elsewhere, actor=foreigner) == NotFound(("input", "booking"))
    assert await stored(world) == before
    assert world.calendars.calls["busy"] == asked


async def test_a_wrong_token_moves_nothing(world, confirmed):
    """One bit flipped, another company's, another booking's, another generation's, none at all."""
    other = (await world.book("2027-03-04 09:00", employee="anna")).booking
    right, key = confirmed.manage_token.reveal(), world.vault.manage_key()
    elsewhere = await world.add_company("other")
    before = await stored(world)
    for text in (
        "",
        right[:-1],
        right[:60] + ("A" if right[60] != "A" else "B") + right[61:],
        token_for(key, elsewhere, booking_id=confirmed.booking.id, generation=0),
        token_for(key, world.company_id, booking_id=confirmed.booking.id, generation=1),
        token_for(key, world.company_id, booking_id=other.id, generation=0)[:42] + right[42:],
        token_for(key, world.company_id, booking_id=uuid.uuid4().hex, generation=0),
    ):
        assert await move(world, Secret(text), "2027-03-05 09:00") == NotFound(("input", "booking"))
    assert await stored(world) == before


async def test_a_token_in_a_members_hands_does_no_more_than_in_the_customers(world, confirmed):
    world.clock.advance(world.at("2027-03-03 08:00") - world.clock.now())
    late = await move(world, confirmed.manage_token, "2027-03-04 09:00", actor=world.owner)
    assert isinstance(late, TooLate)


async def test_a_repeated_call_past_the_limit_is_the_first_success(world, confirmed):
    request = move_request(world, confirmed.manage_token, "2027-03-04 09:00")
    await ask(world, request)
    world.clock.advance(timedelta(hours=23, minutes=59))
    await move(world, confirmed.booking, "2027-03-02 07:00")  # refused: closed then
    assert (await ask(world, request)).booking.span.start == world.minute("2027-03-04 09:00")
    assert await ask(world, replace(request, start=world.at("2027-03-04 10:00"))) == KeyReused()


async def test_the_keys_of_customers_and_members_never_meet(world, confirmed):
    key = str(uuid.uuid4())
    await moved(world, confirmed.manage_token, "2027-03-04 09:00", key=key)
    await moved(world, confirmed.booking, "2027-03-04 10:00", key=key)


async def test_customers_may_ask_for_others_of_the_service_and_for_nobody_else(world, confirmed):
    await world.add_employee("carla")
    path = ("input", "employees", "employee")
    start = "2027-03-04 09:00"
    for name in ("nobody", "dora"):
        assert await move(world, confirmed.manage_token, start, employee=name) == NotFound(path)
    refused = await move(world, confirmed.manage_token, start, employee="carla")
    assert [field.path for field in refused.fields] == [path]
    both = EmployeeChoice(any_of=(world.id_of("ben"), world.id_of("nobody")))
    assert await move(world, confirmed.manage_token, start, choice=both) == NotFound(
        ("input", "employees", "anyOf", "1")
    )
    await moved(world, confirmed.manage_token, start, employee="ben")
    assert await attending(world, confirmed.booking) == {world.id_of("ben")}


async def test_customers_learn_no_more_than_strangers_do(world, confirmed):
    await world.book("2027-03-04 09:00", employee="ben")
    both = EmployeeChoice(together=(world.id_of("anna"), world.id_of("ben")))
    off = world.minute("2027-03-04 08:00"), world.minute("2027-03-04 12:00")
    world.calendars.put("annas", world.event("2027-03-05T09:00", "2027-03-05T10:00"))
    await world.take_off("anna", Span(*off))
    assert await move(world, confirmed.manage_token, "2027-03-04 09:00") == SlotNotOffered(SlotRule.FREE)
    told = await move(world, confirmed.booking, "2027-03-04 09:00", choice=both)
    assert told == SlotNotOffered(SlotRule.ABSENCE)
    world.calendars.fail("busy", ProviderUnreachable())
    (hidden,) = (await move(world, confirmed.manage_token, "2027-03-05 09:00")).sources
    assert (hidden.cause, hidden.calendar, hidden.employee_id) == ("TEMPORARY", None, None)


async def test_a_customers_tries_count_as_searches_of_where_they_come_from(world, confirmed):
    """Rule B7: nobody closes a shop by asking often."""
    moves = join(world.joined.parts, stranger_searches_per_minute=3).use_cases.moves
    world.calendars.fail("busy", ProviderUnreachable())
    operation = world.as_()
    operation.source = "192.0.2.7"
    request = move_request(world, confirmed.manage_token, "2027-03-04 09:00")
    for _ in range(3):
        assert isinstance(await moves.reschedule(operation, request), CalendarUnverified)
    with pytest.raises(RateLimited):
        await moves.reschedule(operation, request)
