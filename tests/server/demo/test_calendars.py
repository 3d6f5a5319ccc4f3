"""The demo's calendars are as varied as life, and a seeded Radicale serves them."""

import asyncio
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
import recurring_ical_events
from icalendar import Calendar

from slotgraph.core.errors import SettingError
from slotgraph.server.demo.calendars import USERS, contents
from slotgraph.server.demo.radicale import RadicaleServer
from slotgraph.server.demo.seeding import seed

TODAY = date(2026, 11, 25)
MONDAY = date(2026, 11, 23)


def parsed(today=TODAY):
    return [
        (user, Calendar.from_ical(ics))
        for user, calendars in contents(today).items()
        for resources in calendars.values()
        for _, ics in resources
    ]


def events():
    return [event for _, calendar in parsed() for event in calendar.walk("VEVENT")]


def test_the_same_week_gives_the_same_bytes_and_another_week_others():
    assert contents(TODAY) == contents(MONDAY) == contents(MONDAY + timedelta(days=6))
    assert contents(TODAY) != contents(TODAY + timedelta(days=7))


def test_there_are_employees_in_two_zones_and_a_room():
    assert {user.zone for user in USERS} == {"Europe/Zurich", "America/New_York"}
    assert len(USERS) == 5
    assert {login for login, _ in parsed()} == {user.login for user in USERS}
    assert all(contents(TODAY)[user.login].keys() == user.calendars.keys() for user in USERS)


@pytest.mark.parametrize(
    "has",
    {
        "series": lambda event: "RRULE" in event,
        "exception": lambda event: "EXDATE" in event,
        "moved instance": lambda event: "RECURRENCE-ID" in event and event.get("STATUS") != "CANCELLED",
        "cancelled instance": lambda event: "RECURRENCE-ID" in event and event.get("STATUS") == "CANCELLED",
        "cancelled event": lambda event: "RECURRENCE-ID" not in event and event.get("STATUS") == "CANCELLED",
        "all-day": lambda event: not isinstance(event.decoded("DTSTART"), datetime),
        "tentative": lambda event: event.get("STATUS") == "TENTATIVE",
        "transparent": lambda event: event.get("TRANSP") == "TRANSPARENT",
        "private": lambda event: event.get("CLASS") == "PRIVATE",
        "out of office": lambda event: event.get("X-MICROSOFT-CDO-BUSYSTATUS") == "OOF",
        "working elsewhere": lambda event: event.get("X-MICROSOFT-CDO-BUSYSTATUS") == "WORKINGELSEWHERE",
        "declined": lambda event: "ATTENDEE" in event and event["ATTENDEE"].params["PARTSTAT"] == "DECLINED",
        "far zone": lambda event: event["DTSTART"].params.get("TZID") == "Asia/Tokyo",
        "Windows zone": lambda event: event["DTSTART"].params.get("TZID") == "W. Europe Standard Time",
        "floating": lambda event: event["DTSTART"].to_ical()[-1:] != b"Z" and not event["DTSTART"].params,
    }.items(),
    ids=lambda has: has[0],
)
def test_there_is_an_event_of_each_kind(has):
    assert any(has[1](event) for event in events())


def test_only_the_windows_zone_goes_without_a_definition():
    for _, calendar in parsed():
        defined = {str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")}
        assert calendar.get_used_tzids() - defined <= {"W. Europe Standard Time"}


def test_every_series_begins_with_an_occurrence_and_changes_real_ones():
    for _, calendar in parsed():
        series = [event for event in calendar.walk("VEVENT") if "RRULE" in event]
        for master in series:
            bare = Calendar()
            for component in [*calendar.walk("VTIMEZONE"), master]:
                bare.add_component(component)
            named = {master.decoded("DTSTART")}
            named |= {event.decoded("RECURRENCE-ID") for event in calendar.walk("VEVENT") if "RECURRENCE-ID" in event}
            dates = getattr(master.get("EXDATE"), "dts", [])
            left_out = {date.dt for date in dates}
            master.pop("EXDATE", None)
            span = recurring_ical_events.of(bare).between(MONDAY - timedelta(days=70), MONDAY + timedelta(days=70))
            assert named | left_out <= {event.decoded("DTSTART") for event in span}


def test_events_of_one_user_overlap_somewhere():
    overlapping = set()
    for user in USERS:
        calendars = [calendar for login, calendar in parsed() if login == user.login]
        timed = sorted(
            (event.decoded("DTSTART"), event.decoded("DTEND"))
            for calendar in calendars
            for event in recurring_ical_events.of(calendar).between(MONDAY, MONDAY + timedelta(days=14))
            if isinstance(event.decoded("DTSTART"), datetime) and event.decoded("DTSTART").tzinfo
        )
        overlapping |= {user.login for one, other in pairwise(timed) if one[1] > other[0]}
    assert {"anna", "dora"} <= overlapping


def test_moved_team_meeting_is_at_its_new_place_only():
    [team] = [calendar for _, calendar in parsed() if "(moved)" in calendar.to_ical().decode()]
    week = recurring_ical_events.of(team).between(MONDAY + timedelta(days=7), MONDAY + timedelta(days=14))
    assert [event.decoded("DTSTART") for event in week] == [
        datetime(2026, 12, 1, 10, 30, tzinfo=ZoneInfo("Europe/Zurich"))
    ]


@pytest.fixture
async def empty(tmp_path, free_port):
    users = {user.login: "secret" for user in USERS}
    async with RadicaleServer(tmp_path / "demo", port=free_port, users=users) as server:
        yield server


async def test_a_seeded_server_serves_every_calendar(empty, dav_of):
    assert await seed(empty, TODAY) is True
    for user in USERS:
        for name, resources in contents(TODAY)[user.login].items():
            calendar = dav_of(empty, user.login, name)
            assert calendar.names() == sorted(name for name, _ in resources)
            for name, ics in resources:
                stored = Calendar.from_ical(calendar.get(name))
                assert len(stored.walk("VEVENT")) == len(Calendar.from_ical(ics).walk("VEVENT"))


async def test_seeding_twice_keeps_what_was_done_in_between(empty, dav_of):
    await seed(empty, TODAY)
    work = dav_of(empty, "anna", "work")
    work.delete("lunch.ics")
    kept = work.put_event("DTSTART:20261125T090000Z", "DTEND:20261125T100000Z")
    assert await seed(empty, TODAY + timedelta(days=30)) is False
    assert "lunch.ics" not in work.names()
    assert f"{kept}.ics" in work.names()


async def test_interrupted_seeding_is_taken_up_again(empty, dav_of):
    seeding = asyncio.create_task(seed(empty, TODAY))
    while not ((empty.folder / "collections" / "collection-root" / "anna").exists() or seeding.done()):
        await asyncio.sleep(0)
    seeding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await seeding
    assert await seed(empty, TODAY) is True
    assert dav_of(empty, "anna", "work").names() == sorted(name for name, _ in contents(TODAY)["anna"]["work"])
    assert dav_of(empty, "room", "room").names()


async def test_server_without_the_demos_users_is_one_clear_error(tmp_path, free_port):
    async with RadicaleServer(tmp_path, port=free_port, users={"anna": "secret"}) as server:
        with pytest.raises(SettingError, match="no user ben"):
            await seed(server, TODAY)
