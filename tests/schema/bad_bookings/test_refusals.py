"""Nonsense at the booking desk: a typed answer that names the place, nothing half done, no calendar touched (K1, K2, K5, S1-S5)."""

from typing import Any, NamedTuple

import pytest
from slotgraph_tests_schema_bad_bookings_desk import Desk, summary

HOLD, BOOK, MOVE, CANCEL, RELEASE, RETRY = (
    "holdSlot",
    "book",
    "rescheduleBooking",
    "cancelBooking",
    "releaseHold",
    "retryCalendarEntry",
)
START = {HOLD: "slot.start", BOOK: "slot.start", MOVE: "start"}
SERVICE = {HOLD: "slot.service", BOOK: "slot.service"}
EMPLOYEES = {HOLD: "slot.employees", BOOK: "slot.employees", MOVE: "employees"}
KEY = dict.fromkeys((HOLD, BOOK, MOVE, CANCEL), "idempotencyKey")
DEADLINE = {BOOK: "deadlineMs", MOVE: "deadlineMs"}
HOLD_TOKEN = {BOOK: "holdToken", RELEASE: "holdToken"}
IN_BOOK_TOKEN = {BOOK: "holdToken"}
BOOKING = {MOVE: "booking", CANCEL: "booking"}
ENTRY = {RETRY: "entry"}
NAME, EMAIL = {BOOK: "customer.name"}, {BOOK: "customer.email"}
PHONE, NOTE, REASON = {BOOK: "customer.phone"}, {BOOK: "note"}, {CANCEL: "reason"}
NAMELESS = "\x00", "zero\x00inside", "line\r\nX-Evil: 1", "bell\x07", "right\u202eleft", "a\u2028b", "half\ud800"


class Wrong(NamedTuple):
    """One wrong thing, where it can stand, and the answer; `{}` is the place, from the input's root."""

    what: str
    places: dict[str, str]
    value: Any
    answer: str
    by: str | None = None


REFUSED = "BAD_USER_INPUT"
"""The whole request, by its scalars."""

