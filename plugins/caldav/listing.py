"""The calendars of a login, and what their server can do, tried out by reading only: nothing is written into anybody's calendar."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from slotgraph.core.plugin import (
    Account,
    AccountRevoked,
    FoundCalendar,
    ProviderFailure,
    ProviderThrottled,
    ProviderTimeout,
    ProviderUnreachable,
)
from slotgraph.plugins.caldav import bodies
from slotgraph.plugins.caldav.answers import Verdict, read_probe
from slotgraph.plugins.caldav.client import CalDavClient
from slotgraph.plugins.caldav.discovery import Home, Lookup, home_of
from slotgraph.plugins.caldav.ladder import ADDRESSES, RUNG, SERIES, Rung, SeriesFilter, best_rung
from slotgraph.plugins.caldav.multistatus import path_of
from slotgraph.plugins.caldav.properties import (
    CALENDAR_PROPERTIES,
    DEFAULT_CALENDAR,
    Collection,
    read_collections,
    read_default_calendar,
)

PROBED_DAYS = (31, 366)
MAX_PROBED = 10


@dataclass(frozen=True, slots=True)
class _Findings:
    """What trying out showed of the server."""

    sends_only_what_is_asked: bool
    series_filter: SeriesFilter


@dataclass(frozen=True, slots=True)
class Listing:
    """The calendars of a login and the rungs they are read on."""

    calendars: tuple[FoundCalendar, ...]
    rungs: frozenset[Rung]


async def listing_of(account: Account, *, now: datetime, lookup: Lookup) -> Listing:
    """Find the home, list its calendars and try out how they can be read. Raises ProviderFailure."""
    home = await home_of(account, lookup=lookup)
    collections = await _collections(home)
    default = await _default_calendar(home)
    findings = _Findings(
        await _sends_only_what_is_asked(home.client, collections, now=now),
        await _series_filter(home.client, collections),
    )
    found = tuple(_calendar(collection, home, findings) for collection in collections)
    return Listing(_with_primary(found, default), frozenset(Rung(one.flags[RUNG]) for one in found))


async def _collections(home: Home) -> list[Collection]:
    listed: dict[str, Collection] = {}
    for url in home.homes:
        body = bodies.propfind(CALENDAR_PROPERTIES)
        answer = await home.client.multistatus("PROPFIND", url, body=body, depth=1)
        found = await home.client.read(read_collections, answer, url)
        listed.update((path_of(collection.url), collection) for collection in found)
    return list(listed.values())


async def _default_calendar(home: Home) -> str | None:
    if home.inbox is None:
        return None
    try:
        answer = await home.client.multistatus(
            "PROPFIND", home.inbox, body=bodies.propfind([DEFAULT_CALENDAR]), depth=0
        )
        return await home.client.read(read_default_calendar, answer, home.inbox)
    except (AccountRevoked, ProviderTimeout, ProviderUnreachable, ProviderThrottled):
        raise
    except ProviderFailure:
        return None  # an inbox that cannot be read only costs the hint


async def _sends_only_what_is_asked(client: CalDavClient, collections: Sequence[Collection], *, now: datetime) -> bool:
    """Ask calendars until one holds events to judge by. What no event shows is not assumed: titles might travel."""
    wanted = bodies.properties_wanted(titles=False, addresses=False)
    for days in PROBED_DAYS:
        around = (now - timedelta(days=days), now + timedelta(days=days))
        for collection in collections[:MAX_PROBED]:
            verdict = await _probe(client, collection, bodies.calendar_query(around, partial=wanted))
            if verdict is None or verdict.held_back:
                return False
            if verdict.events:
                return not verdict.has_more_than_asked
    return False


async def _series_filter(client: CalDavClient, collections: Sequence[Collection]) -> SeriesFilter:
    """Ask calendars for their series until one has any; a server that does not know the filter may say anything."""
    body = bodies.calendar_query(None, partial=["RRULE"], with_property="RRULE")
    for collection in collections[:MAX_PROBED]:
        verdict = await _probe(client, collection, body)
        if verdict is None or verdict.has_event_without_rule:
            return SeriesFilter.FAILS
        if verdict.events:
            return SeriesFilter.WORKS
    return SeriesFilter.UNTRIED


async def _probe(client: CalDavClient, collection: Collection, body: str) -> Verdict | None:
    """What comes back for a question; None if the server does not like it."""
    try:
        answer = await client.multistatus("REPORT", collection.url, body=body, depth=1)
        return await client.read(read_probe, answer, collection.url)
    except (AccountRevoked, ProviderTimeout, ProviderUnreachable, ProviderThrottled):
        raise
    except ProviderFailure:
        return None


def _calendar(collection: Collection, home: Home, findings: _Findings) -> FoundCalendar:
    rung = best_rung(sends_only_what_is_asked=findings.sends_only_what_is_asked, has_free_busy=collection.has_free_busy)
    flags = {
        RUNG: rung.value,
        ADDRESSES: " ".join(sorted("".join(address.split()) for address in home.addresses)),
        SERIES: findings.series_filter.value,
    }
    return FoundCalendar(
        id=collection.url,
        name=collection.name,
        time_zone=collection.time_zone,
        writable=collection.is_writable,
        primary=False,
        titles_on_wire=rung is Rung.FULL,
        flags=flags,
    )


def _with_primary(found: Sequence[FoundCalendar], default: str | None) -> tuple[FoundCalendar, ...]:
    """Mark the calendar that invitations go to, else the first that can be written."""
    by_default = [one for one in found if default and path_of(one.id).rstrip("/") == path_of(default).rstrip("/")]
    primary = next((one for one in (*by_default, *found) if one.writable), None)
    return tuple(replace(one, primary=one is primary) for one in found)
