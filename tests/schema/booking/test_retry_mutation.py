"""`retryCalendarEntry` against a real database: the entry as it is now, or why not, as data (rules K4, T5)."""

from typing import Any

import pytest

from slotgraph.core import tables
from slotgraph.core.errors import AccessForbidden
from slotgraph.schema import ids

RETRY = """mutation ($entry: ID!) { retryCalendarEntry(input: {entry: $entry}) {
  __typename
  ... on CalendarEntry { id state cause attempts nextAttemptAt }
  ... on InvalidInput { fields { path message } } ... on NotFound { path } ... on Problem { message } } }"""


@pytest.fixture
async def entry(face: Any) -> str:
    """An entry that could not be written, by its global id."""
    world = face.world
    await world.link("anna")
    world.calendars.fail("write", AccessForbidden())
    await face.booked()
    world.calendars.heal()
    (row,) = await world.rows(tables.calendar_entry)
    await world.change(tables.calendar_entry, row.id, state="FAILED")
    return ids.encode("CalendarEntry", world.company_id, row.id)


async def retried(face: Any, entry: str, actor: Any = None) -> Any:
    return (await face.ask(RETRY, actor, entry=entry))["retryCalendarEntry"]


async def test_an_entry_is_tried_now_and_shown_as_it_is_then(face: Any, entry: str) -> None:
    assert await retried(face, entry, face.world.owner) == {
        "__typename": "CalendarEntry",
        "id": entry,
        "state": "WRITTEN",
        "cause": None,
        "attempts": 1,
        "nextAttemptAt": None,
    }


async def test_what_was_removed_is_refused_with_a_sentence(face: Any, entry: str) -> None:
    await face.world.change(tables.calendar_entry, ids.read(entry).id, state="REMOVED")  # type: ignore[union-attr]
    answer = await retried(face, entry, face.world.owner)
    assert answer["__typename"] == "InvalidInput"
    reason = "it was removed, and its time is not booked any more."
    assert answer["fields"] == [{"path": ["input", "entry"], "message": reason}]


async def test_to_strangers_an_entry_looks_like_none(face: Any, entry: str) -> None:
    none = ids.encode("CalendarEntry", face.world.company_id, "0" * 32)
    for actor in (None, face.world.agent):
        told = await retried(face, entry, actor)
        assert told["__typename"] == "NotFound"
        assert told == await retried(face, none, actor)


async def test_an_id_of_something_else_is_no_entry(face: Any, entry: str) -> None:
    answer = await retried(face, ids.encode("Booking", face.world.company_id, "0" * 32), face.world.owner)
    assert (answer["__typename"], answer["fields"][0]["path"]) == ("InvalidInput", ["input", "entry"])
