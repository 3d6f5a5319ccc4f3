"""Members, invitations, sessions and resets as clients see them. Their rules: see tests/core/people."""

import uuid
from datetime import timedelta
from typing import Any

import orjson
import pytest

from slotgraph.core import tables
from slotgraph.core.founding import create_agent, create_member
from slotgraph.core.people.password_reset import issue_reset
from slotgraph.core.policy import Member, Role, Support, Token
from slotgraph.core.values import Secret
from slotgraph.schema import ids

PASSWORD, FRESH = "a good password", "a fresh password"

LOGIN = """mutation ($email: EmailAddress!, $password: Secret!, $code: Secret) {
  login(input: { email: $email, password: $password, code: $code }) {
    __typename ... on Viewer { kind email role totpEnabled permissions sessions { current } } ... on Problem { message } } }"""
VIEWER = "{ viewer { kind email role permissions totpEnabled company { slug } sessions { id client current } } }"
PEOPLE = """{ company(slug: "demo") { internal {
  members { id email role totpEnabled lastLoginAt employee { name } } invitations { id email role expiresAt token } } } }"""
INVITE = """mutation ($input: InviteMemberInput!) { inviteMember(input: $input) {
  __typename ... on Invitation { id email role expiresAt token }
  ... on InvalidInput { fields { path message } } ... on NotFound { path } } }"""
ACCEPT = """mutation ($token: Secret!, $password: Secret!) { acceptInvitation(input: { token: $token, password: $password }) {
  __typename ... on Viewer { kind email role sessions { current } } ... on InvalidInput { fields { path message } } } }"""
UPDATE = """mutation ($input: UpdateMemberInput!) { updateMember(input: $input) {
  __typename ... on Member { id role employee { name } } ... on InvalidInput { fields { path message } }
  ... on NotFound { path } ... on Problem { message } } }"""
REMOVE = """mutation ($id: ID!) { removeMember(input: { id: $id }) {
  __typename ... on Deleted { id } ... on InvalidInput { fields { path message } } ... on NotFound { path }
  ... on Problem { message } } }"""
LOGOUT = """mutation ($input: LogoutInput) { logout(input: $input) {
  __typename ... on Viewer { kind } ... on NotFound { path message } } }"""
RESET = """mutation ($token: Secret!, $password: Secret!) { resetPassword(input: { token: $token, password: $password }) {
  __typename ... on Viewer { kind } ... on InvalidInput { fields { path } } } }"""


class Team:
    """The logins of a face's company, who come with sessions of their own."""

    def __init__(self, face: Any) -> None:
        self.face = face
        self.world = face.world

    async def add(self, name: str, role: Role = Role.STAFF, **more: Any) -> Member:
        """A member with a login."""
        parts = self.world.joined.parts
        facts = {"password": Secret(PASSWORD), "company": "demo", "role": role, "now": self.world.clock.now()} | more
        place = await create_member(parts.database, parts.passwords, f"{name}@demo.example", **facts)
        return Member(place.company_id, place.id, place.user_id, place.email, place.role, place.employee_id)

    async def login(self, actor: Any, **more: Any) -> Any:
        """Log in: the answer; the face has the session from here on."""
        answer = (await self.face.ask(LOGIN, email=actor.email, password=PASSWORD, **more))["login"]
        if answer["__typename"] == "Viewer":
            self.face.session = self.face.begun[-1][0]
        return answer

    def id(self, member: Member) -> str:
        return ids.encode("Member", member.company_id, member.id)


@pytest.fixture
def team(face: Any) -> Team:
    return Team(face)


@pytest.fixture
async def owner(team: Team) -> Member:
    return await team.add("owner", Role.OWNER)


async def inside(face: Any, actor: Any) -> Any:
    return (await face.ask(PEOPLE, actor))["company"]["internal"]


# Members and invitations


async def test_admins_see_members_and_invitations_and_the_token_once(face: Any, team: Team, owner: Member) -> None:
    admin = await team.add("admin", Role.ADMIN, employee_id=face.world.id_of("anna"))
    await team.login(owner)
    made = await face.ask(INVITE, admin, input={"email": "New@demo.example", "role": "STAFF"})
    made = made["inviteMember"]
    assert made["__typename"] == "Invitation"
    assert made["token"].startswith("sgi_")
    assert made["email"] == "new@demo.example"
    assert made["expiresAt"] == "2027-03-08T06:00:00Z"
    seen = await inside(face, admin)
    assert seen["members"] == [
        {
            "id": team.id(admin),
            "email": admin.email,
            "role": "ADMIN",
            "totpEnabled": False,
            "lastLoginAt": None,
            "employee": {"name": "Anna"},
        },
        {
            "id": team.id(owner),
            "email": owner.email,
            "role": "OWNER",
            "totpEnabled": False,
            "lastLoginAt": "2027-03-01T06:00:00Z",
            "employee": None,
        },
    ]
    del made["__typename"]
    assert seen["invitations"] == [made | {"token": None}]
    node = "query ($id: ID!) { node(id: $id) { __typename ... on Invitation { token } ... on Member { email } } }"
    assert (await face.ask(node, owner, id=made["id"]))["node"] == {"__typename": "Invitation", "token": None}
    assert (await face.ask(node, owner, id=team.id(admin)))["node"]["email"] == admin.email


