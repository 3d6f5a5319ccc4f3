"""POST /graphql: reads the request, runs it for its actor, and writes the answer. Support's answers leave through the gate."""

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from slotgraph.core.errors import ErrorCode, SlotGraphError
from slotgraph.core.operation import Operation
from slotgraph.core.policy import Action, Facts, Support, permits
from slotgraph.core.values import Secret
from slotgraph.schema.context import Context
from slotgraph.schema.errors import Schema
from slotgraph.schema.execute import ExecutionResult, execute
from slotgraph.schema.limits import MAX_BODY_BYTES
from slotgraph.schema.reach import reach_of
from slotgraph.server.auth import Caller, Cookie, caller_of
from slotgraph.server.joining import Joined
from slotgraph.server.support_gate import SupportGate

JSON = "application/json"
GRAPHQL_RESPONSE = "application/graphql-response+json"
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}

MAX_LOGGED_NAME = 128
_LENGTH = re.compile(r"[0-9]{1,9}")

_log = logging.getLogger("slotgraph.server")


class Refused(Exception):
    """A request that is no GraphQL request: its status and one sentence."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class GraphQLRequest(msgspec.Struct, rename="camel"):
    """A GraphQL request as it comes in the body."""

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: dict[str, Any] | None = None


@dataclass
class _SessionChange:
    """What a login or logout asks of the cookie."""

    begun: tuple[Secret, datetime] | None = None
    ended: bool = False

    def begin(self, session: Secret, expires_at: datetime) -> None:
        self.begun, self.ended = (session, expires_at), False

    def end(self) -> None:
        self.begun, self.ended = None, True


@dataclass(frozen=True, slots=True)
class Run:
    """One request being answered; may be run again, each time with an operation of its own."""

    joined: Joined
    schema: Schema
    caller: Caller
    request: GraphQLRequest
    media_type: str
    cookie: Cookie
    development: bool

    def operation(self) -> Operation:
        """A fresh operation of the caller: it has read nothing yet."""
        parts = self.joined.parts
        return Operation(self.caller.actor, parts.database, parts.clock, self.caller.client, self.caller.source)

    async def response(self, operation: Operation) -> Response:
        """Execute, and give the finished response."""
        session = _SessionChange()
        context = Context(operation, self.joined.use_cases, self.caller.session, session.begin, session.end)
        result = await execute(
            self.schema,
            query=self.request.query,
            variables=self.request.variables,
            operation_name=self.request.operation_name,
            context=context,
            may_introspect=self.development or await _may_introspect(context),
        )
        return self._finished(result, session)

    def refused(self, message: str, code: ErrorCode) -> Response:
        """The response that says only this."""
        return refusal(403 if self.media_type == GRAPHQL_RESPONSE else 200, message, code)

    def failed(self, error: SlotGraphError) -> Response:
        """The response to a request that could not be answered."""
        return failure(error)

    def _finished(self, result: ExecutionResult, session: _SessionChange) -> Response:
        body: dict[str, object] = {"data": result.data} if result.was_executed else {}
        if result.errors:
            body["errors"] = [error.formatted for error in result.errors]
        # A client that only knows application/json gets 200 for a well-formed answer (GraphQL over HTTP).
        status = 400 if not result.was_executed and self.media_type == GRAPHQL_RESPONSE else 200
        response = Response(_encoded(body), status, HEADERS, self.media_type)
        if session.begun is not None:
            secret, expires_at = session.begun
            self.cookie.set(response, secret, expires_at=expires_at)
        elif session.ended:
            self.cookie.drop(response)
        return response


class GraphQLEndpoint:
    """Answers POST /graphql."""

    def __init__(self, joined: Joined, schema: Schema, *, cookie: Cookie, development: bool) -> None:
        self._joined = joined
        self._schema = schema
        self._cookie = cookie
        self._development = development
        self._gate = SupportGate(joined.use_cases.support, joined.gate, joined.parts.database.notices)

    async def __call__(self, request: Request) -> Response:
        """Answer one request."""
        try:
            return await self._answer(request)
        except Refused as refused:
            return refusal(refused.status, str(refused), ErrorCode.BAD_USER_INPUT)
        except SlotGraphError as error:
            return failure(error)

    async def _answer(self, request: Request) -> Response:
        parts = self._joined.parts
        _check_media_type(request)
        asked = _decoded(await _body(request))
        actors, now = self._joined.actors, parts.clock.now()
        caller = await caller_of(request, parts.database, actors, cookie=self._cookie, now=now)
        run = Run(self._joined, self._schema, caller, asked, _accepted(request), self._cookie, self._development)
        if not isinstance(caller.actor, Support):
            return await run.response(run.operation())
        reach = reach_of(
            self._schema,
            query=asked.query,
            variables=asked.variables,
            operation_name=asked.operation_name,
        )
        return self._gate.admit(run, reach, asked.operation_name and asked.operation_name[:MAX_LOGGED_NAME])


def _encoded(body: dict[str, object]) -> bytes:
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError:
        # Half a surrogate pair in a title or in a server's own words, which UTF-8 cannot say.
        return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")


async def _may_introspect(context: Context) -> bool:
    operation = context.operation
    any_open = False
    if isinstance(operation.actor, Support):
        any_open = bool(await context.use_cases.support.open_cases(operation))
    return permits(Action.INTROSPECT, operation.actor, Facts(any_case_open=any_open))


def refusal(status: int, message: str, code: ErrorCode, *, headers: Mapping[str, str] | None = None) -> Response:
    """An answer to what was not executed, in the shape GraphQL clients read."""
    body = {"errors": [{"message": message, "extensions": {"code": code.value}}]}
    return Response(orjson.dumps(body), status, {**HEADERS, **(headers or {})}, JSON)


def failure(error: SlotGraphError) -> Response:
    """The answer to a request that ended in an error of ours, before or beside its fields."""
    match error.code:
        case ErrorCode.UNAUTHENTICATED:
            # RFC 9110 section 11.6.1: a 401 names the scheme.
            return refusal(401, str(error), error.code, headers={"WWW-Authenticate": "Bearer"})
        case ErrorCode.FORBIDDEN:
            return refusal(403, str(error), error.code)
        case ErrorCode.DEADLINE:
            return refusal(503, str(error), error.code, headers={"Retry-After": "1"})
        case _:
            # What is said of settings and disks is for the operator.
            _log.error("a request failed: %s: %s", type(error).__name__, error)
            return broken()


def broken() -> Response:
    """The answer when something is wrong with us."""
    return refusal(500, "Something went wrong on our side.", ErrorCode.INTERNAL)


def _check_media_type(request: Request) -> None:
    """Only application/json: forms and plain text are what foreign pages can send without asking (CSRF)."""
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower()
    if media_type.strip().lower() != JSON or charset not in ("", "charset=utf-8", 'charset="utf-8"'):
        raise Refused(415, "Send application/json in UTF-8.")


def _accepted(request: Request) -> str:
    """The media type of the answer: the GraphQL one if the client knows it, else plain JSON."""
    return GRAPHQL_RESPONSE if GRAPHQL_RESPONSE in request.headers.get("accept", "").lower() else JSON


async def _body(request: Request) -> bytes:
    length = request.headers.get("content-length", "0")
    too_large = Refused(413, f"A request is at most {MAX_BODY_BYTES} bytes.")
    body = bytearray()
    if not _LENGTH.fullmatch(length) or int(length) > MAX_BODY_BYTES:
        raise too_large
    try:
        async for part in request.stream():
            body += part
            if len(body) > MAX_BODY_BYTES:
                raise too_large
    except ClientDisconnect as error:
        raise Refused(400, "The request broke off.") from error
    return bytes(body)


def _decoded(body: bytes) -> GraphQLRequest:
    try:
        return _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        # The decoder's sentence names the place and the type expected, never a value.
        what = str(error) if isinstance(error, msgspec.ValidationError) else "this is no JSON"
        raise Refused(400, f"The body must be a GraphQL request as JSON object with `query`: {what}.") from error


_DECODER = msgspec.json.Decoder(GraphQLRequest)
