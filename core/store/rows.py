"""Making values of many rows, so that the event loop is not held while a large company is read."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from sqlalchemy import Row

PORTION = 200
"""Rows between which others have a turn: a few milliseconds."""

T = TypeVar("T")


async def each(rows: Iterable[Row[Any]], make: Callable[[Row[Any]], T]) -> list[T]:
    """What is made of each row, in order."""
    made: list[T] = []
    for row in rows:
        made.append(make(row))
        if len(made) % PORTION == 0:
            await asyncio.sleep(0)
    return made
