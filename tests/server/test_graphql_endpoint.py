"""POST /graphql: what is a request and what is not, how it is answered, and what the logs never hear of."""

import json
import logging

import httpx
import pytest

from slotgraph.core import tables
from slotgraph.core.errors import DatabaseBusy, SettingError
from slotgraph.schema.limits import MAX_BODY_BYTES
from slotgraph.server.graphql_endpoint import failure

JSON = {"Content-Type": "application/json"}
GRAPHQL = "application/graphql-response+json"
VIEWER = "{ viewer { kind } }"
CANARY = "canary-6f1d"


async def raw(site, content, *, app=None, **headers):
    """The answer to these bytes."""
    visitor = await site.visitor(app)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await visitor.http.post("/graphql", content=content, headers=JSON | named)


def the_error(answer):
    """The one error of an answer: a sentence with a code, and nothing else."""
    assert answer.headers["cache-control"] == "no-store"
    assert set(answer.json()) == {"errors"}
    (error,) = answer.json()["errors"]
    assert set(error) <= {"message", "extensions", "locations"}
    assert error["extensions"]["code"]
    assert error["message"].endswith(".")
    assert "Traceback" not in answer.text
    assert "\n" not in error["message"]
    return error


@pytest.mark.parametrize(
    "media_type",
    [
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain",
        "text/plain; charset=utf-8",
        "text/plain; application/json",
        "application/graphql",
        "application/jsonp",
        "application/json, text/plain",
        "application/json; charset=utf-16",
        "application/json; charset=utf-7",
        "application/json; charset=iso-8859-1",
        "application/json; boundary=x",
        "",
    ],
)
async def test_what_a_foreign_page_can_send_is_no_request(site, media_type):
    """Only application/json makes a browser ask first, and only UTF-8 is JSON (RFC 8259 section 8.1)."""
    answer = await raw(site, json.dumps({"query": VIEWER}), Content_Type=media_type)
    assert answer.status_code == 415
    assert "application/json" in the_error(answer)["message"]


@pytest.mark.parametrize(
    "media_type",
    ["application/json", "Application/JSON", "application/json;charset=utf-8", 'application/json; charset="UTF-8"'],
)
async def test_json_is_a_request_however_it_is_spelt(site, media_type):
    assert (await raw(site, json.dumps({"query": VIEWER}), Content_Type=media_type)).status_code == 200


async def test_a_request_without_media_type_is_refused(site):
    visitor = await site.visitor()
    request = visitor.http.build_request("POST", "/graphql", content=json.dumps({"query": VIEWER}))
    request.headers.pop("content-type", None)
    assert (await visitor.http.send(request)).status_code == 415


def padded(size):
    """A good request of exactly so many bytes."""
    body = json.dumps({"query": VIEWER}).encode()
    return body + b" " * (size - len(body))


async def in_parts(body, size=1000):
    for at in range(0, len(body), size):
        yield body[at : at + size]


async def test_the_largest_body_is_answered_and_one_byte_more_is_not(site):
    assert (await raw(site, padded(MAX_BODY_BYTES))).status_code == 200
    assert (await raw(site, padded(MAX_BODY_BYTES + 1))).status_code == 413
    assert (await raw(site, in_parts(padded(MAX_BODY_BYTES)))).status_code == 200
    refused = await raw(site, in_parts(padded(MAX_BODY_BYTES + 1)))
    assert refused.status_code == 413
    assert str(MAX_BODY_BYTES) in the_error(refused)["message"]


async def test_of_a_body_without_length_no_more_is_read_than_may_come(site):
    read = 0

    async def long():
        nonlocal read
        for _ in range(1000):
            read += 1000
            yield b" " * 1000

    assert (await raw(site, long())).status_code == 413
    assert read <= MAX_BODY_BYTES + 2000


