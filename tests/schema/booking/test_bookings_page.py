"""docs/bookings.md: its examples, asked one after the other, hold, book, move and cancel; its tables name what there is."""

import re
import uuid
from pathlib import Path
from typing import Any

from slotgraph.core.calendar_entries import backoff
from slotgraph.core.calendar_entries.wishing import LEASE
from slotgraph.core.records import CalendarEntryState
from slotgraph.schema.build import build

PAGE = (Path(__file__).parents[3] / "docs" / "bookings.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```graphql\n(.*?)```", PAGE, re.DOTALL)


def _section(title: str) -> str:
    return PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]


async def test_the_examples_go_the_whole_way(face: Any) -> None:
    known: dict[str, Any] = {"cut": face.id("Service", "cut"), "anna": face.id("Employee", "anna")}
    answers = []
    for example in EXAMPLES:
        named = {name: known[name] for name in re.findall(r"\$(\w+): (?:ID|Secret)!", example) if name != "key"}
        (answer,) = (await face.ask(example, key=str(uuid.uuid4()), **named)).values()
        assert "message" not in answer, answer
        known |= answer
        answers.append(answer)
    held, booked, moved, cancelled = answers
    assert held["hold"]["start"] == booked["booking"]["start"] == "2027-03-02T08:00:00Z"
    assert (moved["id"], moved["start"]) == (booked["booking"]["id"], "2027-03-02T08:15:00Z")
    assert cancelled == {"id": moved["id"], "state": "CANCELLED", "cancelReason": "Ill"}


def test_every_state_of_an_entry_has_a_row_and_every_row_a_state() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \|", _section("Entries outside"), re.MULTILINE)
    assert sorted(rows) == sorted(state.value for state in CalendarEntryState)


def test_every_refusal_of_the_four_mutations_has_a_row() -> None:
    schema = build()._schema
    problems = {
        member.name
        for name in ("HoldSlotResult", "BookResult", "RescheduleBookingResult", "CancelBookingResult")
        for member in schema.type_map[name].types
        if any(one.name == "Problem" for one in member.interfaces)
    }
    said = _section("Hold, book, move, cancel")
    rows = "".join(line.split("|")[1] for line in said.splitlines() if line.startswith("| `"))
    assert problems == set(re.findall(r"`(\w+)`", rows))


def test_the_page_names_the_pace_of_the_code() -> None:
    said = " ".join(_section("Entries outside").split())
    assert backoff.FIRST_WAIT.total_seconds() == 2
    assert "after 2 seconds" in said
    assert backoff.LONGEST_WAIT.total_seconds() == 15 * 60
    assert "a quarter of an hour" in said
    assert f"a lease of {LEASE.total_seconds():.0f} seconds" in said