TABLE = [
    Wrong("off the grid", START, "2027-03-02T10:07:00+01:00", "SlotNotOffered GRID"),
    Wrong("outside of the availability", START, "2027-03-02T20:00:00+01:00", "SlotNotOffered AVAILABILITY"),
    Wrong("on a Sunday", START, "2027-03-07T10:00:00+01:00", "SlotNotOffered AVAILABILITY"),
    Wrong("running out of the availability", START, "2027-03-02T16:45:00+01:00", "SlotNotOffered AVAILABILITY"),
    Wrong("last week", START, "2027-02-26T10:00:00+01:00", "SlotNotOffered NOTICE"),
    Wrong("beyond the horizon", START, "2027-06-01T10:00:00+02:00", "SlotNotOffered HORIZON"),
    Wrong("long ago", START, "1900-01-02T10:00:00Z", "SlotNotOffered *"),
    Wrong("far from now", START, "2999-12-31T10:00:00Z", "SlotNotOffered *"),
    Wrong("year 1", START, "0001-01-01T00:00:00Z", REFUSED),
    Wrong("year 9999", START, "9999-12-31T23:59:59-23:59", REFUSED),
    Wrong("with seconds", START, "2027-03-02T10:00:30+01:00", "InvalidInput {}"),
    Wrong("with a millionth of a second", START, "2027-03-02T10:00:00.000001+01:00", "InvalidInput {}"),
    Wrong("no offset", START, "2027-03-02T10:00:00", REFUSED),
    Wrong("no time at all", START, "tomorrow", REFUSED),
    Wrong("a place that is taken", START, "2027-03-02T12:00:00+01:00", "SlotTaken"),
    Wrong("unknown service", SERVICE, "Service nothing", "NotFound {}"),
    Wrong("another company's, and our employee", SERVICE, "Service dye rival", "NotFound slot.employees.employee"),
    Wrong("service that rests", SERVICE, "Service rest", "NotFound {}"),
    Wrong("service the employee lacks", SERVICE, "Service shave", "InvalidInput slot.employees.employee"),
    Wrong("an employee as service", SERVICE, "Employee anna", "InvalidInput {}"),
    Wrong("no id", SERVICE, "x" * 1000, "InvalidInput {}"),
    Wrong("unknown employee", EMPLOYEES, {"employee": "Employee nobody"}, "NotFound {}.employee"),
    Wrong("employee of another company", EMPLOYEES, {"employee": "Employee rita rival"}, "NotFound {}.employee"),
    Wrong("employee who is inactive", EMPLOYEES, {"employee": "Employee gone"}, "NotFound {}.employee"),
    Wrong("a service as employee", EMPLOYEES, {"employee": "Service cut"}, "InvalidInput {}.employee"),
    Wrong("nobody together", EMPLOYEES, {"together": []}, "InvalidInput {}.together"),
    Wrong("any of nobody", EMPLOYEES, {"anyOf": []}, "InvalidInput {}.anyOf"),
    Wrong("201 together", EMPLOYEES, {"together": ["Employee anna"] * 201}, "InvalidInput {}.together"),
    Wrong("any of 201", EMPLOYEES, {"anyOf": ["Employee anna"] * 201}, "InvalidInput {}.anyOf"),
    Wrong(
        "one of two is unknown",
        EMPLOYEES,
        {"together": ["Employee anna", "Employee nobody"]},
        "NotFound {}.together.1",
    ),
    Wrong("two choices", EMPLOYEES, {"employee": "Employee anna", "anyOf": ["Employee ben"]}, REFUSED),
    Wrong("no choice", EMPLOYEES, {}, REFUSED),
    Wrong("no key", KEY, "", "InvalidInput {}"),
    Wrong("a key that is no UUID", KEY, "1; DROP TABLE booking", "InvalidInput {}"),
    *[Wrong(f"deadline of {ms} ms", DEADLINE, ms, "InvalidInput {}") for ms in (-(2**31), -1, 0, 49, 8001, 2**31 - 1)],
    Wrong("deadline that is no Int", DEADLINE, 2**31, REFUSED),
    Wrong("e-mail with a line break", EMAIL, "mia@example.org\r\nBcc: all@example.org", REFUSED),
    Wrong("two e-mails", EMAIL, "mia@example.org,all@example.org", REFUSED),
    Wrong("e-mail of 255", EMAIL, "m" * 64 + "@" + "e" * 186 + ".org", REFUSED),
    *[Wrong(f"name {name!a}", NAME, name, "InvalidInput {}") for name in (*NAMELESS, "", " ", "x" * 201)],
    *[Wrong(f"phone {text!a:.9}", PHONE, text, "InvalidInput {}") for text in ("x", "1\r\n234567", "1" * 51)],
    Wrong("note of 10 MB", NOTE, "x" * 10_000_000, "InvalidInput {}"),
    Wrong("note a character too long", NOTE, "x" * 2001, "InvalidInput {}"),
    *[Wrong(f"note {text!a}", NOTE, text, "InvalidInput {}") for text in NAMELESS if "\n" not in text],
    Wrong("reason a character too long", REASON, "x" * 1001, "InvalidInput {}"),
    *[Wrong(f"reason {text!a}", REASON, text, "InvalidInput {}") for text in NAMELESS if "\n" not in text],
    Wrong("rules passed over by a stranger", {BOOK: "override"}, ["GRID"], "InvalidInput {}"),
    Wrong("no token", HOLD_TOKEN, "", "InvalidInput {}"),
    Wrong("nonsense as token", HOLD_TOKEN, "A" * 87, "InvalidInput {}"),
    Wrong("a manage token", IN_BOOK_TOKEN, "token manage", "InvalidInput {}"),
    Wrong("somebody else's hold", IN_BOOK_TOKEN, "token hold", "InvalidInput {}"),
    Wrong("a hold at another company", IN_BOOK_TOKEN, "token rival's hold", "InvalidInput {}"),
    Wrong("a hold that is over is no hold", {RELEASE: "holdToken"}, "token lapsed", "HoldReleased"),
    Wrong("a manage token is no hold", {RELEASE: "holdToken"}, "token manage", "HoldReleased"),
    Wrong("a hold token as manage token", BOOKING, {"manageToken": "token hold"}, "NotFound {}"),
    Wrong("no manage token", BOOKING, {"manageToken": ""}, "NotFound {}"),
    Wrong("a booking by its id, by a stranger", BOOKING, {"id": "booking"}, "NotFound {}"),
    Wrong("another company's booking", BOOKING, {"id": "rival's booking"}, "NotFound {}", by="owner"),
    Wrong("a booking that is not there", BOOKING, {"id": "Booking nothing"}, "NotFound {}", by="owner"),
    Wrong("an employee as booking", BOOKING, {"id": "Employee anna"}, "InvalidInput {}.id", by="owner"),
    Wrong("id and token", BOOKING, {"id": "booking", "manageToken": "token manage"}, REFUSED),
    Wrong("neither id nor token", BOOKING, {}, REFUSED),
    Wrong(
        "another company's manage token, and our employee",
        {MOVE: "booking"},
        {"manageToken": "token rival's manage"},
        "NotFound employees.employee",
    ),
    Wrong("an entry by a stranger", ENTRY, "entry", "NotFound {}"),
    Wrong("an entry that is not there", ENTRY, "CalendarEntry nothing", "NotFound {}", by="owner"),
    Wrong("another company's entry", ENTRY, "CalendarEntry nothing rival", "NotFound {}", by="owner"),
    Wrong("a booking as entry", ENTRY, "booking", "InvalidInput {}", by="owner"),
    Wrong("no entry", ENTRY, "\x00", "InvalidInput {}", by="owner"),
    Wrong("an entry that stands as it should", ENTRY, "entry", "CalendarEntry", by="owner"),
]


