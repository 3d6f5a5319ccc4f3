"""Seeing and cancelling bookings: by id, by manage token, too late, twice, and never somebody else's (rules K2, K5, T5)."""

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest

from slotgraph.core import tables
from slotgraph.core.booking.cancelling import CancelRequest
from slotgraph.core.booking.finding import BookingRef, SeenBooking
from slotgraph.core.errors import SupportExcluded
from slotgraph.core.manage_token import token_for
from slotgraph.core.policy import Anonymous, Customer, Permission, Role, Token
from slotgraph.core.problems import InvalidInput, KeyReused, NotFound, TooLate
from slotgraph.core.profile import ProfileChange
from slotgraph.core.records import BookingState
from slotgraph.core.store.bookings import BookingFilter
from slotgraph.core.support import Access, CaseRequest
from slotgraph.core.values import Secret


@pytest.fixture
async def confirmed(world):
    """Wednesday at nine, with Anna; customers may cancel until 24 hours before."""
    await world.link("anna")
    return await world.book("2027-03-03 09:00", employee="anna")


async def cancelled(world, booking, **more):
    result = await world.cancel(booking, **more)
    return isinstance(result, SeenBooking) and result.booking.state is BookingState.CANCELLED


async def stored_state(world):
    return [row.state for row in await world.rows(tables.booking)]


async def test_the_manage_token_shows_and_cancels_its_booking(world, confirmed):
    seen = await world.do.booking_desk.booking(world.as_(), BookingRef(manage_token=confirmed.manage_token))
    assert seen.booking == confirmed.booking
    assert seen.operation.actor == Customer(world.company_id, confirmed.booking.id)
    assert await cancelled(world, confirmed.manage_token)
    assert world.calendars.entries("annas") == {}


async def test_a_wrong_token_shows_and_cancels_nothing(world, confirmed):
    other = (await world.book("2027-03-04 09:00", employee="anna")).booking
    right = confirmed.manage_token.reveal()
    key = world.vault.manage_key()
    make = {"company_id": world.company_id}
    wrong = [
        "",
        "x",
        right[:-1],
        right + "A",
        right[:-1] + ("A" if right[-1] != "A" else "E"),
        token_for(key, make["company_id"], booking_id=confirmed.booking.id, generation=1),
        token_for(bytes(32), make["company_id"], booking_id=confirmed.booking.id, generation=0),
        token_for(key, make["company_id"], booking_id=uuid.uuid4().hex, generation=0),
        # The code of one booking under the id of another.
        token_for(key, make["company_id"], booking_id=other.id, generation=0)[:42] + right[42:],
    ]
    for text in wrong:
        ref = BookingRef(manage_token=Secret(text))
        assert await world.do.booking_desk.booking(world.as_(), ref) is None
        assert await world.cancel(Secret(text)) == NotFound(("input", "booking"))
    assert await stored_state(world) == ["CONFIRMED", "CONFIRMED"]


async def test_raising_the_generation_revokes_the_token(world, confirmed):
    await world.change(tables.booking, confirmed.booking.id, generation=1)
    assert await world.cancel(confirmed.manage_token) == NotFound(("input", "booking"))


async def test_customers_may_cancel_until_the_limit_and_not_a_second_longer(world, confirmed):
    limit = world.at("2027-03-02 09:00")
    assert confirmed.booking.changeable_until == limit
    world.clock.advance(limit - world.clock.now() + timedelta(seconds=1))
    assert await world.cancel(confirmed.manage_token) == TooLate(limit)
    assert await stored_state(world) == ["CONFIRMED"]
    assert len(world.calendars.entries("annas")) == 1
    world.clock.advance(timedelta(seconds=-1))
    assert await cancelled(world, confirmed.manage_token)


async def test_members_and_tokens_with_the_scope_cancel_past_the_limit(world):
    for day, actor in (
        (2, world.member("staff")),
        (3, world.owner),
        (4, Token(world.company_id, "t", frozenset({Permission.CHANGE_BOOKINGS}))),
    ):
        booking = (await world.book(f"2027-03-0{day} 09:00")).booking
        world.clock.advance(world.at(f"2027-03-0{day} 08:59") - world.clock.now())
        assert await cancelled(world, booking, actor=actor)


