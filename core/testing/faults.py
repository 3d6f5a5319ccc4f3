"""What can go wrong between us and a server, put between a provider and its transport. What must come of it stands in `contract`."""

from collections.abc import Callable, Mapping
from enum import Enum

from slotgraph.core.plugin import (
    Answer,
    AnswerTooLarge,
    Deadline,
    FailureCause,
    ProviderFailure,
    ProviderThrottled,
    ProviderTimeout,
    ProviderUnreachable,
    Transport,
)

RETRY_AFTER = 7
LOGIN_PAGE = b"<!doctype html><html><body><form action=/login></form></body></html>"
PRIVATE_ADDRESS = "http://10.0.0.1/"


class Fault(Enum):
    """A server's misdeed."""

    UNAUTHORIZED = "401"
    FORBIDDEN = "403"
    NOT_FOUND = "404"
    GONE = "410"
    THROTTLED = "429"
    SERVER_ERROR = "500"
    UNAVAILABLE = "503"
    SLOW = "no answer within the deadline"
    UNREACHABLE = "no connection"
    TOO_LARGE = "more bytes than the cap"
    LOGIN_PAGE = "200 with HTML"
    EMPTY = "200 without a body"
    TRUNCATED = "the first half of the body"
    REDIRECT_TO_A_PRIVATE_ADDRESS = "302"

    @property
    def causes(self) -> frozenset[FailureCause]:
        """The causes that a provider may make of it (rule B4)."""
        return _CAUSES.get(self, frozenset({FailureCause.MALFORMED}))


_CAUSES = {
    Fault.UNAUTHORIZED: frozenset({FailureCause.REAUTH_REQUIRED}),
    Fault.FORBIDDEN: frozenset({FailureCause.FORBIDDEN}),
    Fault.NOT_FOUND: frozenset({FailureCause.NOT_FOUND}),
    Fault.GONE: frozenset({FailureCause.NOT_FOUND}),
    Fault.THROTTLED: frozenset({FailureCause.THROTTLED}),
    Fault.SERVER_ERROR: frozenset({FailureCause.UNREACHABLE, FailureCause.MALFORMED}),
    Fault.UNAVAILABLE: frozenset({FailureCause.UNREACHABLE, FailureCause.THROTTLED}),
    Fault.SLOW: frozenset({FailureCause.TIMEOUT}),
    Fault.UNREACHABLE: frozenset({FailureCause.UNREACHABLE}),
    Fault.TOO_LARGE: frozenset({FailureCause.TOO_LARGE}),
    Fault.REDIRECT_TO_A_PRIVATE_ADDRESS: frozenset(
        {FailureCause.MALFORMED, FailureCause.UNREACHABLE, FailureCause.FORBIDDEN, FailureCause.NOT_FOUND}
    ),
}
_RAISED: Mapping[Fault, Callable[[], ProviderFailure]] = {
    Fault.THROTTLED: lambda: ProviderThrottled(retry_after=RETRY_AFTER),
    Fault.SLOW: ProviderTimeout,
    Fault.UNREACHABLE: ProviderUnreachable,
    Fault.TOO_LARGE: AnswerTooLarge,
}
_STATUS = {
    Fault.UNAUTHORIZED: 401,
    Fault.FORBIDDEN: 403,
    Fault.NOT_FOUND: 404,
    Fault.GONE: 410,
    Fault.SERVER_ERROR: 500,
    Fault.UNAVAILABLE: 503,
    Fault.REDIRECT_TO_A_PRIVATE_ADDRESS: 302,
}
_READING = frozenset({"GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT"})


class FaultyTransport:
    """Lets one fault happen to every request. `sent` keeps the addresses asked for, `heard` the bodies that came back."""

    def __init__(self, inner: Transport, fault: Fault | None = None) -> None:
        self._inner = inner
        self.fault = fault
        self.loses_answers = False
        self.sent: list[str] = []
        self.heard: list[bytes] = []

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
        """Send one request, and let the fault happen to it or to its answer."""
        self.sent.append(url)
        if self.fault is not None and self.fault in _RAISED:
            raise _RAISED[self.fault]()
        if self.fault is not None and self.fault is not Fault.TRUNCATED:
            return _faulty_answer(self.fault, url)
        answer = await self._inner.request(
            method, url, headers=headers, body=body, deadline=deadline, max_bytes=max_bytes, idempotent=idempotent
        )
        self.heard.append(answer.body)
        if self.loses_answers and method not in _READING:
            raise ProviderTimeout
        if self.fault is Fault.TRUNCATED:
            return Answer(answer.status, answer.headers, answer.body[: len(answer.body) // 2], answer.url)
        return answer


def _faulty_answer(fault: Fault, url: str) -> Answer:
    headers = {"content-type": "text/html"}
    if fault is Fault.REDIRECT_TO_A_PRIVATE_ADDRESS:
        headers["location"] = PRIVATE_ADDRESS
    return Answer(_STATUS.get(fault, 200), headers, LOGIN_PAGE if fault is Fault.LOGIN_PAGE else b"", url)