@pytest.mark.parametrize("length", ["x", "-1", "", "1e3", "9" * 5000, "²", str(MAX_BODY_BYTES + 1)])
async def test_a_length_that_is_none_is_refused(site, length):
    sent = []
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/graphql",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json"), (b"content-length", length.encode("latin-1"))],
    }

    async def receive():
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(message):
        sent.append(message)

    await site.app(scope, receive, send)
    assert sent[0]["status"] == 413


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "this is no JSON"),
        (b"{", "this is no JSON"),
        (b'{"query": "\xff\xfe"}', "this is no JSON"),
        (b'{"query": "{ viewer { kind } }"} {}', "this is no JSON"),
        (b"\xef\xbb\xbf{}", "this is no JSON"),
        (b'{"query": "\\ud800"}', "this is no JSON"),
        (b'{"query": NaN}', "this is no JSON"),
        (b"[" * 60000, "object"),
        (b'{"variables": ' + b'{"a":' * 10000 + b"1" + b"}" * 10000 + b"}", ""),
        (b'[{"query": "{ viewer { kind } }"}]', "object"),
        (b"null", "object"),
        (b'"text"', "object"),
        (b"{}", "query"),
        (b'{"query": null}', "query"),
        (b'{"query": 7}', "query"),
        (b'{"query": "{x}", "variables": []}', "variables"),
        (b'{"query": "{x}", "variables": "canary-6f1d"}', "variables"),
        (b'{"query": "{x}", "operationName": {"canary-6f1d": 1}}', "operationName"),
        (b'{"query": "{x}", "extensions": 1}', "extensions"),
        (b'{"query": ["canary-6f1d"]}', "query"),
    ],
)
async def test_what_is_no_request_is_told_so_in_one_sentence(site, body, said):
    answer = await raw(site, body)
    assert answer.status_code == 400
    message = the_error(answer)["message"]
    assert said in message
    assert len(message) < 200
    assert CANARY not in answer.text


async def test_a_media_type_of_graphql_is_answered_with_its_statuses(site):
    """GraphQL over HTTP section 6.4: what was not executed is an error of the client's; what was is a 200."""
    good = await raw(site, json.dumps({"query": VIEWER}), Accept=f"{GRAPHQL}, application/json;q=0.9")
    assert (good.status_code, good.headers["content-type"]) == (200, GRAPHQL)
    for query in (
        "{",
        "{ nothing }",
        "query($a: Int!) { viewer { kind } }",
        "",
        "query A { viewer { kind } } query A { viewer { kind } }",
    ):
        bad = await raw(site, json.dumps({"query": query}), Accept=GRAPHQL)
        assert (bad.status_code, bad.headers["content-type"]) == (400, GRAPHQL)
        assert "data" not in bad.json()
    failed = await raw(site, json.dumps({"query": '{ node(id: "x") { id } }'}), Accept=GRAPHQL)
    assert failed.status_code == 200
    assert failed.json()["data"] == {"node": None}


@pytest.mark.parametrize("accept", ["application/json", "*/*", "", "text/html"])
async def test_a_client_that_knows_only_json_gets_200_for_what_is_well_formed(site, accept):
    for query in (VIEWER, "{", "{ nothing }"):
        answer = await raw(site, json.dumps({"query": query}), Accept=accept)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")


async def test_no_answer_is_kept_by_anybody(site):
    owner = await site.member()
    agent = await site.agent()
    app = httpx.AsyncClient(transport=httpx.ASGITransport(site.app), base_url="http://testserver")
    async with app:
        answers = [
            await owner.send(VIEWER),
            await owner.send("{"),
            await agent.send("{ supportCases { id } }"),
            await app.get("/graphql"),
            await app.put("/graphql"),
            await app.get("/elsewhere"),
            await app.post("/graphql", content=b"x"),
        ]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 405, 405, 404, 415]
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_only_post_is_answered(site):
    """A document in a URL would stand in the logs of every proxy, and a foreign page can send a GET with the cookie."""
    owner = await site.member()
    for method in ("GET", "HEAD", "PUT", "DELETE", "OPTIONS"):
        answer = await owner.http.request(method, "/graphql", params={"query": VIEWER})
        assert answer.status_code == 405
        assert answer.headers["allow"] == "POST"
        assert "access-control-allow-origin" not in answer.headers


