"""Rules T3 and T4: no titled byte to support after the exclusion is acknowledged, and the access stands in the log before it happens."""

import asyncio
import contextlib
import logging
from datetime import timedelta

import pytest
import slotgraph_tests_server_gating as gating

from slotgraph.core.errors import DatabaseBusy
from slotgraph.core.policy import Action
from slotgraph.core.support import SupportDesk
from slotgraph.schema.reach import Reach
from slotgraph.server.support_gate import HAND_OVER_SECONDS, SupportGate

ROUNDS = {"exclude": 150, "close": 50}
"""How often the doors are shut in each way; less often on PostgreSQL, where a round takes longer."""


TITLE = gating.TITLE
EXCLUDE = """mutation($on: Boolean!) { updateCompanyProfile(input: {excludeSupport: $on}) {
  ... on Company { internal { excludeSupport } } } }"""
OPEN = 'mutation { openSupportCase(input: {reason: "Look", hours: 1}) { ... on SupportCase { id } } }'
CLOSE = "mutation($id: ID!) { closeSupportCase(input: {case: $id}) { ... on SupportCase { open } } }"
LOG = """{ viewer { company { internal { accessLog(first: 50) { nodes {
  agent refused operationName fields rangeStart rangeEnd case { id } } } } } } }"""


@pytest.fixture
async def company(site):
    company = gating.Company(site)
    await company.fill()
    return company


# T3: the race


async def test_an_overview_in_flight_ends_excluded_when_the_owner_shuts_support_out(site, company):
    owner, agent = await site.member(), await site.agent()
    await owner.ask(OPEN)
    asked = {"company": company.global_id, **gating.DAYS}
    assert TITLE in str(await agent.ask(gating.OVERVIEW, **asked))
    seen = company.world.calendars.calls["titles"]
    released = company.world.calendars.hang("titles")
    flight = asyncio.create_task(agent.send(gating.OVERVIEW, **asked))
    await company.world.called("titles", seen + 1)
    assert (await owner.ask(EXCLUDE, on=True))["updateCompanyProfile"]["internal"]["excludeSupport"] is True
    released.set()
    answer = await flight
    assert TITLE not in answer.text
    assert answer.json()["data"] == {"overview": None}
    assert [error["extensions"]["code"] for error in answer.json()["errors"]] == ["SUPPORT_EXCLUDED"]


async def test_an_overview_in_flight_is_refused_when_its_case_is_closed(site, company):
    owner, agent = await site.member(), await site.agent()
    case = (await owner.ask(OPEN))["openSupportCase"]["id"]
    released = company.world.calendars.hang("titles")
    flight = asyncio.create_task(agent.send(gating.OVERVIEW, company=company.global_id, **gating.DAYS))
    await company.world.called("titles")
    assert (await owner.ask(CLOSE, id=case))["closeSupportCase"]["open"] is False
    released.set()
    answer = await flight
    assert TITLE not in answer.text
    assert answer.json()["data"] == {"overview": None}
    assert answer.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_what_was_read_before_the_exclusion_leaves_with_nothing_either(site, company):
    """Another root of the same answer was finished, and allowed, long before the calendars answered."""
    owner, agent = await site.member(), await site.agent()
    await owner.ask(OPEN)
    query = (
        gating.OVERVIEW.rstrip(" }") + " } } } node(id: $company) { ... on Company { internal { accounts { id } } } } }"
    )
    released = company.world.calendars.hang("titles")
    flight = asyncio.create_task(agent.send(query, company=company.global_id, **gating.DAYS))
    await company.world.called("titles")
    await owner.ask(EXCLUDE, on=True)
    released.set()
    answer = (await flight).json()
    assert answer["data"] == {"overview": None, "node": None}
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"SUPPORT_EXCLUDED"}


class Ungated(SupportGate):
    """The mutant: it never looks again."""

    async def hand_over(self, leaving, scope, receive, send):
        await leaving.response(scope, receive, send)
        return frozenset()


class Unlocked(SupportGate):
    """The mutant: it looks again, but holds no lock while the bytes go."""

    async def hand_over(self, leaving, scope, receive, send):
        changed = await leaving.changed(leaving._operation.database)
        if not changed:
            await leaving.response(scope, receive, send)
        return changed


