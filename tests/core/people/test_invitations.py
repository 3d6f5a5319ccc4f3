"""Invitations: whom one may invite, and that each is accepted once, in time, by whoever holds its token."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from slotgraph.core import tables
from slotgraph.core.errors import BadInput, UnknownObject
from slotgraph.core.people.invitations import MAX_OPEN, InvitationRequest, Invited
from slotgraph.core.people.sessions import LoggedIn
from slotgraph.core.policy import Anonymous, Member, Permission, Role, Token
from slotgraph.core.problems import InvalidInput, NotFound, SecretRefused
from slotgraph.core.values import Secret

NEW = "new@demo.example"
PASSWORD = Secret("a password of mine")


@pytest.fixture
async def boss(people, owner):
    actor, _ = await people.logged_in(owner.email)
    return actor


@pytest.fixture
async def admin(people, owner):
    await people.add("admin@demo.example", Role.ADMIN)
    actor, _ = await people.logged_in("admin@demo.example")
    return actor


@pytest.fixture
def invite(world, people):
    async def invite(actor, email=NEW, role=Role.STAFF, employee=None):
        request = InvitationRequest(email, role, employee and world.id_of(employee))
        return await people.do.invitations.invite(world.as_(actor), request)

    return invite


@pytest.fixture
def accept(world, people):
    async def accept(token, password=PASSWORD):
        return await people.do.invitations.accept(world.as_(), token, password)

    return accept


def fault(result):
    """The one wrong field of an answer, and what is said of it."""
    assert isinstance(result, InvalidInput), result
    (field,) = result.fields
    return field.path[1], field.message


async def test_an_invitation_makes_a_login_with_the_role_and_employee_that_were_promised(
    world, people, boss, invite, accept
):
    invited = await invite(boss, "New@Demo.example", Role.ADMIN, "ben")
    assert isinstance(invited, Invited)
    begun = await accept(invited.token)
    assert isinstance(begun, LoggedIn)
    assert begun.actor == Member(
        world.company_id, begun.actor.id, begun.actor.user_id, NEW, Role.ADMIN, world.id_of("ben")
    )
    assert await people.who(begun.session) == begun.actor
    actor, _ = await people.logged_in(NEW, PASSWORD)
    assert actor == begun.actor
    assert await people.do.invitations.invitations(world.as_(boss), world.company_id) == []


async def test_the_token_carries_the_company_and_only_its_hash_is_stored(world, boss, invite):
    invited = await invite(boss)
    token = invited.token.reveal()
    assert re.fullmatch(rf"sgi_{world.company_id}_[A-Za-z0-9_-]{{43}}", token)
    assert token.rpartition("_")[2] not in str(await world.rows(tables.invitation))
    assert token not in repr(invited)


async def test_a_token_is_good_once(invite, accept, boss):
    token = (await invite(boss)).token
    assert isinstance(await accept(token), LoggedIn)
    assert await accept(token) == SecretRefused()


async def test_a_token_is_good_for_seven_days(world, people, invite, accept, boss):
    invited = await invite(boss)
    assert invited.invitation.expires_at == world.clock.now() + timedelta(days=7)
    world.clock.advance(timedelta(days=7) - timedelta(seconds=1))
    assert len(await people.do.invitations.invitations(world.as_(boss), world.company_id)) == 1
    world.clock.advance(timedelta(seconds=1))
    assert await people.do.invitations.invitations(world.as_(boss), world.company_id) == []
    assert await accept(invited.token) == SecretRefused()
    assert isinstance(await accept((await invite(boss)).token), LoggedIn)


async def test_inviting_an_address_again_replaces_what_was_open(world, people, invite, accept, boss):
    first = await invite(boss, employee="ben")
    second = await invite(boss, NEW.upper(), Role.ADMIN, "ben")
    assert await accept(first.token) == SecretRefused()
    assert await people.do.invitations.invitations(world.as_(boss), world.company_id) == [second.invitation]
    assert (await accept(second.token)).actor.role is Role.ADMIN


async def test_what_is_no_token_of_an_invitation_is_refused_alike(world, invite, accept, boss):
    good = (await invite(boss)).token.reveal()
    other = await world.add_company("other")
    texts = ["", "x", good[:-1], good + "x", good.replace("sgi_", "sg_"), good.replace(world.company_id, other)]
    for text in [*texts, f"sgi_{world.company_id}_{'A' * 43}", "\ud800"]:
        assert await accept(Secret(text), Secret("short")) == SecretRefused()
    assert isinstance(await accept(Secret(good)), LoggedIn)


@pytest.mark.parametrize("password", ["short", NEW, "password1234", "x" * 201])
async def test_a_bad_password_uses_nothing_up(invite, accept, boss, password):
    token = (await invite(boss)).token
    assert fault(await accept(token, Secret(password)))[0] == "password"
    assert isinstance(await accept(token), LoggedIn)


# Who may invite whom


async def test_only_owners_invite_owners(invite, admin, boss):
    assert fault(await invite(admin, role=Role.OWNER)) == ("role", "only an owner makes, changes and removes owners.")
    assert isinstance(await invite(admin, role=Role.ADMIN), Invited)
    assert isinstance(await invite(boss, role=Role.OWNER), Invited)


async def test_an_admin_neither_replaces_nor_takes_back_an_invitation_of_an_owner(
    world, people, invite, accept, admin, boss
):
    invited = await invite(boss, role=Role.OWNER)
    assert fault(await invite(admin, role=Role.STAFF))[0] == "email"
    back = await people.do.invitations.take_back(world.as_(admin), world.company_id, invited.invitation.id)
    assert fault(back)[0] == "id"
    assert (await accept(invited.token)).actor.role is Role.OWNER


async def test_nobody_else_invites_sees_or_takes_back(world, people, invite, boss):
    invited = await invite(boss)
    await people.add("staff@demo.example")
    staff, _ = await people.logged_in("staff@demo.example")
    foreign = replace(boss, company_id=await world.add_company("other"))
    token = Token(world.company_id, "t", frozenset(Permission))
    for actor in (staff, foreign, token, world.agent, Anonymous()):
        operation = world.as_(actor)
        assert await invite(actor) == NotFound(("input",))
        assert await people.do.invitations.invitations(operation, world.company_id) is None
        back = await people.do.invitations.take_back(operation, world.company_id, invited.invitation.id)
        assert back == NotFound(("input", "id"))
    assert await people.do.invitations.invitations(world.as_(boss), world.company_id) == [invited.invitation]


async def test_whoever_has_lost_their_role_invites_nobody(people, invite, admin, boss):
    await people.update(boss, admin, role=Role.STAFF)
    assert await invite(admin) == NotFound(("input",))


async def test_what_is_taken_back_is_dead(world, people, invite, accept, boss):
    invited = await invite(boss)
    desk, operation = people.do.invitations, world.as_(boss)
    assert await desk.take_back(operation, world.company_id, invited.invitation.id) is None
    assert await accept(invited.token) == SecretRefused()
    again = await desk.take_back(operation, world.company_id, invited.invitation.id)
    assert again == await desk.take_back(operation, world.company_id, world.id_of("nobody"))
    assert again == NotFound(("input", "id"))


async def test_an_address_with_a_login_anywhere_is_not_invited(world, people, invite, boss):
    await world.add_company("other")
    await people.add("boss@other.example", Role.OWNER, company="other")
    await people.add_agent()
    for email in ("owner@demo.example", "Boss@Other.example", "agent@slotgraph.example"):
        assert fault(await invite(boss, email)) == ("email", "this address already has a login.")


async def test_a_login_made_in_the_meantime_keeps_its_address(people, invite, accept, boss):
    token = (await invite(boss)).token
    await people.add(NEW, Role.STAFF)
    assert await accept(token) == SecretRefused()


@pytest.mark.parametrize("email", ["", "nobody", "a@b", "a b@c.example", "a" * 250 + "@b.example", "a\u202e@b.example"])
async def test_what_is_no_address_is_refused(invite, boss, email):
    assert fault(await invite(boss, email))[0] == "email"


async def test_the_employee_is_one_of_the_company_there_and_nobody_elses(world, people, invite, boss):
    await world.add_company("other")
    await world.add_employee("carl", company="other")
    for name in ("carl", "nobody"):
        with pytest.raises(UnknownObject):
            await invite(boss, employee=name)
    await invite(boss, "first@demo.example", employee="ben")
    for name, said in (("anna", "another member"), ("ben", "invited")):
        with pytest.raises(BadInput) as refused:
            await invite(boss, employee=name)
        assert said in refused.value.reason
    world.clock.advance(timedelta(days=7))
    assert isinstance(await invite(boss, employee="ben"), Invited)


async def test_an_employee_who_is_gone_by_then_is_left_out(world, invite, accept, boss):
    token = (await invite(boss, employee="ben")).token
    await world.change(tables.employee, world.id_of("ben"), deleted_at=world.clock.now())
    assert (await accept(token)).actor.employee_id is None


async def test_there_are_at_most_two_hundred_open_ones(world, invite, boss):
    now = world.clock.now()
    rows = [
        {
            "company_id": world.company_id,
            "id": world.id_of(f"invitation {number}"),
            "email": f"p{number}@demo.example",
            "role": "STAFF",
            "employee_id": None,
            "token_hash": "0" * 64,
            "created_at": now,
            "expires_at": now + timedelta(days=1),
        }
        for number in range(MAX_OPEN)
    ]
    async with world.database.write() as connection:
        await connection.execute(tables.invitation.insert(), rows)
    assert fault(await invite(boss)) == ("email", "there are 200 open invitations; take some back first.")
    assert isinstance(await invite(boss, "p7@demo.example"), Invited)  # one for another
    world.clock.advance(timedelta(days=1))
    assert isinstance(await invite(boss), Invited)
    assert len(await world.rows(tables.invitation)) == 2  # those that lapsed are dropped


async def test_an_address_that_grows_too_long_in_lower_case_is_none(boss, invite):
    """PostgreSQL holds columns to their lengths."""
    address = f"new@{'İ' * 30}{'x' * 216}.com"
    assert len(address) == 254
    path, message = fault(await invite(boss, address))
    assert (path, "no e-mail address" in message) == ("email", True)