INTROSPECTION = "{ __schema { types { name } } }"


async def test_strangers_may_not_read_the_schema_and_members_may(site):
    stranger, owner = await site.visitor(), await site.member()
    refused = await stranger.post(INTROSPECTION)
    assert "data" not in refused
    assert "types" in (await owner.ask(INTROSPECTION))["__schema"]
    named = await stranger.ask("{ viewer { __typename kind } }")
    assert named["viewer"] == {"__typename": "Viewer", "kind": "ANONYMOUS"}


async def test_in_development_everybody_may_read_the_schema(site):
    stranger = await site.visitor(site.another(development=True))
    assert (await stranger.ask(INTROSPECTION))["__schema"]["types"]


async def test_an_agent_may_read_the_schema_while_any_case_is_open(site):
    agent, owner = await site.agent(), await site.member()
    assert "data" not in await agent.post(INTROSPECTION)
    opened = await owner.ask('mutation { openSupportCase(input: {reason: "Look"}) { ... on SupportCase { id } } }')
    assert (await agent.ask(INTROSPECTION))["__schema"]["types"]
    await owner.ask(
        "mutation($id: ID!) { closeSupportCase(input: {case: $id}) { __typename } }",
        id=opened["openSupportCase"]["id"],
    )
    assert "data" not in await agent.post(INTROSPECTION)


async def test_to_a_stranger_every_wrong_document_reads_the_same(site):
    """Neither the words of an error nor its length tell which words exist."""
    stranger = await site.visitor()
    queries = [
        "{ viewr { kind } }",
        "{ viewer { kin } }",
        "{ company { id } }",
        '{ company(slig: "demo") { id } }',
        "{ viewer }",
        "mutation { logn { id } }",
        "query($a: BookInpt!) { viewer { kind } }",
        "{ viewer { ... on Membr { id } } }",
        "{ ...F } fragment F on Queri { viewer { kind } }",
        "{ ...F }",
        '{ __type(name: "Booking") { name } }',
        "{ viewer { kind @skp(if: true) } }",
    ]
    answers = {(await stranger.send(query)).text for query in queries}
    assert len(answers) == 1
    assert "viewer" not in answers.pop()


async def test_half_a_character_in_a_title_costs_that_character_only(site):
    world, owner = site.world, await site.member()
    await world.change(tables.employee, world.id_of("anna"), show_appointments=True)
    await world.link(
        "anna",
        world.event("2027-03-02 09:00", "2027-03-02 10:00", title="Lunch"),
        world.event("2027-03-02 10:00", "2027-03-02 11:00", title="a\ud800b\u2028é"),
    )
    answer = await owner.ask(
        """{ overview(input: {from: "2027-03-02", until: "2027-03-02"}) { entries { ... on ExternalEvent { title } } } }"""
    )
    assert [entry["title"] for entry in answer["overview"]["entries"] if entry] == ["Lunch", "a?b\u2028é"]


