"""The overview: who sees which title, what is read for it, and what of our own stands in it (rules T1-T3, B2)."""

import asyncio
from dataclasses import replace
from datetime import date, time

import pytest

from slotgraph.core import tables
from slotgraph.core.availability import DaysOff, Times, Weekly
from slotgraph.core.checks import CheckState
from slotgraph.core.errors import BadInput, Forbidden, ProviderUnreachable, SupportExcluded, UnknownObject
from slotgraph.core.overview_entries import (
    ExternalEvent,
    OverviewAbsence,
    OverviewAvailability,
    OverviewBooking,
)
from slotgraph.core.policy import Anonymous, MaskedReason, Permission, Role, Token
from slotgraph.core.profile import ProfileChange
from slotgraph.core.support import Access, CaseRequest
from slotgraph.core.testing import InMemoryProvider, ShownAs
from slotgraph.core.values import BusyStatus, Event, Limits, Span, TitlesAnswer

OFF, NOT_PERMITTED, NOT_GRANTED, PRIVATE = MaskedReason


@pytest.fixture
async def annas(world):
    """Anna shows her appointments: lunch, and something private."""
    await world.change(tables.employee, world.id_of("anna"), show_appointments=True)
    return await world.link(
        "anna",
        world.event("2027-03-02T12:00", "2027-03-02T13:00", title="Lunch with Eva"),
        world.event("2027-03-02T15:00", "2027-03-02T16:00", title="Doctor", private=True),
        world.event("2027-03-02", "2027-03-03", title="Trade fair", shown_as=ShownAs.TENTATIVE),
    )


def events(overview):
    return [entry for entry in overview.entries if isinstance(entry, ExternalEvent)]


def titles(overview):
    return {event.title or (event.masked and event.masked.value) for event in events(overview)}


async def open_case(world, *, customers=False):
    request = CaseRequest(world.company_id, "help", 1, customers)
    case = await world.do.support.open_case(world.as_(world.owner), request)
    await world.do.support.log_access(world.as_(world.agent), [world.company_id], Access("o", ("Query.overview",)))
    return case


async def exclude(world, *, excluded=True):
    await world.do.profiles.update(world.as_(world.owner), world.company_id, ProfileChange(exclude_support=excluded))


ALL = {"Lunch with Eva", "Doctor", "Trade fair"}
BUT_PRIVATE = {"Lunch with Eva", "PRIVATE_EVENT", "Trade fair"}


async def test_titles_are_for_the_holder_for_admins_and_for_support_inside_a_case(world, annas):
    await open_case(world)
    seen = {
        name: titles(await world.overview(actor))
        for name, actor in {
            "holder": world.member("anna", employee="anna"),
            "owner": world.owner,
            "owner and holder": world.member("boss", Role.OWNER, employee="anna"),
            "admin": world.member("admin", Role.ADMIN),
            "support": world.agent,
            "colleague": world.member("ben", employee="ben"),
            "token": Token(world.company_id, "t", frozenset({Permission.READ_OVERVIEW})),
        }.items()
    }
    assert seen == {
        "holder": ALL,
        "owner": BUT_PRIVATE,
        "owner and holder": ALL,
        "admin": BUT_PRIVATE,
        "support": BUT_PRIVATE,
        "colleague": {"NOT_PERMITTED"},
        "token": {"NOT_PERMITTED"},
    }


async def test_titles_are_read_only_where_they_are_shown(world, annas):
    await world.overview(world.owner)
    assert (world.calendars.calls["titles"], world.calendars.calls["busy"]) == (1, 0)
    await world.overview(world.member("ben", employee="ben"))
    assert (world.calendars.calls["titles"], world.calendars.calls["busy"]) == (1, 1)


async def test_while_the_toggle_is_off_nobody_sees_a_title_and_none_is_read(world, annas):
    await open_case(world)
    await world.change(tables.employee, world.id_of("anna"), show_appointments=False)
    for actor in (world.owner, world.member("anna", employee="anna"), world.agent, world.member("ben")):
        assert titles(await world.overview(actor)) == {"SHOW_APPOINTMENTS_OFF"}
    assert world.calendars.calls["titles"] == 0


async def test_an_account_linked_without_titles_shows_none(world, annas):
    await world.change(tables.account, annas.account_id, granted=["BUSY", "WRITE"])
    assert titles(await world.overview(world.owner)) == {"NOT_GRANTED"}
    assert world.calendars.calls["titles"] == 0


