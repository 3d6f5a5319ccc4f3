"""Who sent a request: API token, session cookie, or nobody; and the cookie's life. Cross-site requests never carry a login."""

import ipaddress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from starlette.requests import Request
from starlette.responses import Response

from slotgraph.core.api_tokens import actor_of_token
from slotgraph.core.errors import Forbidden, Unauthenticated
from slotgraph.core.people.actors import Actors
from slotgraph.core.policy import Actor, Anonymous
from slotgraph.core.store.database import Database
from slotgraph.core.values import Secret

CLIENT_HEADER = "x-slotgraph-client"
"""Must be sent with every request that carries the cookie: a foreign page cannot set it without our leave (CORS)."""

_LONGEST_SOURCE = 64
"""Of what a proxy calls an address though it is none."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The actor of a request, the session it came with, a short name of the program that sent it, and where it comes from."""

    actor: Actor
    session: Secret | None
    client: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Cookie:
    """The session cookie. Behind HTTPS it is bound to this very host."""

    secure: bool

    @property
    def name(self) -> str:
        """Its name; `__Host-` makes browsers refuse it for other hosts and paths."""
        return "__Host-slotgraph" if self.secure else "slotgraph"

    def set(self, response: Response, session: Secret, *, expires_at: datetime) -> None:
        """Give the browser the session."""
        response.set_cookie(
            self.name,
            session.reveal(),
            expires=expires_at,
            path="/",
            secure=self.secure,
            httponly=True,
            samesite="lax",
        )

    def drop(self, response: Response) -> None:
        """Take the session from the browser."""
        response.delete_cookie(self.name, path="/", secure=self.secure, httponly=True, samesite="lax")


async def caller_of(request: Request, database: Database, actors: Actors, *, cookie: Cookie, now: datetime) -> Caller:
    """Who sent a request. Raises Unauthenticated for a token that is not good, Forbidden for a cookie without the header."""
    client = request.headers.get(CLIENT_HEADER) or request.headers.get("user-agent", "")
    source = source_of(request)
    authorization = request.headers.get("authorization")
    if authorization is not None:
        return Caller(await _token_actor(authorization, database, now=now), None, client, source)
    session = request.cookies.get(cookie.name)
    if session is None:
        return Caller(Anonymous(), None, client, source)
    if not request.headers.get(CLIENT_HEADER):
        raise Forbidden("A request with a session cookie must carry the header X-SlotGraph-Client.")
    return Caller(await actors.of_session(database, session, now=now), Secret(session), client, source)


def source_of(request: Request) -> str:
    """The network address a request comes from; of IPv6 the /64, of which one household has them all. Empty if there is none."""
    return _source(request.client.host if request.client else "")


@lru_cache(maxsize=1024)
def _source(host: str) -> str:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host[:_LONGEST_SOURCE]
    if isinstance(address, ipaddress.IPv6Address):
        return str(address.ipv4_mapped or ipaddress.ip_network((int(address), 64), strict=False))
    return str(address)


async def _token_actor(authorization: str, database: Database, *, now: datetime) -> Actor:
    scheme, _, text = authorization.partition(" ")
    actor = await actor_of_token(database, text.strip(), now=now) if scheme.lower() == "bearer" else None
    if actor is None:
        raise Unauthenticated("This API token is wrong, revoked or has ended.")
    return actor
