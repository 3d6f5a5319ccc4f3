"""Puts our own entries into a calendar, moves, removes and probes them, so that repeating any of it changes nothing (rule K3)."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from urllib.parse import unquote, urljoin, urlsplit

from slotgraph.core.plugin import (
    Answer,
    CalendarMissing,
    Entry,
    Gone,
    PluginFailed,
    Present,
    ProviderFailure,
    ProviderUnreachable,
    Reference,
    Span,
    Unverified,
)
from slotgraph.plugins.caldav import bodies
from slotgraph.plugins.caldav.client import CalDavClient, failure_from, said
from slotgraph.plugins.caldav.mapping import read_entry, text_from_entry, uid_from_key
from slotgraph.plugins.caldav.properties import check_presence

_DONE = frozenset({200, 201, 204})
_MISSING = frozenset({404, 410})
# 409 and 403: how Radicale, SOGo and Cyrus say that the UID is there already; 404: SOGo, of a body it does not like.
_LOOK_AGAIN = frozenset({403, 404, 409, 412})
_TRIES = 3


class Standing(NamedTuple):
    """Our entry as it stands in the calendar."""

    span: Span
    etag: str | None


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes into one calendar within one call."""

    client: CalDavClient
    calendar_id: str

    async def write(self, entry: Entry, key: str, *, stamp: datetime) -> Reference:
        """Create the entry of a key; if it stands already, that is fine."""
        uid = uid_from_key(key)
        url = urljoin(self.calendar_id.rstrip("/") + "/", f"{uid}.ics")
        text = text_from_entry(entry, uid, stamp=stamp)
        try:
            answer = await self._put(url, text, {"If-None-Match": "*"})
        except ProviderUnreachable:
            # The connection broke: perhaps before, perhaps after the server had stored it.
            standing = await self._look(url, uid)
            if standing is None:
                raise
            return self._reference(url, standing.etag)
        if answer.status in _DONE:
            return self._reference(url, answer.headers.get("etag"))
        standing = await self._look(url, uid) if answer.status in _LOOK_AGAIN else None
        if standing is None:
            raise _refusal(answer)
        return self._reference(url, standing.etag)

    async def move(self, reference: Reference, entry: Entry, *, stamp: datetime) -> Reference:
        """Make the entry as given: where it was changed outside, ours wins; where it was removed, it stands again."""
        url = self._url(reference)
        uid = _uid_at(url)
        text = text_from_entry(entry, uid, stamp=stamp)
        etag = reference.etag
        is_gone = False
        for _ in range(_TRIES):
            if etag is None:
                standing = await self._look(url, uid)
                is_gone, etag = standing is None, standing.etag if standing else None
            answer = await self._put(url, text, _condition(etag, is_gone=is_gone))
            if answer.status in _DONE:
                return self._reference(url, answer.headers.get("etag"))
            if answer.status not in _LOOK_AGAIN:
                break
            etag = None
        raise _refusal(answer)

    async def remove(self, reference: Reference) -> None:
        """Remove the entry, whatever it was changed to outside."""
        answer = await self.client.send("DELETE", self._url(reference))
        if answer.status not in _DONE | _MISSING:
            raise failure_from(answer)

    async def probe(self, reference: Reference) -> Present | Gone | Unverified:
        """Whether the entry stands. Gone only if the calendar itself still answers."""
        url = self._url(reference)
        try:
            standing = await self._look(url, _uid_at(url))
            if standing is not None:
                return Present(standing.span)
            body = bodies.propfind(["{DAV:}resourcetype"])
            answer = await self.client.multistatus("PROPFIND", self.calendar_id, body=body, depth=0)
            await self.client.read(check_presence, answer, self.calendar_id)
        except ProviderFailure as failure:
            return failure.unverified()
        return Gone()

    async def _put(self, url: str, text: str, condition: dict[str, str]) -> Answer:
        headers = {"Content-Type": "text/calendar; charset=utf-8", **condition}
        return await self.client.send("PUT", url, body=text, headers=headers)

    async def _look(self, url: str, uid: str) -> Standing | None:
        """Read our entry; None if nothing is there. Raises AnswerMalformed if something else is."""
        answer = await self.client.send("GET", url)
        if answer.status in _MISSING:
            return None
        if answer.status != 200:
            raise failure_from(answer)
        return Standing(await self.client.read(read_entry, answer, uid), answer.headers.get("etag"))

    def _url(self, reference: Reference) -> str:
        url = urljoin(self.calendar_id, reference.id)
        if not urlsplit(url).path.endswith(".ics"):
            # An empty or cut reference would name the calendar itself, and DELETE it.
            raise PluginFailed("The reference names no entry.")
        return url

    def _reference(self, url: str, etag: str | None) -> Reference:
        return Reference(self.calendar_id, urlsplit(url).path, etag)


def _uid_at(url: str) -> str:
    return unquote(urlsplit(url).path).rpartition("/")[2].removesuffix(".ics")


def _condition(etag: str | None, *, is_gone: bool) -> dict[str, str]:
    if is_gone:
        return {"If-None-Match": "*"}
    # A weak tag never matches in If-Match (RFC 9110 section 13.1.1).
    return {"If-Match": etag} if etag and not etag.startswith("W/") else {}


def _refusal(answer: Answer) -> ProviderFailure:
    """What a refused PUT means: 409 is a collection that is not there (RFC 4918 section 9.7.1)."""
    return CalendarMissing(server_answer=said(answer)) if answer.status == 409 else failure_from(answer)
