"""One whole day on real parts: slots, a booking, the calendar it is written into, the overview of each, the cancellation."""

import asyncio
from datetime import datetime
from itertools import pairwise

import pytest
from icalendar import Calendar

pytestmark = pytest.mark.asyncio(loop_scope="module")

COMPANY = (
    """{ company(slug: "demo") { id name timeZone services { id name durationMinutes employees { id name } } } }"""
)
SLOTS = """query($input: SlotSearchInput!) { slots(input: $input) {
  from to complete starts days { date complete slots { start } } slots { start end employees { id name } }
  sources { state cause retryAfterSeconds calendar { id name } employee { name } precision } } }"""
BOOK = """mutation($input: BookInput!) { book(input: $input) { __typename
  ... on BookingConfirmed { manageToken booking { id start end state employees { id name } customer { name } calendarEntries { id } } }
  ... on SlotNotOffered { rule } ... on InvalidInput { fields { path message } } ... on Problem { message } } }"""
BOOKING = """query($by: BookingRef!) { booking(by: $by) { id state start customer { name email } changeableUntil
  calendarEntries { state cause attempts calendar { id name } } } }"""
CANCEL = """mutation($input: CancelBookingInput!) { cancelBooking(input: $input) { __typename
  ... on Booking { id state cancelReason calendarEntries { state } } ... on Problem { message } } }"""
MOVE = """mutation($input: RescheduleBookingInput!) { rescheduleBooking(input: $input) { __typename
  ... on Booking { id start end employees { id name } } ... on SlotNotOffered { rule } ... on Problem { message } } }"""
OVERVIEW = """query($input: OverviewInput!) { overview(input: $input) { complete timeZone
  entries { __typename start end employee { id name }
    ... on ExternalEvent { title masked maskedReason allDay status calendar { name } }
    ... on OverviewBooking { booking { id customer { name } } }
    ... on OverviewAbsence { absence { note } } }
  sources { state cause precision calendar { name } employee { name } } } }"""
OPEN_CASE = """mutation { openSupportCase(input: {reason: "Slots look wrong", hours: 2}) { __typename
  ... on SupportCase { id open permissions } ... on Problem { message } } }"""
EXCLUDE = """mutation($on: Boolean!) { updateCompanyProfile(input: {excludeSupport: $on}) { __typename
  ... on Company { internal { excludeSupport supportCases(first: 3) { nodes { open endedBy } } } } } }"""
LOG = """{ viewer { company { internal { accessLog(first: 50) { nodes { agent refused operationName fields case { id } } } } } } }"""


async def _haircut(visitor, employee=None):
    company = (await visitor.ask(COMPANY))["company"]
    service = next(one for one in company["services"] if one["name"] == "Haircut")
    return company, service


async def _book(visitor, towns, service, slot, *, name="Walter Widget"):
    choice = {"service": service["id"], "start": slot["start"], "employees": {"employee": slot["employees"][0]["id"]}}
    customer = {"name": name, "email": "walter@example.org"}
    data = await visitor.ask(
        BOOK, input={"idempotencyKey": towns.key(), "slot": choice, "customer": customer, "note": "First time"}
    )
    return data["book"]


