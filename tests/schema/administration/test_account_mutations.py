"""Linking again, unlinking and checking accounts through the schema (rules F3, K4, K8)."""

from typing import Any

from slotgraph.core.check_budget import CHECKS_PER_MINUTE
from slotgraph.core.errors import AccountRevoked
from slotgraph.schema import ids

RELINK = """mutation ($input: RelinkAccountInput!) { relinkAccount(input: $input) { __typename
  ... on FormRequired { linkToken form { fields { name } } } ... on InvalidInput { fields { path message } }
  ... on NotFound { path } ... on Problem { message } } }"""
COMPLETE = """mutation ($t: Secret!, $form: [LinkFieldValue!]!) { completeLink(input: { linkToken: $t, answer: {
  form: $form } }) { __typename ... on Account { id label health { state } calendars { id name default } }
  ... on LinkRefused { cause } ... on Problem { message } } }"""
UNLINK = """mutation ($account: ID!) { unlinkAccount(input: { account: $account }) { __typename
  ... on AccountUnlinked { id entriesLeft } ... on NotFound { path } ... on Problem { message } } }"""
CHECK = """mutation ($account: ID!) { checkAccount(input: { account: $account }) { __typename
  ... on Account { id health { state lastCause lastSuccessAt } calendars { health { state lastCause } } }
  ... on NotFound { path } ... on Problem { message } } }"""
FAILING = "{ viewer { company { internal { accounts(failing: true) { id health { state } } } } } }"
ENTRIES = "{ bookings { nodes { calendarEntries { state cause calendar { id } nextAttemptAt } } } }"


async def _linked(face: Any) -> str:
    """The global id of the account of Anna's calendar."""
    await face.world.link("anna")
    return str(face.id("Account", "account annas"))


async def test_account_is_linked_again_and_stays_the_same(face: Any) -> None:
    account = await _linked(face)
    anna = await face.world.add_login(face.world.member("anna", employee="anna"))
    begun = (await face.ask(RELINK, anna, input={"account": account, "purposes": ["BUSY", "WRITE"]}))["relinkAccount"]
    assert begun["form"]["fields"] == [{"name": "login"}]
    form = [{"name": "login", "value": "annas"}]
    linked = (await face.ask(COMPLETE, anna, t=begun["linkToken"], form=form))["completeLink"]
    calendar = {"id": face.id("Calendar", "calendar annas"), "name": "Annas", "default": True}
    assert linked == {
        "__typename": "Account",
        "id": account,
        "label": "annas",
        "health": {"state": "OK"},
        "calendars": [calendar],
    }


async def test_another_login_is_refused(face: Any) -> None:
    account = await _linked(face)
    await face.world.link("ben")
    owner = await face.world.add_login(face.world.owner)
    begun = (await face.ask(RELINK, owner, input={"account": account}))["relinkAccount"]
    form = [{"name": "login", "value": "bens"}]
    refused = (await face.ask(COMPLETE, owner, t=begun["linkToken"], form=form))["completeLink"]
    assert (refused["__typename"], refused["cause"]) == ("LinkRefused", "NOT_FOUND")


async def test_purposes_without_busy_name_their_field(face: Any) -> None:
    account = await _linked(face)
    for purposes in ([], ["TITLES"]):
        refused = (await face.ask(RELINK, face.world.owner, input={"account": account, "purposes": purposes}))[
            "relinkAccount"
        ]
        assert refused["fields"] == [{"path": ["input", "purposes"], "message": "must contain BUSY."}]


async def test_unlinked_account_is_gone_and_says_what_stays_outside(face: Any) -> None:
    account = await _linked(face)
    await face.booked()
    anna = face.world.member("anna", employee="anna")
    unlinked = (await face.ask(UNLINK, anna, account=account))["unlinkAccount"]
    assert unlinked == {"__typename": "AccountUnlinked", "id": account, "entriesLeft": 1}
    assert (await face.ask("query ($id: ID!) { node(id: $id) { id } }", anna, id=account))["node"] is None
    (booking,) = (await face.ask(ENTRIES, face.world.owner))["bookings"]["nodes"]
    assert booking["calendarEntries"] == [{"state": "WRITTEN", "cause": None, "calendar": None, "nextAttemptAt": None}]
    again = (await face.ask(UNLINK, anna, account=account))["unlinkAccount"]
    assert (again["__typename"], again["path"]) == ("NotFound", ["input", "account"])


async def test_checked_account_tells_its_health_now(face: Any) -> None:
    account = await _linked(face)
    owner, calendars = face.world.owner, face.world.calendars
    for method in ("busy", "calendars"):
        calendars.fail(method, AccountRevoked())
    checked = (await face.ask(CHECK, owner, account=account))["checkAccount"]
    failed = {"state": "REAUTH_REQUIRED", "lastCause": "REAUTH_REQUIRED"}
    assert (checked["health"]["state"], checked["calendars"]) == ("REAUTH_REQUIRED", [{"health": failed}])
    inside = (await face.ask(FAILING, owner))["viewer"]["company"]["internal"]
    assert inside["accounts"] == [{"id": account, "health": {"state": "REAUTH_REQUIRED"}}]
    calendars.heal()
    checked = (await face.ask(CHECK, owner, account=account))["checkAccount"]
    assert (checked["health"]["state"], checked["calendars"][0]["health"]["state"]) == ("OK", "OK")
    assert checked["health"]["lastSuccessAt"] == "2027-03-01T06:00:00Z"
    assert (await face.ask(FAILING, owner))["viewer"]["company"]["internal"]["accounts"] == []


async def test_checking_too_often_says_when_to_come_back(face: Any) -> None:
    account = await _linked(face)
    for _ in range(CHECKS_PER_MINUTE):
        await face.ask(CHECK, face.world.owner, account=account)
    refused = await face.error(CHECK, face.world.owner, account=account)
    assert refused.extensions["code"] == "RATE_LIMITED"
    assert refused.extensions["retryAfterSeconds"] == 60
    assert "account" in refused.message


async def test_what_is_none_is_not_found(face: Any) -> None:
    await _linked(face)
    owner = face.world.owner
    strange = ids.encode("Account", face.world.company_id, face.world.id_of("nobody"))
    for document, field in ((UNLINK, "unlinkAccount"), (CHECK, "checkAccount")):
        for account in (strange, face.id("Employee", "anna"), "nonsense"):
            answer = (await face.ask(document, owner, account=account))[field]
            assert (answer["__typename"], answer["path"]) == ("NotFound", ["input", "account"]), account
    answer = (await face.ask(RELINK, owner, input={"account": strange}))["relinkAccount"]
    assert (answer["__typename"], answer["path"]) == ("NotFound", ["input", "account"])


async def test_strangers_agents_and_colleagues_change_nothing(face: Any) -> None:
    account = await _linked(face)
    await face.open_case()
    for actor in (None, face.world.agent, face.world.member("ben", employee="ben")):
        for document, field, variables in (
            (RELINK, "relinkAccount", {"input": {"account": account}}),
            (UNLINK, "unlinkAccount", {"account": account}),
            (CHECK, "checkAccount", {"account": account}),
        ):
            assert (await face.ask(document, actor, **variables))[field]["__typename"] == "NotFound", (actor, field)
    assert face.world.calendars.calls["close"] == 0
