"""Administration of the schedule over GraphQL: what is answered, what is refused, and what others see after it."""

from datetime import timedelta
from typing import Any

import pytest

from slotgraph.core.policy import Permission, Role, Token
from slotgraph.schema import ids

PROBLEMS = """... on InvalidInput { fields { path message } } ... on NotFound { path }
  ... on HasUpcomingBookings { count } ... on Problem { message }"""
REFUSED = PROBLEMS.replace("... on HasUpcomingBookings { count }", "")
TIMES = "times { ... on AbsenceDays { from until } ... on AbsenceRange { start end } }"
AVAILABILITY = """... on Availability { id start end employee { name } }
  ... on WeeklyAvailability { weekday validFrom validUntil } ... on DatedAvailability { date }"""

SHOWN = {
    "upsertEmployee": """... on Employee { id name kind services { name } internal { timeZone active
      showAppointmentsInCalendar } }""",
    "upsertService": """... on Service { id name description durationMinutes bufferBeforeMinutes bufferAfterMinutes
      minimumNoticeMinutes horizonDays bookingIntervalMinutes cancellationLimitHours active employees { name } }""",
    "upsertAvailability": AVAILABILITY,
    "upsertAbsence": f"... on Absence {{ id note employee {{ name }} {TIMES} }}",
    **dict.fromkeys(("deleteEmployee", "deleteService"), "... on Deleted { id } ... on HasUpcomingBookings { count }"),
    **dict.fromkeys(("deleteAvailability", "deleteAbsence"), "... on Deleted { id }"),
}
NAMED = {
    "deleteEmployee": ("employee", "Employee"),
    "deleteService": ("service", "Service"),
    "deleteAvailability": ("availability", "WeeklyAvailability"),
    "deleteAbsence": ("absence", "Absence"),
    "upsertEmployee": ("id", "Employee"),
    "upsertService": ("id", "Service"),
    "upsertAvailability": ("id", "WeeklyAvailability"),
    "upsertAbsence": ("id", "Absence"),
}
WEEKLY = {"weekly": {"weekday": "TUESDAY", "start": "18:00:00", "end": "20:00:00"}}
DATED = {"dated": {"date": "2027-03-02", "start": "18:00:00", "end": "00:00:00"}}
DAYS = {"days": {"from": "2027-03-02", "until": "2027-03-02"}}


def document(name: str) -> str:
    refused = REFUSED if name.startswith("upsert") else "... on NotFound { path } ... on Problem { message }"
    kind = name[0].upper() + name[1:]
    return f"mutation ($i: {kind}Input!) {{ {name}(input: $i) {{ __typename {SHOWN[name]} {refused} }} }}"


async def done(face: Any, name: str, given: dict[str, Any], actor: Any = None) -> Any:
    return (await face.ask(document(name), actor or face.world.owner, i=given))[name]


def minimal(face: Any, name: str) -> dict[str, Any]:
    """What a thing cannot be made without."""
    return {
        "upsertEmployee": {"name": "Cleo"},
        "upsertService": {"name": "Colour", "durationMinutes": 45},
        "upsertAvailability": {"employee": face.id("Employee", "anna"), "times": WEEKLY},
        "upsertAbsence": {"times": DAYS},
    }.get(name, {})


async def starts(face: Any) -> list[str]:
    anna = {"employees": {"employee": face.id("Employee", "anna")}}
    return (await face.ask("query ($i: SlotSearchInput!) { slots(input: $i) { starts } }", i=face.search(**anna)))[
        "slots"
    ]["starts"]


async def test_an_employee_is_made_changed_and_deleted(face: Any) -> None:
    cut = face.id("Service", "cut")
    made = await done(face, "upsertEmployee", {"name": "Room 1", "kind": "RESOURCE", "services": [cut, cut]})
    inside = {"timeZone": "Europe/Zurich", "active": True, "showAppointmentsInCalendar": False}
    shown = {"name": "Room 1", "kind": "RESOURCE", "services": [{"name": "Cut"}], "internal": inside}
    assert made == {"__typename": "Employee", "id": made["id"]} | shown
    given = {"active": False, "showAppointmentsInCalendar": True, "timeZone": "Asia/Tokyo", "services": []}
    changed = await done(face, "upsertEmployee", {"id": made["id"], "name": "Room 2", **given})
    inside = {"timeZone": "Asia/Tokyo", "active": False, "showAppointmentsInCalendar": True}
    assert changed == made | {"name": "Room 2", "services": [], "internal": inside}
    assert await done(face, "upsertEmployee", {"id": made["id"], "name": "Room 2"}) == changed
    gone = await done(face, "deleteEmployee", {"employee": made["id"]})
    assert gone == {"__typename": "Deleted", "id": made["id"]}
    assert await face.ask("query ($i: ID!) { node(id: $i) { id } }", face.world.owner, i=made["id"]) == {"node": None}