async def test_blocks_keep_their_place_when_masked(world, annas):
    def places(overview):
        return [(event.span, event.status) for event in events(overview)]

    masked = await world.overview(world.member("ben", employee="ben"))
    shown = await world.overview(world.owner)
    assert places(masked) == places(shown)
    assert {event.all_day for event in events(masked)} == {None}
    assert [event.all_day for event in events(shown)] == [True, False, False]


async def test_an_event_without_title_is_not_masked(world):
    await world.change(tables.employee, world.id_of("anna"), show_appointments=True)
    nameless = Event(
        Span(world.minute("2027-03-02 10:00"), world.minute("2027-03-02 11:00")), BusyStatus.BUSY, None, False, False
    )
    await world.link("anna")
    world.calendars.answer("titles", {"annas": TitlesAnswer((nameless,))})
    (event,) = events(await world.overview(world.owner))
    assert (event.title, event.masked) == (None, None)


async def test_a_plugin_that_does_not_say_whether_it_is_private_is_not_believed(world, annas):
    unsure = Event(
        Span(world.minute("2027-03-02 10:00"), world.minute("2027-03-02 11:00")), BusyStatus.BUSY, "Doctor", False, None
    )
    world.calendars.answer("titles", {"annas": TitlesAnswer((unsure,))})
    overview = await world.overview(world.owner)
    assert (events(overview), overview.complete) == ([], False)


async def test_a_very_long_title_is_cut_and_costs_nobody_the_day(world, annas):
    world.calendars.put("annas", world.event("2027-03-02T08:00", "2027-03-02T08:30", title="x" * 9000))
    overview = await world.overview(world.owner)
    assert overview.complete
    assert max(len(event.title or "") for event in events(overview)) == 2000


async def test_which_calendar_is_named_for_those_who_may_know(world, annas):
    named = events(await world.overview(world.owner))
    nameless = events(await world.overview(world.member("ben", employee="ben")))
    assert {event.calendar and event.calendar.id for event in named} == {annas.id}
    assert {event.calendar for event in nameless} == {None}


# Who may see it at all


async def test_without_permission_the_answer_is_the_same_whether_the_company_exists(world, annas):
    foreigner = replace(world.owner, company_id=await world.add_company("other"))
    for actor in (Anonymous(), foreigner, world.agent, Token(world.company_id, "t", frozenset({Permission.BOOK}))):
        for company_id in (world.company_id, "f" * 32):
            with pytest.raises(Forbidden, match="may not see this company"):
                await world.overview(actor, company_id=company_id)
    assert world.calendars.calls["titles"] == world.calendars.calls["busy"] == 0


async def test_support_loses_the_overview_with_the_case(world, annas):
    case = await open_case(world)
    await world.overview(world.agent)
    await world.do.support.close_case(world.as_(world.owner), world.company_id, case.id)
    with pytest.raises(Forbidden):
        await world.overview(world.agent)


async def test_excluded_support_is_told_so_if_it_had_looked_in(world, annas):
    await open_case(world)
    await exclude(world)
    with pytest.raises(SupportExcluded):
        await world.overview(world.agent)
    stranger = replace(world.agent, user_id=world.id_of("other agent"))
    with pytest.raises(Forbidden):
        await world.overview(stranger)
    await exclude(world, excluded=False)
    with pytest.raises(Forbidden):  # false opens nothing by itself
        await world.overview(world.agent)


async def while_titles_are_read(world, actor, change, *, method="titles", day="2027-03-02"):
    released = world.calendars.hang(method)
    loading = asyncio.create_task(world.overview(actor, day))
    await world.called(method)
    await change()
    released.set()
    return await loading


async def test_excluding_support_while_titles_are_read_gives_none_away(world, annas):
    await open_case(world)
    with pytest.raises(SupportExcluded):
        await while_titles_are_read(world, world.agent, lambda: exclude(world))


async def test_closing_the_case_while_titles_are_read_gives_none_away(world, annas):
    case = await open_case(world)

    async def close():
        await world.do.support.close_case(world.as_(world.owner), world.company_id, case.id)

    with pytest.raises(Forbidden):
        await while_titles_are_read(world, world.agent, close)


async def test_switching_the_toggle_off_while_titles_are_read_masks_them(world, annas):
    async def switch_off():
        await world.change(tables.employee, world.id_of("anna"), show_appointments=False)

    assert titles(await while_titles_are_read(world, world.owner, switch_off)) == {"SHOW_APPOINTMENTS_OFF"}


