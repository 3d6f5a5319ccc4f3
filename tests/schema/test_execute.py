"""Requests against a real database and calendars in memory: queries first, then mutations, then limits."""

import asyncio
import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from slotgraph.core.errors import ProviderUnreachable
from slotgraph.core.policy import Role, Token
from slotgraph.core.policy import Permission as P

SLOTS = """
query ($input: SlotSearchInput!) {
  slots(input: $input) {
    from to complete starts
    slots { start end employees { id name } }
    days { date complete slots { start } }
    sources { state cause at retryAfterSeconds precision calendar { id } employee { name } }
  }
}
"""

BOOK = """
mutation ($input: BookInput!) {
  book(input: $input) {
    __typename
    ... on BookingConfirmed { manageToken booking { id state start end company { name internal { excludeSupport } }
      customer { name email } calendarEntries { state } employees { name } service { name } changeableUntil } }
    ... on CalendarUnverified { sources { state cause calendar { id } } }
    ... on InvalidInput { fields { path message } }
    ... on NotFound { path }
    ... on SlotNotOffered { rule }
    ... on Problem { message }
  }
}
"""

CANCEL = """
mutation ($input: CancelBookingInput!) {
  cancelBooking(input: $input) {
    __typename
    ... on Booking { id state cancelReason }
    ... on TooLate { changeableUntil }
    ... on InvalidInput { fields { path message } }
    ... on NotFound { path }
    ... on Problem { message }
  }
}
"""


def search(face: Any, **more: Any) -> dict[str, Any]:
    window = {"from": "2027-03-02T00:00:00+01:00", "to": "2027-03-03T00:00:00+01:00"}
    return {"service": face.id("Service", "cut")} | window | more


def booking(face: Any, start: str = "2027-03-02T09:00:00+01:00", **more: Any) -> dict[str, Any]:
    slot = {"service": face.id("Service", "cut"), "start": start, "employees": {"employee": face.id("Employee", "anna")}}
    customer = {"name": "Mia Muster", "email": "mia@example.org"}
    return {"idempotencyKey": str(uuid.uuid4()), "slot": slot, "customer": customer} | more


async def booked(face: Any, actor: Any = None, **more: Any) -> Any:
    answer = (await face.ask(BOOK, actor, input=booking(face, **more)))["book"]
    assert answer["__typename"] == "BookingConfirmed", answer
    return answer


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
    query = '{ company(slug: "demo") { name timeZone employees { name internal { active } } internal { excludeSupport } } }'
    data = await face.ask(query)
    people = [{"name": "Anna", "internal": None}, {"name": "Ben", "internal": None}]
    assert data["company"] == {"name": "Demo", "timeZone": "Europe/Zurich", "employees": people, "internal": None}
    inside = await face.ask(query, face.world.owner)
    assert [one["name"] for one in inside["company"]["employees"]] == ["Anna", "Ben", "Carl"]
    assert inside["company"]["internal"] == {"excludeSupport": False}


async def test_unknown_slug_is_null_without_error(face: Any) -> None:
    assert await face.ask('{ company(slug: "nobody") { id } }') == {"company": None}


async def test_rooms_are_told_from_people(face: Any) -> None:
    from slotgraph.core.records import EmployeeKind

    await face.world.add_employee("attic", kind=EmployeeKind.RESOURCE)
    data = await face.ask('{ company(slug: "demo") { employees(kind: RESOURCE) { name kind } } }')
    assert data["company"]["employees"] == [{"name": "Attic", "kind": "RESOURCE"}]


