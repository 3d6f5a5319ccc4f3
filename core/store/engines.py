"""What every kind of database has: connections that only read, connections that write, and plain words for its errors."""

from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from slotgraph.core.errors import UnfitText

READERS = 8
"""Connections for reading at a time."""

WAIT_SECONDS = 5.0
"""How long somebody waits for a connection, and again that for a lock which another holds."""


class PlainErrors(Protocol):
    """Entered around a transaction: turns what the database says of waiting, connections and disks into our own errors."""

    def __call__(self, *, writing: bool) -> AbstractContextManager[None]:
        """Raise DatabaseBusy, DatabaseUnreachable, or a SettingError of one sentence; bugs stay what they are."""


@dataclass(frozen=True, slots=True)
class Engines:
    """The two sides of one database. A transaction begins and ends on one of them and never changes to the other."""

    readers: AsyncEngine
    writers: AsyncEngine
    plain_errors: PlainErrors
    listen: Callable[[], AsyncGenerator[str]] | None = None
    """Hears what other processes tell (see `notices`); None where there are none."""

    async def close(self) -> None:
        """Close all connections; those that write last, so that SQLite tidies its journals away."""
        await self.readers.dispose()
        await self.writers.dispose()


def refuse_unfit_texts(engine: AsyncEngine) -> None:
    """Let no statement reach the database with a text that PostgreSQL cannot keep, or SQLite not give back. It raises UnfitText."""

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def look(_connection: object, _cursor: object, _statement: str, parameters: object, *_more: object) -> None:
        if not all(map(_is_fit, _texts(parameters))):
            raise UnfitText


def _texts(parameters: object) -> Iterator[str]:
    if isinstance(parameters, str):
        yield parameters
    elif isinstance(parameters, dict | list | tuple):
        for value in parameters.values() if isinstance(parameters, dict) else parameters:
            yield from _texts(value)


def _is_fit(text: str) -> bool:
    if "\0" in text:
        return False
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)