async def test_a_booking_stands_in_the_calendar_and_is_gone_after_the_cancellation(town, towns):
    stranger = town.visitor()
    _, service = await _haircut(stranger)
    found = (await stranger.ask(SLOTS, input={"service": service["id"], **towns.week()}))["slots"]
    assert found["complete"] is True
    assert found["sources"] == []
    assert found["starts"] == [slot["start"] for slot in found["slots"]]
    slot = found["slots"][5]
    booked = await _book(stranger, towns, service, slot)
    assert booked["__typename"] == "BookingConfirmed", booked
    assert booked["booking"]["calendarEntries"] is None  # not for strangers
    login = {"Anna (demo)": "anna", "Ben (demo)": "ben"}[slot["employees"][0]["name"]]
    written = [text for text in (await town.ics(login, "work")).values() if "Walter Widget" in text]
    assert len(written) == 1

    owner = await town.member("owner@demo.example")
    seen = (await owner.ask(BOOKING, by={"id": booked["booking"]["id"]}))["booking"]
    assert [(entry["state"], entry["calendar"]["name"]) for entry in seen["calendarEntries"]] == [("WRITTEN", "Work")]

    by_token = {"manageToken": booked["manageToken"]}
    assert (await stranger.ask(BOOKING, by=by_token))["booking"]["customer"]["email"] == "walter@example.org"
    again = (await stranger.ask(SLOTS, input={"service": service["id"], **towns.week()}))["slots"]
    taken_by = slot["employees"][0]["id"]
    assert not any(
        one["start"] == slot["start"] and taken_by in [who["id"] for who in one["employees"]] for one in again["slots"]
    )

    request = {"idempotencyKey": towns.key(), "booking": {"id": booked["booking"]["id"]}, "reason": "Ill"}
    cancelled = (await owner.ask(CANCEL, input=request))["cancelBooking"]
    assert (cancelled["state"], cancelled["cancelReason"]) == ("CANCELLED", "Ill")
    assert [entry["state"] for entry in cancelled["calendarEntries"]] == ["REMOVED"]
    assert not any("Walter Widget" in text for text in (await town.ics(login, "work")).values())
    back = (await stranger.ask(SLOTS, input={"service": service["id"], **towns.week()}))["slots"]
    assert slot["start"] in back["starts"]


async def test_a_booking_is_moved_over_its_own_place_and_so_is_its_event_in_the_calendar(town, towns):
    """Rule B6 on a real server, which computes busy time for us: a haircut is longer than the step to the next start."""
    stranger = town.visitor()
    _, service = await _haircut(stranger)
    found = (await stranger.ask(SLOTS, input={"service": service["id"], **towns.week()}))["slots"]["slots"]
    # Far enough ahead for a customer to change it.
    slot, beside = next(
        (one, next_)
        for one, next_ in reversed([*pairwise(found)])
        if one["start"] < next_["start"] < one["end"] and one["employees"][0] in next_["employees"]
    )
    booked = await _book(stranger, towns, service, slot, name="Mona Moved")
    assert booked["__typename"] == "BookingConfirmed", booked
    ref = {"booking": {"manageToken": booked["manageToken"]}, "start": beside["start"]}
    moved = (await stranger.ask(MOVE, input={"idempotencyKey": towns.key(), **ref}))["rescheduleBooking"]
    assert moved == {
        "__typename": "Booking",
        "id": booked["booking"]["id"],
        "start": beside["start"],
        "end": beside["end"],
        "employees": booked["booking"]["employees"],
    }
    written = [text for login in ("anna", "ben") for text in (await town.ics(login, "work")).values()]
    (event,) = [text for text in written if "Mona Moved" in text]
    assert Calendar.from_ical(event).events[0].start == datetime.fromisoformat(beside["start"])
    owner = await town.member("owner@demo.example")
    seen = (await owner.ask(BOOKING, by={"id": booked["booking"]["id"]}))["booking"]
    assert [entry["state"] for entry in seen["calendarEntries"]] == ["WRITTEN"]


async def test_of_two_racing_bookings_one_is_confirmed_and_one_is_taken(town, towns):
    _, service = await _haircut(town.visitor())
    found = (await town.visitor().ask(SLOTS, input={"service": service["id"], **towns.week()}))["slots"]
    slot = found["slots"][3]
    racers = [town.visitor() for _ in range(6)]
    outcomes = await asyncio.gather(*(_book(racer, towns, service, slot) for racer in racers))
    assert sorted(outcome["__typename"] for outcome in outcomes) == ["BookingConfirmed", *["SlotTaken"] * 5]


