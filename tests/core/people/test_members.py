"""Members: who may change and remove whom, and that there is always an owner. The races: see test_people_races.py."""

from dataclasses import replace

import pytest

from slotgraph.core import tables
from slotgraph.core.errors import BadInput, UnknownObject
from slotgraph.core.people.invitations import InvitationRequest
from slotgraph.core.policy import Anonymous, Member, Permission, Role, Token
from slotgraph.core.problems import InvalidInput, LastOwner, NotFound
from slotgraph.core.records import CompanyMember
from slotgraph.core.support import CaseRequest

NOWHERE = NotFound(("input", "member"))
NOBODY = NotFound(("input", "id"))


@pytest.fixture
async def team(people, owner):
    """An owner, a second one, an admin and somebody of the staff: their places, and the actors they are."""
    places = {"owner": owner}
    for name, role in (("second", Role.OWNER), ("admin", Role.ADMIN), ("staff", Role.STAFF)):
        places[name] = await people.add(f"{name}@demo.example", role)
    return places


def acting(place):
    return Member(place.company_id, place.id, place.user_id, place.email, place.role, place.employee_id)


async def test_admins_see_the_members_by_address_with_their_last_login(world, people, team):
    await people.logged_in("staff@demo.example")
    for name in ("owner", "admin"):
        listed = await people.do.members.members(world.as_(acting(team[name])), world.company_id)
        assert [one.place.email for one in listed] == sorted(f"{name}@demo.example" for name in team)
        assert {one.place.email: one.last_login_at for one in listed if one.last_login_at} == {
            "staff@demo.example": world.clock.now()
        }
        assert not any(one.totp_enabled for one in listed)
    actor, session = await people.logged_in("staff@demo.example")
    await people.enrol(actor, session)
    listed = await people.do.members.members(world.as_(acting(team["admin"])), world.company_id)
    assert [one.place.email for one in listed if one.totp_enabled] == ["staff@demo.example"]


async def test_nobody_else_sees_or_changes_members(world, people, team):
    other = await world.add_company("other")
    strangers = [
        Anonymous(),
        acting(team["staff"]),
        world.agent,
        Token(world.company_id, "t", frozenset(Permission)),
        replace(acting(team["owner"]), company_id=other),
    ]
    for actor in strangers:
        assert await people.do.members.members(world.as_(actor), world.company_id) is None
        assert await people.update(actor, team["admin"], role=Role.STAFF) == NOWHERE
        assert await people.remove(actor, team["admin"]) == NOBODY
    assert len(await people.roles()) == 4


async def test_support_inside_a_case_sees_no_members(world, people, team):
    request = CaseRequest(world.company_id, "Look", 1, True)
    await world.do.support.open_case(world.as_(acting(team["owner"])), request)
    assert await people.do.members.members(world.as_(world.agent), world.company_id) is None


# Roles

CHANGES = [
    ("owner", "second", Role.STAFF, "done"),
    ("owner", "admin", Role.OWNER, "done"),
    ("owner", "owner", Role.STAFF, "done"),
    ("admin", "staff", Role.ADMIN, "done"),
    ("admin", "admin", Role.STAFF, "done"),
    ("admin", "staff", Role.OWNER, "role"),
    ("admin", "admin", Role.OWNER, "role"),
    ("admin", "owner", Role.STAFF, "member"),
    ("admin", "owner", Role.OWNER, "member"),
    ("staff", "staff", Role.ADMIN, "nothing there"),
    ("staff", "admin", Role.STAFF, "nothing there"),
]


@pytest.mark.parametrize(("who", "whom", "role", "outcome"), CHANGES)
async def test_who_may_give_whom_which_role(people, team, who, whom, role, outcome):
    before = await people.roles()
    result = await people.update(acting(team[who]), team[whom], role=role)
    if outcome == "done":
        assert isinstance(result, CompanyMember)
        assert result.place.role is role
        assert await people.roles() == before | {whom: role.value}
        return
    assert await people.roles() == before
    if outcome == "nothing there":
        assert result == NOWHERE
    else:
        assert isinstance(result, InvalidInput)
        assert [field.path for field in result.fields] == [("input", outcome)]
        assert "only an owner" in result.message


@pytest.mark.parametrize(
    ("who", "whom", "is_removed"),
    [
        ("owner", "second", True),
        ("owner", "owner", True),
        ("owner", "admin", True),
        ("admin", "staff", True),
        ("admin", "admin", True),
        ("admin", "owner", False),
        ("staff", "staff", False),
        ("staff", "admin", False),
    ],
)
async def test_who_may_remove_whom(people, team, who, whom, is_removed):
    before = await people.roles()
    result = await people.remove(acting(team[who]), team[whom])
    assert (result is None) is is_removed
    assert (whom in await people.roles()) is not is_removed
    if who == "admin" and not is_removed:
        assert isinstance(result, InvalidInput)
        assert "only an owner" in result.message
    assert len(await people.roles()) == len(before) - is_removed


