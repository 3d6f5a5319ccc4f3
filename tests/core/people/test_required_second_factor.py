"""Where the operator requires a second factor, owners and agents without one may only set one up."""

import pytest

from slotgraph.core.people.invitations import InvitationRequest
from slotgraph.core.people.sessions import LoggedIn
from slotgraph.core.policy import TABLE, Action, ActorKind, Facts, Member, Role, Support, Unproven, permits
from slotgraph.core.problems import InvalidInput
from slotgraph.core.values import Secret

OWNER, ADMIN, AGENT = "owner@demo.example", "admin@demo.example", "agent@slotgraph.example"


@pytest.fixture
def strict(people):
    return people.requiring()


async def test_an_owner_without_one_gets_a_session_that_may_only_set_one_up(strict, owner):
    actor, session = await strict.logged_in(OWNER)
    assert actor == Unproven(owner.user_id, OWNER, ActorKind.MEMBER)
    assert await strict.who(session) == actor
    allowed = {action for action in TABLE if permits(action, actor, Facts(owner.company_id))}
    assert allowed == {
        Action.READ_SCHEMA_SHAPE,
        Action.READ_VIEWER,
        Action.LOG_IN,
        Action.CHANGE_SECOND_FACTOR,
    }


async def test_an_agent_without_one_likewise(strict):
    await strict.add_agent()
    actor, session = await strict.logged_in(AGENT)
    assert isinstance(actor, Unproven)
    assert actor.kind is ActorKind.SUPPORT
    assert await strict.who(session) == actor


@pytest.mark.parametrize("role", [Role.ADMIN, Role.STAFF])
async def test_admins_and_staff_need_none(strict, role):
    await strict.add(ADMIN, role)
    actor, session = await strict.logged_in(ADMIN)
    assert isinstance(actor, Member)
    assert await strict.who(session) == actor


async def test_after_the_first_code_the_same_session_is_complete(strict, owner):
    actor, session = await strict.logged_in(OWNER)
    await strict.enrol(actor, session)
    assert isinstance(await strict.who(session), Member)


async def test_an_agent_s_session_is_complete_after_the_first_code_too(strict):
    await strict.add_agent()
    actor, session = await strict.logged_in(AGENT)
    await strict.enrol(actor, session)
    assert isinstance(await strict.who(session), Support)


async def test_a_session_begun_before_it_was_required_is_restricted_at_the_next_request(people, strict, owner):
    actor, session = await people.logged_in(OWNER)
    assert isinstance(actor, Member)
    assert isinstance(await strict.who(session), Unproven)


async def test_whoever_becomes_an_owner_is_restricted_at_the_next_request(strict, people, owner):
    place = await people.add(ADMIN, Role.ADMIN)
    actor, _ = await people.logged_in(OWNER)
    _, admins = await strict.logged_in(ADMIN)
    await people.update(actor, place, role=Role.OWNER)
    assert isinstance(await strict.who(admins), Unproven)


async def test_it_cannot_be_removed_where_the_place_requires_it(world, strict, owner):
    actor, session = await strict.logged_in(OWNER)
    _, codes = await strict.enrol(actor, session)
    complete = await strict.who(session)
    refused = await strict.do.second_factors.remove(world.as_(complete), strict.PASSWORD, codes[0])
    assert isinstance(refused, InvalidInput)
    assert "your role requires" in refused.message
    assert await strict.do.second_factors.is_on(world.as_(complete))
    assert isinstance(await strict.login(OWNER, code=codes[0]), LoggedIn)  # the code was not used up


async def test_an_admin_may_remove_theirs(world, strict):
    await strict.add(ADMIN, Role.ADMIN)
    actor, session = await strict.logged_in(ADMIN)
    _, codes = await strict.enrol(actor, session)
    assert await strict.do.second_factors.remove(world.as_(actor), strict.PASSWORD, codes[0]) is None


async def test_who_accepts_an_invitation_as_owner_must_set_one_up_as_well(world, people, strict, owner):
    actor, _ = await people.logged_in(OWNER)
    request = InvitationRequest("second@demo.example", Role.OWNER)
    invited = await people.do.invitations.invite(world.as_(actor), request)
    begun = await strict.do.invitations.accept(world.as_(), invited.token, Secret("a good password"))
    assert isinstance(begun.actor, Unproven)
    assert isinstance(await strict.who(begun.session), Unproven)
