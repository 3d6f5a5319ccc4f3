"""Holding, booking what is held, and giving it back, over GraphQL: expected failures are data."""

import uuid
from datetime import timedelta
from typing import Any

import pytest

from slotgraph.core.policy import Permission, Token
from slotgraph.schema.build import build
from slotgraph.schema.execute import execute
from slotgraph.server.joining import join

PROBLEMS = """... on InvalidInput { fields { path message } } ... on NotFound { path } ... on SlotNotOffered { rule }
  ... on QuotaReached { retryAfterSeconds } ... on Problem { message }"""
HOLD = f"""mutation ($input: HoldSlotInput!) {{ holdSlot(input: $input) {{ __typename
  ... on SlotHeld {{ holdToken hold {{ start end expiresAt employees {{ name internal {{ active }} }} }} }}
  {PROBLEMS} }} }}"""
BOOK = f"""mutation ($input: BookInput!) {{ book(input: $input) {{ __typename
  ... on BookingConfirmed {{ booking {{ id start employees {{ name }} }} }} {PROBLEMS} }} }}"""
RELEASE = """mutation ($token: Secret!) { releaseHold(input: { holdToken: $token }) { __typename
  ... on HoldReleased { released } ... on InvalidInput { fields { path message } } ... on Problem { message } } }"""


def holding(face: Any, start: str = "2027-03-02T09:00:00+01:00", **slot: Any) -> dict[str, Any]:
    """The input of a hold of Anna's time."""
    anna = {"employee": face.id("Employee", "anna")}
    known = {"service": face.id("Service", "cut"), "start": start, "employees": anna}
    return {"idempotencyKey": str(uuid.uuid4()), "slot": known | slot}


async def hold(face: Any, actor: Any = None, **more: Any) -> Any:
    return (await face.ask(HOLD, actor, input=holding(face, **more)))["holdSlot"]


async def book(face: Any, token: str | None, actor: Any = None, **more: Any) -> Any:
    return (await face.ask(BOOK, actor, input=face.booking(holdToken=token, **more)))["book"]


async def release(face: Any, token: str, actor: Any = None) -> Any:
    return (await face.ask(RELEASE, actor, token=token))["releaseHold"]


async def test_a_slot_is_held_booked_and_then_over(face: Any) -> None:
    kept = await hold(face)
    assert kept["hold"] == {
        "start": "2027-03-02T08:00:00Z",
        "end": "2027-03-02T08:30:00Z",
        "expiresAt": "2027-03-01T06:10:00Z",
        "employees": [{"name": "Anna", "internal": None}],
    }
    assert (await book(face, None))["__typename"] == "SlotTaken"
    made = await book(face, kept["holdToken"])
    assert (made["booking"]["start"], made["booking"]["employees"]) == ("2027-03-02T08:00:00Z", [{"name": "Anna"}])
    assert await release(face, kept["holdToken"]) == {"__typename": "HoldReleased", "released": False}


async def test_a_slot_that_is_given_back_is_free(face: Any) -> None:
    kept = await hold(face)
    assert (await hold(face))["__typename"] == "SlotTaken"
    for released in (True, False):
        assert await release(face, kept["holdToken"]) == {"__typename": "HoldReleased", "released": released}
    assert (await hold(face))["__typename"] == "SlotHeld"


async def test_a_repeated_call_renders_the_hold_anew_also_when_it_has_lapsed(face: Any) -> None:
    given = holding(face)
    first = await face.ask(HOLD, input=given)
    face.world.clock.advance(timedelta(hours=1))
    assert await face.ask(HOLD, input=given) == first
    other = given | {"slot": given["slot"] | {"start": "2027-03-02T10:00:00+01:00"}}
    assert (await face.ask(HOLD, input=other))["holdSlot"]["__typename"] == "KeyReused"


async def test_a_lapsed_hold_does_no_harm(face: Any) -> None:
    kept = await hold(face)
    face.world.clock.advance(timedelta(minutes=10))
    assert (await book(face, kept["holdToken"]))["__typename"] == "BookingConfirmed"


async def test_strangers_keep_few_slots_and_members_as_many_as_they_like(face: Any) -> None:
    starts = [f"2027-03-02T{hour:02}:00:00+01:00" for hour in range(9, 16)]
    kept = [await hold(face, start=start) for start in starts[:6]]
    assert [one["__typename"] for one in kept] == ["SlotHeld"] * 5 + ["QuotaReached"]
    assert kept[5]["retryAfterSeconds"] == 600
    assert (await hold(face, face.world.owner, start=starts[6]))["__typename"] == "SlotHeld"


async def test_who_books_too_often_is_told_when_to_try_again_as_data(face: Any) -> None:
    await face.world.link("anna", face.event("2027-03-02T09:00", "2027-03-02T17:00"))
    face.world.do = join(face.world.joined.parts, stranger_searches_per_minute=2).use_cases
    answers = []
    for _ in range(5):
        context = face.context()
        context.operation.source = "192.0.2.7"
        answers.append(await _booked_within(face, context))
    assert {one["__typename"] for one in answers} == {"SlotTaken", "QuotaReached"}
    assert answers[-1]["retryAfterSeconds"] in range(1, 61)