async def test_nobody_else_sees_them_neither_by_id(face: Any, team: Team, owner: Member) -> None:
    staff = await team.add("staff")
    made = (await face.ask(INVITE, owner, input={"email": "new@demo.example", "role": "STAFF"}))["inviteMember"]
    await face.ask(face.OPEN_CASE, owner, reason="Look")
    for actor in (staff, face.world.agent):
        assert await inside(face, actor) == {"members": None, "invitations": None}
    for actor in (None, staff, face.world.agent):
        for one in (made["id"], team.id(owner)):
            assert (await face.ask("query ($id: ID!) { node(id: $id) { id } }", actor, id=one))["node"] is None


@pytest.mark.parametrize(
    ("role", "code"),
    [("staff", "FORBIDDEN"), ("stranger", "UNAUTHENTICATED"), ("agent", "FORBIDDEN"), ("token", "FORBIDDEN")],
)
async def test_who_may_not_invite_is_told_so(face: Any, team: Team, role: str, code: str) -> None:
    token = Token(face.world.company_id, "t", frozenset())
    actors = {"staff": await team.add("staff"), "stranger": None, "agent": face.world.agent, "token": token}
    error = await face.error(INVITE, actors[role], input={"email": "new@demo.example", "role": "STAFF"})
    assert error.extensions == {"code": code}


async def test_an_invitation_is_accepted_with_a_session(face: Any, team: Team, owner: Member) -> None:
    made = (await face.ask(INVITE, owner, input={"email": "new@demo.example", "role": "ADMIN"}))["inviteMember"]
    refused = (await face.ask(ACCEPT, token=made["token"], password="short"))["acceptInvitation"]
    assert refused["fields"] == [{"path": ["input", "password"], "message": "between 12 and 200 characters."}]
    assert face.begun == []
    accepted = (await face.ask(ACCEPT, token=made["token"], password=PASSWORD))["acceptInvitation"]
    assert accepted == {
        "__typename": "Viewer",
        "kind": "MEMBER",
        "email": "new@demo.example",
        "role": "ADMIN",
        "sessions": [{"current": True}],
    }
    assert len(face.begun) == 1
    again = (await face.ask(ACCEPT, token=made["token"], password=PASSWORD))["acceptInvitation"]
    assert again == {"__typename": "SecretRefused"}
    assert (await inside(face, owner))["invitations"] == []


async def test_wrong_input_of_an_invitation_names_its_field(face: Any, team: Team, owner: Member) -> None:
    admin = await team.add("admin", Role.ADMIN)
    nobody = ids.encode("Employee", face.world.company_id, uuid.uuid4().hex)
    for actor, change, place in (
        (admin, {"role": "OWNER"}, ["input", "role"]),
        (admin, {"email": owner.email}, ["input", "email"]),
        (admin, {"employee": "nonsense"}, ["input", "employee"]),
    ):
        given = {"email": "new@demo.example", "role": "STAFF"} | change
        answer = (await face.ask(INVITE, actor, input=given))["inviteMember"]
        assert [field["path"] for field in answer["fields"]] == [place]
    given = {"email": "new@demo.example", "role": "STAFF", "employee": nobody}
    assert (await face.ask(INVITE, admin, input=given))["inviteMember"]["path"] == ["input", "employee"]


async def test_members_are_changed_and_removed(face: Any, team: Team, owner: Member) -> None:
    staff = await team.add("staff")
    ben = face.id("Employee", "ben")
    changed = await face.ask(UPDATE, owner, input={"member": team.id(staff), "role": "ADMIN", "employee": ben})
    assert changed["updateMember"] == {
        "__typename": "Member",
        "id": team.id(staff),
        "role": "ADMIN",
        "employee": {"name": "Ben"},
    }
    freed = await face.ask(UPDATE, owner, input={"member": team.id(staff), "employee": None})
    assert freed["updateMember"]["employee"] is None
    empty = (await face.ask(UPDATE, owner, input={"member": team.id(staff), "role": None}))["updateMember"]
    assert empty["fields"][0]["path"] == ["input", "role"]
    assert (await face.ask(REMOVE, owner, id=team.id(staff)))["removeMember"] == {
        "__typename": "Deleted",
        "id": team.id(staff),
    }
    assert [one["email"] for one in (await inside(face, owner))["members"]] == [owner.email]