def rounds(company, how):
    return range(ROUNDS[how] // 5 if company.world.database.is_shared else ROUNDS[how])


@pytest.mark.parametrize("how", [*ROUNDS])
async def test_no_titled_byte_is_handed_over_after_the_acknowledgement(company, how):
    total = await gating.interleaved(company, company.gate(), seeds=rounds(company, how), how=how)
    assert total.titled_after == 0
    assert total.titled_before > 0  # some were in time


@pytest.mark.parametrize("mutant", [Ungated, Unlocked])
async def test_without_the_gate_there_would_be_some(company, mutant):
    """The proof that the test above can fail: the same rounds, until the first byte is seen."""
    for seed in rounds(company, "exclude"):
        total = await gating.interleaved(company, company.gate(mutant), seeds=range(seed, seed + 1), how="exclude")
        if total.titled_after:
            return
    pytest.fail("the interleavings are too tame to show anything")


async def test_a_case_that_was_open_only_while_the_calendars_were_asked_lets_nothing_out(company):
    """The standing is the same before and after, but not the one under which the titles were read."""

    async def script(run, operation):
        if run.runs > 1:
            return "nothing"
        case = await company.open_case()
        assert await operation.permits(Action.READ_OVERVIEW, company.id)
        await company.close(case)
        return TITLE

    run, wire = gating.Scripted(company, script), gating.Wire()
    await gating.sent(company.gate().admit(run, Reach(frozenset({company.id})), None), wire)
    assert wire.body == b'"nothing"'
    assert [entry.refused for entry in await company.log()] == [True, True]


async def test_an_answer_of_two_standings_does_not_leave(company):
    """Read anew after the calendars had answered, the standing was another: what was read first must not leave."""
    await company.open_case()

    async def script(run, operation):
        allowed = await operation.permits(Action.READ_OVERVIEW, company.id)
        if run.runs == 1:
            case = (await company.world.do.support.open_cases(operation))[0]
            await company.close(case)
            operation.recheck()
            assert not await operation.permits(Action.READ_OVERVIEW, company.id)
        return TITLE if allowed else "nothing"

    run, wire = gating.Scripted(company, script), gating.Wire()
    await gating.sent(company.gate().admit(run, Reach(frozenset({company.id})), None), wire)
    assert wire.body == b'"nothing"'


async def test_a_standing_that_never_rests_is_refused_as_a_whole(company):
    async def script(run, operation):
        case = await company.open_case()
        await operation.permits(Action.READ_OVERVIEW, company.id)
        await company.close(case)
        return TITLE

    run, wire = gating.Scripted(company, script), gating.Wire()
    await gating.sent(company.gate().admit(run, Reach(frozenset({company.id})), None), wire)
    assert TITLE.encode() not in wire.body
    assert b"FORBIDDEN" in wire.body


async def test_the_end_of_a_case_by_its_hours_counts_at_the_gate(company):
    await company.open_case(hours=1)

    async def script(run, operation):
        allowed = await operation.permits(Action.READ_OVERVIEW, company.id)
        company.world.clock.advance(timedelta(hours=1))
        return TITLE if allowed else "nothing"

    run, wire = gating.Scripted(company, script), gating.Wire()
    await gating.sent(company.gate().admit(run, Reach(frozenset({company.id})), None), wire)
    assert wire.body == b'"nothing"'


async def test_a_client_that_takes_nothing_is_dropped_and_the_exclusion_goes_on(company, caplog):
    await company.open_case()
    taken, offered = [], asyncio.Event()

    async def stuck(message):
        offered.set()
        await asyncio.Event().wait()
        taken.append(message)

    loop = asyncio.get_running_loop()
    look = asyncio.create_task(company.look(stuck, company.gate()))
    await offered.wait()
    began = loop.time()
    await asyncio.wait_for(company.exclude(), 5)
    held_up = loop.time() - began
    await asyncio.wait_for(look, 1)
    assert taken == []
    assert HAND_OVER_SECONDS == 0.25
    assert 0.1 < held_up < HAND_OVER_SECONDS + 0.2
    dropped = [record for record in caplog.records if record.name == "slotgraph.support_gate"]
    assert [record.levelno for record in dropped] == [logging.WARNING]
    assert TITLE not in caplog.text


@pytest.mark.sqlite
async def test_a_look_at_the_setting_that_takes_too_long_is_dropped_as_well(company):
    """The lock is held from the look on: a database that does not answer must not hold the exclusion up."""
    await company.open_case()
    async with contextlib.AsyncExitStack() as busy:

        async def script(run, operation):
            await operation.permits(Action.READ_OVERVIEW, company.id)
            for _ in range(8):
                await busy.enter_async_context(company.world.database.read())
            return TITLE

        run, wire = gating.Scripted(company, script), gating.Wire()
        loop = asyncio.get_running_loop()
        began = loop.time()
        await gating.sent(company.gate().admit(run, Reach(frozenset({company.id})), None), wire)
        assert loop.time() - began < HAND_OVER_SECONDS + 0.5
        assert wire.body == b""


# T4: the access log


async def test_the_access_is_in_the_log_while_the_calendars_are_still_being_asked(site, company):
    agent = await site.agent()
    case = await company.open_case()
    released = company.world.calendars.hang("titles")
    flight = asyncio.create_task(
        agent.send(gating.OVERVIEW, company=company.global_id, operation_name="Look", **gating.DAYS)
    )
    await company.world.called("titles")
    (entry,) = await company.log()
    assert (entry.case_id, entry.refused, entry.agent) == (case.id, False, "agent@slotgraph.example")
    assert entry.operation_name == "Look"
    assert set(entry.fields) == {"Query.overview", "Overview.entries", "ExternalEvent.title"}
    assert (entry.range_start.date().isoformat(), entry.range_end.date().isoformat()) == ("2027-03-02", "2027-03-04")
    released.set()
    assert TITLE in (await flight).text
    assert await company.log() == [entry]
    assert TITLE not in str(entry)


async def test_what_could_not_be_logged_is_not_executed(company):
    class Busy(SupportDesk):
        async def log_access(self, operation, company_ids, access):
            raise DatabaseBusy

    async def script(run, operation):
        return TITLE

    await company.open_case()
    joined = company.world.joined
    run, wire = gating.Scripted(company, script), gating.Wire()
    gate = SupportGate(Busy(joined.gate), joined.gate, joined.parts.database.notices)
    await gating.sent(gate.admit(run, Reach(frozenset({company.id})), None), wire)
    assert run.runs == 0
    assert wire.status == 503
    assert TITLE.encode() not in wire.body


async def test_a_refusal_is_logged_too(site, company):
    agent = await site.agent()
    answer = await agent.post(gating.OVERVIEW, company=company.global_id, **gating.DAYS)
    assert answer["data"] == {"overview": None}
    assert company.world.calendars.calls["titles"] == 0
    (entry,) = await company.log()
    assert (entry.refused, entry.case_id) == (True, None)


async def test_the_company_reads_who_looked_and_at_what(site, company):
    owner, agent = await site.member(), await site.agent()
    await agent.post(gating.OVERVIEW, company=company.global_id, **gating.DAYS)
    case = (await owner.ask(OPEN))["openSupportCase"]["id"]
    company.world.clock.advance(timedelta(minutes=1))
    await agent.ask(gating.OVERVIEW, company=company.global_id, **gating.DAYS)
    nodes = (await owner.ask(LOG))["viewer"]["company"]["internal"]["accessLog"]["nodes"]
    assert [(node["agent"], node["refused"], node["case"]) for node in nodes] == [
        ("agent@slotgraph.example", False, {"id": case}),
        ("agent@slotgraph.example", True, None),
    ]
    assert TITLE not in str(nodes)


async def test_each_company_that_is_named_gets_its_entry(site, company):
    agent = await site.agent()
    other = await company.world.add_company("other")
    case = await company.open_case()
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { id ... on Company { name } } }"
    ids = [site.company, site.id("Company", "other", company="other"), site.id("Service", "cut")]
    answer = await agent.ask(query, ids=ids)
    assert [node and node.get("name") for node in answer["nodes"]] == ["Demo", None, None]
    assert [entry.case_id for entry in await company.log()] == [case.id]
    assert [entry.refused for entry in await company.log(other)] == [True]


