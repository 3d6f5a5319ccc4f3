"""What support sees: nothing without a case, no names from outside in one, and nothing after exclusion."""

from datetime import timedelta
from typing import Any

from slotgraph.core.records import SupportCase
from slotgraph.core.store import cases
from slotgraph.core.support import Access
from slotgraph.schema import ids

EXCLUDE = """mutation ($on: Boolean!) { updateCompanyProfile(input: { excludeSupport: $on }) {
  __typename ... on Company { internal { excludeSupport supportCases(first: 5) { nodes { open endedBy
  } } } } ... on Problem { message } } }"""
LOOK = """query ($case: ID!, $company: ID!) {
  node(id: $case) { ... on SupportCase { open endedBy reason permissions company { name internal {
  accounts { label health { state } } } employees { internal { calendars { name timeZone } } } } } }
  overview(input: { company: $company, from: "2027-03-02", until: "2027-03-02" }) { complete entries {
  ... on OverviewBooking { booking { customer { name } note cancelReason } } } }
  company(slug: "demo") { name }
  supportCases { id }
  }"""


async def test_support_gets_nowhere_without_a_case(face: Any) -> None:
    agent = face.world.agent
    assert await face.ask('{ company(slug: "demo") { id } supportCases { id } }', agent) == {
        "company": None,
        "supportCases": [],
    }
    assert await face.ask("query ($id: ID!) { node(id: $id) { id } }", agent, id=face.company) == {"node": None}
    error = await face.error(
        'query ($c: ID!) { overview(input: { company: $c, from: "2027-03-02", until: "2027-03-02" }) { complete } }',
        agent,
        c=face.company,
    )
    assert error.extensions == {"code": "FORBIDDEN"}


async def test_support_looks_in_an_open_case_and_sees_no_names_from_outside_and_no_customers(face: Any) -> None:
    await face.world.link("anna", time_zone="Europe/Paris")
    await face.booked(note="Please be quiet")
    case = await face.open_case()
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
    case = await face.open_case()
    agent = face.world.agent
    await face.world.do.support.log_access(
        face.world.as_(agent), [face.world.company_id], Access(None, ("Query.node",))
    )
    changed = (await face.ask(EXCLUDE, face.world.owner, on=True))["updateCompanyProfile"]
    assert changed["internal"] == {
        "excludeSupport": True,
        "supportCases": {"nodes": [{"open": False, "endedBy": "EXCLUDED"}]},
    }
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
    answer = (await face.ask(face.OPEN_CASE, face.world.owner, reason="Help"))["openSupportCase"]
    assert answer["__typename"] == "SupportIsExcluded"


async def test_case_is_closed_and_the_access_is_read_by_the_company(face: Any) -> None:
    case = await face.open_case()
    access = Access("Look", ("Query.node", "SupportCase.company"), face.world.clock.now(), None)
    await face.world.do.support.log_access(face.world.as_(face.world.agent), [face.world.company_id], access)
    close = """mutation ($c: ID!) { closeSupportCase(input: { case: $c }) { __typename ... on SupportCase { open
      endedBy permissions } ... on NotFound { path } } }"""
    closed = (await face.ask(close, face.world.owner, c=case))["closeSupportCase"]
    assert closed == {"__typename": "SupportCase", "open": False, "endedBy": "CLOSED", "permissions": []}
    for wrong in ("nonsense", face.id("SupportCase", "none")):
        missing = (await face.ask(close, face.world.owner, c=wrong))["closeSupportCase"]
        assert missing == {"__typename": "NotFound", "path": ["input", "case"]}
    log = """{ viewer { company { internal { accessLog { nodes { agent refused operationName fields rangeStart
      rangeEnd case { id } } } } } } }"""
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


async def test_exclusion_by_one_company_wipes_nothing_of_another(face: Any) -> None:
    """Things of several companies are read together, and refused one by one."""
    world, agent = face.world, face.world.agent
    other, now = await world.add_company("other"), world.clock.now()
    theirs = await world.add_account("theirs", company_id=other)
    ours = await world.add_account("ours")
    await face.open_case()
    case = SupportCase(other, world.id_of("their case"), "Why", now, now + timedelta(hours=1), None, False)
    async with world.database.write() as connection:
        await cases.insert_case(connection, case)
    await world.do.support.log_access(world.as_(agent), [world.company_id], Access(None, ("Query.nodes",)))
    await face.ask(EXCLUDE, world.owner, on=True)
    named = [ids.encode("Account", one.company_id, one.id) for one in (ours, theirs)]
    result = await face.run("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", agent, ids=named)
    assert result.data == {"nodes": [None, {"id": named[1]}]}
    assert [(error.path, error.extensions["code"]) for error in result.errors] == [(["nodes", 0], "SUPPORT_EXCLUDED")]