def named(desk: Desk, value: Any) -> Any:
    """The ids and tokens that are written by their names."""
    if isinstance(value, dict):
        return {key: named(desk, inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [named(desk, inner) for inner in value]
    if not isinstance(value, str):
        return value
    if value.startswith("token "):
        return desk.tokens[value.removeprefix("token ")]
    if value in desk.ids:
        return desk.ids[value]
    kind, _, rest = value.partition(" ")
    return desk.id(kind, *rest.split()) if kind in KINDS and rest else value


KINDS = {"Service", "Employee", "Booking", "CalendarEntry"}


@pytest.mark.parametrize("mutation", [HOLD, BOOK, MOVE, CANCEL, RELEASE, RETRY])
async def test_nonsense_is_refused_where_it_stands_and_changes_nothing(desk: Desk, mutation: str) -> None:
    before, asked, wrong = await desk.rows(), desk.asked_to_write(), []
    for row in TABLE:
        if mutation not in row.places:
            continue
        place = row.places[mutation]
        actor = desk.face.world.owner if row.by else None
        answer = await desk.answer(mutation, desk.with_wrong(mutation, place, named(desk, row.value)), actor)
        expected = row.answer.replace("{}", place)
        kind, _, where = expected.partition(" ")
        if where and where != "*" and kind in ("InvalidInput", "NotFound"):
            where = f"input.{where}"
        said = summary(answer)
        right = said.startswith(kind) if where == "*" else said == f"{kind} {where}".strip()
        if not right:
            wrong.append(f"{row.what}: {said}, not {expected}")
    assert wrong == []
    assert (await desk.rows(), desk.asked_to_write()) == (before, asked)


async def test_the_same_without_nonsense_succeeds(desk: Desk) -> None:
    """So that what is refused above is refused for what is wrong with it."""
    answers = [await desk.answer(name, desk.good(name)) for name in (HOLD, MOVE, CANCEL, RELEASE)]
    answers.append(await desk.answer(BOOK, desk.good(BOOK, "2027-03-02T12:00:00+01:00")))
    kinds = ["SlotHeld", "Booking", "Booking", "HoldReleased", "BookingConfirmed"]
    assert [answer["__typename"] for answer in answers] == kinds
    assert answers[3]["released"] is True


async def test_a_start_within_the_notice_is_not_offered(desk: Desk) -> None:
    """S4: it is eleven minutes past seven, and the door opens at nine; only one of the two is asked for three hours before."""
    for service, rule in (("slow", "NOTICE"), ("cut", None)):
        slot = {"service": desk.id("Service", service), "start": "2027-03-01T09:00:00+01:00"}
        for mutation in (HOLD, BOOK) if rule else (BOOK,):
            answer = await desk.answer(mutation, desk.good(mutation) | {"slot": slot})
            assert answer.get("rule") == rule, answer


async def test_a_lapsed_hold_does_no_harm(desk: Desk) -> None:
    """K1: the start it was for is booked as without it; so is another one."""
    for start in ("2027-03-02T11:00:00+01:00", "2027-03-02T15:00:00+01:00"):
        answer = await desk.answer(BOOK, desk.good(BOOK, start) | {"holdToken": desk.tokens["lapsed"]})
        assert answer["__typename"] == "BookingConfirmed", answer


@pytest.mark.parametrize("mutation", [HOLD, BOOK, MOVE])
async def test_who_is_named_twice_attends_once(desk: Desk, mutation: str) -> None:
    """S5, together: one blocked span and one entry for each."""
    twice = {"together": [desk.id("Employee", name) for name in ("anna", "ben", "anna")]}
    answer = await desk.answer(mutation, desk.with_wrong(mutation, EMPLOYEES[mutation], twice))
    made = answer.get("hold") or answer.get("booking") or answer
    assert sorted(one["id"] for one in made["employees"]) == sorted({*twice["together"]})


async def test_a_cancelled_booking_is_not_moved(desk: Desk) -> None:
    await desk.answer(CANCEL, desk.good(CANCEL))
    before = await desk.rows()
    answer = await desk.answer(MOVE, desk.good(MOVE))
    assert answer["__typename"] == "BookingIsCancelled"
    assert await desk.rows() == before