async def test_the_limit_is_the_one_the_booking_was_made_under(world, confirmed):
    await world.change(tables.service, world.id_of("cut"), cancellation_limit_hours=0)
    world.clock.advance(world.at("2027-03-02 10:00") - world.clock.now())
    assert isinstance(await world.cancel(confirmed.manage_token), TooLate)


async def test_who_may_not_cancel_finds_no_booking(world, confirmed):
    foreigner = replace(world.member("eve", Role.OWNER), company_id=await world.add_company("other"))
    reader = Token(world.company_id, "t", frozenset({Permission.READ_BOOKINGS}))
    await world.do.support.open_case(world.as_(world.owner), CaseRequest(world.company_id, "help", 1, True))
    for actor in (Anonymous(), foreigner, reader, world.agent):
        assert await world.cancel(confirmed.booking, actor=actor) == NotFound(("input", "booking"))
    assert await stored_state(world) == ["CONFIRMED"]


# Twice


async def test_cancelling_twice_gives_the_same_answer_and_removes_once(world, confirmed):
    first = await world.cancel(confirmed.manage_token, reason="ill")
    world.clock.advance(timedelta(days=5))  # long past the limit
    again = await world.cancel(confirmed.manage_token, reason="no, something else")
    assert again.booking == first.booking
    assert again.booking.cancel_reason == "ill"
    assert world.calendars.calls["remove"] == 1


async def test_a_replay_after_the_limit_is_the_first_success(world, confirmed):
    key = str(uuid.uuid4())
    assert await cancelled(world, confirmed.manage_token, key=key)
    world.clock.advance(timedelta(hours=23, minutes=59))
    assert await cancelled(world, confirmed.manage_token, key=key)


async def test_a_key_used_for_another_cancellation_is_refused(world, confirmed):
    other = (await world.book("2027-03-04 09:00", employee="anna")).booking
    for first in (confirmed.booking, confirmed.booking):  # the second finds it cancelled already
        key = str(uuid.uuid4())
        assert await cancelled(world, first, actor=world.owner, key=key)
        assert await world.cancel(other, actor=world.owner, key=key) == KeyReused()
        assert await world.cancel(first, actor=world.owner, key=key, reason="now with one") == KeyReused()
    assert sorted(await stored_state(world)) == ["CANCELLED", "CONFIRMED"]


async def test_the_same_key_books_and_cancels(world):
    key = str(uuid.uuid4())
    booking = (await world.book(employee="anna", key=key, actor=world.owner)).booking
    assert await cancelled(world, booking, actor=world.owner, key=key)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"idempotency_key": "once"}, ("input", "idempotencyKey")),
        ({"reason": "r" * 1001}, ("input", "reason")),
        ({"reason": "\x07"}, ("input", "reason")),
    ],
)
async def test_bad_input_names_its_field(world, confirmed, change, path):
    request = CancelRequest(str(uuid.uuid4()), BookingRef(world.company_id, confirmed.booking.id))
    refused = await world.do.cancellations.cancel(world.as_(world.owner), replace(request, **change))
    assert isinstance(refused, InvalidInput)
    assert [field.path for field in refused.fields] == [path]


async def test_a_blank_reason_is_none(world, confirmed):
    assert (await world.cancel(confirmed.booking, actor=world.owner, reason=" ")).booking.cancel_reason is None


# Seeing


async def test_a_booking_is_seen_by_id_by_those_of_its_company_only(world, confirmed):
    ref = BookingRef(world.company_id, confirmed.booking.id)
    foreigner = replace(world.owner, company_id=await world.add_company("other"))
    desk = world.do.booking_desk
    for actor in (
        world.owner,
        world.member("staff"),
        Token(world.company_id, "t", frozenset({Permission.READ_BOOKINGS})),
    ):
        assert (await desk.booking(world.as_(actor), ref)).booking == confirmed.booking
        assert await desk.booking(world.as_(actor), replace(ref, id=uuid.uuid4().hex)) is None
    for actor in (Anonymous(), foreigner, world.agent):
        assert await desk.booking(world.as_(actor), ref) is None
    # The booking of one company under the id of another.
    assert await desk.booking(world.as_(foreigner), replace(ref, company_id=foreigner.company_id)) is None


