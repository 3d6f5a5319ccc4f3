"""The wire: the caldav library's async client with core/transport in place of its HTTP, and what statuses mean. No iCalendar.

Of the library we take the client's verbs (with their Depth and Content-Type) and its elements. We leave its parsing: it reads XML in
the event loop, unquotes hrefs and drops their host, so that one to a foreign server cannot be told from our own.
"""

import asyncio
import base64
import logging
import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from caldav.async_davclient import AsyncDAVClient
from caldav.response import DAVResponse

from slotgraph.core.plugin import (
    AccessForbidden,
    Account,
    AccountRevoked,
    AddressRefused,
    Answer,
    AnswerMalformed,
    AnswerTooLarge,
    CalendarMissing,
    ProviderFailure,
    ProviderThrottled,
    ProviderUnreachable,
)
from slotgraph.plugins.caldav.multistatus import origin

for _name in ("caldav", "httpx", "niquests"):
    # At DEBUG they write whole bodies and full addresses.
    logging.getLogger(_name).setLevel(logging.WARNING)
    logging.getLogger(_name).propagate = False

Result = TypeVar("Result")

MAX_REPORT_BYTES = 10 * 1024 * 1024
MAX_OTHER_BYTES = 2 * 1024 * 1024
AGENT = "SlotGraph (CalDAV)"

_REALM = re.compile(r'\brealm="((?:[^"\\]|\\.){0,200})"', re.IGNORECASE)
_TOO_MANY = b"number-of-matches-within-limits"


class WireAnswer(DAVResponse):
    """An answer as it came. The library's own reading of it is left out."""

    def __init__(self, answer: Answer) -> None:  # the library's constructor would parse
        self.answer = answer
        self.status = answer.status
        self.headers = answer.headers


CHANGING = frozenset({"PUT", "DELETE"})


class CalDavClient(AsyncDAVClient):
    """Speaks to one origin with one login; a request to any other is refused, so that the password stays there."""

    def __init__(self, account: Account, url: str, *, lanes: asyncio.Semaphore | None = None) -> None:
        """`lanes` bounds how many requests are on their way at a time."""
        super().__init__(url=url, enable_rfc6764=False)
        self._account = account
        self._origin = origin(url)
        self._lanes = lanes or asyncio.Semaphore()

    def _create_session(self) -> None:
        """No HTTP session of its own: every byte goes through core/transport."""

    async def _async_request(
        self, url: str, method: str = "GET", body: str = "", headers: Mapping[str, str] | None = None
    ) -> DAVResponse:
        if origin(url) != self._origin:
            raise AddressRefused("The calendar server sent us to another server.")
        async with self._lanes:
            answer = await self._account.transport.request(
                method,
                url,
                headers={**(headers or {}), "Authorization": self._login(), "User-Agent": AGENT},
                body=body.encode() if body else None,
                deadline=self._account.deadline,
                max_bytes=MAX_REPORT_BYTES if method == "REPORT" else MAX_OTHER_BYTES,
                # A change whose answer was lost may yet land: it is repeated by whoever knows that, never behind their back.
                idempotent=method not in CHANGING,
            )
        return WireAnswer(answer)

    def _login(self) -> str:
        given = self._account.credentials
        pair = f"{given.get('username', '')}:{given.get('password', '')}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"

    async def send(
        self,
        method: str,
        url: str,
        *,
        body: str = "",
        depth: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request, whatever comes back."""
        response = await self.request(url, method, body, self._build_method_headers(method, depth, headers))
        assert isinstance(response, WireAnswer)
        return response.answer

    async def multistatus(self, method: str, url: str, *, body: str, depth: int) -> Answer:
        """Send a PROPFIND or REPORT and insist on 207. Raises the failure that another status means."""
        answer = await self.send(method, url, body=body, depth=depth)
        if answer.status != 207:
            raise failure_from(answer)
        return answer

    async def read(self, function: Callable[[bytes, str], Result], answer: Answer, about: str) -> Result:
        """Have a body read by an importable function that also takes its URL or UID; large ones in another process."""
        account = self._account
        weight = len(answer.body)
        return await account.offload.run(function, answer.body, about, deadline=account.deadline, weight=weight)


def said(answer: Answer) -> str:
    """What an answer said of itself: status and content type, never a body."""
    return f"{answer.status} {answer.headers.get('content-type', '').split(';')[0].strip()[:100]}".strip()


def failure_from(answer: Answer) -> ProviderFailure:
    """The failure that an unwanted answer is."""
    status, retry_after = answer.status, answer.headers.get("retry-after", "")
    if status == 401:
        return _login_refused(answer)
    if _TOO_MANY in answer.body[:4096]:
        return AnswerTooLarge("The server finds too much in this time.", server_answer=said(answer))
    if status == 403:
        return AccessForbidden(server_answer=said(answer))
    if status in (404, 410):
        return CalendarMissing(server_answer=said(answer))
    if status == 503 and retry_after.isdigit():
        return ProviderThrottled(retry_after=int(retry_after), server_answer=said(answer))
    if status >= 500 and status not in (501, 505):
        return ProviderUnreachable("The server is out of order.", server_answer=said(answer))
    return AnswerMalformed("The server's answer is not CalDAV.", server_answer=said(answer))


def _login_refused(answer: Answer) -> AccountRevoked:
    challenge = answer.headers.get("www-authenticate", "")
    realm = _REALM.search(challenge)
    text = "".join(char for char in re.sub(r"\\(.)", r"\1", realm[1]) if char.isprintable()) if realm else None
    if challenge and "basic" not in challenge.lower():
        return AccountRevoked(
            "The server does not take a password this way (it wants no Basic login).", server_answer=text
        )
    return AccountRevoked("The server refuses this user name and password.", server_answer=text)
