"""Global ids: opaque outside, inside the kind, the company and the id of a thing. They grant nothing; the use cases decide."""

import base64
import binascii
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import strawberry

from slotgraph.core.errors import BadInput

_ID = re.compile(r"[0-9a-f]{32}")
_NAME = re.compile(r"[A-Z][A-Za-z]{1,30}")
_MAX_CHARACTERS = 200
NOBODY = ""
"""An id no thing has: what is named of another company stands for a thing that is not there."""


def is_id(text: str) -> bool:
    """Whether a text has the form of an id of our tables: 32 hexadecimal digits."""
    return _ID.fullmatch(text) is not None


class GlobalId(NamedTuple):
    """What a global id says. A company's own `id` is its `company_id`."""

    kind: str
    company_id: str
    id: str


@lru_cache(maxsize=4096)
def encode(kind: str, company_id: str, id: str | None = None) -> strawberry.ID:  # noqa: A002 - that is what it is
    """The global id of a thing; of a company without `id`."""
    text = f"{kind}:{company_id}:{id or company_id}"
    return strawberry.ID(base64.urlsafe_b64encode(text.encode()).decode().rstrip("="))


def read(text: str) -> GlobalId | None:
    """What a text says as a global id; None if it is none."""
    if len(text) > _MAX_CHARACTERS:
        return None
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        parts = raw.decode("ascii").split(":")
    except (binascii.Error, ValueError):
        return None
    if len(parts) != len(GlobalId._fields) or not _NAME.fullmatch(parts[0]):
        return None
    found = GlobalId(*parts)
    if not is_id(found.company_id) or not is_id(found.id):
        return None
    # Only the one right spelling counts, so that equal things have equal ids.
    return found if encode(*found) == text else None


def decode(text: str, *kinds: str, path: tuple[str, ...]) -> GlobalId:
    """Read a global id of one of these kinds. Raises BadInput with the path of the field, never repeating the text."""
    found = read(text)
    if found is None or found.kind not in kinds:
        raise BadInput(path, f"this is no id of {_article(kinds[0])} {kinds[0]}.")
    return found


def decode_all(texts: Iterable[str], kind: str, *, path: tuple[str, ...]) -> list[GlobalId]:
    """Read global ids of one kind. Raises BadInput with the path of the first that is none."""
    return [decode(text, kind, path=(*path, str(at))) for at, text in enumerate(texts)]


def within(found: GlobalId, company_id: str) -> str:
    """The id of a thing of this company; NOBODY's if it is another company's."""
    return found.id if found.company_id == company_id else NOBODY


def _article(kind: str) -> str:
    return "an" if kind[0] in "AEIOU" else "a"
