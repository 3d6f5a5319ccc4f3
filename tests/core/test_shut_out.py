"""Rule T3: support that is shut out while calendars are asked gets nothing, whatever it asked."""

import asyncio

import pytest

from slotgraph.core.errors import SupportExcluded, UnknownObject
from slotgraph.core.profile import ProfileChange
from slotgraph.core.support import Access, CaseRequest


@pytest.mark.parametrize("asked", ["search", "explain"])
@pytest.mark.parametrize(("how", "refusal"), [("excluded", SupportExcluded), ("closed", UnknownObject)])
async def test_support_shut_out_while_calendars_are_asked_gets_nothing(world, asked, how, refusal):
    owner = world.as_(world.owner)
    await world.link("anna")
    case = await world.do.support.open_case(owner, CaseRequest(world.company_id, "help", 1, False))
    await world.do.support.log_access(world.as_(world.agent), [world.company_id], Access("x", ("Query.slots",)))
    released = world.calendars.hang("busy")
    asking = asyncio.create_task(getattr(world, asked)(actor=world.agent))
    await world.called("busy")
    if how == "excluded":
        await world.do.profiles.update(owner, world.company_id, ProfileChange(exclude_support=True))
    else:
        await world.do.support.close_case(owner, world.company_id, case.id)
    released.set()
    with pytest.raises(refusal):
        await asking
