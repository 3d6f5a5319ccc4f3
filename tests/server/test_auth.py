"""Who sent a request: cookies, tokens, and what neither of them may do."""

from datetime import timedelta

import pytest

VIEWER = "{ viewer { kind email } }"
LOGIN = """mutation($email: EmailAddress!, $password: Secret!) {
  login(input: {email: $email, password: $password}) { __typename ... on Problem { message } } }"""
LOGOUT = "mutation { logout { __typename ... on Viewer { kind } } }"
CREATE_TOKEN = """mutation($scopes: [Permission!]!, $until: DateTime) {
  createToken(input: {name: "Widget", scopes: $scopes, expiresAt: $until}) {
    ... on TokenCreated { token { id } secret } ... on Problem { message } } }"""
REVOKE = "mutation($id: ID!) { revokeToken(input: {token: $id}) { __typename } }"


def cookie_of(answer):
    """The parts of the one cookie an answer sets."""
    (header,) = answer.headers.get_list("set-cookie")
    first, *flags = [part.strip() for part in header.split(";")]
    return first.split("=", 1), {flag.split("=")[0].lower(): flag.partition("=")[2] for flag in flags}


async def log_in(site, **options):
    await site.member()
    visitor = await site.visitor(**options)
    return await visitor.send(LOGIN, email="owner@demo.example", password="correct-horse-battery")


async def test_the_session_cookie_is_hidden_from_scripts_and_from_other_sites(site):
    (name, value), flags = cookie_of(await log_in(site))
    assert name == "slotgraph"
    assert len(value) >= 43
    assert "httponly" in flags
    assert (flags["samesite"], flags["path"]) == ("lax", "/")
    assert "domain" not in flags
    assert "secure" not in flags  # loopback without TLS
    assert flags["expires"]


async def test_behind_https_the_cookie_is_bound_to_this_host(site):
    app = site.another(base_url="https://book.example")
    (name, _), flags = cookie_of(await log_in(site, app=app, url="https://book.example"))
    assert name == "__Host-slotgraph"
    assert {"secure", "httponly"} <= flags.keys()
    assert flags["path"] == "/"
    assert "domain" not in flags


async def test_behind_https_the_cookie_of_plain_http_counts_for_nothing(site):
    owner = await site.member()
    secure = await site.visitor(site.another(base_url="https://book.example"), url="https://book.example")
    secure.http.cookies.set("slotgraph", owner.http.cookies["slotgraph"])
    assert await secure.kind() == "ANONYMOUS"


async def test_a_cookie_without_our_header_is_refused_and_nothing_is_done(site):
    owner = await site.member()
    owner.headers = {}
    answer = await owner.send('mutation { updateCompanyProfile(input: {name: "Mine"}) { __typename } }')
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert "X-SlotGraph-Client" in answer.json()["errors"][0]["message"]
    assert "set-cookie" not in answer.headers
    owner.headers = {"X-SlotGraph-Client": ""}
    assert (await owner.send(VIEWER)).status_code == 403
    owner.headers = {"X-SlotGraph-Client": "tests"}
    assert (await owner.ask('{ company(slug: "demo") { name } }'))["company"]["name"] == "Demo"


async def test_an_unknown_cookie_is_nobody_whatever_stands_in_it(site):
    visitor = await site.visitor()
    for value in ("x", "é" * 40, "a" * 4000, "'; drop table session", ""):
        visitor.headers["Cookie"] = f"slotgraph={value}".encode()
        assert await visitor.kind() == "ANONYMOUS"


async def test_a_session_ends_by_itself(site):
    owner = await site.member()
    site.world.clock.advance(timedelta(hours=11, minutes=59))
    assert await owner.kind() == "MEMBER"
    site.world.clock.advance(timedelta(minutes=1))
    assert await owner.kind() == "ANONYMOUS"


async def test_after_logout_the_old_cookie_is_worthless(site):
    owner = await site.member()
    old = owner.http.cookies["slotgraph"]
    answer = await owner.send(LOGOUT)
    assert answer.json()["data"]["logout"] == {"__typename": "Viewer", "kind": "ANONYMOUS"}
    (name, value), flags = cookie_of(answer)
    assert (name, value.strip('"'), flags["max-age"]) == ("slotgraph", "", "0")
    assert "slotgraph" not in owner.http.cookies
    owner.http.cookies.set("slotgraph", old)
    assert await owner.kind() == "ANONYMOUS"