async def test_a_company_is_logged_by_its_public_name_and_by_the_list_of_cases(site, company):
    agent = await site.agent()
    other = await company.world.add_company("other")
    by_name = 'query { company(slug: "%s") { name } }'
    assert (await agent.ask(by_name % "demo"))["company"] is None
    assert (await agent.ask(by_name % "nobody"))["company"] is None
    assert [entry.refused for entry in await company.log()] == [True]
    company.world.clock.advance(timedelta(minutes=1))
    case = await company.open_case()
    await agent.ask("{ supportCases { company { name } } }")
    company.world.clock.advance(timedelta(minutes=1))
    assert (await agent.ask(by_name % "demo"))["company"] == {"name": "Demo"}
    assert [entry.case_id for entry in await company.log()] == [None, case.id, case.id]
    assert await company.log(other) == []


async def test_a_company_the_document_did_not_name_is_logged_before_its_data_leaves(company):
    """A case that was opened between the reading of the document and its execution."""
    other = await company.world.add_company("other")
    logged = []

    async def script(run, operation):
        logged.append(len(await company.log(other)))
        if run.runs == 1:
            await company.open_case(other)
        return TITLE if await operation.permits(Action.READ_OVERVIEW, other) else "nothing"

    run, wire = gating.Scripted(company, script), gating.Wire()
    await gating.sent(company.gate().admit(run, Reach(), None), wire)
    assert wire.body == f'"{TITLE}"'.encode()
    assert logged == [0, 1]
    assert [entry.refused for entry in await company.log(other)] == [False]


