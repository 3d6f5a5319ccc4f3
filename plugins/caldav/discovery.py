"""From what a person types to the calendar home: RFC 6764 (well-known, SRV and TXT) and RFC 4791 section 6.2.1. No calendars yet."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from dns.asyncresolver import resolve as ask_dns
from dns.exception import DNSException
from dns.rdatatype import SRV, TXT

from slotgraph.core.plugin import (
    Account,
    AccountRevoked,
    AddressRefused,
    Answer,
    AnswerMalformed,
    ProviderFailure,
    ProviderThrottled,
    ProviderTimeout,
    ProviderUnreachable,
)
from slotgraph.plugins.caldav import bodies
from slotgraph.plugins.caldav.client import CalDavClient, failure_from, said
from slotgraph.plugins.caldav.multistatus import origin
from slotgraph.plugins.caldav.properties import PRINCIPAL_PROPERTIES, Principal, read_principal

WELL_KNOWN = "/.well-known/caldav"
MAX_REDIRECTS = 5
_DOMAIN = re.compile(r"(?:[^@\s/:]+@)?([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})

Lookup = Callable[[str, float], Awaitable[str | None]]
"""Finds the URL that a domain's DNS names for CalDAV, within some seconds; None if it names none."""


@dataclass(frozen=True, slots=True)
class Home:
    """Where the login's calendars are: a client that speaks to that server, the homes' URLs, and what the principal says."""

    client: CalDavClient
    homes: tuple[str, ...]
    inbox: str | None
    addresses: frozenset[str]


async def home_of(account: Account, *, lookup: Lookup) -> Home:
    """Find the calendar home of an account. Raises ProviderFailure; `server_answer` says what the server answered."""
    given = account.credentials.get("url", "").strip()
    domain = _DOMAIN.fullmatch(given)
    if domain:
        return await _home_of_domain(account, domain[1].lower(), lookup)
    url = given if "://" in given else f"https://{given}"
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise AddressRefused("This is no web address that can be asked.")
    try:
        return await _home_at(account, url)
    except (AccountRevoked, ProviderTimeout, ProviderUnreachable, ProviderThrottled, AddressRefused):
        raise
    except ProviderFailure as first:
        try:
            return await _home_at(account, urljoin(url, WELL_KNOWN))
        except AccountRevoked:
            raise
        except ProviderFailure:
            raise _not_caldav(first) from None  # what the address itself answered says more


def _not_caldav(failure: ProviderFailure) -> ProviderFailure:
    """A 404 at linking means another thing than later: not a calendar that is gone, but no calendar server."""
    if failure.server_answer and failure.server_answer.startswith(("404", "410")):
        return AnswerMalformed("There is no CalDAV server at this address.", server_answer=failure.server_answer)
    return failure


async def _home_of_domain(account: Account, domain: str, lookup: Lookup) -> Home:
    """RFC 6764 section 6. The well-known address first: it is under TLS, while DNS may have been forged."""
    try:
        return await _home_at(account, f"https://{domain}{WELL_KNOWN}")
    except (AccountRevoked, ProviderTimeout, ProviderThrottled):
        raise
    except ProviderFailure as first:
        target = await lookup(domain, account.deadline.remaining)
        if target is None:
            raise _not_caldav(first) from None
    host = urlsplit(target).hostname or ""
    if host != domain and not host.endswith(f".{domain}"):
        # RFC 6764 section 8: a forged record would get the password. Nobody is there to be asked, so it must be typed in.
        raise AddressRefused(f"The domain names {host} as its calendar server. Give https://{host}/ as the address.")
    return await _home_at(account, target)


async def _home_at(account: Account, url: str) -> Home:
    client, principal = await _principal_at(account, url)
    if not principal.homes and principal.current:
        client, principal = await _principal_at(account, principal.current)
    if not principal.homes:
        raise AnswerMalformed(
            "The server names no calendars for this login.", server_answer="207 without calendar-home-set"
        )
    username = account.credentials.get("username", "").strip().lower()
    addresses = set(principal.addresses)
    if "@" in username and not any(address.startswith("mailto:") for address in addresses):
        addresses.add(f"mailto:{username}")
    return Home(client, principal.homes, principal.inbox, frozenset(addresses))


async def _principal_at(account: Account, url: str) -> tuple[CalDavClient, Principal]:
    """Ask a resource about the login, following redirects by hand: only to the same server, or from http to https on it."""
    for _ in range(MAX_REDIRECTS + 1):
        client = CalDavClient(account, url)
        body = bodies.propfind(PRINCIPAL_PROPERTIES)
        answer = await client.send("PROPFIND", url, body=body, depth=0)
        if answer.status not in _REDIRECTS:
            if answer.status != 207:
                raise failure_from(answer)
            return client, await _read(client, answer, url)
        url = _redirected(answer, url)
    raise AnswerMalformed("The server redirects in a circle.", server_answer=said(answer))


async def _read(client: CalDavClient, answer: Answer, url: str) -> Principal:
    try:
        return await client.read(read_principal, answer, url)
    except AnswerMalformed as failure:
        raise AnswerMalformed(str(failure), server_answer=said(answer)) from None


def _redirected(answer: Answer, url: str) -> str:
    target = urljoin(url, answer.headers.get("location", ""))
    try:
        old, new = origin(url), origin(target)
    except ValueError:
        raise AnswerMalformed("The server redirects to no address.", server_answer=said(answer)) from None
    is_upgrade = old[0] == "http" and new[0] == "https" and old[1] == new[1]
    if not is_upgrade and new != old:
        raise AddressRefused("The server redirects to another server; the password is not sent there.")
    return target


async def dns_lookup(domain: str, seconds: float) -> str | None:
    """The URL that `_caldavs._tcp` SRV and TXT records give (RFC 6764 sections 3 and 4); None if there is none in time."""
    name = f"_caldavs._tcp.{domain}."
    try:
        services = [record for record in await ask_dns(name, SRV, lifetime=seconds) if str(record.target) != "."]
    except (DNSException, OSError):
        return None
    if not services:
        return None
    best = min(services, key=lambda record: (record.priority, -record.weight))
    return f"https://{str(best.target).rstrip('.').lower()}:{best.port}{await _path(name, seconds)}"


async def _path(name: str, seconds: float) -> str:
    try:
        records = await ask_dns(name, TXT, lifetime=seconds)
    except (DNSException, OSError):
        return WELL_KNOWN
    texts = (part.decode("ascii", "replace") for record in records for part in record.strings)
    paths = (text.removeprefix("path=") for text in texts if text.startswith("path=/"))
    return next(paths, WELL_KNOWN)
