"""The slot queries beside `slots`: firstFree, nextStart, explainSlot, and employees together, for strangers, members and support."""

from typing import Any

import pytest

from slotgraph.core.errors import ProviderUnreachable

FIRST = (
    "query ($input: FirstFreeInput!) { firstFree(input: $input) { from to complete slots { start } days { date } } }"
)
NEXT = "query ($input: SlotSearchInput!) { slots(input: $input) { starts nextStart } }"
EXPLAIN = """query ($input: ExplainSlotInput!) { explainSlot(input: $input) {
  offered rules { rule outcome detail employee { name } } sources { state cause calendar { id } employee { name } } } }"""


def start_of(face: Any, **more: Any) -> dict[str, Any]:
    slot = {"service": face.id("Service", "cut"), "start": "2027-03-02T09:00:00+01:00"}
    return {"slot": slot | more}


async def test_first_free_answers_like_a_search_and_says_where_it_stopped(face: Any) -> None:
    data = await face.ask(FIRST, input={"service": face.id("Service", "cut"), "count": 2})
    assert data["firstFree"] == {
        "from": "2027-03-01T06:00:00Z",
        "to": "2027-03-01T08:30:00Z",
        "complete": True,
        "slots": [{"start": "2027-03-01T08:00:00Z"}, {"start": "2027-03-01T08:15:00Z"}],
        "days": [{"date": "2027-03-01"}],
    }


async def test_first_free_takes_one_unless_told_otherwise(face: Any) -> None:
    data = await face.ask(FIRST, input={"service": face.id("Service", "cut")})
    assert len(data["firstFree"]["slots"]) == 1


async def test_next_start_is_only_looked_for_if_selected(face: Any) -> None:
    await face.world.link("anna", face.event("2027-03-02", "2027-03-04"))
    anna = {"employee": face.id("Employee", "anna")}
    data = await face.ask(NEXT, input=face.search(employees=anna))
    assert data["slots"] == {"starts": [], "nextStart": "2027-03-04T08:00:00Z"}
    calls = face.world.calendars.calls["busy"]
    await face.ask(NEXT.replace("nextStart", ""), input=face.search(employees=anna))
    assert face.world.calendars.calls["busy"] == calls + 1


async def test_together_takes_all_of_several(face: Any) -> None:
    await face.world.link("ben", face.event("2027-03-02T09:00", "2027-03-02T16:30"))
    both = {"together": [face.id("Employee", name) for name in ("anna", "ben")]}
    data = await face.ask(face.SLOTS, input=face.search(employees=both))
    assert [[one["name"] for one in slot["employees"]] for slot in data["slots"]["slots"]] == [["Anna", "Ben"]]
    booked = await face.booked(slot=face.booking("2027-03-02T16:30:00+01:00")["slot"] | {"employees": both})
    assert [one["name"] for one in booked["booking"]["employees"]] == ["Anna", "Ben"]


async def test_members_are_told_each_rule_with_a_sentence(face: Any) -> None:
    await face.world.link("anna", face.event("2027-03-02T09:00", "2027-03-02T10:00"))
    slot = start_of(face, employees={"employee": face.id("Employee", "anna")})
    told = (await face.ask(EXPLAIN, face.world.owner, input=slot))["explainSlot"]
    assert told["offered"] is False
    assert told["rules"][-1] == {
        "rule": "EXTERNAL_BUSY",
        "outcome": "FAILED",
        "detail": "A calendar is busy, buffers included.",
        "employee": {"name": "Anna"},
    }
    assert [one["employee"] for one in told["rules"] if one["rule"] == "NOTICE"] == [None]
    assert [(one["state"], one["employee"]["name"]) for one in told["sources"]] == [("VERIFIED", "Anna")]


async def test_strangers_are_told_free_or_not_and_no_more(face: Any) -> None:
    await face.world.link("anna", face.event("2027-03-02T09:00", "2027-03-02T10:00"))
    slot = start_of(face, employees={"employee": face.id("Employee", "anna")})
    told = (await face.ask(EXPLAIN, input=slot))["explainSlot"]
    assert [(one["rule"], one["outcome"]) for one in told["rules"]][-2:] == [("VERIFIED", "PASSED"), ("FREE", "FAILED")]
    assert {one["detail"] for one in told["rules"]} == {None}
    assert told["sources"] == []
    face.world.calendars.fail("busy", ProviderUnreachable())
    told = (await face.ask(EXPLAIN, input=slot))["explainSlot"]
    assert told["sources"] == [{"state": "UNVERIFIED", "cause": "TEMPORARY", "calendar": None, "employee": None}]


async def test_support_explains_inside_a_case_only(face: Any) -> None:
    refused = await face.run(EXPLAIN, face.world.agent, input=start_of(face))
    assert (refused.data, refused.errors[0].extensions["code"]) == ({"explainSlot": None}, "NOT_FOUND")
    await face.open_case()
    told = (await face.ask(EXPLAIN, face.world.agent, input=start_of(face)))["explainSlot"]
    assert told["rules"][0]["detail"] == "Anna can be booked for Cut."


@pytest.mark.parametrize(
    ("query", "change", "field"),
    [
        (FIRST, {"count": 51}, ["input", "count"]),
        (FIRST, {"from": "9999-12-31T23:00:00Z"}, None),
        (FIRST, {"timeZone": "Mars/Olympus"}, None),
        (FIRST, {"deadlineMs": 9000}, ["input", "deadlineMs"]),
        (FIRST, {"employees": {"together": []}}, ["input", "employees", "together"]),
        (FIRST, {"employees": {"together": ["x"] * 500}}, ["input", "employees", "together"]),
        (FIRST, {"employees": {"anyOf": ["x"]}}, ["input", "employees", "anyOf", "0"]),
        (NEXT, {"from": "1969-03-02T00:00:00Z"}, ["input", "to"]),
        (NEXT, {"to": "9999-03-02T00:00:00Z"}, None),
    ],
)
async def test_bad_input_names_the_field(  # a scalar that makes no sense is named in the message
    face: Any, query: str, change: dict[str, Any], field: list[str] | None
) -> None:
    given = face.search() if query is NEXT else {"service": face.id("Service", "cut")}
    error = await face.error(query, input=given | change)
    assert error.extensions["code"] == "BAD_USER_INPUT"
    assert error.extensions.get("field") == field