async def _booked_within(face: Any, context: Any) -> Any:
    result = await execute(
        build(),
        query=BOOK,
        variables={"input": face.booking()},
        operation_name=None,
        context=context,
        may_introspect=False,
    )
    assert not result.errors
    return result.data["book"]


# Bad input: typed, and nothing is kept


@pytest.mark.parametrize(
    ("slot", "answer"),
    [
        ({"start": "2027-03-02T09:07:00+01:00"}, {"rule": "GRID"}),
        ({"start": "2027-03-02T19:00:00+01:00"}, {"rule": "AVAILABILITY"}),
        ({"start": "2027-03-01T06:30:00+01:00"}, {"rule": "NOTICE"}),
        ({"start": "1900-01-01T09:00:00Z"}, {"rule": "NOTICE"}),
        ({"start": "2999-12-31T09:00:00Z"}, {"rule": "HORIZON"}),
        ({"start": "2027-03-02T09:00:30+01:00"}, ["input", "slot", "start"]),
        ({"service": "x"}, ["input", "slot", "service"]),
        ({"service": "Service:nothing"}, ["input", "slot", "service"]),
        ({"employees": {"employee": "x"}}, ["input", "slot", "employees", "employee"]),
        ({"employees": {"employee": "Employee:nobody"}}, ["input", "slot", "employees", "employee"]),
        ({"employees": {"together": []}}, ["input", "slot", "employees", "together"]),
        ({"employees": {"anyOf": ["Employee:anna", "x"]}}, ["input", "slot", "employees", "anyOf", "1"]),
        ({"employees": {"anyOf": ["Employee:anna"] * 201}}, ["input", "slot", "employees", "anyOf"]),
    ],
)
async def test_what_cannot_be_held_is_data_that_names_the_field_or_the_rule(face: Any, slot: Any, answer: Any) -> None:
    refused = await hold(face, **_with_ids(face, slot))
    if isinstance(answer, dict):
        assert refused["rule"] == answer["rule"]
    else:
        assert (refused.get("path") or refused["fields"][0]["path"]) == answer


def _with_ids(face: Any, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _with_ids(face, one) for key, one in value.items()}
    if isinstance(value, list):
        return [_with_ids(face, one) for one in value]
    kind, colon, name = value.partition(":")
    return face.id(kind, name) if kind in ("Service", "Employee") and colon else value


async def test_a_key_that_is_no_uuid_is_named(face: Any) -> None:
    refused = (await face.ask(HOLD, input=holding(face) | {"idempotencyKey": "1"}))["holdSlot"]
    assert refused["fields"][0]["path"] == ["input", "idempotencyKey"]


async def test_a_token_that_is_none_is_named_and_one_of_somebody_else_gives_nothing_away(face: Any) -> None:
    kept = await hold(face)
    token = kept["holdToken"]
    flipped = token[:50] + ("A" if token[50] != "A" else "B") + token[51:]
    manage = (await face.booked(start="2027-03-03T09:00:00+01:00"))["manageToken"]
    for wrong in ("", "x", flipped, manage, "x" * 4000, "a\r\nb"):
        refused = await book(face, wrong)
        assert [field["path"] for field in refused["fields"]] == [["input", "holdToken"]]
    other_slot = await book(face, token, start="2027-03-02T10:00:00+01:00")
    assert [field["path"] for field in other_slot["fields"]] == [["input", "holdToken"]]
    for none_of_ours in (flipped, manage):
        assert (await release(face, none_of_ours))["released"] is False
    for no_token in ("", "x", "x" * 4000, "a\r\nb"):
        assert (await release(face, no_token))["fields"][0]["path"] == ["input", "holdToken"]
    assert (await book(face, token))["__typename"] == "BookingConfirmed"


async def test_support_holds_and_gives_back_nothing(face: Any) -> None:
    kept = await hold(face)
    assert (await hold(face, face.world.agent, start="2027-03-02T10:00:00+01:00"))["path"] == [
        "input",
        "slot",
        "service",
    ]
    assert (await release(face, kept["holdToken"], face.world.agent))["released"] is False
    assert (await book(face, kept["holdToken"], face.world.agent))["path"] == ["input", "slot", "service"]


async def test_a_token_that_may_only_book_holds_and_gives_back(face: Any) -> None:
    token = Token(face.world.company_id, "t" * 32, frozenset({Permission.BOOK}))
    kept = await hold(face, token)
    assert (await release(face, kept["holdToken"], token))["released"] is True


async def test_a_hold_is_explained_to_members_and_to_strangers_as_not_free(face: Any) -> None:
    await hold(face)
    query = """query ($slot: SlotChoice!) { explainSlot(input: { slot: $slot }) { offered rules { rule outcome detail } } }"""
    for actor, rule in ((None, "FREE"), (face.world.owner, "HOLD")):
        explained = (await face.ask(query, actor, slot=holding(face)["slot"]))["explainSlot"]
        failed = [one for one in explained["rules"] if one["outcome"] == "FAILED"]
        assert [one["rule"] for one in failed] == [rule]
        assert (failed[0]["detail"] is None) is (actor is None)