async def test_a_service_is_made_changed_and_deleted(face: Any) -> None:
    made = await done(face, "upsertService", {"name": "Colour", "durationMinutes": 45})
    shown = {
        "name": "Colour",
        "description": "",
        "durationMinutes": 45,
        "bufferBeforeMinutes": 0,
        "bufferAfterMinutes": 0,
        "minimumNoticeMinutes": 0,
        "horizonDays": 60,
        "bookingIntervalMinutes": None,
        "cancellationLimitHours": 24,
        "active": True,
        "employees": [],
    }
    assert made == {"__typename": "Service", "id": made["id"]} | shown
    given = {
        "name": "Dye",
        "description": "With care",
        "durationMinutes": 60,
        "bufferBeforeMinutes": 5,
        "bufferAfterMinutes": 10,
        "minimumNoticeMinutes": 120,
        "horizonDays": 30,
        "bookingIntervalMinutes": 30,
        "cancellationLimitHours": 48,
        "active": False,
    }
    ben = {"employees": [face.id("Employee", "ben")]}
    changed = await done(face, "upsertService", {"id": made["id"], **given, **ben})
    assert changed == made | given | {"employees": [{"name": "Ben"}]}
    least = {"id": made["id"], "name": "Dye", "durationMinutes": 60}
    assert await done(face, "upsertService", least) == changed
    companys = await done(face, "upsertService", least | {"bookingIntervalMinutes": None})
    assert companys == changed | {"bookingIntervalMinutes": None}
    gone = await done(face, "deleteService", {"service": made["id"]})
    assert gone == {"__typename": "Deleted", "id": made["id"]}


async def test_an_availability_is_made_changed_and_deleted(face: Any) -> None:
    anna = face.id("Employee", "anna")
    before = await starts(face)
    times = {"weekly": WEEKLY["weekly"] | {"validFrom": "2027-03-01", "validUntil": None}}
    made = await done(face, "upsertAvailability", {"employee": anna, "times": times})
    assert made == {
        "__typename": "WeeklyAvailability",
        "id": made["id"],
        "start": "18:00:00",
        "end": "20:00:00",
        "employee": {"name": "Anna"},
        "weekday": "TUESDAY",
        "validFrom": "2027-03-01",
        "validUntil": None,
    }
    assert set(await starts(face)) - set(before) >= {"2027-03-02T17:00:00Z"}
    changed = await done(face, "upsertAvailability", {"id": made["id"], "employee": anna, "times": WEEKLY})
    assert changed == made | {"validFrom": None}
    assert (await done(face, "deleteAvailability", {"availability": made["id"]}))["id"] == made["id"]
    assert await starts(face) == before
    made = await done(face, "upsertAvailability", {"employee": anna, "times": DATED})
    assert (made["__typename"], made["date"], made["end"]) == ("DatedAvailability", "2027-03-02", "00:00:00")
    weekly = await done(face, "upsertAvailability", {"id": made["id"], "employee": anna, "times": WEEKLY})
    assert weekly["fields"][0]["path"] == ["input", "times"]


async def test_an_absence_is_made_changed_and_deleted(face: Any) -> None:
    anna = face.id("Employee", "anna")
    before = await starts(face)
    made = await done(face, "upsertAbsence", {"employee": anna, "note": "Ill", "times": DAYS})
    shown = {"note": "Ill", "employee": {"name": "Anna"}, "times": DAYS["days"]}
    assert made == {"__typename": "Absence", "id": made["id"]} | shown
    assert await starts(face) == []
    span = {"start": "2027-03-02T08:00:00Z", "end": "2027-03-02T15:30:00Z"}
    changed = await done(face, "upsertAbsence", {"id": made["id"], "times": {"range": span}})
    assert changed == made | {"times": span}
    assert await starts(face) == ["2027-03-02T15:30:00Z"]
    everybodys = await done(face, "upsertAbsence", {"id": made["id"], "employee": None, "note": None, "times": DAYS})
    assert everybodys == made | {"employee": None, "note": None}
    assert (await done(face, "deleteAbsence", {"absence": made["id"]}))["id"] == made["id"]
    assert await starts(face) == before