async def test_a_case_opened_meanwhile_is_entered_under_an_entry_that_names_it(company):
    case = None

    async def script(run, operation):
        nonlocal case
        case = case or await company.open_case()
        return TITLE if await operation.permits(Action.READ_OVERVIEW, company.id) else "nothing"

    run, wire = gating.Scripted(company, script), gating.Wire()
    await gating.sent(company.gate().admit(run, Reach(frozenset({company.id})), None), wire)
    assert wire.body == f'"{TITLE}"'.encode()
    assert {entry.case_id for entry in await company.log()} == {None, case.id}


async def test_an_agent_without_a_hand_in_the_excluded_case_sees_a_company_that_is_not_there(site, company):
    """SUPPORT_EXCLUDED is for those who had looked in under the very case; to others nothing tells that there was one."""
    owner, inside = await site.member(), await site.agent()
    outside = await site.agent("other@slotgraph.example")
    await owner.ask(OPEN)
    query = 'query($id: ID!) { company(slug: "demo") { name } node(id: $id) { id } }'
    await inside.ask(query, id=site.company)
    await owner.ask(EXCLUDE, on=True)
    told = await inside.post(query, id=site.company)
    assert told["data"] == {"company": None, "node": None}
    assert [error["extensions"]["code"] for error in told["errors"]] == ["SUPPORT_EXCLUDED"] * 2
    nowhere = site.id("Company", "nowhere", company="nowhere")
    assert await outside.post(query, id=site.company) == await outside.post(query, id=nowhere)
    assert (await outside.post(query, id=site.company)) == {"data": {"company": None, "node": None}}


async def test_what_a_client_calls_its_operation_is_logged_cut_to_a_length(site, company):
    agent, long = await site.agent(), "B" * 20_000
    query = "query A { viewer { kind } } query %s($id: ID!) { node(id: $id) { id } }"
    for name in ("B", "free text", None):
        await agent.send(query % "B", operation_name=name, id=site.company)
    await agent.send(query % long, operation_name=long, id=site.company)
    # The others named no operation of the document, and nothing was executed.
    assert {entry.operation_name for entry in await company.log()} == {"B", "B" * 128}


async def test_an_operation_that_reaches_nobody_is_nobodys_entry(site, company):
    agent = await site.agent()
    await agent.ask("{ viewer { kind } providers { name } supportCases { id } }")
    await agent.post("{ viewer { kind ")
    assert await company.log() == []
