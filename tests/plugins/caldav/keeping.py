"""A CalDAV server that keeps what is put into its one calendar, /work/, with the bad habits of real ones. No client of ours in it."""

import asyncio
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import NamedTuple

from aiohttp import web

WORK = "/work/"
LATE_SECONDS = 0.15
_UID = re.compile(r"^UID:(\S+)", re.MULTILINE)


class Habit(Enum):
    """What real servers, and what stands before them, have been seen to do."""

    OVERWRITES = auto()  #: SOGo: 204 whatever If-None-Match says, 201 whatever If-Match says of nothing
    ANSWERS_FIRST = auto()  #: says that it is done, and does it a moment later
    DOES_IT_ONCE_CLOSED = auto()  #: the same, once the connection is closed
    ONLY_ANSWERS = auto()  #: says that it is done, and does nothing
    SENDS_NO_ETAG = auto()
    SENDS_ANOTHER_ETAG = auto()  #: with a PUT, of the text before it was rewritten
    SENDS_WEAK_ETAGS = auto()
    RENAMES = auto()  #: stores under a name of its own, without .ics
    IGNORES_FILTERS = auto()  #: SOGo: a calendar-query finds everything
    CANNOT_SEARCH = auto()  #: 501 to a calendar-query
    CANNOT_SEARCH_NOW = auto()  #: 500
    UID_IS_409 = auto()  #: Radicale, SOGo: of a UID that stands under another name
    UID_IS_412 = auto()  #: Xandikos
    UID_IS_403 = auto()  #: Cyrus
    IS_HIDDEN = auto()  #: a proxy before it says 404 to everything


class Mishap(Enum):
    """What happens to one changing request."""

    RESET_BEFORE = auto()
    RESET_AFTER = auto()
    ERROR_BEFORE = auto()
    ERROR_AFTER = auto()  #: 500, but it is done


class Kept(NamedTuple):
    text: str
    version: int


_UID_REFUSED = {Habit.UID_IS_409: 409, Habit.UID_IS_412: 412, Habit.UID_IS_403: 403}
_SEARCH_REFUSED = {Habit.CANNOT_SEARCH: 501, Habit.CANNOT_SEARCH_NOW: 500}


@dataclass
class KeepingDav:
    """`kept` is what stands, by path. `mishaps` come over the changing requests, one after the other; None spares one."""

    url: str = ""
    habits: frozenset[Habit] = frozenset()
    kept: dict[str, Kept] = field(default_factory=dict)
    mishaps: deque[Mishap | None] = field(default_factory=deque)
    seen: list[tuple[str, str]] = field(default_factory=list)
    _versions: int = 0
    _late: asyncio.Task[None] | None = None

    def methods(self) -> str:
        """The methods of the requests since this was asked last."""
        said = " ".join(method for method, _ in self.seen)
        self.seen.clear()
        return said

    def texts(self) -> list[str]:
        return [kept.text for kept in self.kept.values()]

    def keep(self, path: str, text: str) -> None:
        self._versions += 1
        self.kept[path] = Kept(text, self._versions)

    def rename(self, path: str, other: str) -> None:
        """Give a resource another name, as a client may that copies and deletes."""
        self.keep(other, self.kept.pop(path).text)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.seen.append((request.method, request.path))
        text = await request.text()
        if Habit.IS_HIDDEN in self.habits:
            return web.Response(status=404)
        if request.method in ("PUT", "DELETE"):
            return await self._changed(request, text)
        if request.path == WORK and request.method in ("PROPFIND", "REPORT"):
            return self._listed(text)
        kept = self.kept.get(request.path)
        if kept is None:
            return web.Response(status=404)
        return web.Response(text=kept.text, content_type="text/calendar", headers=self._etag(kept))

    def _etag(self, kept: Kept) -> dict[str, str]:
        if Habit.SENDS_NO_ETAG in self.habits:
            return {}
        return {"ETag": f'W/"{kept.version}"' if Habit.SENDS_WEAK_ETAGS in self.habits else f'"{kept.version}"'}

    def _listed(self, body: str) -> web.Response:
        if self.habits & set(_SEARCH_REFUSED) and "calendar-query" in body:
            return web.Response(status=next(_SEARCH_REFUSED[habit] for habit in self.habits))
        asked = re.search(r"<C:text-match[^>]*>([^<]+)<", body)
        sought = asked[1] if asked and Habit.IGNORES_FILTERS not in self.habits else ""
        hrefs = [path for path, kept in self.kept.items() if sought in _uid_in(kept.text)] if asked else [WORK]
        found = "".join(
            f"<D:response><D:href>{href}</D:href><D:propstat><D:prop><D:getetag/></D:prop></D:propstat></D:response>"
            for href in hrefs
        )
        text = f'<D:multistatus xmlns:D="DAV:">{found}</D:multistatus>'
        return web.Response(status=207, text=text, content_type="application/xml")

    async def _changed(self, request: web.Request, text: str) -> web.Response:
        mishap = self.mishaps.popleft() if self.mishaps else None
        if mishap is Mishap.RESET_BEFORE:
            return _reset(request)
        if mishap is Mishap.ERROR_BEFORE:
            return web.Response(status=500)
        status, act = self._removal(request) if request.method == "DELETE" else self._storing(request, text)
        if status < 300:
            self._do(request, act)
        if mishap is Mishap.RESET_AFTER:
            return _reset(request)
        headers = {"ETag": '"of-what-was-sent"'} if Habit.SENDS_ANOTHER_ETAG in self.habits else {}
        response = web.Response(status=500 if mishap is Mishap.ERROR_AFTER else status, headers=headers)
        if Habit.DOES_IT_ONCE_CLOSED in self.habits:
            response.force_close()
        return response

    def _do(self, request: web.Request, act: Callable[[], None]) -> None:
        if Habit.DOES_IT_ONCE_CLOSED in self.habits:
            self._late = asyncio.create_task(_once_closed(request, act))
        elif Habit.ANSWERS_FIRST in self.habits:
            asyncio.get_running_loop().call_later(LATE_SECONDS, act)
        elif Habit.ONLY_ANSWERS not in self.habits:
            act()

    def _removal(self, request: web.Request) -> tuple[int, Callable[[], None]]:
        return 204 if request.path in self.kept else 404, lambda: self.kept.pop(request.path, None) and None

    def _storing(self, request: web.Request, text: str) -> tuple[int, Callable[[], None]]:
        kept = self.kept.get(request.path)
        uid_refused = next((status for habit, status in _UID_REFUSED.items() if habit in self.habits), None)
        others = [path for path, one in self.kept.items() if _uid_in(one.text) == _uid_in(text)]
        path = request.path
        if Habit.OVERWRITES not in self.habits and not self._is_met(request, kept):
            return 412, lambda: None
        if uid_refused and others and path not in others:
            return uid_refused, lambda: None
        if Habit.RENAMES in self.habits and kept is None:
            self._versions += 1
            path = f"{WORK}{self._versions}.EML"
        return 204 if kept else 201, lambda: self.keep(path, text)

    def _is_met(self, request: web.Request, kept: Kept | None) -> bool:
        match = request.headers.get("If-Match")
        if request.headers.get("If-None-Match") == "*" and kept is not None:
            return False
        return match is None or (kept is not None and match == f'"{kept.version}"')


async def _once_closed(request: web.Request, act: Callable[[], None]) -> None:
    while request.transport is not None:
        await asyncio.sleep(0.01)
    act()


def _reset(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def _uid_in(text: str) -> str:
    found = _UID.search(text)
    return found[1] if found else ""