async def test_each_login_is_a_session_of_its_own(site):
    owner = await site.member()
    elsewhere = await site.logged_in("owner@demo.example")
    assert owner.http.cookies["slotgraph"] != elsewhere.http.cookies["slotgraph"]
    await owner.ask(LOGOUT)
    assert await elsewhere.kind() == "MEMBER"


async def test_a_session_handed_in_by_the_client_is_never_taken_over(site):
    await site.member()
    visitor = await site.visitor()
    visitor.http.cookies.set("slotgraph", "chosen-by-somebody-else")
    answer = await visitor.send(LOGIN, email="owner@demo.example", password="correct-horse-battery")
    (_, value), _ = cookie_of(answer)
    assert value != "chosen-by-somebody-else"


@pytest.mark.parametrize(
    ("email", "password"), [("owner@demo.example", "wrong-password"), ("nobody@demo.example", "correct-horse-battery")]
)
async def test_a_wrong_login_gets_no_cookie_and_is_not_told_what_was_wrong(site, email, password):
    await site.member()
    visitor = await site.visitor()
    answer = await visitor.send(LOGIN, email=email, password=password)
    assert "set-cookie" not in answer.headers
    assert answer.json()["data"]["login"] == {
        "__typename": "LoginRefused",
        "message": (await visitor.ask(LOGIN, email="x@y.example", password="p"))["login"]["message"],
    }


async def made_token(site, **until):
    owner = await site.member()
    created = (await owner.ask(CREATE_TOKEN, scopes=["SEARCH_SLOTS"], **until))["createToken"]
    return owner, created


async def test_a_good_token_is_its_company_s_and_needs_no_header_of_ours(site):
    _, created = await made_token(site)
    bearer = await site.visitor(Authorization=f"Bearer {created['secret']}")
    del bearer.headers["X-SlotGraph-Client"]
    assert await bearer.kind() == "TOKEN"
    bearer.headers["Authorization"] = f"bearer  {created['secret']} "
    assert await bearer.kind() == "TOKEN"


async def test_a_revoked_token_is_refused_at_once(site):
    owner, created = await made_token(site)
    bearer = await site.visitor(Authorization=f"Bearer {created['secret']}")
    assert await bearer.kind() == "TOKEN"
    await owner.ask(REVOKE, id=created["token"]["id"])
    assert (await bearer.send(VIEWER)).status_code == 401


async def test_a_token_ends_at_its_moment(site):
    until = site.world.clock.now() + timedelta(hours=1)
    _, created = await made_token(site, until=until.isoformat())
    bearer = await site.visitor(Authorization=f"Bearer {created['secret']}")
    site.world.clock.advance(timedelta(minutes=59))
    assert await bearer.kind() == "TOKEN"
    site.world.clock.advance(timedelta(minutes=1))
    assert (await bearer.send(VIEWER)).status_code == 401


async def test_what_is_no_token_of_ours_is_refused_in_the_same_words(site):
    _, created = await made_token(site)
    good = created["secret"]
    elsewhere = site.world.id_of("elsewhere")
    bodies = set()
    for header in (
        "Bearer",
        "Bearer ",
        good,
        f"Basic {good}",
        f"Bearer {good[:-1]}",
        f"Bearer {good}x",
        f"Bearer {good} {good}",
        f"Bearer {good.replace(site.world.company_id, elsewhere)}",
        "Bearer sg_" + "0" * 32 + "_" + "A" * 43,
        "Bearer " + "x" * 8000,
    ):
        bearer = await site.visitor(Authorization=header)
        answer = await bearer.send(VIEWER)
        assert answer.status_code == 401, header
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.headers["cache-control"] == "no-store"
        bodies.add(answer.text)
    assert len(bodies) == 1
    assert good not in bodies.pop()


async def test_a_wrong_token_is_not_made_good_by_a_cookie(site):
    owner = await site.member()
    owner.headers["Authorization"] = "Bearer nonsense"
    assert (await owner.send(VIEWER)).status_code == 401


async def test_a_token_wins_over_a_cookie(site):
    owner, created = await made_token(site)
    owner.headers["Authorization"] = f"Bearer {created['secret']}"
    assert await owner.kind() == "TOKEN"


async def test_what_a_proxy_says_of_the_sender_changes_nothing(site):
    """Nobody becomes somebody by a header."""
    owner = await site.member()
    stranger = await site.visitor(X_Forwarded_For="127.0.0.1", X_Forwarded_Proto="https", Forwarded="for=127.0.0.1")
    assert await stranger.kind() == "ANONYMOUS"
    owner.headers["X-Forwarded-Proto"] = "https"
    assert "set-cookie" not in (await owner.send(VIEWER)).headers
