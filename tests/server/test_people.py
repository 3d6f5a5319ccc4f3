"""People over HTTP: cookies of invitations, sessions that are over at once, and the second factor that owners must have."""

import base64
import hashlib
import hmac
import logging
import struct
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from slotgraph.core.people.password_reset import issue_reset
from slotgraph.core.policy import Role
from slotgraph.server.app import create_app
from slotgraph.server.joining import join
from slotgraph.server.settings import Settings

PASSWORD = "correct-horse-battery"
STAFF = "staff@demo.example"
INVITE = """mutation($email: EmailAddress!, $role: MemberRole!) {
  inviteMember(input: {email: $email, role: $role}) { ... on Invitation { id token } ... on Problem { message } } }"""
ACCEPT = """mutation($token: Secret!, $password: Secret!) {
  acceptInvitation(input: {token: $token, password: $password}) { __typename ... on Viewer { kind email } } }"""
MEMBERS = """{ viewer { company { internal { members { id email } } } } }"""
REMOVE = "mutation($id: ID!) { removeMember(input: {id: $id}) { __typename } }"
UPDATE = "mutation($id: ID!, $role: MemberRole!) { updateMember(input: {member: $id, role: $role}) { __typename } }"
SESSIONS = "{ viewer { sessions { id client current } } }"
LOGOUT = "mutation($ids: [ID!]) { logout(input: {sessions: $ids}) { __typename ... on Viewer { kind } } }"
RESET = """mutation($token: Secret!, $password: Secret!) {
  resetPassword(input: {token: $token, password: $password}) { __typename ... on Viewer { kind } } }"""
SET_UP = "mutation($password: Secret!) { setUpTotp(input: {password: $password}) { ... on TotpSetup { uri } } }"
CONFIRM = "mutation($code: Secret!) { confirmTotp(input: {code: $code}) { ... on TotpConfirmed { recoveryCodes } } }"
WHO = "{ viewer { kind role permissions totpEnabled } }"
LOGIN = """mutation($email: EmailAddress!, $password: Secret!, $code: Secret) {
  login(input: {email: $email, password: $password, code: $code}) { __typename } }"""