async def test_a_start_in_an_absence_is_explained(face: Any) -> None:
    await done(face, "upsertAbsence", {"times": DAYS})
    query = """query ($i: ExplainSlotInput!) { explainSlot(input: $i) { offered rules { rule outcome employee { name } } } }"""
    anna = {"employee": face.id("Employee", "anna")}
    slot = {"service": face.id("Service", "cut"), "start": "2027-03-02T09:00:00+01:00", "employees": anna}
    explained = (await face.ask(query, face.world.owner, i={"slot": slot}))["explainSlot"]
    assert not explained["offered"]
    failed = [(one["rule"], one["employee"]["name"]) for one in explained["rules"] if one["outcome"] == "FAILED"]
    assert failed == [("ABSENCE", "Anna")]


@pytest.mark.parametrize(
    ("name", "given", "path", "said"),
    [
        ("upsertEmployee", {"name": "a\u0000"}, ["name"], "control"),
        ("upsertEmployee", {"kind": None}, ["kind"], "must not be null"),
        ("upsertEmployee", {"timeZone": None}, ["timeZone"], "must not be null"),
        ("upsertEmployee", {"active": None}, ["active"], "must not be null"),
        ("upsertEmployee", {"services": None}, ["services"], "must not be null"),
        ("upsertEmployee", {"services": ["x"]}, ["services", "0"], "no id of a Service"),
        ("upsertEmployee", {"services": ["x"] * 201}, ["services"], "at most 200 services"),
        ("upsertEmployee", {"id": "x"}, ["id"], "no id of an Employee"),
        ("upsertService", {"durationMinutes": 0}, ["durationMinutes"], "between 1 and 1440"),
        ("upsertService", {"horizonDays": None}, ["horizonDays"], "must not be null"),
        ("upsertService", {"employees": ["x"] * 201}, ["employees"], "at most 200 employees"),
        ("upsertService", {"employees": [ids.encode("Service", "0" * 32)]}, ["employees", "0"], "no id of an Employee"),
        ("upsertAvailability", {"employee": "x"}, ["employee"], "no id of an Employee"),
        ("upsertAvailability", {"id": ids.encode("Absence", "0" * 32)}, ["id"], "no id of a WeeklyAvailability"),
        ("upsertAbsence", {"note": "x" * 2001}, ["note"], "2000"),
        ("upsertAbsence", {"employee": "x"}, ["employee"], "no id of an Employee"),
        (
            "upsertAbsence",
            {"times": {"range": {"start": "2027-03-02T08:00:30Z", "end": "2027-03-02T09:00:00Z"}}},
            ["times", "range", "start"],
            "whole minute",
        ),
        (
            "upsertAbsence",
            {"times": {"range": {"start": "2027-03-02T08:00:00Z", "end": "2027-03-02T09:00:00.5Z"}}},
            ["times", "range", "end"],
            "whole minute",
        ),
        (
            "upsertAbsence",
            {"times": {"days": {"from": "2027-03-02", "until": "2027-03-01"}}},
            ["times", "days", "until"],
            "before from",
        ),
    ],
)
async def test_what_makes_no_sense_is_data_with_path_and_reason(
    face: Any, name: str, given: dict[str, Any], path: list[str], said: str
) -> None:
    refused = await done(face, name, minimal(face, name) | given)
    assert refused["__typename"] == "InvalidInput"
    (field,) = refused["fields"]
    assert field["path"] == ["input", *path]
    assert said in field["message"]


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("upsertEmployee", {"timeZone": "Zurich"}),
        ("upsertAvailability", {"times": {}}),
        ("upsertAvailability", {"times": WEEKLY | DATED}),
        ("upsertAvailability", {"times": {"weekly": WEEKLY["weekly"] | {"start": "09:00:30"}}}),
        ("upsertAvailability", {"times": {"weekly": WEEKLY["weekly"] | {"validFrom": "3000-01-01"}}}),
        ("upsertAbsence", {"times": {"range": {"start": "2027-03-02T08:00", "end": "2027-03-02T09:00:00Z"}}}),
        ("upsertAbsence", {"times": {"days": {"from": "1899-12-31", "until": "1900-01-01"}}}),
    ],
)
async def test_what_is_no_value_of_its_type_is_refused_before_anything_is_done(
    face: Any, name: str, given: dict[str, Any]
) -> None:
    error = await face.error(document(name), face.world.owner, i=minimal(face, name) | given)
    assert error.extensions["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize("name", NAMED)
async def test_an_id_of_another_company_answers_as_one_that_nobody_has(face: Any, name: str) -> None:
    world, (field, kind) = face.world, NAMED[name]
    await world.add_company("other")
    await world.add_employee("zoe", company="other")
    await world.add_service("shave", company="other", employees=("zoe",))
    theirs = {"Employee": "zoe", "Service": "shave"}.get(kind, "none")
    ours = {"Employee": "anna", "Service": "cut"}.get(kind, "none")
    answers = []
    for company, thing in (("other", theirs), ("demo", "none"), ("nowhere", "none"), ("other", ours)):
        given = minimal(face, name) | {field: face.id(kind, thing, company=company)}
        answers.append(await done(face, name, given))
    assert answers == [answers[0]] * 4
    assert answers[0]["__typename"] == "NotFound"
    assert answers[0]["path"] == ["input", field]


@pytest.mark.parametrize(
    ("name", "field", "kind", "path"),
    [
        ("upsertEmployee", "services", "Service", ["services", "0"]),
        ("upsertService", "employees", "Employee", ["employees", "0"]),
        ("upsertAvailability", "employee", "Employee", ["employee"]),
        ("upsertAbsence", "employee", "Employee", ["employee"]),
    ],
)
async def test_what_is_named_beside_it_must_be_of_the_company(
    face: Any, name: str, field: str, kind: str, path: list[str]
) -> None:
    await face.world.add_company("other")
    await face.world.add_employee("zoe", company="other")
    await face.world.add_service("shave", company="other", employees=("zoe",))
    foreign = face.id(kind, "zoe" if kind == "Employee" else "shave", company="other")
    answers = [
        await done(face, name, minimal(face, name) | {field: [one] if len(path) > 1 else one})
        for one in (foreign, face.id(kind, "nobody"))
    ]
    assert answers[0] == answers[1]
    assert answers[0]["path"] == ["input", *path]


@pytest.mark.parametrize("name", SHOWN)
async def test_strangers_are_asked_to_log_in_and_agents_look_only(face: Any, name: str) -> None:
    field, kind = NAMED[name]
    given = minimal(face, name) or {field: face.id(kind, "anna")}
    stranger = await face.error(document(name), i=given)
    assert stranger.extensions["code"] == "UNAUTHENTICATED"
    await face.open_case()
    agent = await face.error(document(name), face.world.agent, i=given)
    assert agent.extensions["code"] == "FORBIDDEN"


async def test_staff_keep_their_own_schedule_and_nothing_else(face: Any) -> None:
    anna = face.world.member("anna", employee="anna")
    for name in ("upsertEmployee", "upsertService", "upsertAbsence"):
        error = await face.error(document(name), anna, i=minimal(face, name))
        assert error.extensions["code"] == "FORBIDDEN"
    for name, thing in (("upsertEmployee", "anna"), ("upsertService", "cut")):
        given = minimal(face, name) | {"id": face.id(NAMED[name][1], thing)}
        assert (await done(face, name, given, anna))["path"] == ["input", "id"]
    for name, thing in (("deleteEmployee", "anna"), ("deleteService", "cut")):
        field, kind = NAMED[name]
        assert (await done(face, name, {field: face.id(kind, thing)}, anna))["path"] == ["input", field]
    opening = await done(face, "upsertAvailability", minimal(face, "upsertAvailability"), anna)
    away = await done(face, "upsertAbsence", {"employee": face.id("Employee", "anna"), "times": DAYS}, anna)
    for name in ("upsertAvailability", "upsertAbsence"):
        bens = minimal(face, name) | {"employee": face.id("Employee", "ben")}
        assert (await done(face, name, bens, anna))["path"] == ["input", "employee"]
    ben = face.world.member("ben", employee="ben")
    for name, made in (("deleteAvailability", opening), ("deleteAbsence", away)):
        assert (await done(face, name, {NAMED[name][0]: made["id"]}, ben))["__typename"] == "NotFound"
        assert (await done(face, name, {NAMED[name][0]: made["id"]}, anna))["__typename"] == "Deleted"


async def test_admins_and_tokens_with_the_scope_may_do_all_of_it(face: Any) -> None:
    scoped = Token(face.world.company_id, "t" * 32, frozenset({Permission.CHANGE_SCHEDULE}))
    without = Token(face.world.company_id, "t" * 32, frozenset(Permission) - {Permission.CHANGE_SCHEDULE})
    for name in ("upsertEmployee", "upsertService", "upsertAvailability", "upsertAbsence"):
        for actor in (face.world.member("admin", Role.ADMIN), scoped):
            made = await done(face, name, minimal(face, name), actor)
            gone = name.replace("upsert", "delete")
            assert (await done(face, gone, {NAMED[gone][0]: made["id"]}, actor))["__typename"] == "Deleted"
        result = await face.run(document(name), without, i=minimal(face, name))
        code = result.errors[0].extensions["code"] if result.errors else result.data[name]["__typename"]
        assert code in ("FORBIDDEN", "NotFound")


async def test_deletion_waits_for_upcoming_bookings_and_says_how_many(face: Any) -> None:
    await face.booked()
    for name, thing in (("deleteEmployee", "anna"), ("deleteService", "cut")):
        field, kind = NAMED[name]
        refused = await done(face, name, {field: face.id(kind, thing)})
        assert (refused["__typename"], refused["count"]) == ("HasUpcomingBookings", 1)
        assert "one upcoming booking" in refused["message"]


async def test_who_is_gone_is_seen_in_past_bookings_only(face: Any) -> None:
    made = await face.booked()
    face.world.clock.advance(timedelta(days=3))
    anna, cut = face.id("Employee", "anna"), face.id("Service", "cut")
    assert (await done(face, "deleteEmployee", {"employee": anna}))["__typename"] == "Deleted"
    assert (await done(face, "deleteService", {"service": cut}))["__typename"] == "Deleted"
    query = """query ($b: ID!, $nodes: [ID!]!) {
      booking(by: { id: $b }) { employees { name services { name } } service { name employees { name } } }
      nodes(ids: $nodes) { id }
      company(slug: "demo") { employees { name services { name } } services { name } }
      overview(input: { from: "2027-03-02", until: "2027-03-02" }) { entries { employee { name } } }
    }"""
    seen = await face.ask(query, face.world.owner, b=made["booking"]["id"], nodes=[anna, cut])
    assert seen["booking"] == {
        "employees": [{"name": "Anna", "services": []}],
        "service": {"name": "Cut", "employees": []},
    }
    assert seen["nodes"] == [None, None]
    assert seen["company"] == {"employees": [{"name": "Ben", "services": []}], "services": []}
    assert {one["employee"]["name"] for one in seen["overview"]["entries"]} == {"Ben"}
    search = await face.error("query ($i: SlotSearchInput!) { slots(input: $i) { starts } }", i=face.search())
    assert search.extensions["code"] == "NOT_FOUND"
    booking = (await face.ask(face.BOOK, input=face.booking("2027-03-08T09:00:00+01:00")))["book"]
    assert booking["__typename"] == "NotFound"


async def test_the_second_change_in_a_document_is_answered_with_what_is_there_then(face: Any) -> None:
    query = """mutation ($a: ID!, $c: ID!) {
      off: upsertEmployee(input: { id: $a, name: "Anne", services: [] }) { ... on Employee { name services { name } } }
      trim: upsertService(input: { id: $c, name: "Trim", durationMinutes: 30, employees: [$a] }) {
        ... on Service { name employees { name services { name } } } }
      gone: deleteService(input: { service: $c }) { ... on Deleted { id } }
      on: upsertEmployee(input: { id: $a, name: "Anna" }) { ... on Employee { name services { name } } }
    }"""
    anna, cut = face.id("Employee", "anna"), face.id("Service", "cut")
    answer = await face.ask(query, face.world.owner, a=anna, c=cut)
    assert answer == {
        "off": {"name": "Anne", "services": []},
        "trim": {"name": "Trim", "employees": [{"name": "Anne", "services": [{"name": "Trim"}]}]},
        "gone": {"id": cut},
        "on": {"name": "Anna", "services": []},
    }
