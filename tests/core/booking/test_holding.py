"""Holding: by our own tables alone, for minutes, all or none, safe to repeat; and giving back (rules K1, K2, S4, S5)."""

import uuid
from dataclasses import replace
from datetime import date, timedelta

import pytest
from slotgraph_tests_core_booking_held import (
    KEPT_FOR,
    MINUTE,
    START,
    any_of,
    ask,
    blocked,
    blocked_of,
    everything,
    held,
    hold,
    hold_request,
    release,
    together,
    token_of,
)

from slotgraph.core import tables
from slotgraph.core.availability import DaysOff
from slotgraph.core.booking.holding import HoldReleased, SlotHeld
from slotgraph.core.booking.making import BookingConfirmed
from slotgraph.core.candidates import EmployeeChoice
from slotgraph.core.errors import ProviderUnreachable
from slotgraph.core.explaining import RuleOutcome
from slotgraph.core.policy import Permission, Token
from slotgraph.core.problems import InvalidInput, KeyReused, NotFound, SlotNotOffered, SlotTaken
from slotgraph.core.slots import SlotRule
from slotgraph.core.values import Secret, Span


async def test_a_held_slot_is_kept_and_offered_to_nobody_else(world):
    kept = await held(world, employee="anna")
    assert kept.hold.span == Span(world.minute(START), world.minute("2027-03-02 09:30"))
    assert (kept.hold.employee_ids, kept.hold.expires_at) == ((world.id_of("anna"),), world.clock.now() + KEPT_FOR)
    anna = EmployeeChoice(employee=world.id_of("anna"))
    assert (await world.starts(choice=anna))[0] == "09:30"
    for actor in (None, world.owner):
        assert await world.book("2027-03-02 09:15", employee="anna", actor=actor) == SlotTaken()
        assert await hold(world, "2027-03-02 09:15", employee="anna", actor=actor) == SlotTaken()


async def test_the_company_says_how_long_a_slot_is_kept(world):
    await world.change(tables.company, world.company_id, hold_minutes=3)
    assert (await held(world)).hold.expires_at == world.clock.now() + 3 * MINUTE


async def test_buffers_are_kept_free_too(world):
    await world.add_service("long", employees=("anna",), buffer_before_minutes=15, buffer_after_minutes=30)
    await held(world, "2027-03-02 12:00", service="long")
    assert await blocked(world) == {("hold", "11:45", "13:00")}


async def test_no_calendar_is_asked(world):
    """Who is busy outside is found out by `book`."""
    await world.link("anna", world.event("2027-03-02T09:00", "2027-03-02T10:00"))
    world.calendars.fail("busy", ProviderUnreachable())
    assert isinstance(await hold(world, employee="anna"), SlotHeld)
    assert world.calendars.calls["busy"] == 0


async def test_what_is_not_offered_is_not_held(world):
    await world.add_service("color", employees=("anna",), minimum_notice_minutes=180)
    for start, rule in (
        ("2027-03-02 09:05", SlotRule.GRID),
        ("2027-03-01 09:45", SlotRule.NOTICE),
        ("2027-05-03 09:00", SlotRule.HORIZON),
        ("2027-03-02 18:00", SlotRule.AVAILABILITY),
    ):
        assert await hold(world, start, service="color") == SlotNotOffered(rule)
    assert await world.rows(tables.hold) == []


async def test_strangers_learn_of_an_absence_only_that_nobody_is_free(world):
    await world.take_off("anna", DaysOff(date(2027, 3, 2), date(2027, 3, 2)))
    assert await hold(world, employee="anna") == SlotNotOffered(SlotRule.FREE)
    reader = Token(world.company_id, "t", frozenset({Permission.BOOK, Permission.READ_OVERVIEW}))
    for actor in (world.owner, reader):
        assert await hold(world, employee="anna", actor=actor) == SlotNotOffered(SlotRule.ABSENCE)


# K1: a lapsed hold frees nothing, the next taker does


async def test_a_lapsed_hold_stays_until_somebody_takes_its_time(world):
    await held(world, employee="anna")
    world.clock.advance(KEPT_FOR)
    assert await blocked(world) == {("hold", "09:00", "09:30")}
    assert (await world.starts(choice=EmployeeChoice(employee=world.id_of("anna"))))[0] == "09:00"
    assert len(await world.rows(tables.block)) == 1
    assert isinstance(await hold(world, "2027-03-02 09:15", employee="anna"), SlotHeld)
    assert await blocked(world) == {("hold", "09:15", "09:45")}