def code_of(uri, now):
    """The code an authenticator app shows (RFC 6238)."""
    key = base64.b32decode(parse_qs(urlsplit(uri).query)["secret"][0])
    digest = hmac.new(key, struct.pack(">Q", int(now.timestamp()) // 30), hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(int.from_bytes(digest[at : at + 4]) & 0x7FFFFFFF) % 10**6:06}"


def strict(site):
    """The application where owners and agents must have a second factor."""
    return create_app(join(site.world.joined.parts, second_factor_required=True), Settings())


async def member_id(owner, email):
    listed = (await owner.ask(MEMBERS))["viewer"]["company"]["internal"]["members"]
    return next(one["id"] for one in listed if one["email"] == email)


async def enrol(visitor, clock):
    """Set up a second factor: its address, and the recovery codes."""
    uri = (await visitor.ask(SET_UP, password=PASSWORD))["setUpTotp"]["uri"]
    codes = (await visitor.ask(CONFIRM, code=code_of(uri, clock.now())))["confirmTotp"]["recoveryCodes"]
    return uri, codes


async def test_who_accepts_an_invitation_has_the_cookie(site):
    owner = await site.member()
    token = (await owner.ask(INVITE, email=STAFF, role="STAFF"))["inviteMember"]["token"]
    visitor = await site.visitor()
    answer = await visitor.send(ACCEPT, token=token, password=PASSWORD)
    assert answer.json()["data"]["acceptInvitation"] == {"__typename": "Viewer", "kind": "MEMBER", "email": STAFF}
    (cookie,) = answer.headers.get_list("set-cookie")
    assert "httponly" in cookie.lower()
    assert await visitor.kind() == "MEMBER"
    late = await site.visitor()
    answer = await late.send(ACCEPT, token=token, password=PASSWORD)
    assert answer.json()["data"]["acceptInvitation"] == {"__typename": "SecretRefused"}
    assert "set-cookie" not in answer.headers


async def test_a_removed_member_s_open_session_is_dead_at_once(site):
    owner, staff = await site.member(), await site.member(STAFF, Role.STAFF)
    assert await staff.kind() == "MEMBER"
    removed = await owner.ask(REMOVE, id=await member_id(owner, STAFF))
    assert removed == {"removeMember": {"__typename": "Deleted"}}
    assert await staff.kind() == "ANONYMOUS"


async def test_a_changed_role_counts_at_the_next_request(site):
    owner, staff = await site.member(), await site.member(STAFF, Role.STAFF)
    assert (await staff.ask(MEMBERS))["viewer"]["company"]["internal"]["members"] is None
    await owner.ask(UPDATE, id=await member_id(owner, STAFF), role="ADMIN")
    assert len((await staff.ask(MEMBERS))["viewer"]["company"]["internal"]["members"]) == 2


async def test_who_removes_themself_loses_the_cookie(site):
    owner, staff = await site.member(), await site.member(STAFF, Role.ADMIN)
    own = await member_id(owner, STAFF)
    await staff.ask(REMOVE, id=own)
    assert "slotgraph" not in staff.http.cookies


async def test_sessions_are_shown_by_their_clients_and_ended_from_elsewhere(site):
    laptop = await site.member()
    phone = await site.logged_in("owner@demo.example", X_SlotGraph_Client="Phone")
    listed = (await laptop.ask(SESSIONS))["viewer"]["sessions"]
    assert {(one["client"], one["current"]) for one in listed} == {("tests", True), ("Phone", False)}
    other = next(one["id"] for one in listed if not one["current"])
    answer = await laptop.send(LOGOUT, ids=[other])
    assert answer.json()["data"]["logout"] == {"__typename": "Viewer", "kind": "MEMBER"}
    assert "set-cookie" not in answer.headers
    assert await phone.kind() == "ANONYMOUS"
    assert await laptop.kind() == "MEMBER"


async def test_a_reset_ends_every_session_and_takes_the_cookie(site):
    owner, elsewhere = await site.member(), await site.logged_in("owner@demo.example")
    token = await issue_reset(site.world.database, "owner@demo.example", now=site.world.clock.now())
    done = await owner.ask(RESET, token=token.reveal(), password="a fresh password")
    assert done["resetPassword"] == {"__typename": "Viewer", "kind": "ANONYMOUS"}
    assert "slotgraph" not in owner.http.cookies
    assert await elsewhere.kind() == "ANONYMOUS"


async def test_an_owner_without_a_second_factor_can_do_nothing_but_set_one_up(site):
    await site.member()
    owner = await site.logged_in("owner@demo.example", app=strict(site))
    restricted = {"kind": "MEMBER", "role": None, "permissions": [], "totpEnabled": False}
    assert (await owner.ask(WHO))["viewer"] == restricted
    refused = (await owner.post(INVITE, email=STAFF, role="STAFF"))["errors"][0]
    assert refused["extensions"]["code"] == "FORBIDDEN"
    await enrol(owner, site.world.clock)
    complete = (await owner.ask(WHO))["viewer"]
    assert (complete["role"], complete["totpEnabled"]) == ("OWNER", True)
    assert (await owner.ask(INVITE, email=STAFF, role="STAFF"))["inviteMember"]["token"]


async def test_a_session_from_before_it_was_required_is_restricted_at_its_next_request(site):
    owner = await site.member()
    later = await site.visitor(strict(site))
    later.http.cookies.set("slotgraph", owner.http.cookies["slotgraph"])
    assert (await later.ask(WHO))["viewer"]["permissions"] == []


async def test_an_agent_s_way_in_is_logged_once_the_second_factor_is_there(site):
    """Until then there is no agent, and nothing is opened to them; the document that confirms is still no agent's."""
    owner = await site.member()
    await owner.ask('mutation { openSupportCase(input: {reason: "Look"}) { __typename } }')
    await site.agent()
    agent = await site.logged_in("agent@slotgraph.example", app=strict(site))
    cases = "{ supportCases { company { name } } }"
    assert (await agent.post(cases))["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    uri = (await agent.ask(SET_UP, password=PASSWORD))["setUpTotp"]["uri"]
    both = f"""mutation {{ confirmTotp(input: {{code: "{code_of(uri, site.world.clock.now())}"}}) {{ __typename }}
      openSupportCase(input: {{reason: "Look"}}) {{ __typename }} }}"""
    assert (await agent.post(both))["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert (await agent.ask(cases))["supportCases"] == [{"company": {"name": "Demo"}}]
    log = "{ viewer { company { internal { accessLog { nodes { agent } } } } } }"
    nodes = (await owner.ask(log))["viewer"]["company"]["internal"]["accessLog"]["nodes"]
    assert [one["agent"] for one in nodes] == ["agent@slotgraph.example"]


async def test_no_secret_of_theirs_is_logged(site, caplog):
    caplog.set_level(logging.DEBUG)
    owner = await site.member()
    token = (await owner.ask(INVITE, email=STAFF, role="STAFF"))["inviteMember"]["token"]
    await (await site.visitor()).ask(ACCEPT, token=token, password=PASSWORD)
    uri, codes = await enrol(owner, site.world.clock)
    site.world.clock.advance(timedelta(seconds=30))
    code = code_of(uri, site.world.clock.now())
    for given in (code, code, codes[0], "no-such-code"):
        await (await site.visitor()).ask(LOGIN, email="owner@demo.example", password=PASSWORD, code=given)
    await (await site.visitor()).post(LOGIN, email="owner@demo.example", password=PASSWORD, code=["no-such-code"])
    secrets = [
        token,
        token.rpartition("_")[2],
        uri,
        uri.partition("secret=")[2][:32],
        PASSWORD,
        codes[0],
        "no-such-code",
    ]
    said = "\n".join([caplog.text, *(str(record.__dict__) for record in caplog.records)])
    assert [one for one in secrets if one in said] == []


@pytest.mark.parametrize("name", ["acceptInvitation", "resetPassword"])
async def test_what_strangers_may_call_tells_them_nothing_of_wrong_tokens(site, name):
    await site.member()
    visitor = await site.visitor()
    query = f'mutation($token: Secret!) {{ {name}(input: {{token: $token, password: "short"}}) {{ __typename }} }}'
    bodies = {(await visitor.send(query, token=token)).content for token in ("", "x", f"sgi_{'0' * 32}_{'A' * 43}")}
    assert len(bodies) == 1
