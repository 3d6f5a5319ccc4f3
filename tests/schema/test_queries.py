"""Queries against a real database and calendars in memory, asked by strangers and members."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import event

from slotgraph.core.availability import DaysOff
from slotgraph.core.errors import ProviderUnreachable
from slotgraph.core.records import EmployeeKind

DAYS_OFF = DaysOff(date(2027, 3, 3), date(2027, 3, 4))


async def test_stranger_is_told_who_they_are(face: Any) -> None:
    data = await face.ask("{ viewer { kind email role permissions employee { id } company { id } } }")
    assert data["viewer"] == {
        "kind": "ANONYMOUS",
        "email": None,
        "role": None,
        "permissions": ["SEARCH_SLOTS", "BOOK"],
        "employee": None,
        "company": None,
    }


async def test_member_is_told_who_they_are(face: Any) -> None:
    anna = face.world.member("anna", employee="anna")
    data = await face.ask("{ viewer { kind email role employee { name } company { slug } } }", anna)
    assert data["viewer"] == {
        "kind": "MEMBER",
        "email": "anna@demo.example",
        "role": "STAFF",
        "employee": {"name": "Anna"},
        "company": {"slug": "demo"},
    }


async def test_stranger_sees_the_public_profile_without_inactive_people_and_inside(face: Any) -> None:
    await face.world.add_employee("carl", active=False)
    query = (
        '{ company(slug: "demo") { name timeZone employees { name internal { active } } internal { excludeSupport } } }'
    )
    data = await face.ask(query)
    people = [{"name": "Anna", "internal": None}, {"name": "Ben", "internal": None}]
    assert data["company"] == {"name": "Demo", "timeZone": "Europe/Zurich", "employees": people, "internal": None}
    inside = await face.ask(query, face.world.owner)
    assert [one["name"] for one in inside["company"]["employees"]] == ["Anna", "Ben", "Carl"]
    assert inside["company"]["internal"] == {"excludeSupport": False}


async def test_unknown_slug_is_null_without_error(face: Any) -> None:
    assert await face.ask('{ company(slug: "nobody") { id } }') == {"company": None}


async def test_rooms_are_told_from_people(face: Any) -> None:
    await face.world.add_employee("attic", kind=EmployeeKind.RESOURCE)
    data = await face.ask('{ company(slug: "demo") { employees(kind: RESOURCE) { name kind } } }')
    assert data["company"]["employees"] == [{"name": "Attic", "kind": "RESOURCE"}]


async def test_slots_are_searched_live(face: Any) -> None:
    await face.world.link("anna", *[face.event("2027-03-02 09:00", "2027-03-02 16:00")])
    data = (await face.ask(face.SLOTS, input=face.search(employees={"employee": face.id("Employee", "anna")})))["slots"]
    assert data["starts"] == ["2027-03-02T15:00:00Z", "2027-03-02T15:15:00Z", "2027-03-02T15:30:00Z"]
    first = data["slots"][0]
    assert first["end"] == "2027-03-02T15:30:00Z"
    assert first["employees"] == [{"id": face.id("Employee", "anna"), "name": "Anna"}]
    assert [day["date"] for day in data["days"]] == ["2027-03-02"]
    assert len(data["days"][0]["slots"]) == 3
    assert data["complete"] is True
    assert data["sources"] == []


async def test_stranger_learns_only_whether_asking_again_helps(face: Any) -> None:
    await face.world.link("anna")
    face.world.calendars.fail("busy", ProviderUnreachable())
    data = (await face.ask(face.SLOTS, input=face.search()))["slots"]
    (source,) = data["sources"]
    assert source.pop("at")
    assert source == {
        "state": "UNVERIFIED",
        "cause": "TEMPORARY",
        "retryAfterSeconds": None,
        "precision": None,
        "calendar": None,
        "employee": None,
    }
    seen = (await face.ask(face.SLOTS, face.world.owner, input=face.search()))["slots"]["sources"][0]
    assert seen["cause"] == "UNREACHABLE"
    assert seen["employee"] == {"name": "Anna"}
    assert seen["calendar"] == {"id": face.id("Calendar", "calendar annas")}
    ben = (await face.ask(face.SLOTS, face.world.member("ben", employee="ben"), input=face.search()))["slots"][
        "sources"
    ][0]
    assert ben["calendar"] is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"to": "2027-03-01T00:00:00Z"}, ["input", "to"]),
        ({"to": "2027-06-01T00:00:00Z"}, ["input", "to"]),
        ({"deadlineMs": 1}, ["input", "deadlineMs"]),
        ({"service": "nonsense"}, ["input", "service"]),
        ({"employees": {"employee": "nonsense"}}, ["input", "employees", "employee"]),
        ({"employees": {"anyOf": []}}, ["input", "employees", "anyOf"]),
    ],
)
async def test_wrong_search_names_its_field_and_asks_nobody(face: Any, change: Any, field: list[str]) -> None:
    await face.world.link("anna")
    error = await face.error(face.SLOTS, input=face.search(**change))
    assert error.path == ["slots"]
    assert error.extensions == {"code": "BAD_USER_INPUT", "field": field}
    assert face.world.calendars.calls["busy"] == 0


async def test_foreign_and_random_ids_look_the_same(face: Any) -> None:
    world = face.world
    await world.add_company("other")
    await world.add_employee("olga", company="other")
    await world.add_service("tattoo", employees=("olga",), company="other")
    for kind, name in (("Employee", "olga"), ("Employee", "nobody")):
        choice = {"employee": face.id(kind, name, company="other")}
        error = await face.error(face.SLOTS, input=face.search(employees=choice))
        assert error.extensions == {"code": "NOT_FOUND", "field": ["input", "employees", "employee"]}
    query = "query ($c: ID, $e: [ID!]) { bookings(company: $c, filter: { employees: $e }) { nodes { id } } }"
    for company in ("other", "nowhere"):
        error = await face.error(query, world.owner, c=face.id("Company", company, company=company))
        assert error.message == "You may not do or see this."
    empty = await face.ask(query, world.owner, e=[face.id("Employee", "olga", company="other")])
    assert empty["bookings"]["nodes"] == []
    for name in ("olga", "nobody"):
        assert await face.ask(
            "query ($id: ID!) { node(id: $id) { id } }", id=face.id("Absence", name, company="other")
        ) == {"node": None}


async def test_bookings_are_paged_in_order_of_start(face: Any) -> None:
    for hour in (11, 9, 10):
        await face.booked(start=f"2027-03-02T{hour:02}:00:00+01:00")
    query = """query ($after: String) { bookings(first: 2, after: $after) { edges { cursor node { start } } nodes {
      start } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
    first = (await face.ask(query, face.world.owner))["bookings"]
    assert [one["start"] for one in first["nodes"]] == ["2027-03-02T08:00:00Z", "2027-03-02T09:00:00Z"]
    info = first["pageInfo"]
    assert info["hasNextPage"]
    assert not info["hasPreviousPage"]
    assert info["endCursor"] == first["edges"][1]["cursor"]
    second = (await face.ask(query, face.world.owner, after=info["endCursor"]))["bookings"]
    assert [one["start"] for one in second["nodes"]] == ["2027-03-02T10:00:00Z"]
    assert not second["pageInfo"]["hasNextPage"]
    for wrong in ("x", "eHh4", "MXxhZmZlbg"[:3]):
        error = await face.error(query, face.world.owner, after=wrong)
        assert error.extensions == {"code": "BAD_USER_INPUT", "field": ["after"]}
    too_many = await face.error("{ bookings(first: 201) { nodes { id } } }", face.world.owner)
    assert too_many.extensions["field"] == ["first"]


async def test_bookings_cost_the_same_statements_however_many_there_are(face: Any) -> None:
    await face.world.link("anna")
    query = """{ bookings { nodes { calendarEntries { state calendar { id account { label } } employee { name } }
      service { name employees { name } } employees { name services { name } internal { availabilities {
      id } absences { id } calendars { id } } }
      company { name } customer { name } } } }"""
    await face.booked()
    one = await _statements(face, query)
    for hour in range(10, 16):
        await face.booked(start=f"2027-03-02T{hour:02}:00:00+01:00")
    assert await _statements(face, query) == one


async def _statements(face: Any, query: str) -> int:
    """How many statements a query of the owner takes."""
    counted: list[str] = []

    def count(*arguments: Any) -> None:
        counted.append(arguments[2])

    engine = face.world.database.engines.readers.sync_engine
    event.listen(engine, "before_cursor_execute", count)
    await face.ask(query, face.world.owner)
    event.remove(engine, "before_cursor_execute", count)
    return len(counted)


async def test_overview_shows_titles_to_whom_they_are_for(face: Any) -> None:
    world = face.world
    await world.add_employee("dora", show_appointments=True)
    await world.link("dora", face.event("2027-03-02 10:00", "2027-03-02 11:00", title="Dentist"))
    await face.booked()
    query = """query ($from: Date!, $until: Date!) { overview(input: { from: $from, until: $until }) {
      timeZone complete sources { state } entries { __typename start employee { name }
        ... on ExternalEvent { title masked maskedReason allDay status calendar { name } }
        ... on OverviewBooking { booking { customer { name } } }
        ... on OverviewAvailability { availability { start end ... on WeeklyAvailability { weekday } } } } } }"""
    days = {"from": "2027-03-02", "until": "2027-03-02"}
    seen = (await face.ask(query, world.owner, **days))["overview"]
    (external,) = [one for one in seen["entries"] if one["__typename"] == "ExternalEvent"]
    assert external["title"] == "Dentist"
    assert external["calendar"] == {"name": "Doras"}
    (own,) = [one for one in seen["entries"] if one["__typename"] == "OverviewBooking"]
    assert own["booking"] == {"customer": {"name": "Mia Muster"}}
    weekdays = {
        one["availability"]["weekday"] for one in seen["entries"] if one["__typename"] == "OverviewAvailability"
    }
    assert weekdays == {"TUESDAY"}
    colleague = (await face.ask(query, world.member("ben", employee="ben"), **days))["overview"]
    (masked,) = [one for one in colleague["entries"] if one["__typename"] == "ExternalEvent"]
    assert (masked["title"], masked["masked"], masked["maskedReason"]) == (None, True, "NOT_PERMITTED")
    assert masked["calendar"] is None


async def test_overview_is_not_for_strangers_and_support_must_name_a_company(face: Any) -> None:
    query = '{ overview(input: { from: "2027-03-02", until: "2027-03-02" }) { complete } viewer { kind } }'
    result = await face.run(query)
    assert result.data == {"overview": None, "viewer": {"kind": "ANONYMOUS"}}
    assert result.errors[0].extensions["code"] == "UNAUTHENTICATED"
    error = await face.error(query, face.world.agent)
    assert error.extensions == {"code": "BAD_USER_INPUT", "field": ["input", "company"]}


async def test_nodes_are_given_in_order_with_null_and_errors_in_their_places(face: Any) -> None:
    world = face.world
    await world.take_off("anna", DAYS_OFF, "dentist")
    calendar = await world.link("anna")
    made = await face.booked()
    inside = """{ viewer { company { id employees { id internal { availabilities { id } absences { id note }
      calendars { id account { id } } } }
      services { id } } } bookings { nodes { calendarEntries { id } } } }"""
    data = await face.ask(inside, world.owner)
    anna = data["viewer"]["company"]["employees"][0]
    wanted = [
        data["viewer"]["company"]["id"],
        anna["id"],
        data["viewer"]["company"]["services"][0]["id"],
        anna["internal"]["availabilities"][0]["id"],
        anna["internal"]["absences"][0]["id"],
        anna["internal"]["calendars"][0]["id"],
        anna["internal"]["calendars"][0]["account"]["id"],
        made["booking"]["id"],
        data["bookings"]["nodes"][0]["calendarEntries"][0]["id"],
    ]
    assert calendar is not None
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
    found = (await face.ask(query, world.owner, ids=wanted))["nodes"]
    assert [one["id"] for one in found] == wanted
    assert len({one["__typename"] for one in found}) == 9
    stranger = (await face.ask(query, ids=wanted))["nodes"]
    assert [one and one["__typename"] for one in stranger] == ["Company", "Employee", "Service", *[None] * 6]
    mixed = await face.run(query, ids=["nonsense", wanted[0]])
    assert mixed.data["nodes"][0] is None
    assert mixed.data["nodes"][1]["id"] == wanted[0]
    assert mixed.errors[0].extensions == {"code": "BAD_USER_INPUT", "field": ["ids", "0"]}


async def test_staff_sees_own_account_and_not_the_colleagues(face: Any) -> None:
    await face.world.link("anna")
    await face.world.link("ben")
    query = """{ viewer { company { internal { accounts { label health { state } provider { name } calendars { name
      employee { name } account { label } } } tokens { id } accessLog { nodes { id } } supportCases {
      nodes { id } } }
      employees { name internal { viewerCanEdit calendars { name } } } } } }"""
    company = (await face.ask(query, face.world.member("anna", employee="anna")))["viewer"]["company"]
    (account,) = company["internal"]["accounts"]
    assert account["label"] == "annas"
    assert account["health"] == {"state": "OK"}
    assert account["provider"] == {"name": "memory"}
    assert account["calendars"] == [{"name": "Annas", "employee": {"name": "Anna"}, "account": {"label": "annas"}}]
    assert (company["internal"]["tokens"], company["internal"]["accessLog"]) == (None, None)
    anna, ben = company["employees"]
    assert anna["internal"] == {"viewerCanEdit": True, "calendars": [{"name": "Annas"}]}
    assert ben["internal"] == {"viewerCanEdit": False, "calendars": None}


async def test_staff_sees_a_calendar_of_the_companys_account_that_stands_for_them(face: Any) -> None:
    account = await face.world.add_account("tenant")
    await face.world.add_calendar("annas", account, employee="anna")
    query = """{ viewer { company { internal { accounts { id } } } employee { internal { calendars { name account {
      label calendars { name } } } } } } }"""
    viewer = (await face.ask(query, face.world.member("anna", employee="anna")))["viewer"]
    assert viewer["company"]["internal"]["accounts"] == []
    (calendar,) = viewer["employee"]["internal"]["calendars"]
    assert calendar["account"] == {"label": "tenant", "calendars": [{"name": "Annas"}]}


async def test_absences_are_filtered_by_day_and_notes_are_for_members(face: Any) -> None:
    world = face.world
    await world.take_off("anna", DAYS_OFF, "own note")
    await world.take_off(None, DAYS_OFF, "holiday")
    query = """query ($from: Date) { company(slug: "demo") { internal { absences(from: $from) { note times { ... on
      AbsenceDays { from until } } employee { id } } }
      employees { internal { absences(from: $from) { note } } } } }"""
    company = (await face.ask(query, world.owner))["company"]
    (holiday,) = company["internal"]["absences"]
    assert holiday == {"note": "holiday", "times": {"from": "2027-03-03", "until": "2027-03-04"}, "employee": None}
    assert [len(one["internal"]["absences"]) for one in company["employees"]] == [1, 0]
    later = (await face.ask(query, world.owner, **{"from": "2027-03-05"}))["company"]
    assert later["internal"]["absences"] == []
    await face.open_case()
    agents = (await face.ask(query, world.agent))["company"]
    assert agents["internal"]["absences"][0]["note"] is None
    assert agents["employees"][0]["internal"]["absences"] == [{"note": None}]


async def test_providers_are_listed_for_members_and_not_for_strangers(face: Any) -> None:
    query = """{ providers { name title plugin purposes link { __typename ... on FormLink { fields { name label
      kind required help initial options { value label } } } } } viewer { kind } }"""
    (provider,) = (await face.ask(query, face.world.owner))["providers"]
    assert (provider["name"], provider["plugin"], provider["link"]["__typename"]) == (
        "memory",
        "slotgraph-tests",
        "FormLink",
    )
    result = await face.run(query)
    assert result.data == {"providers": None, "viewer": {"kind": "ANONYMOUS"}}
    assert result.errors[0].extensions == {"code": "UNAUTHENTICATED"}


async def test_holder_sees_the_calendar_they_gave_to_a_colleague(face: Any) -> None:
    account = await face.world.add_account("annas", employee="anna")
    await face.world.add_calendar("shared", account, employee="ben")
    query = "{ viewer { company { internal { accounts { calendars { name employee { name } } } } } } }"
    (seen,) = (await face.ask(query, face.world.member("anna", employee="anna")))["viewer"]["company"]["internal"][
        "accounts"
    ]
    assert seen["calendars"] == [{"name": "Shared", "employee": {"name": "Ben"}}]