async def test_support_sees_bookings_under_a_case_until_it_is_excluded(world, confirmed):
    ref, agent = BookingRef(world.company_id, confirmed.booking.id), world.agent
    await world.do.support.open_case(world.as_(world.owner), CaseRequest(world.company_id, "help", 1, False))
    assert await world.do.booking_desk.booking(world.as_(agent), ref)
    await world.do.support.log_access(world.as_(agent), [world.company_id], Access("look", ("Query.booking",)))
    await world.do.profiles.update(world.as_(world.owner), world.company_id, ProfileChange(exclude_support=True))
    with pytest.raises(SupportExcluded):
        await world.do.booking_desk.booking(world.as_(agent), ref)


async def page(world, actor=None, *, company_id=None, first=50, after=None, **which):
    found = await world.do.booking_desk.bookings(
        world.as_(actor or world.owner),
        company_id or world.company_id,
        which=BookingFilter(**which),
        first=first,
        after=after,
    )
    return found if found is None else [world.shown(one.span.start) for one in found]


async def test_bookings_come_in_order_of_start_page_by_page(world):
    for text in ("11:00", "09:00", "10:00"):
        await world.book(f"2027-03-02 {text}", employee="anna")
    await world.book("2027-03-02 10:00", employee="ben")
    assert await page(world) == ["09:00", "10:00", "10:00", "11:00"]
    listed = await world.do.booking_desk.bookings(
        world.as_(world.owner), world.company_id, which=BookingFilter(), first=2
    )
    key = (listed[-1].span.start, listed[-1].id)
    assert await page(world, after=key) == ["10:00", "11:00"]


async def test_bookings_are_filtered(world):
    first = (await world.book("2027-03-02 09:00", employee="anna")).booking
    await world.book("2027-03-02 10:00", employee="ben")
    await world.cancel(first, actor=world.owner)
    assert await page(world, employee_ids=(world.id_of("ben"),)) == ["10:00"]
    assert await page(world, states=(BookingState.CANCELLED,)) == ["09:00"]
    assert await page(world, service_ids=(world.id_of("cut"),)) == ["09:00", "10:00"]
    assert await page(world, service_ids=()) == []
    assert await page(world, customer_email="MIA@example.org") == ["09:00", "10:00"]
    assert await page(world, customer_email="mia@example.com") == []
    assert await page(world, ends_after=world.minute("2027-03-02 09:30")) == ["10:00"]
    assert await page(world, starts_before=world.minute("2027-03-02 10:00")) == ["09:00"]


async def test_strangers_see_no_bookings_and_support_cannot_look_for_a_customer(world, confirmed):
    assert await page(world, Anonymous()) is None
    assert await page(world, world.owner, company_id="f" * 32) is None
    await world.do.support.open_case(world.as_(world.owner), CaseRequest(world.company_id, "help", 1, False))
    assert await page(world, world.agent) == ["09:00"]
    assert await page(world, world.agent, customer_email="mia@example.org") == []
    await world.do.support.open_case(world.as_(world.owner), CaseRequest(world.company_id, "help", 1, True))
    assert await page(world, world.agent, customer_email="mia@example.org") == ["09:00"]


async def test_calendar_entries_are_for_the_inside_only(world, confirmed):
    desk, ids = world.do.booking_desk, [confirmed.booking.id]
    (entry,) = await desk.entries(world.as_(world.owner), world.company_id, ids)
    assert entry.state.value == "WRITTEN"
    assert await desk.entries_by_ids(world.as_(world.owner), world.company_id, [entry.id]) == [entry]
    for actor in (Anonymous(), Customer(world.company_id, confirmed.booking.id)):
        assert await desk.entries(world.as_(actor), world.company_id, ids) is None
        assert await desk.entries_by_ids(world.as_(actor), world.company_id, [entry.id]) == []
        assert await desk.bookings_by_ids(world.as_(actor), world.company_id, ids) == []
    assert [one.id for one in await desk.bookings_by_ids(world.as_(world.owner), world.company_id, ids)] == ids
