"""Mutations against a real database and calendars in memory: expected failures are data."""

import uuid
from datetime import timedelta
from typing import Any

from slotgraph.core.errors import AccountRevoked, ProviderUnreachable
from slotgraph.core.policy import Permission, Token
from slotgraph.core.store import users
from slotgraph.core.values import Secret


async def test_booking_is_made_seen_and_cancelled_by_its_customer(face: Any) -> None:
    await face.world.link("anna")
    made = await face.booked()
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
    gone = (await face.ask(face.CANCEL, input=ref))["cancelBooking"]
    assert gone == {"__typename": "Booking", "id": seen["id"], "state": "CANCELLED", "cancelReason": "ill"}
    assert len(face.world.calendars.entries("annas")) == 0


async def test_manage_token_in_members_hands_opens_no_more_than_in_the_customers(face: Any) -> None:
    made = await face.booked()
    query = """query ($t: Secret!) { booking(by: { manageToken: $t }) { calendarEntries { id } company { internal {
      excludeSupport } } employees { internal { active } } } }"""
    found = await face.ask(query, face.world.owner, t=made["manageToken"])
    assert found["booking"] == {
        "calendarEntries": None,
        "company": {"internal": None},
        "employees": [{"internal": None}],
    }


async def test_member_books_and_sees_the_calendar_entry(face: Any) -> None:
    await face.world.link("anna")
    made = await face.booked(face.world.owner)
    assert made["booking"]["calendarEntries"] == [{"state": "WRITTEN"}]
    assert made["booking"]["company"]["internal"] == {"excludeSupport": False}


async def test_token_that_may_only_book_sees_its_booking_as_the_customer_does(face: Any) -> None:
    token = Token(face.world.company_id, "t" * 32, frozenset({Permission.BOOK}))
    made = await face.booked(token)
    assert made["booking"]["calendarEntries"] is None
    assert made["booking"]["customer"]["name"] == "Mia Muster"


async def test_second_taker_is_told_that_somebody_was_faster(face: Any) -> None:
    await face.booked()
    answer = (await face.ask(face.BOOK, input=face.booking()))["book"]
    assert answer["__typename"] == "SlotTaken"


async def test_unverified_calendar_books_nothing(face: Any) -> None:
    await face.world.link("anna")
    face.world.calendars.fail("busy", ProviderUnreachable())
    answer = (await face.ask(face.BOOK, input=face.booking()))["book"]
    assert answer["__typename"] == "CalendarUnverified"
    assert answer["sources"] == [{"state": "UNVERIFIED", "cause": "TEMPORARY", "calendar": None}]


async def test_wrong_bookings_are_data_with_the_path_of_the_field(face: Any) -> None:
    wrong_key = (await face.ask(face.BOOK, input=face.booking(idempotencyKey="1")))["book"]
    assert wrong_key["fields"][0]["path"] == ["input", "idempotencyKey"]
    no_service = face.booking()
    no_service["slot"] = no_service["slot"] | {"service": "x"}
    assert (await face.ask(face.BOOK, input=no_service))["book"]["fields"][0]["path"] == ["input", "slot", "service"]
    unknown = face.booking()
    unknown["slot"] = unknown["slot"] | {"service": face.id("Service", "nothing")}
    assert (await face.ask(face.BOOK, input=unknown))["book"]["path"] == ["input", "slot", "service"]
    off_grid = (await face.ask(face.BOOK, input=face.booking(start="2027-03-02T09:07:00+01:00")))["book"]
    assert off_grid["rule"] == "GRID"


async def test_customer_cannot_cancel_past_the_limit(face: Any) -> None:
    made = await face.booked()
    face.world.clock.advance(timedelta(hours=3))
    ref = {"idempotencyKey": str(uuid.uuid4()), "booking": {"manageToken": made["manageToken"]}}
    late = (await face.ask(face.CANCEL, input=ref))["cancelBooking"]
    assert late["__typename"] == "TooLate"
    assert late["changeableUntil"] == "2027-03-01T08:00:00Z"
    by_id = ref | {"booking": {"id": made["booking"]["id"]}}
    assert (await face.ask(face.CANCEL, input=by_id))["cancelBooking"]["path"] == ["input", "booking"]
    assert (await face.ask(face.CANCEL, face.world.owner, input=by_id))["cancelBooking"]["state"] == "CANCELLED"


PROFILE = """mutation ($input: UpdateCompanyProfileInput!) { updateCompanyProfile(input: $input) {
  __typename ... on Company { name slug timeZone internal { bookingIntervalMinutes gridAnchor excludeSupport } }
  ... on InvalidInput { fields { path message } } ... on NotFound { path } } }"""


