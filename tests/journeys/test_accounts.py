"""The life of a linked account on a real calendar server: its password changes, it is linked again, it is let go (rules F3, K4, K8)."""

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")

PASSWORD = "changed-password-of-anna"
ACCOUNTS = """{ viewer { company { internal { accounts { id label health { state lastCause }
  calendars { id name default checked health { state lastCause } } } } } } }"""
PROBLEM = "__typename ... on LinkRefused { cause serverAnswer } ... on Problem { message }"
RELINK = """mutation($account: ID!) { relinkAccount(input: {account: $account}) { __typename
  ... on FormRequired { linkToken form { fields { name } } } ... on Problem { message } } }"""
LINK = """mutation($employee: ID!) { linkAccount(input: {provider: "caldav", employee: $employee}) { __typename
  ... on FormRequired { linkToken } ... on Problem { message } } }"""
COMPLETE = f"""mutation($token: Secret!, $form: [LinkFieldValue!]!) {{
  completeLink(input: {{linkToken: $token, answer: {{form: $form}}}}) {{ ... on Account {{ id health {{ state }}
    calendars {{ id name default }} }} {PROBLEM} }} }}"""
CHECK = """mutation($account: ID!) { checkAccount(input: {account: $account}) { __typename
  ... on Account { health { state lastCause } calendars { health { state } } } ... on Problem { message } } }"""
UNLINK = """mutation($account: ID!) { unlinkAccount(input: {account: $account}) { __typename
  ... on AccountUnlinked { id entriesLeft } ... on Problem { message } } }"""
HAIRCUT = """{ company(slug: "demo") { services { id name employees { id name } } } }"""
SLOTS = "query($input: SlotSearchInput!) { slots(input: $input) { complete slots { start } sources { cause } } }"
BOOK = """mutation($input: BookInput!) { book(input: $input) { __typename
  ... on BookingConfirmed { booking { id } } ... on Problem { message } } }"""
ENTRIES = "query($by: BookingRef!) { booking(by: $by) { calendarEntries { state calendar { id } } } }"


async def _account(owner, login):
    listed = (await owner.ask(ACCOUNTS))["viewer"]["company"]["internal"]["accounts"]
    return next((one for one in listed if one["label"].startswith(f"{login} at ")), None)


async def _complete(town, owner, token, login, password):
    values = {"url": town.radicale.url, "username": login, "password": password}
    form = [{"name": name, "value": value} for name, value in values.items()]
    return (await owner.ask(COMPLETE, token=token, form=form))["completeLink"]


async def _relinked(town, owner, account, login, password):
    begun = (await owner.ask(RELINK, account=account["id"]))["relinkAccount"]
    assert [field["name"] for field in begun["form"]["fields"]] == ["url", "username", "password"]
    return await _complete(town, owner, begun["linkToken"], login, password)


async def _annas_slots(owner, towns):
    services = (await owner.ask(HAIRCUT))["company"]["services"]
    service = next(one for one in services if one["name"] == "Haircut")
    anna = next(one["id"] for one in service["employees"] if one["name"].startswith("Anna"))
    asked = {"service": service["id"], "employees": {"employee": anna}, **towns.week()}
    return service["id"], anna, (await owner.ask(SLOTS, input=asked))["slots"]


async def _state(owner, account):
    checked = (await owner.ask(CHECK, account=account["id"]))["checkAccount"]
    return checked["health"]["state"], {calendar["health"]["state"] for calendar in checked["calendars"]}


async def test_a_wrong_password_leaves_the_account_working(town, towns):
    owner = await town.member("owner@demo.example")
    account = await _account(owner, "anna")
    refused = await _relinked(town, owner, account, "anna", "wrong")
    assert (refused["__typename"], refused["cause"]) == ("LinkRefused", "REAUTH_REQUIRED")
    assert await _state(owner, account) == ("OK", {"OK"})
    assert (await _annas_slots(owner, towns))[2]["complete"] is True


async def test_a_changed_password_is_told_and_given_and_the_account_stays_the_same(town, towns):
    owner = await town.member("owner@demo.example")
    before = await _account(owner, "anna")
    await town.radicale.stop()
    town.radicale.users["anna"] = PASSWORD
    await town.radicale.start()
    assert await _state(owner, before) == ("REAUTH_REQUIRED", {"REAUTH_REQUIRED"})
    assert (await _annas_slots(owner, towns))[2]["slots"] == []

    colleague = await _relinked(town, owner, before, "ben", town.radicale.users["ben"])
    assert (colleague["__typename"], colleague["cause"]) == ("LinkRefused", "NOT_FOUND")

    again = await _relinked(town, owner, before, "anna", PASSWORD)
    assert (again["id"], again["health"]["state"]) == (before["id"], "OK")
    known = [{name: one[name] for name in ("id", "name", "default")} for one in before["calendars"]]
    assert again["calendars"] == known
    assert await _state(owner, before) == ("OK", {"OK"})
    found = (await _annas_slots(owner, towns))[2]
    assert (found["complete"], bool(found["slots"])) == (True, True)


async def test_an_unlinked_account_leaves_its_entries_outside_and_can_be_linked_anew(town, towns):
    owner = await town.member("owner@demo.example")
    account = await _account(owner, "anna")
    service, anna, found = await _annas_slots(owner, towns)
    choice = {"service": service, "start": found["slots"][-1]["start"], "employees": {"employee": anna}}
    customer = {"name": "Lena Left", "email": "lena@example.org"}
    booked = (await owner.ask(BOOK, input={"idempotencyKey": towns.key(), "slot": choice, "customer": customer}))[
        "book"
    ]
    unlinked = (await owner.ask(UNLINK, account=account["id"]))["unlinkAccount"]
    assert (unlinked["id"], unlinked["entriesLeft"]) == (account["id"], 1)
    assert await _account(owner, "anna") is None
    entries = (await owner.ask(ENTRIES, by={"id": booked["booking"]["id"]}))["booking"]["calendarEntries"]
    assert entries == [{"state": "WRITTEN", "calendar": None}]
    assert any("Lena Left" in text for text in (await town.ics("anna", "work")).values())

    begun = (await owner.ask(LINK, employee=anna))["linkAccount"]
    linked = await _complete(town, owner, begun["linkToken"], "anna", PASSWORD)
    assert linked["id"] != account["id"]
    assert (await _annas_slots(owner, towns))[2]["complete"] is True
