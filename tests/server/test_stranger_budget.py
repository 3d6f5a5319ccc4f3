"""Strangers have a budget of searches by the address they come from; members have none (B7)."""

import asyncio
import os
import signal

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from slotgraph.server.app import create_app
from slotgraph.server.auth import source_of
from slotgraph.server.joining import join
from slotgraph.server.serving import bound_socket, serve_app
from slotgraph.server.settings import Settings

SEARCH = """query($service: ID!) { slots(input: {service: $service, from: "2027-03-02T08:00:00Z",
  to: "2027-03-02T18:00:00Z"}) { starts } }"""


async def test_a_stranger_over_the_budget_is_told_how_long_to_wait_and_a_member_is_not(site):
    app = create_app(join(site.world.joined.parts, stranger_searches_per_minute=2), Settings())
    stranger, owner = await site.visitor(app), await site.member(app=app)
    service = site.id("Service", "cut")
    for _ in range(2):
        assert (await stranger.ask(SEARCH, service=service))["slots"]["starts"]
    await stranger.send(SEARCH, service=service)  # where two minutes of the clock meet, one more passes
    answer = await stranger.send(SEARCH, service=service)
    (error,) = answer.json()["errors"]
    assert (answer.status_code, answer.json()["data"], error["path"]) == (200, {"slots": None}, ["slots"])
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert error["extensions"]["retryAfterSeconds"] in range(1, 61)
    assert (await owner.ask(SEARCH, service=service))["slots"]["starts"]


@pytest.mark.parametrize(
    ("host", "source"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("unknown" * 100, ("unknown" * 100)[:64]),
        (None, ""),
    ],
)
def test_a_source_is_an_address_or_the_network_one_household_has(host, source):
    assert source_of(Request({"type": "http", "client": host and (host, 1234)})) == source


async def _client(scope, receive, send):
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
    else:
        await PlainTextResponse(scope["client"][0])(scope, receive, send)


@pytest.mark.parametrize(
    ("trusted", "seen"),
    [(["127.0.0.1"], "203.0.113.9"), (["127.0.0.0/8"], "203.0.113.9"), (["10.0.0.0/8", "::1"], "127.0.0.1")],
)
@pytest.mark.parametrize("host", ["127.0.0.1", "::"])
async def test_where_a_request_comes_from_is_what_a_trusted_proxy_added(host, trusted, seen):
    with bound_socket(host, 0) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        serving = asyncio.create_task(serve_app(_client, listening, trusted_proxies=trusted))
        headers = {"X-Forwarded-For": "198.51.100.1, 203.0.113.9"}
        async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(retries=10), headers=headers) as client:
            answer = await client.get(url)
        os.kill(os.getpid(), signal.SIGTERM)
        await serving
    assert answer.text.removeprefix("::ffff:") == seen
