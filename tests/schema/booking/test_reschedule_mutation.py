"""`rescheduleBooking` against a real database: the booking as it is now, or why not, as data (rules B6, K2, K5)."""

import uuid
from datetime import timedelta
from typing import Any

import pytest

from slotgraph.core.errors import ProviderUnreachable
from slotgraph.schema import ids

MOVE = """mutation ($input: RescheduleBookingInput!) { rescheduleBooking(input: $input) {
  __typename
  ... on Booking { id state start end changeableUntil employees { name } calendarEntries { state employee { name } } }
  ... on SlotNotOffered { rule } ... on TooLate { changeableUntil }
  ... on CalendarUnverified { sources { state cause calendar { id } } }
  ... on InvalidInput { fields { path message } } ... on NotFound { path } ... on Problem { message } } }"""
LATER = "2027-03-02T09:15:00+01:00"


@pytest.fixture
async def made(face: Any) -> Any:
    """Tuesday at nine with Anna, who has a calendar; customers may change it until Monday at nine."""
    await face.world.link("anna")
    return await face.booked()


async def moved(face: Any, ref: dict[str, str], actor: Any = None, *, start: str = LATER, **more: Any) -> Any:
    given = {"idempotencyKey": str(uuid.uuid4()), "booking": ref, "start": start} | more
    return (await face.ask(MOVE, actor, input=given))["rescheduleBooking"]


async def test_customer_moves_it_over_its_own_place(face: Any, made: Any) -> None:
    answer = await moved(face, {"manageToken": made["manageToken"]})
    assert answer == {
        "__typename": "Booking",
        "id": made["booking"]["id"],
        "state": "CONFIRMED",
        "start": "2027-03-02T08:15:00Z",
        "end": "2027-03-02T08:45:00Z",
        "changeableUntil": "2027-03-01T08:15:00Z",
        "employees": [{"name": "Anna"}],
        "calendarEntries": None,
    }
    (entry,) = face.world.calendars.entries("annas").values()
    assert face.world.shown(entry.span.start) == "09:15"


async def test_member_gives_it_to_somebody_else(face: Any, made: Any) -> None:
    await face.world.link("ben")
    ben = {"employee": face.id("Employee", "ben")}
    answer = await moved(face, {"id": made["booking"]["id"]}, face.world.owner, employees=ben)
    assert answer["employees"] == [{"name": "Ben"}]
    assert answer["calendarEntries"] == [{"state": "WRITTEN", "employee": {"name": "Ben"}}]


async def test_customer_names_others_by_their_ids(face: Any, made: Any) -> None:
    """The company is the booking's; it is known before the token has been verified."""
    both = {"together": [face.id("Employee", name) for name in ("anna", "ben")]}
    answer = await moved(face, {"manageToken": made["manageToken"]}, employees=both)
    assert sorted(one["name"] for one in answer["employees"]) == ["Anna", "Ben"]
    assert answer["__typename"] == "Booking"


async def test_refusals_are_data(face: Any, made: Any) -> None:
    token = {"manageToken": made["manageToken"]}
    taken = face.booking(start="2027-03-02T11:00:00+01:00")
    await face.ask(face.BOOK, input=taken)
    assert (await moved(face, token, start="2027-03-02T10:45:00+01:00"))["__typename"] == "SlotTaken"
    assert (await moved(face, token, start="2027-03-02T09:07:00+01:00"))["rule"] == "GRID"
    face.world.calendars.fail("busy", ProviderUnreachable())
    silent = await moved(face, token)
    assert silent["sources"] == [{"state": "UNVERIFIED", "cause": "TEMPORARY", "calendar": None}]
    (source,) = (await moved(face, {"id": made["booking"]["id"]}, face.world.owner))["sources"]
    assert (source["cause"], source["calendar"]["id"]) == ("UNREACHABLE", face.id("Calendar", "calendar annas"))
    face.world.calendars.heal()
    face.world.clock.advance(timedelta(hours=3))
    late = await moved(face, token)
    assert (late["__typename"], late["changeableUntil"]) == ("TooLate", "2027-03-01T08:00:00Z")


async def test_cancelled_booking_cannot_be_moved(face: Any, made: Any) -> None:
    ref = {"manageToken": made["manageToken"]}
    await face.ask(face.CANCEL, input={"idempotencyKey": str(uuid.uuid4()), "booking": ref})
    answer = await moved(face, ref)
    assert answer == {"__typename": "BookingIsCancelled", "message": "This booking was cancelled. Please book anew."}


async def test_wrong_input_is_named_by_its_path(face: Any, made: Any) -> None:
    ref = {"id": made["booking"]["id"]}
    for more, path in (
        ({"idempotencyKey": "1"}, ["input", "idempotencyKey"]),
        ({"deadlineMs": 9000}, ["input", "deadlineMs"]),
        ({"start": "2027-03-02T09:15:01+01:00"}, ["input", "start"]),
        ({"employees": {"employee": "x"}}, ["input", "employees", "employee"]),
        ({"employees": {"anyOf": []}}, ["input", "employees", "anyOf"]),
    ):
        answer = await moved(face, ref, face.world.owner, **more)
        assert answer["fields"][0]["path"] == path
    assert (await moved(face, {"id": "x"}, face.world.owner))["fields"][0]["path"] == ["input", "booking", "id"]


async def test_what_is_not_there_or_not_yours_is_not_found(face: Any, made: Any) -> None:
    owner = face.world.owner
    elsewhere = ids.encode("Employee", face.world.id_of("other"), face.world.id_of("anna"))
    answer = await moved(face, {"id": made["booking"]["id"]}, owner, employees={"employee": elsewhere})
    assert answer["path"] == ["input", "employees", "employee"]
    for ref, actor in (
        ({"id": made["booking"]["id"]}, None),
        ({"manageToken": made["manageToken"][:-1]}, None),
        ({"manageToken": ""}, owner),
        ({"id": ids.encode("Booking", face.world.company_id, "f" * 32)}, owner),
    ):
        assert (await moved(face, ref, actor))["path"] == ["input", "booking"]


async def test_same_key_again_is_the_same_answer_and_other_input_is_refused(face: Any, made: Any) -> None:
    ref, key = {"manageToken": made["manageToken"]}, {"idempotencyKey": str(uuid.uuid4())}
    assert await moved(face, ref, **key) == await moved(face, ref, **key)
    assert (await moved(face, ref, start="2027-03-02T10:00:00+01:00", **key))["__typename"] == "KeyReused"
    assert face.world.calendars.calls["move"] == 1