async def test_switching_the_toggle_on_while_busy_time_is_read_does_not_pass_blocks_off_as_events_without_title(
    world, annas
):
    await world.change(tables.employee, world.id_of("anna"), show_appointments=False)

    async def switch_on():
        await world.change(tables.employee, world.id_of("anna"), show_appointments=True)

    overview = await while_titles_are_read(world, world.owner, switch_on, method="busy")
    assert {event.masked for event in events(overview)} == {MaskedReason.NOT_PERMITTED}


# Our own


async def test_a_booking_blocks_and_its_entry_outside_is_not_shown_a_second_time(world, annas):
    booking = (await world.book("2027-03-03 09:00", employee="anna")).booking
    await world.book("2027-03-03 09:00", employee="ben")
    assert len(world.calendars.entries("annas")) == 1
    for actor in (world.owner, world.member("ben", employee="ben")):  # titles() and busy()
        overview = await world.overview(actor, "2027-03-02", "2027-03-03")
        assert len(events(overview)) == 3
        ours = [entry for entry in overview.entries if isinstance(entry, OverviewBooking)]
        assert {(entry.employee_id, entry.span) for entry in ours} == {
            (world.id_of(name), booking.span) for name in ("anna", "ben")
        }


async def test_a_cancelled_booking_is_not_shown(world, annas):
    booking = (await world.book("2027-03-03 09:00", employee="anna")).booking
    await world.cancel(booking, actor=world.owner)
    overview = await world.overview(world.owner, "2027-03-03")
    assert not [entry for entry in overview.entries if isinstance(entry, OverviewBooking | ExternalEvent)]


async def test_an_entry_whose_writing_was_not_answered_names_its_customer_to_no_agent_without_the_grant(world, annas):
    case = await open_case(world)
    world.calendars.lose_answer("write")
    assert (await world.book("2027-03-03 09:00", employee="anna")).booking
    assert "PENDING" in await world.entry_states()
    assert titles(await world.overview(world.agent, "2027-03-03")) == {"NOT_PERMITTED"}
    assert any("Mia" in title for title in titles(await world.overview(world.owner, "2027-03-03")))
    await world.do.support.close_case(world.as_(world.owner), world.company_id, case.id)
    await open_case(world, customers=True)
    assert any("Mia" in title for title in titles(await world.overview(world.agent, "2027-03-03")))


async def test_an_entry_written_while_titles_are_read_names_its_customer_to_no_agent(world, annas):
    await open_case(world)

    async def book():
        assert (await world.book("2027-03-03 09:00", employee="anna")).booking

    seen = titles(await while_titles_are_read(world, world.agent, book, day="2027-03-03"))
    assert seen == {"NOT_PERMITTED"}


async def test_an_event_at_the_time_of_a_booking_that_is_not_ours_is_shown(world, annas):
    assert (await world.book("2027-03-03 09:00", employee="anna")).booking
    world.calendars.put("annas", world.event("2027-03-03T09:00", "2027-03-03T09:30", title="Double booked"))
    assert titles(await world.overview(world.owner, "2027-03-03")) == {"Double booked"}


async def test_availabilities_and_absences_stand_in_each_employees_zone(world):
    await world.add_employee("yuki", time_zone="Asia/Tokyo", opened=False)
    await world.open("yuki", Weekly(Times(time(9), time(17)), 1))
    await world.take_off(None, DaysOff(date(2027, 3, 2), date(2027, 3, 2)))
    await world.take_off("anna", Span(world.minute("2027-03-02 10:00"), world.minute("2027-03-02 11:00")))
    overview = await world.overview(world.owner)
    yukis = [entry for entry in overview.entries if entry.employee_id == world.id_of("yuki")]
    spans = {type(entry): entry.span for entry in yukis}
    assert spans == {
        OverviewAvailability: Span(world.minute("2027-03-02 01:00"), world.minute("2027-03-02 09:00")),
        OverviewAbsence: Span(world.minute("2027-03-01 16:00"), world.minute("2027-03-02 16:00")),
    }
    annas_absences = [
        entry.span.end - entry.span.start
        for entry in overview.entries
        if isinstance(entry, OverviewAbsence) and entry.employee_id == world.id_of("anna")
    ]
    assert sorted(annas_absences) == [60, 1440]