async def test_slots_are_searched_live(face: Any) -> None:
    await face.world.link("anna", *[_event("2027-03-02 09:00", "2027-03-02 16:00")])
    data = (await face.ask(SLOTS, input=search(face, employees={"employee": face.id("Employee", "anna")})))["slots"]
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
    data = (await face.ask(SLOTS, input=search(face)))["slots"]
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
    seen = (await face.ask(SLOTS, face.world.owner, input=search(face)))["slots"]["sources"][0]
    assert seen["cause"] == "UNREACHABLE"
    assert seen["employee"] == {"name": "Anna"}
    assert seen["calendar"] == {"id": face.id("Calendar", "calendar annas")}
    ben = (await face.ask(SLOTS, face.world.member("ben", employee="ben"), input=search(face)))["slots"]["sources"][0]
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
    error = await face.error(SLOTS, input=search(face, **change))
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
        error = await face.error(SLOTS, input=search(face, employees=choice))
        assert error.extensions == {"code": "NOT_FOUND", "field": ["input", "employees", "employee"]}
    query = "query ($c: ID, $e: [ID!]) { bookings(company: $c, filter: { employees: $e }) { nodes { id } } }"
    for company in ("other", "nowhere"):
        error = await face.error(query, world.owner, c=face.id("Company", company, company=company))
        assert error.message == "You may not do or see this."
    empty = await face.ask(query, world.owner, e=[face.id("Employee", "olga", company="other")])
    assert empty["bookings"]["nodes"] == []
    for name in ("olga", "nobody"):
        assert await face.ask("query ($id: ID!) { node(id: $id) { id } }", id=face.id("Absence", name, company="other")) == {"node": None}


async def test_booking_is_made_seen_and_cancelled_by_its_customer(face: Any) -> None:
    await face.world.link("anna")
    made = await booked(face)
    seen = made["booking"]
    assert seen["customer"] == {"name": "Mia Muster", "email": "mia@example.org"}
    assert seen["calendarEntries"] is None
    assert seen["company"] == {"name": "Demo", "internal": None}
    assert seen["changeableUntil"] == "2027-03-01T08:00:00Z"
    assert len(face.world.calendars.entries("annas")) == 1
    by = "query ($t: Secret!) { booking(by: { manageToken: $t }) { id customer { name } calendarEntries { id } } }"
    found = await face.ask(by, t=made["manageToken"])
    assert found["booking"] == {"id": seen["id"], "customer": {"name": "Mia Muster"}, "calendarEntries": None}
    assert await face.ask(by, t=made["manageToken"][:-1]) == {"booking": None}
    ref = {"idempotencyKey": str(uuid.uuid4()), "booking": {"manageToken": made["manageToken"]}, "reason": "ill"}
    gone = (await face.ask(CANCEL, input=ref))["cancelBooking"]
    assert gone == {"__typename": "Booking", "id": seen["id"], "state": "CANCELLED", "cancelReason": "ill"}
    assert len(face.world.calendars.entries("annas")) == 0


async def test_manage_token_in_members_hands_opens_no_more_than_in_the_customers(face: Any) -> None:
    made = await booked(face)
    query = "query ($t: Secret!) { booking(by: { manageToken: $t }) { calendarEntries { id } company { internal { excludeSupport } } employees { internal { active } } } }"
    found = await face.ask(query, face.world.owner, t=made["manageToken"])
    assert found["booking"] == {
        "calendarEntries": None,
        "company": {"internal": None},
        "employees": [{"internal": None}],
    }


async def test_member_books_and_sees_the_calendar_entry(face: Any) -> None:
    await face.world.link("anna")
    made = await booked(face, face.world.owner)
    assert made["booking"]["calendarEntries"] == [{"state": "WRITTEN"}]
    assert made["booking"]["company"]["internal"] == {"excludeSupport": False}


async def test_token_that_may_only_book_sees_its_booking_as_the_customer_does(face: Any) -> None:
    token = Token(face.world.company_id, "t" * 32, frozenset({P.BOOK}))
    made = await booked(face, token)
    assert made["booking"]["calendarEntries"] is None
    assert made["booking"]["customer"]["name"] == "Mia Muster"


async def test_second_taker_is_told_that_somebody_was_faster(face: Any) -> None:
    await booked(face)
    answer = (await face.ask(BOOK, input=booking(face)))["book"]
    assert answer["__typename"] == "SlotTaken"


