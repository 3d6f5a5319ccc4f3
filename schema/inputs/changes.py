"""Fields of a change: what was left out stays."""

from typing import TypeVar

import strawberry

from slotgraph.core.errors import BadInput
from slotgraph.core.values import OMITTED, Omitted

T = TypeVar("T")


def kept(value: T | None, field: str) -> T | Omitted:
    """The new value of a field that cannot be null. Raises BadInput for null."""
    if value is strawberry.UNSET:
        return OMITTED
    if value is None:
        raise BadInput(("input", field), "must not be null; leave it out to keep what is there.")
    return value


def kept_or_null(value: T | None) -> T | None | Omitted:
    """The new value of a field for which null means something."""
    return OMITTED if value is strawberry.UNSET else value
