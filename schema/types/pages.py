"""Positions in lists, by the Relay connection specification."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, TypeVar

from slotgraph.core.errors import BadInput
from slotgraph.core.policy import Action
from slotgraph.schema.guard import leaf, object_type
from slotgraph.schema.ids import is_id
from slotgraph.schema.limits import MAX_PAGE

T = TypeVar("T")
K = TypeVar("K")

MAX_CURSOR = 100


@object_type(Action.READ_SCHEMA_SHAPE, "Position in a list, by the Relay connection specification.")
class PageInfo:
    """Where a page lies."""

    has_next_page: bool = leaf("Whether more follow.")
    has_previous_page: bool = leaf("Whether there are some before.")
    start_cursor: str | None = leaf("Cursor of the first; null if empty.")
    end_cursor: str | None = leaf("Cursor of the last; null if empty.")


class Page(NamedTuple):
    """What to read: how many at most, and whether it is not the first page."""

    first: int
    follows: bool

    @property
    def to_read(self) -> int:
        """One more than shown, to learn whether more follow."""
        return self.first + 1

    def info(self, found: int, cursors: Sequence[str]) -> PageInfo:
        """The position of a page for which so many were found."""
        return PageInfo(
            has_next_page=found > self.first,
            has_previous_page=self.follows,
            start_cursor=cursors[0] if cursors else None,
            end_cursor=cursors[-1] if cursors else None,
        )


def page_of(first: int, after: str | None) -> Page:
    """Check how many are asked for. Raises BadInput."""
    if not 1 <= first <= MAX_PAGE:
        raise BadInput(("first",), f"between 1 and {MAX_PAGE}.")
    return Page(first, after is not None)


def cursor(key: str, id: str) -> str:  # noqa: A002 - that is what it is
    """The opaque place of a thing in a list ordered by key and id."""
    return base64.urlsafe_b64encode(f"{key}|{id}".encode()).decode().rstrip("=")


def place(after: str | None, read_key: Callable[[str], K]) -> tuple[K, str] | None:
    """The key and id that a cursor names. Raises BadInput for one that is none of this list."""
    if after is None:
        return None
    try:
        if len(after) > MAX_CURSOR:
            raise ValueError
        raw = base64.b64decode(after + "=" * (-len(after) % 4), altchars=b"-_", validate=True).decode("ascii")
        key, _, id_ = raw.rpartition("|")
        if not is_id(id_):
            raise ValueError
        return read_key(key), id_
    except (binascii.Error, ValueError, OverflowError):
        raise BadInput(("after",), "this is no cursor of this list.") from None


def minute_key(text: str) -> int:
    """A minute as it stands in a cursor. Raises ValueError."""
    minute = int(text)
    if not 0 <= minute < 2**40:
        raise ValueError
    return minute


def instant_key(text: str) -> datetime:
    """An instant as it stands in a cursor. Raises ValueError."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError
    return instant.astimezone(UTC)
