"""Tells entries of ours apart in the busy time that a server computes, by asking the server which resources stand there (rule B6).

A busy period names nothing. It is left out whole or not at all, and not for its times: the server's own search finds our entries
in it and nothing else. Whatever does not add up stays busy.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from slotgraph.core.plugin import ProviderFailure, Reference, Span, instant_from_minute
from slotgraph.plugins.caldav import bodies
from slotgraph.plugins.caldav.client import CalDavClient, failure_from
from slotgraph.plugins.caldav.expansion import Row
from slotgraph.plugins.caldav.mapping import read_blocked
from slotgraph.plugins.caldav.multistatus import path_of
from slotgraph.plugins.caldav.properties import read_member_paths
from slotgraph.plugins.caldav.references import place_of

MOST_EXCEPTED = 4
"""Of more entries than this none is told apart: each costs a request or two. A move excepts one; an overview all that there are."""

_MISSING = frozenset({404, 410})


class Ours(NamedTuple):
    """An entry of ours that blocks, where it stands now: by its owner's hand perhaps not where the booking is."""

    path: str
    span: Span

    def __repr__(self) -> str:
        return "<Ours: not shown>"


@dataclass(frozen=True, slots=True)
class Excepting:
    """Leaves entries of ours out of one calendar's busy time within one call."""

    client: CalDavClient
    calendar_id: str

    async def without(self, rows: tuple[Row, ...], references: frozenset[Reference]) -> tuple[Row, ...]:
        """The rows without those that are entries of ours; with all of them, if the server refuses to be asked or is not understood.

        One request for each entry, and one for each group of entries that overlap. Raises failures that may pass, such as a timeout.
        """
        if not rows or len(references) > MOST_EXCEPTED:
            return rows
        try:
            standing = [await self._standing(reference) for reference in references]
            for group in _groups(one for one in standing if one):
                rows = await self._without(rows, group)
        except ProviderFailure as failure:
            if failure.retryable:
                raise
        return rows

    async def _standing(self, reference: Reference) -> Ours | None:
        url, uid = place_of(reference)
        answer = await self.client.send("GET", url)
        if answer.status in _MISSING:
            return None
        if answer.status != 200:
            raise failure_from(answer)
        span = await self.client.read(read_blocked, answer, uid)
        return Ours(path_of(url), span) if span else None

    async def _without(self, rows: tuple[Row, ...], group: Sequence[Ours]) -> tuple[Row, ...]:
        """Leave out what overlaps a group, if it is as many periods of the same times, and the server finds just the group there.

        Xandikos 0.4.10 gives each event a period of its own, but its search misses an instance that was moved: then there are more
        periods than entries. Radicale 3.9.0 merges what overlaps or meets: then there are other times, or it finds others there.
        """
        around = _around(group)
        periods = [row for row in rows if row.start < around.end and row.end > around.start]
        if sorted(Span(row.start, row.end) for row in periods) != [one.span for one in group]:
            return rows
        if await self._found(around) != frozenset(one.path for one in group):
            return rows
        return tuple(row for row in rows if row not in periods)

    async def _found(self, span: Span) -> frozenset[str]:
        """The paths of what the server itself puts into a span; nothing of it but its address travels."""
        body = bodies.members_query((instant_from_minute(span.start), instant_from_minute(span.end)))
        answer = await self.client.multistatus("REPORT", self.calendar_id, body=body, depth=1)
        return frozenset(await self.client.read(read_member_paths, answer, self.calendar_id))


def _groups(ours: Iterable[Ours]) -> list[list[Ours]]:
    """What overlaps, together; sorted by time."""
    groups: list[list[Ours]] = []
    for one in sorted(ours, key=lambda each: each.span):
        if groups and one.span.start < _around(groups[-1]).end:
            groups[-1].append(one)
        else:
            groups.append([one])
    return groups


def _around(group: Sequence[Ours]) -> Span:
    return Span(min(one.span.start for one in group), max(one.span.end for one in group))