async def test_profile_changes_only_what_is_given(face: Any) -> None:
    change = {"name": "Salon", "bookingIntervalMinutes": 30}
    answer = (await face.ask(PROFILE, face.world.owner, input=change))["updateCompanyProfile"]
    assert answer == {
        "__typename": "Company",
        "name": "Salon",
        "slug": "demo",
        "timeZone": "Europe/Zurich",
        "internal": {"bookingIntervalMinutes": 30, "gridAnchor": "AVAILABILITY_START", "excludeSupport": False},
    }
    wrongs = ({"name": None}, "name"), ({"bookingIntervalMinutes": 7}, "bookingIntervalMinutes")
    for wrong, field in (*wrongs, ({"gridAnchor": None}, "gridAnchor")):
        refused = (await face.ask(PROFILE, face.world.owner, input=wrong))["updateCompanyProfile"]
        assert refused["fields"][0]["path"] == ["input", field]
    staff = (await face.ask(PROFILE, face.world.member("ben"), input=change))["updateCompanyProfile"]
    assert staff == {"__typename": "NotFound", "path": ["input", "company"]}
    stranger = await face.error(PROFILE, input=change)
    assert stranger.extensions["code"] == "UNAUTHENTICATED"


async def test_grid_anchor_is_chosen_and_stays(face: Any) -> None:
    for change in ({"gridAnchor": "CLOCK"}, {"name": "Salon"}):
        answer = (await face.ask(PROFILE, face.world.owner, input=change))["updateCompanyProfile"]
        assert answer["internal"]["gridAnchor"] == "CLOCK"
    refused = await face.error(PROFILE, face.world.owner, input={"gridAnchor": "MIDNIGHT"})
    assert refused.extensions["code"] == "BAD_USER_INPUT"
    answer = await face.ask('{ company(slug: "demo") { internal { gridAnchor } } }', face.world.owner)
    assert answer["company"]["internal"] == {"gridAnchor": "CLOCK"}


LINK = """mutation ($input: LinkAccountInput!) { linkAccount(input: $input) { __typename
  ... on FormRequired { linkToken form { fields { name kind required } } } ... on InvalidInput {
  fields { path message } } ... on NotFound { path } } }"""
COMPLETE = """mutation ($t: Secret!, $form: [LinkFieldValue!]!) { completeLink(input: { linkToken: $t, answer: {
  form: $form } }) { __typename
  ... on Account { id label granted calendars { id name default checked employee { name } } } ... on
  LinkRefused { cause serverAnswer } ... on InvalidInput { fields { path message } } ... on Problem {
  message } } }"""
UPDATE = """mutation ($input: UpdateCalendarInput!) { updateCalendar(input: $input) { __typename
  ... on Calendar { checked default statusPolicy readMode ignoreUnverifiedUntil employee { name } }
  ... on InvalidInput { fields { path message } } ... on NotFound { path } ... on Problem { message }
  } }"""


async def test_account_is_linked_by_form_and_its_calendar_chosen(face: Any) -> None:
    world = face.world
    world.calendars.add_calendar("work", login="me")
    anna = await world.add_login(world.member("anna", employee="anna"))
    begun = (await face.ask(LINK, anna, input={"provider": "memory", "employee": face.id("Employee", "anna")}))[
        "linkAccount"
    ]
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
    given_away = (await face.ask(UPDATE, anna, input={"calendar": calendar["id"], "employee": None, "checked": False}))[
        "updateCalendar"
    ]
    assert (given_away["employee"], given_away["checked"], given_away["default"]) == (None, False, False)
    for change, path in (
        ({"statusPolicy": ["TENTATIVE"]}, ["input", "statusPolicy"]),
        ({"checked": None}, ["input", "checked"]),
        ({"employee": "nonsense"}, ["input", "employee"]),
    ):
        refused = (await face.ask(UPDATE, anna, input={"calendar": calendar["id"], **change}))["updateCalendar"]
        assert refused["fields"][0]["path"] == path
    colleague = (await face.ask(UPDATE, world.member("ben", employee="ben"), input={"calendar": calendar["id"]}))[
        "updateCalendar"
    ]
    assert colleague == {"__typename": "NotFound", "path": ["input", "calendar"], "message": colleague["message"]}