async def test_an_admin_is_told_that_owners_are_not_theirs_to_touch(face: Any, team: Team, owner: Member) -> None:
    admin = await team.add("admin", Role.ADMIN)
    for answer in (
        (await face.ask(REMOVE, admin, id=team.id(owner)))["removeMember"],
        (await face.ask(UPDATE, admin, input={"member": team.id(owner), "role": "STAFF"}))["updateMember"],
    ):
        assert answer["__typename"] == "InvalidInput"
        assert answer["fields"][0]["message"] == "only an owner makes, changes and removes owners."


async def test_the_last_owner_stays(face: Any, team: Team, owner: Member) -> None:
    for answer in (
        (await face.ask(REMOVE, owner, id=team.id(owner)))["removeMember"],
        (await face.ask(UPDATE, owner, input={"member": team.id(owner), "role": "STAFF"}))["updateMember"],
    ):
        assert answer["__typename"] == "LastOwner"
        assert "at least one owner" in answer["message"]


async def test_who_removes_themself_is_nobody_from_there_on(face: Any, team: Team, owner: Member) -> None:
    admin = await team.add("admin", Role.ADMIN)
    await team.login(admin)
    query = f"""mutation {{ removeMember(input: {{ id: "{team.id(admin)}" }}) {{ __typename }}
      updateCompanyProfile(input: {{ name: "Mine" }}) {{ __typename }} }}"""
    result = await face.run(query, admin)
    assert result.errors[0].extensions["code"] == "UNAUTHENTICATED"
    assert face.ended == 1


async def test_an_invitation_is_taken_back(face: Any, team: Team, owner: Member) -> None:
    made = (await face.ask(INVITE, owner, input={"email": "new@demo.example", "role": "STAFF"}))["inviteMember"]
    assert (await face.ask(REMOVE, owner, id=made["id"]))["removeMember"]["__typename"] == "Deleted"
    assert (await face.ask(REMOVE, owner, id=made["id"]))["removeMember"]["path"] == ["input", "id"]
    refused = (await face.ask(ACCEPT, token=made["token"], password=PASSWORD))["acceptInvitation"]
    assert refused == {"__typename": "SecretRefused"}


async def test_what_is_foreign_answers_as_what_is_nowhere(face: Any, team: Team, owner: Member) -> None:
    """Byte for byte, for ids of members, invitations, employees and sessions."""
    await face.world.add_company("other")
    await face.world.add_employee("carl", company="other")
    theirs = await team.add("boss", Role.OWNER, company="other")
    made = (await face.ask(INVITE, theirs, input={"email": "new@demo.example", "role": "STAFF"}))["inviteMember"]
    await team.login(theirs)
    (session,) = await face.world.do.sessions.sessions(face.world.as_(theirs))
    own = team.id(await team.add("staff"))
    asked = [
        (UPDATE, lambda one: {"input": {"member": one, "role": "ADMIN"}}, team.id(theirs)),
        (REMOVE, lambda one: {"id": one}, team.id(theirs)),
        (REMOVE, lambda one: {"id": one}, made["id"]),
        (UPDATE, lambda one: {"input": {"member": own, "employee": one}}, face.id("Employee", "carl", company="other")),
        (
            INVITE,
            lambda one: {"input": {"email": "x@demo.example", "role": "STAFF", "employee": one}},
            face.id("Employee", "carl", company="other"),
        ),
        (LOGOUT, lambda one: {"input": {"sessions": [one]}}, ids.encode("Session", theirs.company_id, session.id)),
        ("query ($id: ID!) { node(id: $id) { id } }", lambda one: {"id": one}, team.id(theirs)),
        (
            "query ($id: ID!) { node(id: $id) { id } }",
            lambda one: {"id": one},
            ids.encode("Session", theirs.company_id, session.id),
        ),
    ]
    for query, variables, foreign in asked:
        kind = ids.read(foreign).kind
        random = ids.encode(kind, theirs.company_id, uuid.uuid4().hex)
        answers = {orjson.dumps((await face.run(query, owner, **variables(one))).data) for one in (foreign, random)}
        assert len(answers) == 1, query
    assert len(await face.world.rows(tables.session)) == 1


