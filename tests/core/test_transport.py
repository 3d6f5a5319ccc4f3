import asyncio
import datetime
import gzip
import ipaddress
import logging
import pickle
import socket
import ssl
import struct
import time
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from slotgraph.core.addresses import AddressPolicy
from slotgraph.core.clock import SystemClock
from slotgraph.core.errors import (
    AddressRefused,
    AnswerMalformed,
    AnswerTooLarge,
    ProviderFailure,
    ProviderThrottled,
    ProviderTimeout,
    ProviderUnreachable,
)
from slotgraph.core.retrying import retry_after_seconds
from slotgraph.core.transport import Answer, Deadline, HttpTransport

LOOPBACK = AddressPolicy(
    allowed_networks=(ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")), allow_http=True
)
NOW = datetime.datetime(2026, 11, 2, 9, 0, tzinfo=datetime.UTC)
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"

Habit = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class NastyServer:
    """Reads a request's head, then lets the habit of its turn do as it likes; the last habit is kept."""

    def __init__(self, *habits: bytes | Habit) -> None:
        self._habits = list(habits)
        self.requests: list[bytes] = []
        self.connections = 0
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.requests.append(head)
                habit = self._habits.pop(0) if len(self._habits) > 1 else self._habits[0]
                if isinstance(habit, bytes):
                    writer.write(habit)
                    await writer.drain()
                    if b"connection: close" in habit:
                        return
                else:
                    await habit(reader, writer)
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(
    *habits: bytes | Habit, tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[NastyServer, HttpTransport]]:
    nasty = NastyServer(*habits)
    server = await asyncio.start_server(nasty.serve, "127.0.0.1", 0, ssl=tls)
    nasty.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/dav/"
    transport = HttpTransport(SystemClock(), LOOPBACK, jitter=lambda: 0.0)
    try:
        yield nasty, transport
    finally:
        await transport.close()
        server.close()
        await server.wait_closed()


def soon(seconds: float = 5) -> Deadline:
    return Deadline(SystemClock(), seconds)


def elapsed(start: float) -> float:
    return asyncio.get_running_loop().time() - start


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
    while not reader.at_eof():
        writer.write(b".")
        await writer.drain()
        try:
            await asyncio.wait_for(reader.read(1), 0.02)
        except TimeoutError:
            continue


async def never_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


async def never_end_header(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nx: ")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


def answer(body: bytes, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    fields = b"".join(header + b"\r\n" for header in headers)
    return b"HTTP/1.1 %s\r\ncontent-length: %d\r\n%s\r\n%s" % (status, len(body), fields, body)


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


@pytest.mark.parametrize(
    "broken",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\nconnection: close\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\nzz\r\nhello\r\n",
    ],
    ids=["shorter than stated", "no last chunk", "no chunk size"],
)
async def test_broken_off_answer_is_no_answer(broken: bytes) -> None:
    async with serving(broken) as (server, transport):
        with pytest.raises(ProviderFailure) as failure:
            await transport.request("GET", server.url, deadline=soon())
    assert isinstance(failure.value, (ProviderUnreachable, AnswerMalformed))
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "noise",
    [
        b"SSH-2.0-OpenSSH_9.2\r\nconnection: close\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: minus one\r\nconnection: close\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 100_000 + b"\r\nconnection: close\r\n\r\n",
        never_end_header,
    ],
    ids=["another protocol", "bad length", "two lengths", "long header", "endless header"],
)
async def test_what_is_no_http_is_malformed(noise: bytes | Habit) -> None:
    async with serving(noise) as (server, transport):
        with pytest.raises(AnswerMalformed):
            await transport.request("GET", server.url, deadline=soon())


async def test_bytes_after_the_stated_length_do_not_become_the_next_answer() -> None:
    poison = answer(b"ok") + answer(b"poison")
    async with serving(poison, answer(b"second")) as (server, transport):
        await transport.request("GET", server.url, deadline=soon())
        got = await transport.request("GET", server.url, deadline=soon())
    assert got.body == b"second"


async def test_gzip_answer_is_unpacked() -> None:
    text = b"BEGIN:VEVENT\r\n" * 100_000
    members = gzip.compress(text[:500]) + gzip.compress(text[500:])
    async with serving(answer(members, b"content-encoding: gzip")) as (server, transport):
        assert (await transport.request("GET", server.url, deadline=soon())).body == text


async def test_body_of_exactly_the_cap_comes_back_and_one_byte_more_does_not() -> None:
    packed = [answer(gzip.compress(b"x" * size), b"content-encoding: gzip") for size in (300_000, 300_001)]
    plain = [answer(b"x" * size) for size in (300_000, 300_001)]
    async with serving(packed[0], plain[0], packed[1], plain[1]) as (server, transport):
        for _ in range(2):
            got = await transport.request("GET", server.url, deadline=soon(), max_bytes=300_000)
            assert len(got.body) == 300_000
        for _ in range(2):
            with pytest.raises(AnswerTooLarge):
                await transport.request("GET", server.url, deadline=soon(), max_bytes=300_000)


def gzip_bomb(mebibytes: int) -> bytes:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    block = b"\0" * 1024 * 1024
    return b"".join(squeeze.compress(block) for _ in range(mebibytes)) + squeeze.flush()


async def test_gzip_bomb_is_stopped_at_the_cap() -> None:
    bomb = answer(gzip_bomb(64), b"content-encoding: gzip")
    async with serving(bomb) as (server, transport):
        tracemalloc.start()
        try:
            with pytest.raises(AnswerTooLarge):
                await transport.request("GET", server.url, deadline=soon())
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 16 * 1024 * 1024


@pytest.mark.parametrize("coding", [b"br", b"deflate", b"zstd", b"gzip, gzip", b"compress"])
async def test_coding_that_was_not_asked_for_is_not_unpacked(coding: bytes) -> None:
    async with serving(answer(b"whatever", b"content-encoding: " + coding)) as (server, transport):
        with pytest.raises(AnswerMalformed):
            await transport.request("GET", server.url, deadline=soon())


@pytest.mark.parametrize(
    "body",
    [gzip.compress(b"x" * 9000)[:-9], b"no gzip at all", gzip.compress(b"") * 100, gzip.compress(b"x") + b"junk"],
    ids=["cut short", "no gzip", "too many members", "junk behind"],
)
async def test_damaged_gzip_is_malformed_and_never_half_an_answer(body: bytes) -> None:
    async with serving(answer(body, b"content-encoding: gzip")) as (server, transport):
        with pytest.raises(AnswerMalformed):
            await transport.request("GET", server.url, deadline=soon())


async def test_endless_body_is_stopped_at_the_cap() -> None:
    async with serving(never_end) as (server, transport):
        with pytest.raises(AnswerTooLarge):
            await transport.request("GET", server.url, deadline=soon())


async def test_stated_length_over_the_cap_is_refused_unread() -> None:
    async def boast(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 20000000\r\n\r\n")
        await reader.read()

    async with serving(boast) as (server, transport):
        with pytest.raises(AnswerTooLarge):
            await transport.request("GET", server.url, deadline=soon())


async def test_answer_to_head_may_state_any_length() -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 20000000\r\ncontent-encoding: gzip\r\n\r\n"
    async with serving(head) as (server, transport):
        assert (await transport.request("HEAD", server.url, deadline=soon())).body == b""


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


async def test_loop_goes_on_while_eight_mebibytes_are_unpacked() -> None:
    big = answer(gzip_bomb(8), b"content-encoding: gzip")
    async with serving(big) as (server, transport):
        longest, done = 0.0, False

        async def tick() -> None:
            nonlocal longest
            while not done:
                start = time.thread_time()
                await asyncio.sleep(0)
                longest = max(longest, time.thread_time() - start)

        ticking = asyncio.create_task(tick())
        await transport.request("GET", server.url, deadline=soon())
        done = True
        await ticking
    assert longest < 0.02


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


class Authority:
    """A certificate authority of this test's own, and a server certificate for calendar.example."""

    def __init__(self, folder: Path) -> None:
        key, name = ec.generate_private_key(ec.SECP256R1()), self._name("Test Authority")
        root = self._builder(name, name, key.public_key()).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        signed_root = root.sign(key, hashes.SHA256())
        server_key = ec.generate_private_key(ec.SECP256R1())
        server = self._builder(self._name("calendar.example"), name, server_key.public_key()).add_extension(
            x509.SubjectAlternativeName([x509.DNSName("calendar.example")]), critical=False
        )
        self.ca_file = folder / "ca.pem"
        self.ca_file.write_bytes(signed_root.public_bytes(serialization.Encoding.PEM))
        chain = folder / "server.pem"
        chain.write_bytes(
            server_key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + server.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        )
        self.server_names: list[str | None] = []
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(chain)
        self.context.sni_callback = lambda _, name, __: self.server_names.append(name)  # type: ignore[assignment]

    @staticmethod
    def _name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

    @staticmethod
    def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        today = SystemClock().now()
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(today - datetime.timedelta(days=1))
            .not_valid_after(today + datetime.timedelta(days=1))
        )


async def resolve_to_loopback(host: str) -> tuple[str, ...]:
    return ("127.0.0.1",)


async def ask_over_tls(authority: Authority, host: str, *, ca_file: Path | None) -> tuple[Answer, NastyServer]:
    async with serving(OK, tls=authority.context) as (server, _):
        transport = HttpTransport(SystemClock(), LOOPBACK, resolve=resolve_to_loopback, ca_file=ca_file)
        port = server.url.split(":")[2]
        try:
            return await transport.request("GET", f"https://{host}:{port}", deadline=soon()), server
        finally:
            await transport.close()


async def test_operators_authority_is_trusted_and_host_and_sni_are_kept(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    got, server = await ask_over_tls(authority, "calendar.example", ca_file=authority.ca_file)
    assert got.body == b"ok"
    assert authority.server_names == ["calendar.example"]
    assert b"Host: calendar.example:" in server.requests[0]


async def test_unknown_authority_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProviderUnreachable, match="certificate"):
        await ask_over_tls(Authority(tmp_path), "calendar.example", ca_file=None)


async def test_certificate_of_another_name_is_refused(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with pytest.raises(ProviderUnreachable, match="certificate"):
        await ask_over_tls(authority, "other.example", ca_file=authority.ca_file)
