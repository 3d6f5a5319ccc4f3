"""The only way out: HTTP with a deadline, a byte cap, bounded retry and an address guard. Knows no vendor."""

import asyncio
import random
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from socket import AddressFamily
from typing import Protocol

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from slotgraph.core.addresses import AddressPolicy, Resolve, SystemResolver
from slotgraph.core.clock import Clock
from slotgraph.core.content_coding import ACCEPTED, body_reader
from slotgraph.core.errors import (
    AnswerMalformed,
    AnswerTooLarge,
    ProviderThrottled,
    ProviderTimeout,
    ProviderUnreachable,
)
from slotgraph.core.retrying import TRIES, Jitter, is_worth_retrying, pause_seconds, retry_after_seconds
from slotgraph.core.values import Forgettable

MAX_BYTES = 8 * 1024 * 1024
"""The byte cap of an answer, after decompression, unless the caller sets another."""

_LEAST_SECONDS_FOR_A_TRY = 0.1
_CONNECTIONS = 500
_CONNECTIONS_PER_HOST = 100


class Deadline:
    """A moment by which something must be done, by the monotonic clock."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._end = clock.monotonic() + seconds

    @property
    def remaining(self) -> float:
        """Seconds left; never negative."""
        return max(0.0, self._end - self._clock.monotonic())


@dataclass(frozen=True, slots=True, repr=False)
class Answer(Forgettable):
    """A complete HTTP answer, its body under the byte cap after decompression. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


class Transport(Protocol):
    """Sends one request; a redirect is not followed, its 3xx comes back.

    Raises ProviderTimeout, ProviderUnreachable, AnswerTooLarge, ProviderThrottled (429, after retries), AddressRefused (the guard
    says no) and AnswerMalformed (not HTTP, or a body that cannot be unpacked). Other statuses come back as Answer: what they mean
    is the connector's to say.
    """

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        deadline: Deadline,
        max_bytes: int | None = None,
        idempotent: bool = True,
    ) -> Answer:
        """Send one request and read the whole answer."""


class _NoAnswer(ProviderUnreachable):
    """The server closed the connection without an answer."""


@dataclass(frozen=True, slots=True, repr=False)
class _Request:
    method: str
    url: URL
    body: bytes | None
    deadline: Deadline
    max_bytes: int
    idempotent: bool
    headers: Mapping[str, str]