async def test_unverified_calendar_books_nothing(face: Any) -> None:
    await face.world.link("anna")
    face.world.calendars.fail("busy", ProviderUnreachable())
    answer = (await face.ask(BOOK, input=booking(face)))["book"]
    assert answer["__typename"] == "CalendarUnverified"
    assert answer["sources"] == [{"state": "UNVERIFIED", "cause": "TEMPORARY", "calendar": None}]


async def test_wrong_bookings_are_data_with_the_path_of_the_field(face: Any) -> None:
    wrong_key = (await face.ask(BOOK, input=booking(face, idempotencyKey="1")))["book"]
    assert wrong_key["fields"][0]["path"] == ["input", "idempotencyKey"]
    no_service = booking(face)
    no_service["slot"] = no_service["slot"] | {"service": "x"}
    assert (await face.ask(BOOK, input=no_service))["book"]["fields"][0]["path"] == ["input", "slot", "service"]
    unknown = booking(face)
    unknown["slot"] = unknown["slot"] | {"service": face.id("Service", "nothing")}
    assert (await face.ask(BOOK, input=unknown))["book"]["path"] == ["input", "slot", "service"]
    off_grid = (await face.ask(BOOK, input=booking(face, start="2027-03-02T09:07:00+01:00")))["book"]
    assert off_grid["rule"] == "GRID"


async def test_customer_cannot_cancel_past_the_limit(face: Any) -> None:
    made = await booked(face)
    face.world.clock.advance(timedelta(hours=3))
    ref = {"idempotencyKey": str(uuid.uuid4()), "booking": {"manageToken": made["manageToken"]}}
    late = (await face.ask(CANCEL, input=ref))["cancelBooking"]
    assert late["__typename"] == "TooLate"
    assert late["changeableUntil"] == "2027-03-01T08:00:00Z"
    by_id = ref | {"booking": {"id": made["booking"]["id"]}}
    assert (await face.ask(CANCEL, input=by_id))["cancelBooking"]["path"] == ["input", "booking"]
    assert (await face.ask(CANCEL, face.world.owner, input=by_id))["cancelBooking"]["state"] == "CANCELLED"


