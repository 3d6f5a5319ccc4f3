"""The only way out: what is asked and how often, by when, and what becomes of refusals and lost connections."""

import asyncio
import datetime
import logging
import pickle
import socket

import pytest
from slotgraph_tests_core_nasty_server import (
    LOOPBACK,
    OK,
    Habit,
    answer,
    drip,
    elapsed,
    hang_up,
    reset,
    say_nothing,
    serving,
    soon,
)

from slotgraph.core.addresses import AddressPolicy
from slotgraph.core.clock import SystemClock
from slotgraph.core.errors import (
    AddressRefused,
    ProviderFailure,
    ProviderThrottled,
    ProviderTimeout,
    ProviderUnreachable,
)
from slotgraph.core.retrying import retry_after_seconds
from slotgraph.core.transport import Answer, HttpTransport

NOW = datetime.datetime(2026, 11, 2, 9, 0, tzinfo=datetime.UTC)


async def test_answer_comes_back_whole_with_lower_case_headers() -> None:
    async with serving(answer(b"<multistatus/>", b"DAV: 1", b"dav: 2", b"ETag: x")) as (server, transport):
        got = await transport.request("PROPFIND", server.url, headers={"Depth": "1"}, body=b"<q/>", deadline=soon())
    assert (got.status, got.body, got.url) == (200, b"<multistatus/>", server.url)
    assert (got.headers["dav"], got.headers["etag"]) == ("1, 2", "x")
    assert server.requests[0].startswith(b"PROPFIND /dav/ HTTP/1.1\r\n")
    assert b"Depth: 1" in server.requests[0]


async def test_only_gzip_is_asked_for_whatever_the_connector_says() -> None:
    async with serving(OK) as (server, transport):
        await transport.request("GET", server.url, headers={"accept-encoding": "br, zstd"}, deadline=soon())
    head = server.requests[0].lower()
    assert b"accept-encoding: gzip\r\n" in head
    assert b"br" not in head


async def test_cookies_are_neither_kept_nor_sent() -> None:
    async with serving(answer(b"ok", b"set-cookie: a=b")) as (server, transport):
        for _ in range(2):
            await transport.request("GET", server.url, deadline=soon())
    assert not any(b"cookie" in head.lower() for head in server.requests)
    assert server.connections == 1


async def test_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("all_proxy", "http://127.0.0.1:1")
    async with serving(OK) as (server, transport):
        assert (await transport.request("GET", server.url, deadline=soon())).body == b"ok"


async def test_redirect_comes_back_and_is_not_followed() -> None:
    moved = answer(b"", b"location: http://169.254.169.254/latest/", status=b"302 Found")
    async with serving(moved) as (server, transport):
        got = await transport.request("GET", server.url, deadline=soon())
        with pytest.raises(AddressRefused):
            await transport.request("GET", got.headers["location"], deadline=soon())
    assert got.status == 302
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [b"401 No", b"403 No", b"404 No", b"410 No", b"500 No"])
async def test_other_statuses_come_back_at_once(status: bytes) -> None:
    async with serving(answer(b"", status=status)) as (server, transport):
        got = await transport.request("GET", server.url, deadline=soon())
    assert got.status == int(status[:3])
    assert len(server.requests) == 1


@pytest.mark.parametrize("habit", [say_nothing, drip])
async def test_slow_server_costs_no_more_than_the_deadline(habit: Habit) -> None:
    async with serving(habit) as (server, transport):
        start = asyncio.get_running_loop().time()
        with pytest.raises(ProviderTimeout):
            await transport.request("GET", server.url, deadline=soon(0.3))
        assert 0.25 < elapsed(start) < 0.55


async def test_passed_deadline_sends_nothing() -> None:
    async with serving(OK) as (server, transport):
        with pytest.raises(ProviderTimeout):
            await transport.request("GET", server.url, deadline=soon(0))
    assert server.connections == 0


@pytest.mark.parametrize("habit", [reset, hang_up])
async def test_lost_connection_is_tried_again_twice_if_idempotent(habit: Habit) -> None:
    async with serving(habit, habit, OK) as (server, transport):
        got = await transport.request("PUT", server.url, body=b"x", deadline=soon())
    assert got.body == b"ok"
    assert len(server.requests) == 3


@pytest.mark.parametrize("habit", [reset, hang_up])
async def test_lost_connection_is_unreachable_after_the_third_try(habit: Habit) -> None:
    async with serving(habit) as (server, transport):
        with pytest.raises(ProviderUnreachable):
            await transport.request("GET", server.url, deadline=soon())
    assert len(server.requests) == 3


async def test_what_is_not_idempotent_is_sent_once_even_on_a_kept_connection() -> None:
    async with serving(OK, hang_up) as (server, transport):
        await transport.request("GET", server.url, deadline=soon())
        with pytest.raises(ProviderUnreachable):
            await transport.request("PUT", server.url, body=b"x", deadline=soon(), idempotent=False)
    assert [head[:3] for head in server.requests] == [b"GET", b"PUT"]


async def test_refused_connection_is_unreachable() -> None:
    async with serving(OK) as (server, _):
        pass
    transport = HttpTransport(SystemClock(), LOOPBACK, jitter=lambda: 0.0)
    with pytest.raises(ProviderUnreachable):
        await transport.request("GET", server.url, deadline=soon())
    await transport.close()


