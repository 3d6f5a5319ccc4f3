"""A second factor as clients see it. Its rules: see tests/core/people/test_second_factor.py."""

import base64
import hashlib
import hmac
import struct
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from slotgraph.core.founding import create_member
from slotgraph.core.policy import ActorKind, Anonymous, Member, Role, Token, Unproven
from slotgraph.core.values import Secret

EMAIL, PASSWORD = "owner@demo.example", "a good password"

LOGIN = """mutation ($email: EmailAddress!, $password: Secret!, $code: Secret) {
  login(input: { email: $email, password: $password, code: $code }) {
    __typename ... on Viewer { kind email role totpEnabled permissions sessions { current } } ... on Problem { message } } }"""
VIEWER = "{ viewer { kind email role permissions totpEnabled company { slug } sessions { id client current } } }"
MEMBERS = '{ company(slug: "demo") { internal { members { totpEnabled } } } }'
SET_UP = """mutation ($password: Secret!) { setUpTotp(input: { password: $password }) {
  __typename ... on TotpSetup { uri } ... on Problem { message } } }"""
CONFIRM = """mutation ($code: Secret!) { confirmTotp(input: { code: $code }) {
  __typename ... on TotpConfirmed { recoveryCodes } ... on Problem { message } } }"""
REMOVE_TOTP = """mutation ($password: Secret!, $code: Secret!) { removeTotp(input: { password: $password, code: $code }) {
  __typename ... on Viewer { totpEnabled } ... on InvalidInput { fields { path } } ... on Problem { message } } }"""


def code_of(uri: str, now: Any) -> str:
    """The code an authenticator app shows (RFC 6238)."""
    key = base64.b32decode(parse_qs(urlsplit(uri).query)["secret"][0])
    digest = hmac.new(key, struct.pack(">Q", int(now.timestamp()) // 30), hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(int.from_bytes(digest[at : at + 4]) & 0x7FFFFFFF) % 10**6:06}"


@pytest.fixture
async def owner(face: Any) -> Member:
    parts = face.world.joined.parts
    facts = {"password": Secret(PASSWORD), "company": "demo", "role": Role.OWNER, "now": face.world.clock.now()}
    place = await create_member(parts.database, parts.passwords, EMAIL, **facts)
    return Member(place.company_id, place.id, place.user_id, place.email, place.role)


async def login(face: Any, **more: Any) -> Any:
    """Log in: the answer; the face has the session from here on."""
    answer = (await face.ask(LOGIN, email=EMAIL, password=PASSWORD, **more))["login"]
    if answer["__typename"] == "Viewer":
        face.session = face.begun[-1][0]
    return answer


async def test_a_second_factor_from_setting_up_to_removal(face: Any, owner: Member) -> None:
    clock = face.world.clock
    await login(face)
    assert (await face.ask(SET_UP, owner, password="wrong"))["setUpTotp"]["__typename"] == "LoginRefused"
    uri = (await face.ask(SET_UP, owner, password=PASSWORD))["setUpTotp"]["uri"]
    assert not (await face.ask(VIEWER, owner))["viewer"]["totpEnabled"]
    assert (await face.ask(CONFIRM, owner, code="000000"))["confirmTotp"]["__typename"] == "SecretRefused"
    codes = (await face.ask(CONFIRM, owner, code=code_of(uri, clock.now())))["confirmTotp"]["recoveryCodes"]
    assert len(set(codes)) == 10
    assert (await face.ask(VIEWER, owner))["viewer"]["totpEnabled"]
    (member,) = (await face.ask(MEMBERS, owner))["company"]["internal"]["members"]
    assert member == {"totpEnabled": True}
    error = await face.error(SET_UP, owner, password=PASSWORD)
    assert error.extensions == {"code": "FORBIDDEN"}
    assert "remove it first" in error.message
    clock.advance(timedelta(seconds=30))
    assert (await login(face))["__typename"] == "SecondFactorRequired"
    assert (await login(face, code="000000"))["__typename"] == "LoginRefused"
    assert (await login(face, code=code_of(uri, clock.now())))["totpEnabled"]
    given = {"password": PASSWORD, "code": code_of(uri, clock.now())}
    assert (await face.ask(REMOVE_TOTP, owner, **given))["removeTotp"]["__typename"] == "SecretRefused"
    given["code"] = codes[0]
    assert (await face.ask(REMOVE_TOTP, owner, **given))["removeTotp"] == {"__typename": "Viewer", "totpEnabled": False}
    again = (await face.ask(REMOVE_TOTP, owner, **given))["removeTotp"]
    assert again["fields"] == [{"path": ["input"]}]


async def test_a_login_that_must_have_one_sees_who_it_is_and_may_set_one_up(face: Any, owner: Member) -> None:
    unproven = Unproven(owner.user_id, owner.email, ActorKind.MEMBER)
    viewer = (await face.ask(VIEWER, unproven))["viewer"]
    assert viewer == {
        "kind": "MEMBER",
        "email": owner.email,
        "role": None,
        "permissions": [],
        "totpEnabled": False,
        "company": None,
        "sessions": [],
    }
    assert (await face.ask('{ company(slug: "demo") { name } }', unproven))["company"] is None
    for query in (
        'mutation { inviteMember(input: { email: "new@demo.example", role: STAFF }) { __typename } }',
        'mutation { updateCompanyProfile(input: { name: "Mine" }) { __typename } }',
        "{ bookings { nodes { id } } }",
        "{ providers { name } }",
    ):
        error = await face.error(query, unproven)
        assert error.extensions["code"] == "FORBIDDEN", query
        assert "second factor" in error.message
    uri = (await face.ask(SET_UP, unproven, password=PASSWORD))["setUpTotp"]["uri"]
    confirmed = await face.ask(CONFIRM, unproven, code=code_of(uri, face.world.clock.now()))
    assert len(confirmed["confirmTotp"]["recoveryCodes"]) == 10


@pytest.mark.parametrize("query", [SET_UP, CONFIRM, REMOVE_TOTP])
async def test_programs_and_strangers_have_no_second_factor(face: Any, query: str) -> None:
    given = {"password": PASSWORD, "code": "000000"}
    if query == SET_UP:
        del given["code"]
    elif query == CONFIRM:
        del given["password"]
    for actor, code in (
        (Anonymous(), "UNAUTHENTICATED"),
        (Token(face.world.company_id, "t", frozenset()), "FORBIDDEN"),
    ):
        assert (await face.error(query, actor, **given)).extensions == {"code": code}
