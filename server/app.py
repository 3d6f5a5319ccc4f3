"""The ASGI application: routes, and the rounds the process goes by itself. Decides nothing."""

import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from slotgraph.core.errors import ErrorCode, SlotGraphError
from slotgraph.core.store import companies
from slotgraph.schema.build import build
from slotgraph.server.auth import Cookie
from slotgraph.server.graphql_endpoint import GraphQLEndpoint, broken, refusal
from slotgraph.server.joining import Joined
from slotgraph.server.rounds import Round, going_round
from slotgraph.server.settings import Settings

LOOKING_EVERY_SECONDS = 60.0
FORGETTING_EVERY_SECONDS = 3600.0
GRAPHIQL = Path(__file__).parent / "web" / "graphiql"

_log = logging.getLogger("slotgraph.server")


def create_app(joined: Joined, settings: Settings, *, first_request: Mapping[str, object] | None = None) -> Starlette:
    """The application. `first_request` (query and variables) is what GraphiQL begins with."""
    cookie = Cookie(secure=settings.public_url.startswith("https://"))
    endpoint = GraphQLEndpoint(joined, build(), cookie=cookie, development=settings.development)
    routes: list[BaseRoute] = [
        Route("/graphql", endpoint.__call__, methods=["POST"]),
        Route("/healthz", _is_up, methods=["GET"]),
        Route("/readyz", _readiness(joined), methods=["GET"]),
    ]
    if settings.development:
        routes += _graphiql(first_request or {})

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            if settings.worker == "embedded":
                await stack.enter_async_context(joined.worker.working())
            await stack.enter_async_context(going_round(*_rounds(joined)))
            yield

    handlers = {HTTPException: _no_such_place, Exception: _failed}
    return Starlette(routes=routes, lifespan=lifespan, exception_handlers=handlers)


def _rounds(joined: Joined) -> list[Round]:
    """What could not be written outside is tried again, what was written is looked for; what need not be kept any longer is forgotten."""
    return [
        Round("looking for entries", joined.probing.sweep, LOOKING_EVERY_SECONDS),
        Round("forgetting", joined.retention.sweep, FORGETTING_EVERY_SECONDS),
    ]


async def _no_such_place(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = ErrorCode.NOT_FOUND if error.status_code == 404 else ErrorCode.BAD_USER_INPUT
    return refusal(error.status_code, f"{error.detail}.", code, headers=error.headers)


async def _failed(request: Request, error: Exception) -> Response:
    """The app edge. Starlette raises the error again behind this answer, and the server logs where it came from."""
    return broken()


async def _is_up(request: Request) -> Response:
    return PlainTextResponse("ok\n")


def _readiness(joined: Joined) -> Callable[[Request], Awaitable[Response]]:
    async def is_ready(request: Request) -> Response:
        try:
            async with joined.parts.database.read() as connection:
                await companies.is_any_founded(connection)
        except SlotGraphError as error:
            # Where our files lie is nobody's business but the operator's.
            _log.error("not ready: %s", error)
            return PlainTextResponse("not ready\n", 503)
        return PlainTextResponse("ready\n")

    return is_ready


def _graphiql(first_request: Mapping[str, object]) -> list[BaseRoute]:
    async def start(request: Request) -> Response:
        return JSONResponse(dict(first_request))

    async def home(request: Request) -> Response:
        return RedirectResponse("/graphiql/")

    return [
        Route("/", home),
        Route("/graphiql/start.json", start),
        Mount("/graphiql", _Pages(directory=GRAPHIQL, html=True)),
    ]


class _Pages(StaticFiles):
    """Our own pages: in nobody's frame, and taken for nothing but what they say they are."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(_PAGE_HEADERS)
        return response


_PAGE_HEADERS = {
    "Content-Security-Policy": "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
