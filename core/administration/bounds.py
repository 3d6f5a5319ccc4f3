"""What the forms of administration share: bounds, each with its sentence, and fields that were left out."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import TypeVar

from slotgraph.core.clock import YEARS
from slotgraph.core.errors import UnknownObject
from slotgraph.core.problems import InvalidField, InvalidInput
from slotgraph.core.values import Omitted

MAX_EMPLOYEES = 1000
MAX_SERVICES = 500
MAX_AVAILABILITIES = 200
"""Of one employee."""

MAX_ABSENCES = 2000
"""Of one employee, and as many of the whole company."""

MAX_NAMED = 200
"""The most ids one list may name."""

Path = tuple[str, ...]
T = TypeVar("T")


def given_or(given: T | Omitted, otherwise: T) -> T:
    """What a form says, or what holds where it says nothing."""
    return otherwise if isinstance(given, Omitted) else given


def number_faults(path: Path, number: int, *, least: int, most: int, unit: str) -> Iterator[InvalidField]:
    """What is wrong with a number."""
    if not least <= number <= most:
        yield InvalidField(path, f"between {least} and {most} {unit}.")


def year_faults(path: Path, day: date | None) -> Iterator[InvalidField]:
    """What is wrong with a day, if there is one."""
    if day is not None and day.year not in YEARS:
        yield InvalidField(path, f"the year must lie between {YEARS[0]} and {YEARS[-1]}.")


def full(sentence: str) -> InvalidInput:
    """There are as many as there may be."""
    return InvalidInput((InvalidField(("input",), sentence),))


def known_ids(ids: Collection[str], among: Mapping[str, object], *, path: Path) -> list[str]:
    """Each id named, once, in order. Raises UnknownObject with the place of the first that is not among these."""
    for at, one in enumerate(ids):
        if one not in among:
            raise UnknownObject((*path, str(at)))
    return list(dict.fromkeys(ids))