async def test_unknown_name_is_unreachable() -> None:
    async def resolve(host: str) -> tuple[str, ...]:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    transport = HttpTransport(SystemClock(), AddressPolicy(), resolve=resolve)
    with pytest.raises(ProviderUnreachable, match="name is not known"):
        await transport.request("GET", "https://nowhere.example/", deadline=soon())
    await transport.close()


@pytest.mark.parametrize("status", [b"502 Bad", b"503 Busy", b"504 Slow"])
async def test_passing_fault_is_tried_again(status: bytes) -> None:
    async with serving(answer(b"", status=status), OK) as (server, transport):
        assert (await transport.request("GET", server.url, deadline=soon())).status == 200
    assert len(server.requests) == 2


async def test_passing_fault_comes_back_as_answer_when_it_stays() -> None:
    async with serving(answer(b"busy", status=b"503 Busy")) as (server, transport):
        got = await transport.request("GET", server.url, deadline=soon())
    assert (got.status, got.body, len(server.requests)) == (503, b"busy", 3)


async def test_passing_fault_of_what_is_not_idempotent_comes_back_at_once() -> None:
    async with serving(answer(b"", status=b"503 Busy")) as (server, transport):
        got = await transport.request("POST", server.url, deadline=soon(), idempotent=False)
    assert (got.status, len(server.requests)) == (503, 1)


async def test_retry_after_that_does_not_fit_is_not_waited_for() -> None:
    start = asyncio.get_running_loop().time()
    async with serving(answer(b"", b"retry-after: 30", status=b"503 Busy")) as (server, transport):
        got = await transport.request("GET", server.url, deadline=soon())
    assert (got.status, len(server.requests)) == (503, 1)
    assert elapsed(start) < 1


async def test_retry_after_that_fits_is_waited_for() -> None:
    async with serving(answer(b"", b"retry-after: 1", status=b"429 Slower"), OK) as (server, transport):
        start = asyncio.get_running_loop().time()
        assert (await transport.request("GET", server.url, deadline=soon())).status == 200
        assert elapsed(start) >= 1
    assert len(server.requests) == 2


async def test_throttling_that_does_not_fit_names_the_wait() -> None:
    async with serving(answer(b"", b"retry-after: 120", status=b"429 Slower")) as (server, transport):
        with pytest.raises(ProviderThrottled) as refused:
            await transport.request("GET", server.url, deadline=soon())
    assert refused.value.retry_after == 120
    assert len(server.requests) == 1


async def test_throttling_without_retry_after_is_tried_three_times() -> None:
    async with serving(answer(b"", status=b"429 Slower")) as (server, transport):
        with pytest.raises(ProviderThrottled) as refused:
            await transport.request("GET", server.url, deadline=soon())
    assert refused.value.retry_after is None
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        (" 7 ", 7),
        ("999999999", 86_400),
        ("99999999999999999999", None),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("1.5", None),
        ("Mon, 02 Nov 2026 09:00:30 GMT", 30),
        ("Mon, 02 Nov 2026 08:00:00 GMT", 0),
        ("Mon, 02 Nov 2026 09:00:30", 30),
        ("Fri, 02 Nov 9999 09:00:30 GMT", 86_400),
        ("Mon, 99 Nov 2026 09:00:30 GMT", None),
        (None, None),
    ],
)
def test_retry_after_is_read_as_seconds_or_date(value: str | None, seconds: int | None) -> None:
    assert retry_after_seconds(value, now=NOW) == seconds


async def test_cancelled_request_lets_go_of_its_connection() -> None:
    gone = asyncio.Event()

    async def watch(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        gone.set()

    async with serving(watch) as (server, transport):
        request = asyncio.create_task(transport.request("GET", server.url, deadline=soon()))
        while not server.requests:
            await asyncio.sleep(0)
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
        await asyncio.wait_for(gone.wait(), 1)


async def test_neither_url_nor_credentials_nor_body_are_logged_or_printed(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = {"Authorization": "Basic aHVudGVyMg=="}
    failures: list[BaseException] = []
    async with serving(answer(b"dentist"), hang_up, b"noise\r\n\r\n", answer(b"", b"content-encoding: br")) as (
        server,
        transport,
    ):
        got = await transport.request("GET", server.url + "hunter2", headers=secret, deadline=soon())
        for _ in range(3):
            with pytest.raises(ProviderFailure) as failure:
                await transport.request(
                    "GET", server.url + "hunter2", headers=secret, deadline=soon(), idempotent=False
                )
            failures.append(failure.value)
    shown = repr(got) + caplog.text
    for failure_ in failures:
        assert failure_.__suppress_context__ or failure_.__context__ is None
        shown += repr(failure_) + str(failure_)
    assert not any(word in shown for word in ("hunter2", "aHVudGVyMg", "dentist", "127.0.0.1"))


async def test_closed_transport_refuses() -> None:
    async with serving(OK) as (server, transport):
        await transport.close()
        with pytest.raises(ProviderUnreachable):
            await transport.request("GET", server.url, deadline=soon())
    assert server.connections == 0


def test_answer_is_not_pickled() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Answer(200, {}, b"dentist", "https://h.example/"))