async def test_bookings_are_paged_in_order_of_start(face: Any) -> None:
    for hour in (11, 9, 10):
        await booked(face, start=f"2027-03-02T{hour:02}:00:00+01:00")
    query = "query ($after: String) { bookings(first: 2, after: $after) { edges { cursor node { start } } nodes { start } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"
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
      service { name employees { name } } employees { name services { name } internal { availabilities { id } absences { id } calendars { id } } }
      company { name } customer { name } } } }"""
    await booked(face)
    one = await _statements(face, query)
    for hour in range(10, 16):
        await booked(face, start=f"2027-03-02T{hour:02}:00:00+01:00")
    assert await _statements(face, query) == one


async def _statements(face: Any, query: str) -> int:
    """How many statements a query of the owner takes."""
    counted: list[str] = []

    def count(*arguments: Any) -> None:
        counted.append(arguments[2])

    engine = face.world.database._readers.sync_engine
    event.listen(engine, "before_cursor_execute", count)
    await face.ask(query, face.world.owner)
    event.remove(engine, "before_cursor_execute", count)
    return len(counted)


async def test_overview_shows_titles_to_whom_they_are_for(face: Any) -> None:
    world = face.world
    await world.add_employee("dora", show_appointments=True)
    await world.link("dora", _event("2027-03-02 10:00", "2027-03-02 11:00", title="Dentist"))
    await booked(face)
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
    weekdays = {one["availability"]["weekday"] for one in seen["entries"] if one["__typename"] == "OverviewAvailability"}
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
    await world.take_off("anna", _days_off(), "dentist")
    calendar = await world.link("anna")
    made = await booked(face)
    inside = """{ viewer { company { id employees { id internal { availabilities { id } absences { id note } calendars { id account { id } } } }
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
    query = """{ viewer { company { internal { accounts { label health { state } provider { name } calendars { name employee { name } account { label } } } tokens { id } accessLog { nodes { id } } supportCases { nodes { id } } }
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
    query = "{ viewer { company { internal { accounts { id } } } employee { internal { calendars { name account { label calendars { name } } } } } } }"
    viewer = (await face.ask(query, face.world.member("anna", employee="anna")))["viewer"]
    assert viewer["company"]["internal"]["accounts"] == []
    (calendar,) = viewer["employee"]["internal"]["calendars"]
    assert calendar["account"] == {"label": "tenant", "calendars": [{"name": "Annas"}]}


async def test_absences_are_filtered_by_day_and_notes_are_for_members(face: Any) -> None:
    world = face.world
    await world.take_off("anna", _days_off(), "own note")
    await world.take_off(None, _days_off(), "holiday")
    query = """query ($from: Date) { company(slug: "demo") { internal { absences(from: $from) { note times { ... on AbsenceDays { from until } } employee { id } } }
      employees { internal { absences(from: $from) { note } } } } }"""
    company = (await face.ask(query, world.owner))["company"]
    (holiday,) = company["internal"]["absences"]
    assert holiday == {"note": "holiday", "times": {"from": "2027-03-03", "until": "2027-03-04"}, "employee": None}
    assert [len(one["internal"]["absences"]) for one in company["employees"]] == [1, 0]
    later = (await face.ask(query, world.owner, **{"from": "2027-03-05"}))["company"]
    assert later["internal"]["absences"] == []
    await open_case(face)
    agents = (await face.ask(query, world.agent))["company"]
    assert agents["internal"]["absences"][0]["note"] is None
    assert agents["employees"][0]["internal"]["absences"] == [{"note": None}]


OPEN_CASE = """mutation ($reason: String!) { openSupportCase(input: { reason: $reason }) {
  __typename ... on SupportCase { id open endsAt permissions customerDataGranted } ... on InvalidInput { fields { path } } ... on Problem { message } } }"""
EXCLUDE = """mutation ($on: Boolean!) { updateCompanyProfile(input: { excludeSupport: $on }) {
  __typename ... on Company { internal { excludeSupport supportCases(first: 5) { nodes { open endedBy } } } } ... on Problem { message } } }"""
LOOK = """query ($case: ID!, $company: ID!) {
  node(id: $case) { ... on SupportCase { open endedBy reason permissions company { name internal { accounts { label health { state } } } employees { internal { calendars { name timeZone } } } } } }
  overview(input: { company: $company, from: "2027-03-02", until: "2027-03-02" }) { complete entries { ... on OverviewBooking { booking { customer { name } note cancelReason } } } }
  company(slug: "demo") { name }
  supportCases { id }
}"""


async def open_case(face: Any) -> str:
    await face.world.add_login(face.world.owner)
    opened = (await face.ask(OPEN_CASE, face.world.owner, reason="Calendars do not answer"))["openSupportCase"]
    assert opened["__typename"] == "SupportCase"
    case: str = opened["id"]
    return case


async def test_support_gets_nowhere_without_a_case(face: Any) -> None:
    agent = face.world.agent
    assert await face.ask('{ company(slug: "demo") { id } supportCases { id } }', agent) == {"company": None, "supportCases": []}
    assert await face.ask("query ($id: ID!) { node(id: $id) { id } }", agent, id=face.company) == {"node": None}
    error = await face.error(
        'query ($c: ID!) { overview(input: { company: $c, from: "2027-03-02", until: "2027-03-02" }) { complete } }',
        agent,
        c=face.company,
    )
    assert error.extensions == {"code": "FORBIDDEN"}


async def test_support_looks_in_an_open_case_and_sees_no_names_from_outside_and_no_customers(face: Any) -> None:
    await face.world.link("anna", time_zone="Europe/Paris")
    await booked(face, note="Please be quiet")
    case = await open_case(face)
    seen = await face.ask(LOOK, face.world.agent, case=case, company=face.company)
    assert seen["node"]["open"] is True
    assert seen["node"]["reason"] == "Calendars do not answer"
    assert "READ_OVERVIEW" in seen["node"]["permissions"]
    assert seen["node"]["company"]["internal"]["accounts"] == [{"label": "…", "health": {"state": "OK"}}]
    assert seen["node"]["company"]["employees"][0]["internal"]["calendars"] == [{"name": "…", "timeZone": None}]
    hidden = {"booking": {"customer": None, "note": None, "cancelReason": None}}
    assert hidden in seen["overview"]["entries"]
    assert seen["company"] == {"name": "Demo"}
    assert seen["supportCases"] == [{"id": case}]


async def test_excluded_support_learns_that_and_nothing_else(face: Any) -> None:
    from slotgraph.core.support import Access

    case = await open_case(face)
    agent = face.world.agent
    await face.world.do.support.log_access(face.world.as_(agent), [face.world.company_id], Access(None, ("Query.node",)))
    changed = (await face.ask(EXCLUDE, face.world.owner, on=True))["updateCompanyProfile"]
    assert changed["internal"] == {"excludeSupport": True, "supportCases": {"nodes": [{"open": False, "endedBy": "EXCLUDED"}]}}
    result = await face.run(LOOK, agent, case=case, company=face.company)
    assert result.data == {
        "node": {"open": False, "endedBy": "EXCLUDED", "reason": None, "permissions": [], "company": None},
        "overview": None,
        "company": None,
        "supportCases": [],
    }
    codes = {tuple(error.path): error.extensions["code"] for error in result.errors}
    assert codes == dict.fromkeys(
        [("node", "reason"), ("node", "company"), ("overview",), ("company",)], "SUPPORT_EXCLUDED"
    )


async def test_case_cannot_be_opened_while_support_is_excluded(face: Any) -> None:
    await face.ask(EXCLUDE, face.world.owner, on=True)
    answer = (await face.ask(OPEN_CASE, face.world.owner, reason="Help"))["openSupportCase"]
    assert answer["__typename"] == "SupportIsExcluded"


async def test_case_is_closed_and_the_access_is_read_by_the_company(face: Any) -> None:
    from slotgraph.core.support import Access

    case = await open_case(face)
    access = Access("Look", ("Query.node", "SupportCase.company"), face.world.clock.now(), None)
    await face.world.do.support.log_access(face.world.as_(face.world.agent), [face.world.company_id], access)
    close = "mutation ($c: ID!) { closeSupportCase(input: { case: $c }) { __typename ... on SupportCase { open endedBy permissions } ... on NotFound { path } } }"
    closed = (await face.ask(close, face.world.owner, c=case))["closeSupportCase"]
    assert closed == {"__typename": "SupportCase", "open": False, "endedBy": "CLOSED", "permissions": []}
    for wrong in ("nonsense", face.id("SupportCase", "none")):
        missing = (await face.ask(close, face.world.owner, c=wrong))["closeSupportCase"]
        assert missing == {"__typename": "NotFound", "path": ["input", "case"]}
    log = "{ viewer { company { internal { accessLog { nodes { agent refused operationName fields rangeStart rangeEnd case { id } } } } } } }"
    (entry,) = (await face.ask(log, face.world.owner))["viewer"]["company"]["internal"]["accessLog"]["nodes"]
    assert entry == {
        "agent": "agent@slotgraph.example",
        "refused": False,
        "operationName": "Look",
        "fields": ["Query.node", "SupportCase.company"],
        "rangeStart": "2027-03-01T06:00:00Z",
        "rangeEnd": None,
        "case": {"id": case},
    }


PROFILE = """mutation ($input: UpdateCompanyProfileInput!) { updateCompanyProfile(input: $input) {
  __typename ... on Company { name slug timeZone internal { bookingIntervalMinutes excludeSupport } } ... on InvalidInput { fields { path message } } ... on NotFound { path } } }"""


async def test_profile_changes_only_what_is_given(face: Any) -> None:
    change = {"name": "Salon", "bookingIntervalMinutes": 30}
    answer = (await face.ask(PROFILE, face.world.owner, input=change))["updateCompanyProfile"]
    assert answer == {
        "__typename": "Company",
        "name": "Salon",
        "slug": "demo",
        "timeZone": "Europe/Zurich",
        "internal": {"bookingIntervalMinutes": 30, "excludeSupport": False},
    }
    for wrong, field in (({"name": None}, "name"), ({"bookingIntervalMinutes": 7}, "bookingIntervalMinutes")):
        refused = (await face.ask(PROFILE, face.world.owner, input=wrong))["updateCompanyProfile"]
        assert refused["fields"][0]["path"] == ["input", field]
    staff = (await face.ask(PROFILE, face.world.member("ben"), input=change))["updateCompanyProfile"]
    assert staff == {"__typename": "NotFound", "path": ["input", "company"]}
    stranger = await face.error(PROFILE, input=change)
    assert stranger.extensions["code"] == "UNAUTHENTICATED"


LINK = """mutation ($input: LinkAccountInput!) { linkAccount(input: $input) { __typename
  ... on FormRequired { linkToken form { fields { name kind required } } } ... on InvalidInput { fields { path message } } ... on NotFound { path } } }"""
COMPLETE = """mutation ($t: Secret!, $form: [LinkFieldValue!]!) { completeLink(input: { linkToken: $t, answer: { form: $form } }) { __typename
  ... on Account { id label granted calendars { id name default checked employee { name } } } ... on LinkRefused { cause serverAnswer } ... on InvalidInput { fields { path message } } ... on Problem { message } } }"""
UPDATE = """mutation ($input: UpdateCalendarInput!) { updateCalendar(input: $input) { __typename
  ... on Calendar { checked default statusPolicy readMode ignoreUnverifiedUntil employee { name } } ... on InvalidInput { fields { path message } } ... on NotFound { path } ... on Problem { message } } }"""


async def test_account_is_linked_by_form_and_its_calendar_chosen(face: Any) -> None:
    world = face.world
    world.calendars.add_calendar("work", login="me")
    anna = await world.add_login(world.member("anna", employee="anna"))
    begun = (await face.ask(LINK, anna, input={"provider": "memory", "employee": face.id("Employee", "anna")}))["linkAccount"]
    assert begun["form"] == {"fields": [{"name": "login", "kind": "TEXT", "required": True}]}
    token = begun["linkToken"]
    wrong = (await face.ask(COMPLETE, anna, t=token, form=[{"name": "user", "value": "hunter2"}]))["completeLink"]
    assert wrong["fields"][0]["path"] == ["input", "answer", "form", "0", "name"]
    linked = (await face.ask(COMPLETE, anna, t=token, form=[{"name": "login", "value": "me"}]))["completeLink"]
    assert linked["granted"] == ["BUSY", "TITLES", "WRITE"]
    (calendar,) = linked["calendars"]
    assert (calendar["name"], calendar["default"], calendar["employee"]) == ("Work", True, {"name": "Anna"})
    again = (await face.ask(COMPLETE, anna, t=token, form=[{"name": "login", "value": "me"}]))["completeLink"]
    assert again["__typename"] == "SecretRefused"
    given_away = (await face.ask(UPDATE, anna, input={"calendar": calendar["id"], "employee": None, "checked": False}))["updateCalendar"]
    assert (given_away["employee"], given_away["checked"], given_away["default"]) == (None, False, False)
    for change, path in (
        ({"statusPolicy": ["TENTATIVE"]}, ["input", "statusPolicy"]),
        ({"checked": None}, ["input", "checked"]),
        ({"employee": "nonsense"}, ["input", "employee"]),
    ):
        refused = (await face.ask(UPDATE, anna, input={"calendar": calendar["id"], **change}))["updateCalendar"]
        assert refused["fields"][0]["path"] == path
    colleague = (await face.ask(UPDATE, world.member("ben", employee="ben"), input={"calendar": calendar["id"]}))["updateCalendar"]
    assert colleague == {"__typename": "NotFound", "path": ["input", "calendar"], "message": colleague["message"]}


async def test_wrong_link_is_refused_with_its_cause_and_stores_nothing(face: Any) -> None:
    from slotgraph.core.errors import AccountRevoked

    owner = await face.world.add_login(face.world.owner)
    face.world.calendars.fail("open", AccountRevoked(server_answer="realm Radicale"))
    begun = (await face.ask(LINK, owner, input={"provider": "memory"}))["linkAccount"]
    answer = (await face.ask(COMPLETE, owner, t=begun["linkToken"], form=[{"name": "login", "value": "me"}]))["completeLink"]
    assert (answer["cause"], answer["serverAnswer"]) == ("REAUTH_REQUIRED", "realm Radicale")
    assert (await face.ask("{ viewer { company { internal { accounts { id } } } } }", owner))["viewer"]["company"]["internal"]["accounts"] == []
    unknown = (await face.ask(LINK, owner, input={"provider": "nobody"}))["linkAccount"]
    assert unknown["fields"][0]["path"] == ["input", "provider"]


async def test_providers_are_listed_for_members_and_not_for_strangers(face: Any) -> None:
    query = "{ providers { name title plugin purposes link { __typename ... on FormLink { fields { name label kind required help initial options { value label } } } } } viewer { kind } }"
    (provider,) = (await face.ask(query, face.world.owner))["providers"]
    assert (provider["name"], provider["plugin"], provider["link"]["__typename"]) == ("memory", "slotgraph-tests", "FormLink")
    result = await face.run(query)
    assert result.data == {"providers": None, "viewer": {"kind": "ANONYMOUS"}}
    assert result.errors[0].extensions == {"code": "UNAUTHENTICATED"}


async def test_token_is_made_shown_once_and_revoked(face: Any) -> None:
    make = "mutation ($s: [Permission!]!) { createToken(input: { name: \"Widget\", scopes: $s }) { __typename ... on TokenCreated { secret token { id name scopes } } ... on InvalidInput { fields { path } } } }"
    made = (await face.ask(make, face.world.owner, s=["BOOK", "SEARCH_SLOTS"]))["createToken"]
    assert made["secret"].startswith("sg_")
    assert made["token"]["scopes"] == ["SEARCH_SLOTS", "BOOK"]
    refused = (await face.ask(make, face.world.owner, s=["CHANGE_TOKENS"]))["createToken"]
    assert refused["fields"] == [{"path": ["input", "scopes"]}]
    listed = "{ viewer { company { internal { tokens { id } } } } }"
    before = (await face.ask(listed, face.world.owner))["viewer"]["company"]["internal"]["tokens"]
    assert before == [{"id": made["token"]["id"]}]
    revoke = "mutation ($t: ID!) { revokeToken(input: { token: $t }) { __typename ... on Deleted { id } ... on NotFound { path } } }"
    for actor in (face.world.member("ben"), None):
        assert (await face.ask(revoke, actor, t=made["token"]["id"]))["revokeToken"]["__typename"] == "NotFound"
    assert (await face.ask(revoke, face.world.owner, t=made["token"]["id"]))["revokeToken"] == {"__typename": "Deleted", "id": made["token"]["id"]}
    assert (await face.ask(revoke, face.world.owner, t="nonsense"))["revokeToken"]["path"] == ["input", "token"]
    staff = await face.error(make, face.world.member("ben"), s=["BOOK"])
    assert staff.extensions == {"code": "FORBIDDEN"}


LOGIN = """mutation ($email: EmailAddress!, $password: Secret!) { login(input: { email: $email, password: $password }) {
  __typename ... on Viewer { kind email company { name internal { excludeSupport } } } ... on Problem { message } } }"""


async def test_login_begins_a_session_and_logout_ends_it(face: Any) -> None:
    world = face.world
    owner = await world.add_login(world.owner)
    from slotgraph.core.store import logins

    async with world.database.write() as connection:
        await logins.set_password(connection, owner.user_id, await world.passwords.hash("correct horse"))
    wrong = (await face.ask(LOGIN, email=owner.email, password="battery"))["login"]
    assert wrong["__typename"] == "LoginRefused"
    assert face.begun == []
    right = (await face.ask(LOGIN, email=owner.email, password="correct horse"))["login"]
    assert right == {
        "__typename": "Viewer",
        "kind": "MEMBER",
        "email": owner.email,
        "company": {"name": "Demo", "internal": {"excludeSupport": False}},
    }
    ((face.session, _),) = face.begun
    out = await face.ask("mutation { logout { ... on Viewer { kind } } again: logout { ... on Viewer { kind } } }", owner)
    assert out == {"logout": {"kind": "ANONYMOUS"}, "again": {"kind": "ANONYMOUS"}}
    assert face.ended >= 1


async def test_what_follows_a_logout_in_the_same_document_is_done_by_nobody(face: Any) -> None:
    face.session = _secret("unknown")
    query = "mutation { logout { __typename } updateCompanyProfile(input: { name: \"Mine\" }) { __typename } }"
    result = await face.run(query, face.world.owner)
    assert result.errors[0].extensions["code"] == "UNAUTHENTICATED"
    assert (await face.ask('{ company(slug: "demo") { name } }'))["company"] == {"name": "Demo"}


async def test_operation_that_takes_too_long_is_cut_off(face: Any) -> None:
    await face.world.link("anna")
    face.world.calendars.hang("busy")
    began = asyncio.get_running_loop().time()
    result = await face.run(SLOTS, input=search(face), seconds=0.2)
    assert asyncio.get_running_loop().time() - began < 2
    assert result.was_executed
    assert result.data is None
    assert result.errors[0].extensions == {"code": "DEADLINE"}


async def test_document_of_too_many_tokens_is_refused_before_it_is_parsed(face: Any) -> None:
    result = await face.run("{ " + "viewer { kind } " * 2000 + "}", may_introspect=False)
    assert not result.was_executed
    assert result.errors[0].extensions == {"code": "QUERY_TOO_COSTLY"}


def test_only_documents_without_quoted_literals_are_remembered() -> None:
    from slotgraph.schema.build import build
    from slotgraph.schema.execute import prepare

    def prepared(query: str, *, may_introspect: bool = True) -> Any:
        return prepare(build(), query, may_introspect=may_introspect).document

    plain = "query Remembered { viewer { kind } }"
    assert prepared(plain) is prepared(plain)
    secret = 'query Forgotten { company(slug: "demo") { id } }'
    assert prepared(secret) is not prepared(secret)
    introspection = "{ __schema { description } }"
    assert prepared(introspection) is not None
    assert prepared(introspection, may_introspect=False) is None


async def test_introspection_is_for_those_who_may(face: Any) -> None:
    query = "{ __schema { queryType { name } } __type(name: \"Query\") { name } }"
    assert (await face.ask(query))["__type"] == {"name": "Query"}
    refused = await face.run(query, may_introspect=False)
    unknown = await face.run("{ nothing }", may_introspect=False)
    syntax = await face.run("{ viewer { ", may_introspect=False)
    missing = await face.run("query ($input: LoginInput!) { viewer { kind } }", may_introspect=False)
    assert [error.formatted for error in refused.errors] == [error.formatted for error in unknown.errors]
    assert [error.formatted for error in syntax.errors] == [error.formatted for error in unknown.errors]
    assert [error.formatted for error in missing.errors] == [error.formatted for error in unknown.errors]
    assert await face.run("{ __typename viewer { __typename } }", may_introspect=False)


def _event(*args: Any, **more: Any) -> Any:
    import sys

    return sys.modules["slotgraph_tests_core_world"].event(*args, **more)


def _days_off() -> Any:
    from datetime import date

    from slotgraph.core.availability import DaysOff

    return DaysOff(date(2027, 3, 3), date(2027, 3, 4))


def _secret(text: str) -> Any:
    from slotgraph.core.values import Secret

    return Secret(text)
