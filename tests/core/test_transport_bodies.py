"""What comes back: broken off, no HTTP at all, packed, too large. Half an answer is none."""

import asyncio
import gzip
import time
import tracemalloc
import zlib

import pytest
from slotgraph_tests_core_nasty_server import Habit, answer, never_end, never_end_header, serving, soon

from slotgraph.core.errors import AnswerMalformed, AnswerTooLarge, ProviderFailure, ProviderUnreachable


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
