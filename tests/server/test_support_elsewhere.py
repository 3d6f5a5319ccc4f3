"""Rule T3 across processes: one serves the agent, another the owner; and hints, on which nothing rests, end what runs in vain."""

import asyncio

import pytest
import slotgraph_tests_server_gating as gating
from slotgraph_tests_core_world import World

from slotgraph.core.gate import ProcessGate
from slotgraph.core.store.notices import Resynchronise, SupportShutOut
from slotgraph.server.support_gate import HAND_OVER_SECONDS, SupportGate

ROUNDS = 15


@pytest.fixture
async def company(site):
    company = gating.Company(site)
    await company.fill()
    return company


@pytest.fixture
async def replicas(company):
    """The owner is served by one process, the agent by another; both have one database."""
    company.elsewhere = await World.opened(company.world.address)
    yield company
    await company.elsewhere.close()


# Across processes


@pytest.mark.postgresql
@pytest.mark.parametrize("how", ["exclude", "close"])
async def test_no_replica_hands_a_titled_byte_over_after_another_has_acknowledged(replicas, how):
    total = await gating.interleaved(replicas, replicas.gate(), seeds=range(ROUNDS), how=how)
    assert total.titled_after == 0
    assert total.titled_before > 0


async def shut_out_while_the_answer_leaves(company, gate):
    """What was handed over by a wire that would rather wait for the acknowledgement."""
    await company.open_case()
    wire = gating.Wire(lingers=True, patience_seconds=0.8 * HAND_OVER_SECONDS)
    look = asyncio.create_task(company.look(wire, gate))
    while wire.status is None and not look.done():
        await asyncio.sleep(0)
    await company.exclude()
    wire.acknowledged.set()
    await look
    await company.exclude(on=False)
    company.pass_time()
    return wire


@pytest.mark.postgresql
async def test_the_acknowledgement_of_one_replica_waits_for_what_leaves_another(replicas):
    wire = await shut_out_while_the_answer_leaves(replicas, replicas.gate())
    assert (wire.titled_before > 0, wire.titled_after) == (True, 0)


@pytest.mark.postgresql
async def test_with_locks_of_one_process_it_would_not(replicas):
    """The proof that the tests above can fail."""
    parts = replicas.world.joined.parts
    gate = SupportGate(replicas.world.do.support, ProcessGate(parts.database), parts.database.notices)
    wires = [await shut_out_while_the_answer_leaves(replicas, gate) for _ in range(5)]
    assert sum(wire.titled_after for wire in wires) > 0


# Hints


async def test_who_looks_while_support_is_shut_out_need_not_wait_for_calendars_that_never_answer(company):
    await company.open_case()
    wire = gating.Wire()
    company.world.calendars.hang("titles")
    look = asyncio.create_task(company.look(wire, company.gate()))
    await company.world.called("titles")
    async with company.world.database.listening():
        await company.exclude()
        await asyncio.wait_for(look, 20)
    assert b"SUPPORT_EXCLUDED" in wire.body


@pytest.mark.postgresql
async def test_an_exclusion_at_one_replica_ends_what_runs_at_another(replicas):
    await replicas.open_case()
    wire = gating.Wire()
    replicas.world.calendars.hang("titles")
    async with replicas.world.database.listening():
        look = asyncio.create_task(replicas.look(wire, replicas.gate()))
        await replicas.world.called("titles")
        await replicas.exclude()
        await asyncio.wait_for(look, 20)
    assert b"SUPPORT_EXCLUDED" in wire.body


async def test_hints_about_nothing_disturb_nobody(company):
    await company.open_case()
    wire = gating.Wire()
    released = company.world.calendars.hang("titles")
    look = asyncio.create_task(company.look(wire, company.gate()))
    await company.world.called("titles")
    for hint in (SupportShutOut("0" * 32), SupportShutOut(company.id), Resynchronise()):
        company.world.database.notices.deliver(hint)
    released.set()
    await look
    assert wire.titled_before > 0
    assert company.world.calendars.calls["titles"] == 1
