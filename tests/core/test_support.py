"""Support cases, exclusion and the access log (rules T3, T4)."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from slotgraph.core.errors import SupportExcluded
from slotgraph.core.policy import Action, Anonymous, Permission, Role, SupportStanding, Token
from slotgraph.core.problems import InvalidInput, NotFound, SupportIsExcluded
from slotgraph.core.profile import ProfileChange
from slotgraph.core.records import SupportCaseEnd
from slotgraph.core.support import Access, CaseRequest

LOOK = Access("Look", ("Query.overview", "Overview.entries"))


async def opened(world, actor=None, **more):
    request = replace(CaseRequest(world.company_id, "The calendar is empty", 2, False), **more)
    return await world.do.support.open_case(world.as_(actor or world.owner), request)


async def look(world, agent=None):
    """One logged access of an agent."""
    await world.do.support.log_access(world.as_(agent or world.agent), [world.company_id], LOOK)


async def exclude(world, *, excluded=True):
    change = ProfileChange(exclude_support=excluded)
    return await world.do.profiles.update(world.as_(world.owner), world.company_id, change)


async def standing(world, agent=None):
    return await world.as_(agent or world.agent).standing(world.company_id)


async def cases(world, actor, case):
    return await world.do.support.cases_by_ids(world.as_(actor), world.company_id, [case.id, world.id_of("nothing")])


async def log(world):
    return await world.do.support.access_log(world.as_(world.owner), world.company_id, first=50)


async def test_a_case_lets_agents_in_until_its_time_runs_out(world):
    assert await standing(world) is SupportStanding.NONE
    case = await opened(world, hours=2)
    assert await standing(world) is SupportStanding.OPEN
    assert [one.id for one in await world.do.support.open_cases(world.as_(world.agent))] == [case.id]
    world.clock.advance(timedelta(hours=2))
    assert await standing(world) is SupportStanding.NONE
    assert await world.do.support.open_cases(world.as_(world.agent)) == []
    (ended,) = await world.do.support.cases_page(world.as_(world.owner), world.company_id, first=5)
    assert ended.end_by(world.clock.now()) is SupportCaseEnd.EXPIRED


async def test_a_case_grants_customer_data_only_if_it_says_so(world):
    await opened(world, grant_customer_data=True)
    await opened(world)
    assert await standing(world) is SupportStanding.OPEN_WITH_CUSTOMER_DATA


async def test_closing_ends_a_case_at_once_and_twice_is_the_same(world):
    case = await opened(world)
    world.clock.advance(timedelta(minutes=5))
    closed = await world.do.support.close_case(world.as_(world.owner), world.company_id, case.id)
    assert (closed.ended_by, closed.ends_at) == (SupportCaseEnd.CLOSED, world.clock.now())
    world.clock.advance(timedelta(minutes=5))
    assert await world.do.support.close_case(world.as_(world.owner), world.company_id, case.id) == closed
    assert await standing(world) is SupportStanding.NONE


async def test_only_admins_open_and_close_and_only_in_their_company(world):
    case = await opened(world)
    foreigner = replace(world.owner, company_id=await world.add_company("other"))
    token = Token(world.company_id, "t", frozenset(Permission))
    for actor in (world.member("staff"), foreigner, Anonymous(), world.agent, token):
        assert await opened(world, actor) == NotFound(("input", "company"))
        closing = world.do.support.close_case(world.as_(actor), world.company_id, case.id)
        assert await closing == NotFound(("input", "case"))
    own = world.do.support.close_case(world.as_(foreigner), foreigner.company_id, case.id)
    assert await own == NotFound(("input", "case"))
    assert await standing(world) is SupportStanding.OPEN
    assert (await opened(world, world.member("admin", Role.ADMIN))).id


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"hours": 0}, ("input", "hours")),
        ({"hours": 73}, ("input", "hours")),
        ({"reason": " "}, ("input", "reason")),
        ({"reason": "r" * 1001}, ("input", "reason")),
    ],
)
async def test_bad_input_names_its_field(world, change, path):
    refused = await opened(world, **change)
    assert isinstance(refused, InvalidInput)
    assert [field.path for field in refused.fields] == [path]


async def test_the_list_of_open_cases_is_for_agents_only(world):
    await opened(world)
    for actor in (Anonymous(), world.owner, Token(world.company_id, "t", frozenset(Permission))):
        assert await world.do.support.open_cases(world.as_(actor)) == []


# Exclusion


async def test_exclusion_closes_open_cases_and_opens_nothing_when_taken_back(world):
    case = await opened(world)
    await exclude(world)
    (seen,) = await cases(world, world.owner, case)
    assert (seen.ended_by, seen.ends_at) == (SupportCaseEnd.EXCLUDED, world.clock.now())
    assert await opened(world) == SupportIsExcluded()
    assert await world.do.support.open_cases(world.as_(world.agent)) == []
    await exclude(world, excluded=False)
    assert await standing(world) is SupportStanding.NONE
    assert (await opened(world)).id != case.id


async def test_only_an_agent_who_had_looked_in_is_told_of_the_exclusion(world):
    other = replace(world.agent, user_id=world.id_of("other agent"))
    late = replace(world.agent, user_id=world.id_of("late agent"))
    case = await opened(world)
    await look(world)
    await exclude(world)
    await look(world, late)
    assert await standing(world) is SupportStanding.EXCLUDED
    with pytest.raises(SupportExcluded):
        await world.as_(world.agent).permits(Action.READ_PUBLIC_PROFILE, world.company_id)
    for agent in (other, late):
        assert await standing(world, agent) is SupportStanding.NONE
        assert not await world.as_(agent).permits(Action.READ_PUBLIC_PROFILE, world.company_id)
        assert await cases(world, agent, case) == []
    assert [one.id for one in await cases(world, world.agent, case)] == [case.id]


async def test_a_case_its_company_closed_is_gone_for_agents(world):
    case = await opened(world)
    await look(world)
    assert await cases(world, world.agent, case)
    await world.do.support.close_case(world.as_(world.owner), world.company_id, case.id)
    assert await cases(world, world.agent, case) == []
    await exclude(world)
    assert await standing(world) is SupportStanding.NONE


async def test_the_exclusion_waits_for_answers_on_their_way_out_and_commits_behind_them(world):
    await opened(world)
    gate = world.joined.gate
    async with gate.shared([world.company_id]):
        excluding = asyncio.create_task(exclude(world))
        await asyncio.sleep(0)
        await world.add_company("other")  # a write that comes behind the exclusion's, were that not waiting
        assert not excluding.done()
        assert await standing(world) is SupportStanding.OPEN
        entering = asyncio.create_task(enter(gate, world))
    await excluding
    assert await entering is SupportStanding.NONE


async def enter(gate, world):
    async with gate.shared([world.company_id]):
        return await standing(world)


async def test_an_operation_reads_the_standing_once_and_anew_after_a_recheck(world):
    operation = world.as_(world.agent)
    assert not await operation.permits(Action.READ_OVERVIEW, world.company_id)
    await opened(world)
    assert not await operation.permits(Action.READ_OVERVIEW, world.company_id)
    operation.recheck()
    assert await operation.permits(Action.READ_OVERVIEW, world.company_id)
    assert operation.permits_as_read(Action.READ_OVERVIEW, world.company_id)
    operation.recheck()
    assert operation.permits_as_read(Action.READ_OVERVIEW, world.company_id) is None


# The access log


async def test_every_access_is_logged_refusals_too(world):
    await look(world)
    world.clock.advance(timedelta(minutes=1))
    case = await opened(world)
    span = (world.at("2027-03-02 00:00"), world.at("2027-03-03 00:00"))
    await world.do.support.log_access(
        world.as_(world.agent), [world.company_id], replace(LOOK, range_start=span[0], range_end=span[1])
    )
    world.clock.advance(timedelta(minutes=1))
    await exclude(world)
    await look(world)
    assert [(entry.refused, entry.case_id, entry.range_start, entry.range_end) for entry in await log(world)] == [
        (True, None, None, None),
        (False, case.id, *span),
        (True, None, None, None),
    ]
    (entry, *_) = await log(world)
    assert (entry.agent_id, entry.agent, entry.operation_name, entry.fields) == (
        world.agent.user_id,
        world.agent.email,
        "Look",
        LOOK.fields,
    )


async def test_one_entry_per_company_reached_and_none_for_companies_that_are_not_there(world):
    other = await world.add_company("other")
    reached = [world.company_id, other, world.company_id, "f" * 32]
    await world.do.support.log_access(world.as_(world.agent), reached, LOOK)
    assert [entry.company_id for entry in await log(world)] == [world.company_id]


async def test_only_support_is_logged(world):
    for actor in (world.owner, Anonymous(), Token(world.company_id, "t", frozenset())):
        await world.do.support.log_access(world.as_(actor), [world.company_id], LOOK)
    assert await log(world) == []


async def test_the_log_is_read_by_admins_page_by_page(world):
    for _ in range(5):
        await look(world)
        world.clock.advance(timedelta(minutes=1))
    first = await world.do.support.access_log(world.as_(world.owner), world.company_id, first=2)
    key = (first[-1].at, first[-1].id)
    rest = await world.do.support.access_log(world.as_(world.owner), world.company_id, first=9, after=key)
    moments = [entry.at for entry in [*first, *rest]]
    assert moments == sorted(moments, reverse=True)
    assert len({entry.id for entry in [*first, *rest]}) == 5
    ids = [first[0].id, world.id_of("nothing"), first[1].id]
    entries = await world.do.support.access_entries(world.as_(world.owner), world.company_id, ids)
    assert {entry.id for entry in entries} == {first[0].id, first[1].id}
    for actor in (world.member("staff"), world.agent, Anonymous()):
        assert await world.do.support.access_log(world.as_(actor), world.company_id, first=9) is None
        assert await world.do.support.access_entries(world.as_(actor), world.company_id, ids) == []


async def test_cases_are_listed_newest_first_for_admins_and_for_support_inside_one(world):
    ids = []
    for _ in range(3):
        ids.insert(0, (await opened(world)).id)
        world.clock.advance(timedelta(minutes=1))
    page = await world.do.support.cases_page(world.as_(world.agent), world.company_id, first=2)
    assert [case.id for case in page] == ids[:2]
    key = (page[-1].opened_at, page[-1].id)
    rest = await world.do.support.cases_page(world.as_(world.owner), world.company_id, first=2, after=key)
    assert [case.id for case in rest] == ids[2:]
    assert await world.do.support.cases_page(world.as_(world.member("staff")), world.company_id, first=2) is None