async def test_entries_come_in_order_of_start(world, annas):
    assert (await world.book("2027-03-03 09:00", employee="anna")).booking
    spans = [entry.span for entry in (await world.overview(world.owner, "2027-03-02", "2027-03-03")).entries]
    assert spans == sorted(spans)


# What was asked, and what did not answer


async def test_only_the_employees_asked_for(world, annas):
    await world.link("ben", world.event("2027-03-02T09:00", "2027-03-02T10:00"))
    overview = await world.overview(world.owner, employee_ids=(world.id_of("ben"),) * 2)
    assert {entry.employee_id for entry in overview.entries} == {world.id_of("ben")}
    assert world.calendars.calls["titles"] == 0
    with pytest.raises(UnknownObject) as refused:
        await world.overview(world.owner, employee_ids=(world.id_of("ben"), "f" * 32))
    assert refused.value.path == ("input", "employees", "1")


@pytest.mark.parametrize(
    ("first", "last", "more", "path"),
    [
        ("2027-03-02", "2027-03-01", {}, ("input", "until")),
        ("2027-03-01", "2027-04-12", {}, ("input", "until")),
        ("2027-03-01", "2027-03-01", {"time_zone": "Zurich"}, ("input", "timeZone")),
        ("2027-03-01", "2027-03-01", {"deadline_ms": 1}, ("input", "deadlineMs")),
    ],
)
async def test_bad_input_names_its_field_and_asks_nobody(world, annas, first, last, more, path):
    with pytest.raises(BadInput) as refused:
        await world.overview(world.owner, first, last, **more)
    assert refused.value.path == path
    assert world.calendars.calls["titles"] == 0


async def test_42_days_are_not_too_many(world, annas):
    assert (await world.overview(world.owner, "2027-03-01", "2027-04-11")).complete


async def test_a_calendar_that_does_not_answer_is_told_and_the_rest_is_shown(world, annas):
    await world.change(tables.employee, world.id_of("ben"), show_appointments=True)
    await world.link("ben", world.event("2027-03-02T09:00", "2027-03-02T10:00", title="Bens"))
    world.calendars.fail("titles", ProviderUnreachable(), login="annas")
    overview = await world.overview(world.owner)
    assert titles(overview) == {"Bens"}
    assert {check.calendar.name: check.state for check in overview.sources} == {
        "Annas": CheckState.UNVERIFIED,
        "Bens": CheckState.VERIFIED,
    }
    assert not overview.complete


class Chunked(InMemoryProvider):
    """Takes a day at a time, and fails on the days it is told to."""

    def __init__(self):
        super().__init__("chunked", limits=Limits(days_per_call=1))
        self.broken = []

    async def titles(self, account, calendars, window, except_=frozenset()):
        if window in self.broken:
            raise ProviderUnreachable
        return await super().titles(account, calendars, window, except_)


async def test_an_event_over_several_chunks_is_shown_once_whole_even_if_one_fails(world):
    provider = Chunked()
    world.registry.register([provider], plugin="guest")
    await world.change(tables.employee, world.id_of("anna"), show_appointments=True)
    account = await world.add_account("chunked", employee="anna", provider="chunked")
    provider.add_calendar("long", login="chunked")
    await world.add_calendar("long", account, employee="anna")
    provider.put("long", world.event("2027-03-01T12:00", "2027-03-05T12:00", title="Conference"))
    whole = Span(world.minute("2027-03-01 12:00"), world.minute("2027-03-05 12:00"))
    days = ("2027-03-02", "2027-03-04")
    for actor in (world.owner, world.member("ben", employee="ben")):
        assert [event.span for event in events(await world.overview(actor, *days))] == [whole]
    for broken in (1, 2, 3):
        start = world.minute(f"2027-03-0{broken} 01:00")
        provider.broken = [Span(start, start + 1440)]
        overview = await world.overview(world.owner, *days)
        assert ([event.title for event in events(overview)], overview.complete) == (["Conference"], False)


async def test_statuses_switched_off_do_not_show(world, annas):
    others = sorted(one.value for one in annas.status_policy if one.value != "TENTATIVE")
    await world.change(tables.calendar, annas.id, status_policy=others)
    assert titles(await world.overview(world.owner)) == {"Lunch with Eva", "PRIVATE_EVENT"}


async def test_an_overview_is_not_printed(world, annas):
    overview = await world.overview(world.member("anna", employee="anna"))
    for value in (overview, *events(overview)):
        assert "Lunch" not in f"{value!r} {value!s} {value}"
