"""Puts our own entries into a calendar, moves, removes and probes them, so that repeating any of it changes nothing (rule K3).

A server's word that it has stored or removed something counts for nothing until a read shows it: some answer before they store.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urljoin

from slotgraph.core.plugin import (
    Answer,
    AnswerMalformed,
    CalendarMissing,
    Entry,
    Gone,
    Present,
    ProviderFailure,
    ProviderUnreachable,
    Reference,
    Unverified,
)
from slotgraph.plugins.caldav import bodies
from slotgraph.plugins.caldav.client import CalDavClient, failure_from, said
from slotgraph.plugins.caldav.mapping import Shown, read_entry, shown_of, text_from_entry, uid_from_key
from slotgraph.plugins.caldav.properties import check_presence, read_members
from slotgraph.plugins.caldav.references import place_of, reference_to

PAUSES_BEFORE_LOOKS = (0.0, 0.1, 0.3, 0.6)
"""Seconds before each look for what a server says it has done: a second in all. Past the deadline no look is taken."""

_MISSING = frozenset({404, 410})
# 409 and 403: how Radicale, SOGo and Cyrus say that the UID is there already; 404: SOGo, of a body it does not like; 500, 502 and
# 504 are also said by what stands before a server that has stored the entry.
_LOOK_AGAIN = frozenset({403, 404, 409, 412, 500, 502, 504})
_TRIES = 3
_MOST_OF_A_UID = 4
"""More resources than this for one UID are no answer: SOGo 5.8 ignores the filter and lists all there are (seen November 2026)."""
_NOTHING = {"If-None-Match": "*"}


class Standing(NamedTuple):
    """Our entry as it stands in the calendar."""

    url: str
    shown: Shown
    etag: str | None


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes into one calendar within one call."""

    client: CalDavClient
    calendar_id: str

    async def write(self, entry: Entry, key: str, *, stamp: datetime) -> Reference:
        """Make the entry of a key stand as given, at the address that is made of the key."""
        uid = uid_from_key(key)
        url = urljoin(self.calendar_id.rstrip("/") + "/", f"{uid}.ics")
        return await self._made(url, uid, entry, over=_NOTHING, stamp=stamp)

    async def move(self, reference: Reference, entry: Entry, *, stamp: datetime) -> Reference:
        """Make the entry as given: where it was changed outside, ours wins; where it was removed, it stands again."""
        url, uid = place_of(reference)
        over = _over(reference.etag)
        if not over:
            standing = await self._found(url, uid, entry)
            url, over = (standing.url, _over(standing.etag)) if standing else (url, _NOTHING)
        return await self._made(url, uid, entry, over=over, stamp=stamp)

    async def remove(self, reference: Reference) -> None:
        """Remove the entry, whatever it was changed to outside."""
        url, uid = place_of(reference)
        try:
            answer = await self.client.send("DELETE", url)
            if answer.status in _MISSING:
                await self._check_calendar()
                return
            if not _is_done(answer):
                raise failure_from(answer)
        except ProviderUnreachable:
            # Perhaps before, perhaps after the server had removed it.
            if await self._look(url, uid) is not None:
                raise
            await self._check_calendar()
            return
        for pause in PAUSES_BEFORE_LOOKS:
            await asyncio.sleep(pause)
            if await self._look(url, uid) is None:
                return
        raise AnswerMalformed("The server says that it has removed the entry, but the entry stands.")

    async def probe(self, reference: Reference) -> Present | Gone | Unverified:
        """Whether the entry stands. Gone only if the calendar itself still answers."""
        url, uid = place_of(reference)
        try:
            standing = await self._look(url, uid)
            if standing is not None:
                return Present(standing.shown.span)
            await self._check_calendar()
        except ProviderFailure as failure:
            return failure.unverified()
        return Gone()

    async def _check_calendar(self) -> None:
        """Raise a failure unless the calendar itself answers: a proxy may say 404 to everything, a share may be away for a while."""
        body = bodies.propfind(["{DAV:}resourcetype"])
        answer = await self.client.multistatus("PROPFIND", self.calendar_id, body=body, depth=0)
        await self.client.read(check_presence, answer, self.calendar_id)

    async def _made(self, url: str, uid: str, entry: Entry, *, over: dict[str, str], stamp: datetime) -> Reference:
        """Put the entry over what is thought to stand there; when told otherwise look, and put it over what does."""
        text = text_from_entry(entry, uid, stamp=stamp)
        for _ in range(_TRIES):
            try:
                answer = await self._put(url, text, over)
            except ProviderUnreachable:
                # Perhaps before, perhaps after the server had stored it; perhaps it will yet. Not put again in this call: whoever
                # calls again must know that this one may land late.
                standing = await self._found(url, uid, entry)
                if standing is not None and _is_as_given(standing.shown, entry):
                    return self._reference(standing, uid)
                raise
            if _is_done(answer):
                return await self._verified(url, uid, entry)
            refusal = _refusal(answer)
            if answer.status not in _LOOK_AGAIN:
                raise refusal
            standing = await self._found(url, uid, entry)
            if standing is not None and _is_as_given(standing.shown, entry):
                return self._reference(standing, uid)
            before = url, over
            url, over = (standing.url, _over(standing.etag)) if standing else (url, _NOTHING)
            if (url, over) == before:
                break
        raise refusal

    async def _verified(self, url: str, uid: str, entry: Entry) -> Reference:
        """The reference of an entry that is said to be stored, once it is seen to be.

        Its title is not looked at: a server may spell it its own way.
        """
        for pause in PAUSES_BEFORE_LOOKS:
            await asyncio.sleep(pause)
            standing = await self._found(url, uid, entry)
            if standing is not None and standing.shown.span == entry.span:
                return self._reference(standing, uid)
        raise AnswerMalformed("The server says that it has stored the entry, but the entry does not stand as given.")

    async def _put(self, url: str, text: str, condition: dict[str, str]) -> Answer:
        headers = {"Content-Type": "text/calendar; charset=utf-8", **condition}
        return await self.client.send("PUT", url, body=text, headers=headers)

    async def _found(self, url: str, uid: str, entry: Entry) -> Standing | None:
        """Our entry at its address, else wherever in the calendar its UID stands; None if it is nowhere."""
        return await self._look(url, uid) or await self._elsewhere(uid, entry)

    async def _look(self, url: str, uid: str) -> Standing | None:
        """Read our entry; None if nothing is there. Raises AnswerMalformed if something else is."""
        answer = await self.client.send("GET", url)
        if answer.status in _MISSING:
            return None
        if answer.status != 200:
            raise failure_from(answer)
        return Standing(url, await self.client.read(read_entry, answer, uid), answer.headers.get("etag"))

    async def _elsewhere(self, uid: str, entry: Entry) -> Standing | None:
        """Our entry under whatever name the server gave it. Of several one is left, rather one that is as given."""
        try:
            query = bodies.uid_query(uid)
            answer = await self.client.multistatus("REPORT", self.calendar_id, body=query, depth=1)
            urls = await self.client.read(read_members, answer, self.calendar_id)
        except ProviderFailure as failure:
            if failure.retryable:
                raise
            return None
        ours: list[Standing] = []
        for url in urls if len(urls) <= _MOST_OF_A_UID else ():
            with suppress(AnswerMalformed):  # another event, whose UID has ours in it (RFC 4791 section 9.7.5)
                standing = await self._look(url, uid)
                ours += [standing] if standing else []
        ours.sort(key=lambda standing: not _is_as_given(standing.shown, entry))
        for second in ours[1:]:
            await self.client.send("DELETE", second.url)
        return ours[0] if ours else None

    def _reference(self, standing: Standing, uid: str) -> Reference:
        return reference_to(self.calendar_id, standing.url, uid, standing.etag)


def _is_as_given(shown: Shown, entry: Entry) -> bool:
    """A title that is not shown is not compared."""
    given = shown_of(entry)
    return shown.span == given.span and shown.title in (None, given.title)


def _is_done(answer: Answer) -> bool:
    """Whether the server says so."""
    return 200 <= answer.status < 300


def _over(etag: str | None) -> dict[str, str]:
    """The condition that this version still stands. A weak tag never matches in If-Match (RFC 9110 section 13.1.1)."""
    return {"If-Match": etag} if etag and not etag.startswith("W/") else {}


def _refusal(answer: Answer) -> ProviderFailure:
    """What a refused PUT means: 409 is a collection that is not there (RFC 4918 section 9.7.1)."""
    return CalendarMissing(server_answer=said(answer)) if answer.status == 409 else failure_from(answer)