async def test_what_breaks_in_us_is_told_without_what_it_was(site):
    site.world.clock.at = CANARY  # a clock that tells no time: nobody's session can be looked up
    transport = httpx.ASGITransport(site.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        headers = {"Cookie": "slotgraph=x", "X-SlotGraph-Client": "tests"}
        answer = await client.post("/graphql", json={"query": VIEWER}, headers=headers)
    assert answer.status_code == 500
    assert the_error(answer)["extensions"] == {"code": "INTERNAL"}
    assert CANARY not in answer.text


@pytest.mark.parametrize(
    ("error", "status"), [(DatabaseBusy(), 503), (SettingError("The database file /srv/secret/place is damaged."), 500)]
)
async def test_trouble_with_the_database_is_an_answer_and_tells_no_path(site, error, status):
    answer = failure(error)
    assert answer.status_code == status
    assert b"/srv" not in answer.body
    assert answer.headers["cache-control"] == "no-store"


# Nothing secret reaches a log

PASSWORDS = ["correct-horse-battery", f"{CANARY}-login", f"{CANARY}-link", f"{CANARY}-inline"]
LINK = """mutation($employee: ID!) { linkAccount(input: {provider: "memory", employee: $employee}) {
  ... on FormRequired { linkToken } ... on Problem { message } } }"""
COMPLETE = """mutation($token: Secret!, $value: Secret!) {
  completeLink(input: {linkToken: $token, answer: {form: [{name: "login", value: $value}]}}) {
    __typename ... on LinkRefused { cause } ... on Problem { message } } }"""
BROKEN_DOCUMENTS = [
    'mutation { login(input: {email: "a@b.example", password: "%s"}) { nothing } }',
    'mutation { login(input: {email: "a@b.example", password: "%s"} }',
    'mutation { login(input: {email: "%s", password: "x"}) { __typename } }',
    'mutation { login(input: {email: "a@b.example", passwort: "%s"}) { __typename } }',
    'mutation { login(input: {email: "a@b.example", password: "%s") { __typename } }',
    'mutation { login(input: ["%s"]) { __typename } }',
    '{ company(slug: "%s", slug: "%s") { id } }',
    '{ node(id: "%s") { id } }',
    'mutation { completeLink(input: {linkToken: "%s", answer: {callbackQuery: "%s"}}) { __typename } }',
    'mutation { login(input: {email: "a@b.example", password: """%s""", }) { __typename } } }',
    'query($a: Int = "%s") { viewer { kind } }',
]


async def test_no_secret_reaches_a_log_whatever_goes_wrong(site, caplog):
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="slotgraph")
    owner, stranger = await site.member(), await site.visitor()
    await stranger.post(
        'mutation($p: Secret!) { login(input: {email: "owner@demo.example", password: $p}) { __typename } }',
        p=f"{CANARY}-login",
    )
    begun = await owner.ask(LINK, employee=site.id("Employee", "anna"))
    token = begun["linkAccount"]["linkToken"]
    refused = await owner.ask(COMPLETE, token=token, value=f"{CANARY}-link")
    assert refused["completeLink"]["__typename"] == "LinkRefused"
    site.world.calendars.fail("open", RuntimeError(f"{CANARY}-link"))
    await owner.ask(COMPLETE, token=token, value=f"{CANARY}-link")
    site.world.calendars.heal()
    site.world.calendars.add_calendar("work", login=f"{CANARY}-link")
    linked = await owner.ask(COMPLETE, token=token, value=f"{CANARY}-link")
    assert linked["completeLink"]["__typename"] == "Account"
    created = await owner.ask(
        """mutation { createToken(input: {name: "T", scopes: [BOOK]}) { ... on TokenCreated { secret } } }"""
    )
    bearer = await site.visitor(Authorization=f"Bearer {created['createToken']['secret']}")
    await bearer.kind()
    for document in BROKEN_DOCUMENTS:
        for visitor in (stranger, owner):
            answer = await visitor.send(document.replace("%s", f"{CANARY}-inline"))
            assert CANARY not in answer.text, document
    await raw(site, b'{"query": 1, "variables": "' + CANARY.encode() + b'"')
    secrets = [
        *PASSWORDS,
        CANARY,
        token,
        created["createToken"]["secret"],
        owner.http.cookies["slotgraph"],
    ]
    assert any(record.name == "slotgraph.wall" for record in caplog.records)  # something was listened to
    for record in caplog.records:
        text = f"{record.name} {record.getMessage()} {record.args} {record.exc_info and record.exc_info[1]}"
        for secret in secrets:
            assert secret not in text, record.name
