"""The slot search end to end: own tables and calendars in, offered starts out (rules A2, S1-S5, B4)."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from slotgraph.core import tables
from slotgraph.core.availability import Dated, DaysOff, Times
from slotgraph.core.candidates import EmployeeChoice, ServiceRef
from slotgraph.core.checks import CheckState
from slotgraph.core.clock import local_date, zone
from slotgraph.core.errors import BadInput, ProviderThrottled, ProviderUnreachable, UnknownObject
from slotgraph.core.policy import Permission, Role, Token
from slotgraph.core.search import SlotQuery
from slotgraph.core.testing import ShownAs
from slotgraph.core.values import Precision, Span


async def test_slots_are_openings_minus_what_stands_in_the_calendar(world):
    await world.link("anna", world.event("2027-03-02T09:00", "2027-03-02T16:00"))
    found = await world.search(choice=EmployeeChoice(employee=world.id_of("anna")))
    assert [world.shown(slot.start) for slot in found.slots] == ["16:00", "16:15", "16:30"]
    assert found.complete
    assert {slot.employee_ids for slot in found.slots} == {(world.id_of("anna"),)}
    assert all(slot.end - slot.start == 30 for slot in found.slots)


async def test_any_employee_is_the_union_each_start_once(world):
    await world.link("anna", world.event("2027-03-02T09:00", "2027-03-02T16:30"))
    await world.link("ben", world.event("2027-03-02T09:30", "2027-03-02T17:00"))
    found = await world.search()
    takers = {world.shown(slot.start): slot.employee_ids for slot in found.slots}
    assert takers == {"09:00": (world.id_of("ben"),), "16:30": (world.id_of("anna"),)}


async def test_any_of_asks_only_those_named(world):
    await world.link("anna")
    await world.link("ben", world.event("2027-03-02T00:00", "2027-03-03T00:00"))
    named = EmployeeChoice(any_of=(world.id_of("ben"), world.id_of("ben")))
    assert await world.starts(choice=named) == []
    assert world.calendars.calls["busy"] == 1


async def test_employee_without_calendar_is_offered_by_own_tables_alone(world):
    found = await world.search(choice=EmployeeChoice(employee=world.id_of("anna")))
    assert len(found.slots) == 31
    assert found.complete
    assert found.sources == ()


async def test_unchecked_calendars_and_those_of_nobody_are_not_asked(world):
    calendar = await world.link("anna", world.event("2027-03-02T09:00", "2027-03-02T17:00"), checked=False)
    assert len(await world.starts(choice=EmployeeChoice(employee=world.id_of("anna")))) == 31
    await world.change(tables.calendar, calendar.id, checked=True, employee_id=None)
    assert len(await world.starts(choice=EmployeeChoice(employee=world.id_of("anna")))) == 31
    assert world.calendars.calls["busy"] == 0


# Openings, absences, dated openings


async def test_dated_openings_add_and_absences_win(world):
    saturday = date(2027, 3, 6)
    await world.open("anna", Dated(Times(time(10), time(11)), saturday))
    window = ("2027-03-06 00:00", "2027-03-07 00:00")
    assert await world.starts(*window) == ["10:00", "10:15", "10:30"]
    await world.take_off("anna", Span(world.minute("2027-03-06 10:00"), world.minute("2027-03-06 10:15")))
    assert await world.starts(*window) == ["10:15", "10:30"]
    await world.take_off(None, DaysOff(saturday, saturday))
    assert await world.starts(*window) == []


async def test_a_company_holiday_is_a_day_off_in_each_employees_zone(world):
    await world.add_employee("yuki", time_zone="Asia/Tokyo")
    await world.add_service("tea", employees=("yuki",))
    await world.take_off(None, DaysOff(date(2027, 3, 2), date(2027, 3, 2)))
    found = await world.search("2027-03-01 09:00", "2027-03-03 00:00", service="tea", time_zone="Asia/Tokyo")
    # The window begins at 17:00 in Tokyo, when the first day is over.
    assert {day.day: len(day.slots) for day in found.days} == {
        date(2027, 3, 1): 0,
        date(2027, 3, 2): 0,
        date(2027, 3, 3): 0,
    }
    later = await world.search("2027-03-03 00:00", "2027-03-03 09:00", service="tea", time_zone="Asia/Tokyo")
    assert len(later.slots) == 31


# S1 - S4


async def test_services_own_interval_wins_over_the_companys(world):
    await world.add_service("fast", employees=("anna",), booking_interval_minutes=120)
    assert await world.starts(service="fast") == ["09:00", "11:00", "13:00", "15:00"]


async def test_buffers_keep_their_distance_from_busy_and_from_bookings(world):
    await world.add_service(
        "long", employees=("anna",), duration_minutes=60, buffer_before_minutes=30, buffer_after_minutes=15
    )
    await world.link("anna", world.event("2027-03-02T12:00", "2027-03-02T13:00"))
    starts = await world.starts(service="long")
    assert [text for text in starts if "10:15" <= text <= "14:00"] == [
        "10:15",
        "10:30",
        "10:45",
        "13:30",
        "13:45",
        "14:00",
    ]
    assert starts[0] == "09:00"
    assert starts[-1] == "16:00"
    await world.book("2027-03-02 14:00", service="long")
    assert [text for text in await world.starts(service="long") if text > "13:00"] == ["15:45", "16:00"]


async def test_what_is_booked_at_the_far_end_of_the_longest_blocked_span_is_in_the_way(world):
    await world.add_service("retreat", employees=("anna",), duration_minutes=1440, buffer_after_minutes=1440)
    for day in ("2027-03-02", "2027-03-03"):
        await world.open_on("anna", day, "00:00", "00:00")
    window = ("2027-03-02 00:00", "2027-03-02 00:15")
    assert await world.starts(*window, service="retreat") == ["00:00"]
    await world.book("2027-03-03 23:00", employee="anna")
    assert await world.starts(*window, service="retreat") == []


async def test_minimum_notice_counts_to_the_minute(world):
    await world.add_service("late", employees=("anna",), minimum_notice_minutes=150)
    today = ("2027-03-01 00:00", "2027-03-02 00:00")
    assert (await world.starts(*today, service="late"))[0] == "09:30"  # it is 07:00
    world.clock.advance(timedelta(seconds=1))
    assert (await world.starts(*today, service="late"))[0] == "09:45"


async def test_horizon_is_whole_days_of_the_employees_zone(world):
    """A day after today: at noon in Greenwich it is Tuesday already in Auckland."""
    world.clock.advance(timedelta(hours=6))
    await world.add_employee("aroha", time_zone="Pacific/Auckland")
    await world.add_service("soon", employees=("aroha", "anna"), horizon_days=1)
    found = await world.search("2027-03-01 00:00", "2027-03-08 00:00", service="soon")
    days = {"anna": set(), "aroha": set()}
    for slot in found.slots:
        for name, tz in (("anna", "Europe/Zurich"), ("aroha", "Pacific/Auckland")):
            if world.id_of(name) in slot.employee_ids:
                days[name].add(local_date(slot.start, zone(tz)))
    assert days == {"anna": {date(2027, 3, 1), date(2027, 3, 2)}, "aroha": {date(2027, 3, 2), date(2027, 3, 3)}}


async def test_horizon_of_nought_is_today(world):
    await world.add_service("today", employees=("anna",), horizon_days=0)
    found = await world.search("2027-03-01 00:00", "2027-03-08 00:00", service="today")
    assert len(found.slots) == 31
    assert found.searched == Span(world.minute("2027-03-01 07:00"), world.minute("2027-03-02 00:00"))


@pytest.mark.parametrize(
    "window",
    [("2027-02-01 00:00", "2027-02-02 00:00"), ("2027-06-01 00:00", "2027-06-02 00:00")],
    ids=["past", "beyond"],
)
async def test_a_window_with_nothing_to_search_asks_nobody(world, window):
    await world.link("anna")
    world.calendars.fail("busy", ProviderUnreachable())
    found = await world.search(*window)
    assert (found.slots, found.complete, world.calendars.calls["busy"]) == ([], True, 0)
    assert [day.complete for day in found.days] == [True]


async def test_starts_lie_in_the_window_even_where_slots_run_out_of_it(world):
    assert await world.starts("2027-03-02 10:00", "2027-03-02 10:30") == ["10:00", "10:15"]


async def test_a_window_of_62_days_over_a_clock_change_is_not_too_wide(world):
    """62 times 24 hours; by wall time it would be an hour more."""
    start = world.at("2027-03-02 00:00")
    query = SlotQuery(
        ServiceRef(world.company_id, world.id_of("cut")),
        EmployeeChoice(),
        start.astimezone(zone("Europe/Zurich")),
        (start + timedelta(days=62)).astimezone(zone("Europe/Zurich")),
    )
    assert len((await world.do.search.slots(world.as_(), query)).days) == 63
    with pytest.raises(BadInput) as refused:
        await world.do.search.slots(world.as_(), replace(query, end=query.end + timedelta(minutes=1)))
    assert refused.value.path == ("input", "to")


# Bad input is told before anybody is asked


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({"start": "2027-03-02 00:00", "end": "2027-03-02 00:00"}, ("input", "to")),
        ({"start": "2027-03-03 00:00", "end": "2027-03-02 00:00"}, ("input", "to")),
        ({"start": "2027-03-02 00:00", "end": "2027-05-03 01:01"}, ("input", "to")),
        ({"time_zone": "Europe/Zuerich"}, ("input", "timeZone")),
        ({"deadline_ms": 8001}, ("input", "deadlineMs")),
        ({"deadline_ms": 0}, ("input", "deadlineMs")),
        ({"choice": EmployeeChoice(any_of=())}, ("input", "employees", "anyOf")),
        ({"choice": EmployeeChoice(any_of=("x",) * 201)}, ("input", "employees", "anyOf")),
    ],
)
async def test_what_makes_no_sense_is_refused_naming_the_field(world, more, path):
    await world.link("anna")
    with pytest.raises(BadInput) as refused:
        await world.search(**more)
    assert refused.value.path == path
    assert world.calendars.calls["busy"] == 0


async def test_unknown_foreign_and_inactive_things_look_the_same_and_ask_nobody(world):
    await world.link("anna")
    await world.add_company("other")
    await world.add_employee("zoe", company="other")
    await world.add_service("foreign", employees=("zoe",), company="other")
    await world.add_service("closed", employees=("anna",), active=False)
    await world.add_employee("gone", active=False)
    refusals = []
    for more in ({"service": "nothing"}, {"service": "foreign"}, {"service": "closed"}, {"company_id": "f" * 32}):
        with pytest.raises(UnknownObject) as refused:
            await world.search(**more)
        refusals.append(str(refused.value))
    for name in ("nobody", "zoe", "gone"):
        with pytest.raises(UnknownObject) as refused:
            await world.search(
                choice=EmployeeChoice(any_of=(world.id_of("anna"), world.id_of("anna"), world.id_of(name)))
            )
        assert refused.value.path == ("input", "employees", "anyOf", "2")
    assert set(refusals) == {"input.service: there is no such thing, or it is not yours."}
    assert world.calendars.calls["busy"] == 0


async def test_an_employee_who_does_not_offer_the_service_is_named(world):
    await world.add_employee("carla")
    with pytest.raises(BadInput) as refused:
        await world.search(choice=EmployeeChoice(employee=world.id_of("carla")))
    assert refused.value.path == ("input", "employees", "employee")


async def test_inactive_employees_are_not_offered(world):
    await world.change(tables.employee, world.id_of("anna"), active=False)
    assert {slot.employee_ids for slot in (await world.search()).slots} == {(world.id_of("ben"),)}


async def test_a_service_nobody_offers_has_no_slot_and_is_complete(world):
    await world.add_service("alone", employees=())
    found = await world.search(service="alone")
    assert (found.slots, found.complete) == ([], True)


# B4: fail closed


async def test_employee_whose_calendar_does_not_answer_gets_no_slot_others_do(world):
    await world.link("anna")
    await world.link("ben")
    world.calendars.fail("busy", ProviderUnreachable(), login="annas")
    found = await world.search()
    assert {slot.employee_ids for slot in found.slots} == {(world.id_of("ben"),)}
    assert not found.complete
    assert [day.complete for day in found.days] == [False]


async def test_an_answer_after_the_deadline_is_none(world):
    await world.link("anna")
    world.calendars.hang("busy")
    found = await world.search(deadline_ms=60, choice=EmployeeChoice(employee=world.id_of("anna")), actor=world.owner)
    assert (found.slots, found.complete) == ([], False)
    assert [check.cause for check in found.sources] == ["TIMEOUT"]


async def test_days_the_search_does_not_reach_are_complete(world):
    await world.link("anna")
    world.calendars.fail("busy", ProviderUnreachable())
    found = await world.search("2027-02-27 00:00", "2027-03-03 00:00")
    assert [(day.day.day, day.complete) for day in found.days] == [(27, True), (28, True), (1, False), (2, False)]


async def test_days_are_those_of_the_zone_asked_for(world):
    found = await world.search("2027-03-02 00:00", "2027-03-03 00:00", time_zone="Pacific/Auckland")
    assert [day.day for day in found.days] == [date(2027, 3, 2), date(2027, 3, 3)]
    assert [len(day.slots) for day in found.days] == [12, 19]  # midnight in Auckland is noon in Zurich


# Who learns what of it


async def seen_by(world, actor):
    found = await world.search(actor=actor)
    return [
        (check.state, check.cause, check.calendar is not None, check.employee_id is not None) for check in found.sources
    ]


async def test_strangers_learn_only_temporary_or_permanent_once_each(world):
    for name in ("anna", "ben"):
        await world.link(name)
    await world.add_employee("carla")
    calendar = await world.link("carla")
    await world.add_service("all", employees=("anna", "ben", "carla"))
    world.calendars.fail("busy", ProviderThrottled(retry_after=30))
    found = await world.search(service="all")
    assert [(one.state, one.cause, one.retry_after_seconds, one.precision) for one in found.sources] == [
        (CheckState.UNVERIFIED, "TEMPORARY", None, None)
    ]
    assert (found.sources[0].calendar, found.sources[0].employee_id) == (None, None)
    world.calendars.remove_calendar("carlas")
    world.calendars.heal()
    world.clock.advance(timedelta(seconds=30))
    assert [one.cause for one in (await world.search(service="all")).sources] == ["PERMANENT"]
    await world.change(tables.calendar, calendar.id, ignore_unverified_until=date(2027, 3, 1))
    assert (await world.search(service="all")).sources == ()


async def test_members_see_each_calendars_answer_but_colleagues_not_which(world):
    await world.link("anna")
    world.calendars.fail("busy", ProviderUnreachable())
    full, nameless = [(CheckState.UNVERIFIED, "UNREACHABLE", named, True) for named in (True, False)]
    assert await seen_by(world, world.owner) == [full]
    assert await seen_by(world, world.member("anna", employee="anna")) == [full]
    assert await seen_by(world, world.member("ben", employee="ben")) == [nameless]
    assert await seen_by(world, Token(world.company_id, "t", frozenset({Permission.SEARCH_SLOTS}))) == [
        (CheckState.UNVERIFIED, "TEMPORARY", False, False)
    ]


async def test_a_verified_check_tells_its_precision(world):
    await world.link("anna")
    (check,) = (await world.search(actor=world.owner)).sources
    assert (check.state, check.precision, check.cause, check.at) == (
        CheckState.VERIFIED,
        Precision.EXACT,
        None,
        world.clock.now(),
    )


async def test_members_of_another_company_are_strangers(world):
    await world.link("anna")
    world.calendars.fail("busy", ProviderUnreachable())
    foreigner = replace(world.member("eve", Role.OWNER), company_id=await world.add_company("other"))
    assert await seen_by(world, foreigner) == [(CheckState.UNVERIFIED, "TEMPORARY", False, False)]


async def test_an_agent_without_a_case_finds_no_such_service(world):
    await world.link("anna")
    with pytest.raises(UnknownObject):
        await world.search(actor=world.agent)
    assert world.calendars.calls["busy"] == 0


# B1: how statuses count


@pytest.mark.parametrize("status", [ShownAs.TENTATIVE, ShownAs.OUT_OF_OFFICE, ShownAs.WORKING_ELSEWHERE])
async def test_a_status_blocks_unless_switched_off_for_the_calendar(world, status):
    calendar = await world.link("anna", world.event("2027-03-02T09:00", "2027-03-02T17:00", shown_as=status))
    chosen = EmployeeChoice(employee=world.id_of("anna"))
    assert await world.starts(choice=chosen) == []
    others = sorted(one.value for one in calendar.status_policy if one.value != status.value)
    await world.change(tables.calendar, calendar.id, status_policy=others)
    assert len(await world.starts(choice=chosen)) == 31


async def test_an_all_day_event_blocks_the_employees_local_day(world):
    await world.add_employee("nora", time_zone="America/New_York")
    await world.add_service("brunch", employees=("nora",))
    await world.link("nora", world.event("2027-03-02", "2027-03-03", zone=None))
    found = await world.search("2027-03-01 12:00", "2027-03-05 00:00", service="brunch", time_zone="America/New_York")
    assert {day.day.day: len(day.slots) for day in found.days} == {1: 31, 2: 0, 3: 31, 4: 31}


def test_now_is_a_monday_in_the_morning(world):
    assert world.clock.now() == datetime(2027, 3, 1, 6, tzinfo=UTC)
    assert world.clock.now().weekday() == 0