async def test_the_last_owner_is_neither_removed_nor_made_less(people, owner):
    await people.add("admin@demo.example", Role.ADMIN)
    for role in (Role.ADMIN, Role.STAFF):
        assert await people.update(acting(owner), owner, role=role) == LastOwner()
    assert await people.remove(acting(owner), owner) == LastOwner()
    assert isinstance(await people.update(acting(owner), owner, role=Role.OWNER), CompanyMember)
    assert (await people.roles())["owner"] == "OWNER"


async def test_an_owner_of_another_company_is_no_second_one(world, people, owner):
    await world.add_company("other")
    await people.add("boss@other.example", Role.OWNER, company="other")
    assert await people.remove(acting(owner), owner) == LastOwner()


async def test_a_changed_role_counts_from_the_next_request_on(people, team):
    _, session = await people.logged_in("staff@demo.example")
    await people.update(acting(team["owner"]), team["staff"], role=Role.ADMIN)
    assert (await people.who(session)).role is Role.ADMIN


async def test_whoever_has_lost_their_role_changes_nothing_even_if_their_request_began_before(people, team):
    was_admin = acting(team["admin"])
    await people.update(acting(team["owner"]), team["admin"], role=Role.STAFF)
    assert await people.update(was_admin, team["staff"], role=Role.ADMIN) == NOWHERE
    assert await people.remove(was_admin, team["staff"]) == NOBODY
    was_owner = acting(team["second"])
    await people.update(acting(team["owner"]), team["second"], role=Role.ADMIN)
    assert isinstance(await people.remove(was_owner, team["owner"]), InvalidInput)


async def test_what_is_left_out_stays(people, team):
    kept = await people.update(acting(team["owner"]), team["owner"])
    assert kept.place == team["owner"]


# Employees


async def test_a_member_is_an_employee_and_is_one_no_more(world, people, team):
    ben = world.id_of("ben")
    changed = await people.update(acting(team["admin"]), team["staff"], employee_id=ben)
    assert changed.place.employee_id == ben
    assert (await people.update(acting(team["admin"]), team["staff"], role=Role.STAFF)).place.employee_id == ben
    assert (await people.update(acting(team["admin"]), team["staff"], employee_id=None)).place.employee_id is None


async def test_at_most_one_login_is_an_employee(world, people, team):
    anna, ben = world.id_of("anna"), world.id_of("ben")
    with pytest.raises(BadInput) as refused:
        await people.update(acting(team["owner"]), team["staff"], employee_id=anna)
    assert refused.value.path == ("input", "employee")
    assert "another member" in refused.value.reason
    request = InvitationRequest("new@demo.example", Role.STAFF, ben)
    await people.do.invitations.invite(world.as_(acting(team["owner"])), request)
    with pytest.raises(BadInput) as refused:
        await people.update(acting(team["owner"]), team["staff"], employee_id=ben)
    assert "invited" in refused.value.reason
    assert (await people.update(acting(team["owner"]), team["owner"], employee_id=anna)).place.employee_id == anna


async def test_an_employee_is_one_of_the_company_and_there(world, people, team):
    await world.add_company("other")
    await world.add_employee("carl", company="other")
    await world.change(tables.employee, world.id_of("ben"), deleted_at=world.clock.now())
    for employee_id in (world.id_of("carl"), world.id_of("ben"), world.id_of("nobody"), ""):
        with pytest.raises(UnknownObject) as missing:
            await people.update(acting(team["owner"]), team["staff"], employee_id=employee_id)
        assert missing.value.path == ("input", "employee")


# What goes with a member


async def test_with_a_member_go_their_login_and_all_that_hangs_on_it(world, people, team):
    actor, session = await people.logged_in("admin@demo.example")
    await people.enrol(actor, session)
    assert await people.remove(acting(team["owner"]), team["admin"]) is None
    assert await people.who(session) == Anonymous()
    assert [row.email for row in await world.rows(tables.user) if row.email.startswith("admin")] == []
    for table in (tables.session, tables.recovery_code, tables.password_reset, tables.link_attempt):
        assert await world.rows(table) == []
    again = await people.add("admin@demo.example", Role.STAFF)  # the address is free again
    assert again.user_id != team["admin"].user_id


async def test_others_keep_their_sessions(people, team):
    _, session = await people.logged_in("staff@demo.example")
    await people.remove(acting(team["owner"]), team["admin"])
    assert isinstance(await people.who(session), Member)


async def test_a_member_of_another_company_is_nobody_here(world, people, team):
    await world.add_company("other")
    theirs = await people.add("boss@other.example", Role.STAFF, company="other")
    here = replace(theirs, company_id=world.company_id)
    for place in (theirs, here, replace(here, id=world.id_of("nobody"))):
        assert await people.update(acting(team["owner"]), place, role=Role.STAFF) == NOWHERE
        assert await people.remove(acting(team["owner"]), place) == NOBODY