@pytest.mark.parametrize(("passed", "outcome"), [(KEPT_FOR - timedelta(seconds=1), SlotTaken), (KEPT_FOR, SlotHeld)])
async def test_a_slot_is_kept_to_the_second(world, passed, outcome):
    await held(world, employee="anna")
    world.clock.advance(passed)
    assert isinstance(await hold(world, employee="anna"), outcome)


# S5: any, and together


async def test_of_any_the_least_booked_is_kept_free_and_then_the_next(world):
    await world.book("2027-03-04 09:00", employee="anna")
    assert (await held(world)).hold.employee_ids == (world.id_of("ben"),)
    assert (await held(world)).hold.employee_ids == (world.id_of("anna"),)
    assert await hold(world) == SlotTaken()


async def test_together_all_are_kept_free_by_one_hold(world):
    kept = await held(world, choice=together(world, "anna", "ben"))
    both = {world.id_of("anna"), world.id_of("ben")}
    assert set(kept.hold.employee_ids) == both
    assert await blocked_of(world) == {("hold", one) for one in both}
    assert {row.hold_id for row in await world.rows(tables.block)} == {kept.hold.id}


async def test_together_nobody_is_kept_free_if_one_cannot_be_had(world):
    await world.book(employee="ben")
    before = await everything(world)
    assert await hold(world, choice=together(world, "anna", "ben")) == SlotTaken()
    assert await everything(world) == before


# K2


async def test_a_repeated_call_gets_the_same_hold_and_token_lapsed_or_not(world):
    request = hold_request(world, employee="anna")
    first = await ask(world, request)
    for later in (timedelta(), KEPT_FOR, timedelta(hours=23)):
        world.clock.advance(later)
        await world.joined.retention.sweep()
        for key in (request.idempotency_key, request.idempotency_key.upper()):
            assert await ask(world, replace(request, idempotency_key=key)) == first
    assert len(await world.rows(tables.hold)) == 1


async def test_a_repeated_call_gets_its_hold_also_when_it_was_given_back_or_the_service_is_gone(world):
    request = hold_request(world, employee="anna")
    first = await ask(world, request)
    await release(world, first.hold_token)
    await world.change(tables.service, world.id_of("cut"), active=False)
    again = await ask(world, request)
    assert (again.hold.id, again.hold_token) == (first.hold.id, first.hold_token)
    assert await world.rows(tables.block) == []


async def test_the_same_key_with_other_input_is_refused(world):
    request = hold_request(world, employee="anna")
    await ask(world, request)
    for change in ({"employees": EmployeeChoice()}, {"start": world.at("2027-03-02 10:00")}):
        assert await ask(world, replace(request, **change)) == KeyReused()


async def test_keys_of_different_actors_and_mutations_never_meet(world):
    key = str(uuid.uuid4())
    await held(world, employee="anna", key=key)
    assert await hold(world, employee="anna", key=key, actor=world.owner) == SlotTaken()
    assert isinstance(await world.book(employee="ben", key=key), BookingConfirmed)


async def test_a_refusal_is_not_remembered(world):
    kept, request = await held(world, employee="anna"), hold_request(world, employee="anna")
    assert await ask(world, request) == SlotTaken()
    await release(world, kept.hold_token)
    assert isinstance(await ask(world, request), SlotHeld)


# Giving back


async def test_what_is_given_back_is_free_at_once(world):
    kept = await held(world, choice=together(world, "anna", "ben"))
    assert await release(world, kept.hold_token) == HoldReleased(True)
    assert await world.rows(tables.block) == []
    assert await release(world, kept.hold_token) == HoldReleased(False)
    assert isinstance(await hold(world, employee="anna"), SlotHeld)


async def test_whoever_has_the_token_may_give_back(world):
    booking = Token(world.company_id, "t", frozenset({Permission.BOOK}))
    for actor in (None, world.owner, booking):
        kept = await held(world, employee="anna", actor=world.owner)
        assert await release(world, kept.hold_token, actor=actor) == HoldReleased(True)


async def test_support_and_tokens_that_may_not_book_give_nothing_back(world):
    kept = await held(world, employee="anna")
    reading = Token(world.company_id, "t", frozenset({Permission.READ_BOOKINGS}))
    for actor in (world.agent, reading):
        assert await release(world, kept.hold_token, actor=actor) == HoldReleased(False)
    assert await blocked(world) == {("hold", "09:00", "09:30")}