async def test_wrong_link_is_refused_with_its_cause_and_stores_nothing(face: Any) -> None:
    owner = await face.world.add_login(face.world.owner)
    face.world.calendars.fail("open", AccountRevoked(server_answer="realm Radicale"))
    begun = (await face.ask(LINK, owner, input={"provider": "memory"}))["linkAccount"]
    answer = (await face.ask(COMPLETE, owner, t=begun["linkToken"], form=[{"name": "login", "value": "me"}]))[
        "completeLink"
    ]
    assert (answer["cause"], answer["serverAnswer"]) == ("REAUTH_REQUIRED", "realm Radicale")
    assert (await face.ask("{ viewer { company { internal { accounts { id } } } } }", owner))["viewer"]["company"][
        "internal"
    ]["accounts"] == []
    unknown = (await face.ask(LINK, owner, input={"provider": "nobody"}))["linkAccount"]
    assert unknown["fields"][0]["path"] == ["input", "provider"]


async def test_token_is_made_shown_once_and_revoked(face: Any) -> None:
    make = """mutation ($s: [Permission!]!) { createToken(input: { name: "Widget", scopes: $s }) { __typename ...
      on TokenCreated { secret token { id name scopes } } ... on InvalidInput { fields { path } } } }"""
    made = (await face.ask(make, face.world.owner, s=["BOOK", "SEARCH_SLOTS"]))["createToken"]
    assert made["secret"].startswith("sg_")
    assert made["token"]["scopes"] == ["SEARCH_SLOTS", "BOOK"]
    refused = (await face.ask(make, face.world.owner, s=["CHANGE_TOKENS"]))["createToken"]
    assert refused["fields"] == [{"path": ["input", "scopes"]}]
    listed = "{ viewer { company { internal { tokens { id } } } } }"
    before = (await face.ask(listed, face.world.owner))["viewer"]["company"]["internal"]["tokens"]
    assert before == [{"id": made["token"]["id"]}]
    revoke = """mutation ($t: ID!) { revokeToken(input: { token: $t }) { __typename ... on Deleted { id } ... on
      NotFound { path } } }"""
    for actor in (face.world.member("ben"), None):
        assert (await face.ask(revoke, actor, t=made["token"]["id"]))["revokeToken"]["__typename"] == "NotFound"
    assert (await face.ask(revoke, face.world.owner, t=made["token"]["id"]))["revokeToken"] == {
        "__typename": "Deleted",
        "id": made["token"]["id"],
    }
    assert (await face.ask(revoke, face.world.owner, t="nonsense"))["revokeToken"]["path"] == ["input", "token"]
    staff = await face.error(make, face.world.member("ben"), s=["BOOK"])
    assert staff.extensions == {"code": "FORBIDDEN"}


LOGIN = """mutation ($email: EmailAddress!, $password: Secret!) { login(input: { email: $email, password: $password }) {
  __typename ... on Viewer { kind email company { name internal { excludeSupport } } } ... on Problem { message } } }"""


async def test_login_begins_a_session_and_logout_ends_it(face: Any) -> None:
    world = face.world
    owner = await world.add_login(world.owner)
    async with world.database.write() as connection:
        await users.set_password(connection, owner.user_id, await world.passwords.hash("correct horse"))
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
    out = await face.ask(
        "mutation { logout { ... on Viewer { kind } } again: logout { ... on Viewer { kind } } }", owner
    )
    assert out == {"logout": {"kind": "ANONYMOUS"}, "again": {"kind": "ANONYMOUS"}}
    assert face.ended >= 1


async def test_what_follows_a_logout_in_the_same_document_is_done_by_nobody(face: Any) -> None:
    face.session = Secret("unknown")
    query = 'mutation { logout { __typename } updateCompanyProfile(input: { name: "Mine" }) { __typename } }'
    result = await face.run(query, face.world.owner)
    assert result.errors[0].extensions["code"] == "UNAUTHENTICATED"
    assert (await face.ask('{ company(slug: "demo") { name } }'))["company"] == {"name": "Demo"}


async def test_second_change_in_a_document_is_answered_with_what_is_there_then(face: Any) -> None:
    calendar = await face.world.link("anna")
    query = """mutation ($c: ID!) {
      off: updateCalendar(input: { calendar: $c, checked: false }) { ... on Calendar { account { calendars { checked } } } }
      on: updateCalendar(input: { calendar: $c, checked: true }) { ... on Calendar { account { calendars { checked } } } }
    }"""
    assert calendar.checked
    answer = await face.ask(query, face.world.owner, c=face.id("Calendar", "calendar annas"))
    assert answer["off"]["account"] == {"calendars": [{"checked": False}]}
    assert answer["on"]["account"] == {"calendars": [{"checked": True}]}
