"""What happens when two change the same people at the same moment: side by side on PostgreSQL, one after the other on SQLite."""

import asyncio
from collections import Counter

import pytest

from slotgraph.core import linking, tables
from slotgraph.core.errors import BadInput
from slotgraph.core.people.invitations import InvitationRequest, Invited
from slotgraph.core.people.sessions import LoggedIn
from slotgraph.core.policy import Anonymous, Member, Role
from slotgraph.core.problems import LoginRefused, NotFound, SecretRefused
from slotgraph.core.values import Purpose, Secret

PASSWORD = Secret("a password of mine")


def acting(place):
    return Member(place.company_id, place.id, place.user_id, place.email, place.role, place.employee_id)


@pytest.fixture
async def owners(people, owner):
    return [owner, *[await people.add(f"owner{number}@demo.example", Role.OWNER) for number in range(2, 5)]]


@pytest.mark.parametrize("how", ["demoted", "removed"])
async def test_of_owners_who_get_rid_of_each_other_one_is_left(people, owners, how):
    """Each is about to touch the next one, all in a circle."""

    def touch(who, whom):
        if how == "removed":
            return people.remove(acting(who), whom)
        return people.update(acting(who), whom, role=Role.ADMIN)

    pairs = zip(owners, owners[1:] + owners[:1], strict=True)
    await asyncio.gather(*(touch(who, whom) for who, whom in pairs))
    assert Counter((await people.roles()).values())["OWNER"] >= 1


async def test_of_two_owners_who_demote_themselves_one_stays(people, owners):
    first, second = owners[:2]
    for other in owners[2:]:
        await people.remove(acting(first), other)
    await asyncio.gather(*(people.update(acting(one), one, role=Role.STAFF) for one in (first, second)))
    assert sorted((await people.roles()).values()) == ["OWNER", "STAFF"]


async def test_an_invitation_accepted_several_times_at_once_makes_one_login(world, people, owner):
    boss = world.as_(acting(owner))
    invited = await people.do.invitations.invite(boss, InvitationRequest("new@demo.example", Role.STAFF))
    results = await asyncio.gather(
        *(people.do.invitations.accept(world.as_(), invited.token, PASSWORD) for _ in range(5))
    )
    assert Counter(map(type, results)) == {LoggedIn: 1, SecretRefused: 4}
    assert await people.roles() == {"owner": "OWNER", "new": "STAFF"}


async def test_an_address_invited_by_two_companies_is_the_login_of_one(world, people, owner):
    await world.add_company("other")
    theirs = await people.add("boss@other.example", Role.OWNER, company="other")
    request = InvitationRequest("new@demo.example", Role.STAFF)
    tokens = [(await people.do.invitations.invite(world.as_(acting(one)), request)).token for one in (owner, theirs)]
    results = await asyncio.gather(*(people.do.invitations.accept(world.as_(), token, PASSWORD) for token in tokens))
    assert Counter(map(type, results)) == {LoggedIn: 1, SecretRefused: 1}
    assert [row.email for row in await world.rows(tables.user)].count("new@demo.example") == 1


async def test_one_employee_given_to_several_at_once_is_one_of_them(world, people, owner):
    staff = [await people.add(f"s{number}@demo.example") for number in range(4)]
    ben = world.id_of("ben")
    results = await asyncio.gather(
        *(people.update(acting(owner), one, employee_id=ben) for one in staff), return_exceptions=True
    )
    assert [isinstance(result, BadInput) for result in results].count(True) == 3
    assert [row.employee_id for row in await world.rows(tables.member)].count(ben) == 1


async def test_one_address_invited_several_times_at_once_has_one_invitation(world, people, owner):
    request = InvitationRequest("new@demo.example", Role.STAFF)
    results = await asyncio.gather(*(people.do.invitations.invite(world.as_(acting(owner)), request) for _ in range(4)))
    assert [type(result) for result in results] == [Invited] * 4
    assert len(await world.rows(tables.invitation)) == 1
    accepted = [await people.do.invitations.accept(world.as_(), one.token, PASSWORD) for one in results]
    assert Counter(map(type, accepted)) == {LoggedIn: 1, SecretRefused: 3}


async def test_a_login_beside_a_removal_is_refused_or_over(people, owner):
    """No session outlives its user, and neither of the two trips over the other."""
    for _ in range(5):
        place = await people.add("staff@demo.example")
        begun, removed = await asyncio.gather(people.login("staff@demo.example"), people.remove(acting(owner), place))
        assert removed is None
        assert begun == LoginRefused() or await people.who(begun.session) == Anonymous()


async def test_a_member_removed_by_two_at_once_is_removed_once(people, owner):
    place = await people.add("staff@demo.example")
    results = await asyncio.gather(*(people.remove(acting(owner), place) for _ in range(3)))
    assert Counter(map(type, results)) == {type(None): 1, NotFound: 2}


async def test_no_link_is_begun_by_a_member_who_is_removed_meanwhile(world, people, owner, monkeypatch):
    place, begun = await people.add("boss@demo.example", Role.OWNER), linking._begun

    async def after_the_removal(*args, **options):
        assert await people.remove(acting(owner), place) is None
        return await begun(*args, **options)

    monkeypatch.setattr(linking, "_begun", after_the_removal)
    boss = world.as_(acting(place))
    outcome = await people.do.linking.begin(boss, "memory", employee=None, purposes=frozenset(Purpose))
    assert outcome == NotFound(("input", "employee"))
    assert await world.rows(tables.link_attempt) == []