# Sessions


async def test_viewer_sees_their_own_sessions_and_which_is_this_one(face: Any, team: Team, owner: Member) -> None:
    first = await team.login(owner)
    assert first["sessions"] == [{"current": True}]
    face.world.clock.advance(timedelta(minutes=1))
    await team.login(owner)
    viewer = (await face.ask(VIEWER, owner))["viewer"]
    assert [one["current"] for one in viewer["sessions"]] == [True, False]
    node = "query ($id: ID!) { node(id: $id) { ... on Session { id client current } } }"
    assert [(await face.ask(node, owner, id=one["id"]))["node"] for one in viewer["sessions"]] == viewer["sessions"]
    for actor in (None, Token(owner.company_id, "t", frozenset())):
        assert (await face.ask(VIEWER, actor))["viewer"]["sessions"] == []
    colleague = await team.add("staff")
    assert (await face.ask(node, colleague, id=viewer["sessions"][0]["id"]))["node"] is None


async def test_other_sessions_are_ended_by_name_and_all_or_none_of_them(face: Any, team: Team, owner: Member) -> None:
    for _ in range(3):
        await team.login(owner)
        face.world.clock.advance(timedelta(minutes=1))
    listed = [one["id"] for one in (await face.ask(VIEWER, owner))["viewer"]["sessions"]]
    for wrong in ("nonsense", team.id(owner), ids.encode("Session", "0" * 32, ids.read(listed[1]).id)):
        answer = (await face.ask(LOGOUT, owner, input={"sessions": [listed[1], wrong]}))["logout"]
        assert (answer["__typename"], answer["path"]) == ("NotFound", ["input", "sessions", "1"])
    assert len(await face.world.rows(tables.session)) == 3
    answer = (await face.ask(LOGOUT, owner, input={"sessions": [listed[1], listed[1]]}))["logout"]
    assert answer == {"__typename": "Viewer", "kind": "MEMBER"}
    assert [one["id"] for one in (await face.ask(VIEWER, owner))["viewer"]["sessions"]] == [listed[0], listed[2]]
    assert (await face.ask(LOGOUT, owner, input={"sessions": []}))["logout"]["kind"] == "MEMBER"
    assert face.ended == 0
    answer = (await face.ask(LOGOUT, owner, input={"sessions": [listed[2], listed[0]]}))["logout"]
    assert answer["kind"] == "ANONYMOUS"
    assert face.ended == 1
    assert await face.world.rows(tables.session) == []


@pytest.mark.parametrize("given", [None, {}, {"sessions": None}])
async def test_without_names_this_session_ends(face: Any, team: Team, owner: Member, given: Any) -> None:
    await team.login(owner)
    await team.login(owner)
    assert (await face.ask(LOGOUT, owner, input=given))["logout"]["kind"] == "ANONYMOUS"
    assert len(await face.world.rows(tables.session)) == 1


async def test_an_agent_s_session_has_zeros_for_a_company(face: Any, team: Team) -> None:
    parts = face.world.joined.parts
    facts = {"password": Secret(PASSWORD), "now": face.world.clock.now()}
    user = await create_agent(parts.database, parts.passwords, "agent@slotgraph.example", **facts)
    agent = Support(user.id, user.email)
    await team.login(agent)
    (session,) = (await face.ask(VIEWER, agent))["viewer"]["sessions"]
    assert ids.read(session["id"]).company_id == "0" * 32
    assert (await face.ask(LOGOUT, agent, input={"sessions": [session["id"]]}))["logout"]["kind"] == "ANONYMOUS"


# Resets


async def test_a_reset_logs_out_everywhere(face: Any, team: Team, owner: Member) -> None:
    await team.login(owner)
    token = (await issue_reset(face.world.database, owner.email, now=face.world.clock.now())).reveal()
    bad = (await face.ask(RESET, owner, token=token, password="short"))["resetPassword"]
    assert bad == {"__typename": "InvalidInput", "fields": [{"path": ["input", "password"]}]}
    done = (await face.ask(RESET, owner, token=token, password=FRESH))["resetPassword"]
    assert done == {"__typename": "Viewer", "kind": "ANONYMOUS"}
    assert face.ended == 1
    assert await face.world.rows(tables.session) == []
    assert (await face.ask(RESET, token=token, password=FRESH))["resetPassword"] == {"__typename": "SecretRefused"}


async def test_nothing_is_sent_by_mail_yet(face: Any) -> None:
    query = 'mutation { requestPasswordReset(input: { email: "a@b.example" }) { __typename } }'
    assert "requestPasswordReset" in (await face.error(query)).message