async def test_a_hold_that_is_over_or_none_is_fine(world):
    kept = await held(world, employee="anna")
    confirmed = await world.book("2027-03-02 12:00", employee="ben")
    before = await everything(world)
    nobodys = (token_of(world), token_of(world, company_id="0" * 32, hold_id=kept.hold.id))
    for token in (*nobodys, Secret(kept.hold_token.reveal()[:-2] + "AA"), confirmed.manage_token):
        assert await release(world, token) == HoldReleased(False)
    world.clock.advance(KEPT_FOR)
    assert await release(world, kept.hold_token) == HoldReleased(False)
    assert await everything(world) == before


async def test_a_text_that_cannot_be_a_token_is_wrong_input(world):
    for text in ("", "=", "hold", "A" * 85, "A" * 87, "A" * 10_000, "\0" * 86, "\ud800" * 86, "é" * 86):
        refused = await release(world, Secret(text))
        assert isinstance(refused, InvalidInput)
        assert [field.path for field in refused.fields] == [("input", "holdToken")]


# Bad input


async def test_a_key_that_is_no_uuid_is_wrong_input(world):
    for key in ("", "1", "x" * 36, "{6f1c3a52-5f0f-4a3c-9d52-6c1f6a1b2c3d}"):
        refused = await ask(world, replace(hold_request(world), idempotency_key=key))
        assert [field.path for field in refused.fields] == [("input", "idempotencyKey")]


async def test_nobody_and_nothing_that_is_not_there_is_held(world):
    await world.add_employee("cleo")
    await world.add_service("old", employees=("anna",), active=False)
    await world.add_company("other")
    await world.add_employee("otto", company="other")
    slot = ("input", "slot")
    cases = [
        ({"service": "nothing"}, NotFound((*slot, "service"))),
        ({"service": "old"}, NotFound((*slot, "service"))),
        ({"company_id": world.id_of("other")}, NotFound((*slot, "service"))),
        ({"employee": "nobody"}, NotFound((*slot, "employees", "employee"))),
        ({"employee": "otto"}, NotFound((*slot, "employees", "employee"))),
        ({"choice": any_of(world, "anna", "nobody")}, NotFound((*slot, "employees", "anyOf", "1"))),
    ]
    for more, refused in cases:
        assert await hold(world, **more) == refused
    wrong = [
        ({"employee": "cleo"}, (*slot, "employees", "employee")),
        ({"choice": together(world)}, (*slot, "employees", "together")),
        ({"choice": any_of(world)}, (*slot, "employees", "anyOf")),
    ]
    for more, path in wrong:
        refused = await hold(world, **more)
        assert [field.path for field in refused.fields] == [path]
    seconds = replace(hold_request(world), start=world.at("2027-03-02 09:00:30"))
    assert [field.path for field in (await ask(world, seconds)).fields] == [(*slot, "start")]
    assert await world.rows(tables.hold) == await world.rows(tables.idempotency) == []


async def test_support_holds_nothing(world):
    assert await hold(world, actor=world.agent) == NotFound(("input", "slot", "service"))


# What others see, and what takes a hold away


@pytest.mark.parametrize(("actor", "rule"), [("owner", SlotRule.HOLD), (None, SlotRule.FREE)])
async def test_an_explanation_names_the_hold_to_members_only(world, actor, rule):
    await held(world, employee="anna")
    anna = EmployeeChoice(employee=world.id_of("anna"))
    explained = await world.explain(START, actor=actor and world.owner, choice=anna)
    assert [check.rule for check in explained.rules if check.outcome is RuleOutcome.FAILED] == [rule]


async def test_who_is_deleted_is_held_no_more(world):
    kept = await held(world, employee="anna")
    await world.do.employees.delete(world.as_(world.owner), world.company_id, world.id_of("anna"))
    assert await world.rows(tables.block) == []
    assert await release(world, kept.hold_token) == HoldReleased(False)


async def test_what_was_held_for_a_service_that_is_deleted_is_free(world):
    from slotgraph.core.administration import services

    await world.add_service("wash", employees=("anna", "ben"))
    await held(world, service="wash", employee="anna")
    await held(world, "2027-03-02 12:00", employee="anna")
    await services.delete(world.as_(world.owner), world.company_id, world.id_of("wash"))
    assert await blocked(world) == {("hold", "12:00", "12:30")}


async def test_a_hold_is_forgotten_when_nobody_can_ask_for_it_again(world):
    request = hold_request(world, employee="anna")
    await ask(world, request)
    world.clock.advance(timedelta(hours=25) - timedelta(seconds=1))
    await world.joined.retention.sweep()
    assert len(await world.rows(tables.hold)) == 1
    world.clock.advance(timedelta(seconds=1))
    await world.joined.retention.sweep()
    assert await world.rows(tables.hold) == await world.rows(tables.block) == []
    assert isinstance(await ask(world, request), SlotHeld)