async def test_a_stopped_calendar_server_offers_nothing_and_says_why_and_comes_back(town, towns):
    stranger, owner = town.visitor(), await town.member("owner@demo.example")
    _, service = await _haircut(stranger)
    asked = {"service": service["id"], **towns.week(), "deadlineMs": 3000}
    slot = (await stranger.ask(SLOTS, input=asked))["slots"]["slots"][-1]
    await town.radicale.stop()
    loop = asyncio.get_running_loop()
    began = loop.time()
    for visitor in (stranger, owner):
        found = (await visitor.ask(SLOTS, input=asked))["slots"]
        assert (found["slots"], found["complete"]) == ([], False)
        assert not any(day["complete"] for day in found["days"][1:-1])
        causes = {source["cause"] for source in found["sources"]}
        assert causes == ({"TEMPORARY"} if visitor is stranger else {"UNREACHABLE"})
    assert loop.time() - began < 2 * 3.25
    assert (await _book(stranger, towns, service, slot))["__typename"] == "CalendarUnverified"
    await town.radicale.start()
    found = (await stranger.ask(SLOTS, input=asked))["slots"]
    assert found["complete"] is True
    assert slot in found["slots"]  # nothing was booked meanwhile


async def test_the_overview_shows_titles_to_those_who_may_see_them_and_to_nobody_else(town, towns):
    owner, staff, agent = [
        await town.member(email) for email in ("owner@demo.example", "staff@demo.example", "support@slotgraph.example")
    ]
    company = (await owner.ask(COMPANY))["company"]
    days = towns.three_weeks()

    seen = (await owner.ask(OVERVIEW, input=days))["overview"]
    assert seen["complete"] is True
    events = [entry for entry in seen["entries"] if entry["__typename"] == "ExternalEvent"]
    titles = {entry["title"] for entry in events if entry["title"]}
    assert {"Lunch", "Yoga"} <= titles
    assert not {"Dentist", "School meeting"} & titles  # private: their holders only
    assert sum(entry["maskedReason"] == "PRIVATE_EVENT" for entry in events) >= 3
    reasons = {entry["employee"]["name"]: entry["maskedReason"] for entry in events if entry["masked"]}
    assert reasons["Dora (demo)"] == "SHOW_APPOINTMENTS_OFF"
    assert {entry["__typename"] for entry in seen["entries"]} >= {"OverviewAvailability", "OverviewAbsence"}

    colleague = (await staff.ask(OVERVIEW, input=days))["overview"]["entries"]
    titled = {entry["employee"]["name"] for entry in colleague if entry.get("title")}
    assert titled == {"Anna (demo)"}  # she is Anna
    assert "Dentist" in {entry.get("title") for entry in colleague}  # her own
    mine = [entry["calendar"] for entry in colleague if entry["__typename"] == "ExternalEvent"]
    assert None in mine

    refused = await agent.post(OVERVIEW, input={"company": company["id"], **days})
    assert refused["data"]["overview"] is None
    assert (await agent.ask('{ company(slug: "demo") { id } }'))["company"] is None

    assert (await owner.ask(OPEN_CASE))["openSupportCase"]["open"] is True
    inside = (await agent.ask(OVERVIEW, input={"company": company["id"], **days}))["overview"]
    assert "Lunch" in towns.shown(inside)
    assert "Dentist" not in towns.shown(inside)

    closed = (await owner.ask(EXCLUDE, on=True))["updateCompanyProfile"]["internal"]
    assert closed["supportCases"]["nodes"][0] == {"open": False, "endedBy": "EXCLUDED"}
    out = await agent.post(OVERVIEW, input={"company": company["id"], **days})
    assert out["data"]["overview"] is None
    assert out["errors"][0]["extensions"]["code"] == "SUPPORT_EXCLUDED"
    assert "Lunch" not in towns.shown(out)

    log = (await owner.ask(LOG))["viewer"]["company"]["internal"]["accessLog"]["nodes"]
    assert {entry["refused"] for entry in log} == {True, False}
    assert any("Query.overview" in entry["fields"] for entry in log)
    assert "Lunch" not in towns.shown(log)


async def test_nothing_that_stands_in_a_calendar_reaches_the_disk(town, towns):
    owner = await town.member("owner@demo.example")
    days = towns.three_weeks()
    assert "Lunch" in towns.shown(await owner.ask(OVERVIEW, input=days))
    stored = b"".join(file.read_bytes() for file in town.data.glob("*"))
    assert b"Demo Salon" in stored  # the search itself works
    for title in (b"Lunch with the client", b"Team meeting", b"calendar-password-of-anna"):
        assert title not in stored