class HttpTransport:
    """Transport over one aiohttp session, made at the first request. One for the process; `close()` it at the end.

    `resolve` and `jitter` are for tests; `ca_file` (PEM) is trusted beside the system's authorities.
    """

    def __init__(
        self,
        clock: Clock,
        policy: AddressPolicy,
        *,
        ca_file: Path | None = None,
        resolve: Resolve | None = None,
        jitter: Jitter = random.random,
    ) -> None:
        self._clock = clock
        self._policy = policy
        self._jitter = jitter
        self._system_resolver = SystemResolver()
        self._resolve = resolve or self._system_resolver
        self._tls = _trust(ca_file)  # here, not at the first request: it would hold up the loop
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        deadline: Deadline,
        max_bytes: int | None = None,
        idempotent: bool = True,
    ) -> Answer:
        """Send one request and read the whole answer; see Transport."""
        request = _Request(
            method=method,
            url=self._policy.check_url(url),
            headers=_with_our_coding(headers or {}),
            body=body,
            deadline=deadline,
            max_bytes=MAX_BYTES if max_bytes is None else max_bytes,
            idempotent=idempotent,
        )
        if deadline.remaining <= 0:
            raise ProviderTimeout
        try:
            async with asyncio.timeout(deadline.remaining):
                return await self._answered(request)
        except TimeoutError:
            raise ProviderTimeout from None

    async def close(self) -> None:
        """Close all connections. Requests under way fail, later ones are refused."""
        self._closed = True
        self._system_resolver.close()
        if self._session is not None:
            await self._session.close()

    async def _answered(self, request: _Request) -> Answer:
        """Send until there is an answer to keep, at most three times."""
        attempt = 0
        while True:
            try:
                answer = await self._send(request)
            except _NoAnswer:
                pause = self._pause(request, None, attempt=attempt)
                if pause is None:
                    raise
            else:
                pause = self._pause(request, answer, attempt=attempt)
                if pause is None:
                    return self._unless_throttled(answer)
            await asyncio.sleep(pause)
            attempt += 1

    def _pause(self, request: _Request, answer: Answer | None, *, attempt: int) -> float | None:
        """Seconds until the next try, or None if there shall be none: nothing to gain, or no time left for it."""
        if attempt + 1 >= TRIES:
            return None
        if answer is None:
            asked_for = None
            worth = request.idempotent
        else:
            asked_for = self._retry_after(answer)
            worth = is_worth_retrying(answer.status, idempotent=request.idempotent)
        pause = pause_seconds(attempt, asked_for=asked_for, jitter=self._jitter)
        fits = pause + _LEAST_SECONDS_FOR_A_TRY <= request.deadline.remaining
        return pause if worth and fits else None

    def _unless_throttled(self, answer: Answer) -> Answer:
        if answer.status == 429:
            raise ProviderThrottled(retry_after=self._retry_after(answer))
        return answer

    def _retry_after(self, answer: Answer) -> int | None:
        return retry_after_seconds(answer.headers.get("retry-after"), now=self._clock.now())

    async def _send(self, request: _Request) -> Answer:
        """Send once. What aiohttp raises ends here, unchained: its errors carry the URL and the request's headers."""
        try:
            async with self._opened().request(
                request.method, request.url, headers=request.headers, data=request.body, allow_redirects=False
            ) as response:
                try:
                    body = await _read(response, request.max_bytes)
                except BaseException:
                    response.close()  # what is left unread must not be read by the next request
                    raise
                return Answer(response.status, _lower_cased(response), body, str(request.url))
        except (aiohttp.ClientSSLError, ssl.SSLError):
            raise ProviderUnreachable(
                "No secure connection: the server's certificate or protocol is not trusted."
            ) from None
        except aiohttp.ClientConnectorDNSError:
            raise ProviderUnreachable("The server's name is not known.") from None
        except aiohttp.ClientConnectorError:
            raise _NoAnswer("The server takes no connection.") from None
        except aiohttp.ClientResponseError:
            raise AnswerMalformed("The server does not speak HTTP.") from None
        except (aiohttp.ClientError, OSError) as error:
            if isinstance(error, TimeoutError):
                raise
            raise ProviderUnreachable("The connection broke off in the middle of the answer.") from None

    def _opened(self) -> aiohttp.ClientSession:
        if self._closed:
            raise ProviderUnreachable("The process is ending.")
        if self._session is None:
            connector = aiohttp.TCPConnector(
                ssl=self._tls,
                resolver=_CheckedResolver(self._policy, self._resolve),
                use_dns_cache=False,  # a name is checked and connected to by one and the same lookup
                limit=_CONNECTIONS,
                limit_per_host=_CONNECTIONS_PER_HOST,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,  # it would unpack without our cap
                timeout=aiohttp.ClientTimeout(total=None),
                skip_auto_headers=("Content-Type",),
                headers={"User-Agent": "SlotGraph"},
                middlewares=(_never_resend,),
                trust_env=False,
            )
        return self._session


class _CheckedResolver(AbstractResolver):
    """Hands aiohttp only addresses that passed the guard. It is not asked about IP addresses: `check_url` decides those."""

    def __init__(self, policy: AddressPolicy, resolve: Resolve) -> None:
        self._policy = policy
        self._resolve = resolve

    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = AddressFamily.AF_UNSPEC
    ) -> list[ResolveResult]:
        addresses = await self._resolve(host)
        self._policy.check_addresses(addresses, port)
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in addresses
        ]

    async def close(self) -> None:
        pass


async def _never_resend(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keep aiohttp from repeating PUT and DELETE by itself when a kept connection breaks: `idempotent` is the caller's to say."""
    try:
        return await send(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError, aiohttp.ClientConnectionResetError):
        raise _NoAnswer from None


async def _read(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    """Read the body whole. Raises AnswerTooLarge as soon as it is, packed or unpacked, and unpacks no further."""
    reader = body_reader(response.headers.get("Content-Encoding", ""))
    if (response.content_length or 0) > max_bytes and response.method != "HEAD":
        raise AnswerTooLarge
    packed = unpacked = 0
    pieces: list[bytes] = []
    async for data in response.content.iter_any():
        packed += len(data)
        for piece in reader.feed(data):
            unpacked += len(piece)
            if max(packed, unpacked) > max_bytes:
                raise AnswerTooLarge
            pieces.append(piece)
            await asyncio.sleep(0)  # unpacking is CPU time: let others have their turn
    reader.finish()
    return b"".join(pieces)


@lru_cache(maxsize=8)
def _trust(ca_file: Path | None) -> ssl.SSLContext:
    """The authorities to trust, by which every server's certificate is checked. Loading them takes some 70 ms."""
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context


def _with_our_coding(headers: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in headers.items() if name.lower() != "accept-encoding"}
    return {**kept, "Accept-Encoding": ACCEPTED}


def _lower_cased(response: aiohttp.ClientResponse) -> dict[str, str]:
    """Header fields by lower-case name; repeated ones joined by a comma (RFC 9110 section 5.3)."""
    joined: dict[str, str] = {}
    for name, value in response.headers.items():
        lower = name.lower()
        joined[lower] = f"{joined[lower]}, {value}" if lower in joined else value
    return joined
