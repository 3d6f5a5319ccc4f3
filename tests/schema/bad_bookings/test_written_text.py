"""What a customer types is kept and written outside as text: markup stays text, and no line of it becomes a property (rule K7)."""

from datetime import UTC, datetime
from typing import Any

import pytest
from icalendar import Calendar
from slotgraph_tests_schema_bad_bookings_desk import Desk

from slotgraph.core import tables
from slotgraph.core.entry_templates import DESCRIPTION_TEMPLATE
from slotgraph.plugins.caldav.mapping import MARK, read_entry, text_from_entry

NAME = '<b onclick=alert(1)>Mia</b> & "Co"; {note} ATTENDEE:x,\\n\'; DROP TABLE booking; --'
NOTE = """<script>alert(1)</script>
ATTENDEE:mailto:all@example.org\r
END:VEVENT\r\nBEGIN:VEVENT\nATTACH:https://example.org/\tevil
;VALUE=URI:,\\, \\n {manageLink} %s"""
STAMP = datetime(2027, 3, 1, tzinfo=UTC)
PROPERTIES = {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "DESCRIPTION", "STATUS", "TRANSP", MARK.upper()}


async def booked(desk: Desk, **customer: Any) -> Any:
    wanted = desk.good("book") | {"note": NOTE}
    wanted["customer"] |= customer
    return await desk.answer("book", wanted)


async def entry(desk: Desk) -> Any:
    """The entry that was written for it, the newest one."""
    return list(desk.face.world.calendars.entries("annas").values())[-1]


async def test_markup_is_kept_as_it_was_typed(desk: Desk) -> None:
    answer = await booked(desk, name=NAME)
    assert answer["booking"]["customer"] == {"name": NAME}
    assert answer["booking"]["note"] == NOTE.strip()
    stored = {(row.customer_name, row.note) for row in await desk.face.world.rows(tables.booking)}
    assert (NAME, NOTE.strip()) in stored


async def test_what_is_written_outside_holds_the_same_text_in_one_event(desk: Desk) -> None:
    company = desk.face.world.company_id
    template = "{note}\n" + DESCRIPTION_TEMPLATE
    await desk.face.world.change(tables.company, company, entry_description_template=template)
    assert (await booked(desk, name=NAME))["__typename"] == "BookingConfirmed"
    written = text_from_entry(await entry(desk), "uid-1", stamp=STAMP)
    calendar = Calendar.from_ical(written)
    (event,) = calendar.walk("VEVENT")
    assert set(event.keys()) <= PROPERTIES
    assert [part.name for part in calendar.walk()] == ["VCALENDAR", "VEVENT"]
    assert NAME in str(event["SUMMARY"])
    description = str(event["DESCRIPTION"])
    assert "<script>alert(1)</script>" in description
    assert "{manageLink} %s" in description
    unfolded = written.replace("\r\n ", "")
    assert {line.split(":")[0].split(";")[0] for line in unfolded.split("\r\n") if line} <= PROPERTIES | {
        "BEGIN",
        "END",
        "PRODID",
        "VERSION",
    }
    assert read_entry(written.encode(), "uid-1").span == (await entry(desk)).span


@pytest.mark.parametrize("part", ["name", "note"])
async def test_names_with_line_breaks_are_refused_and_notes_keep_theirs(desk: Desk, part: str) -> None:
    wanted = desk.good("book")
    broken = "Mia\r\nSUMMARY:another"
    if part == "name":
        wanted["customer"]["name"] = broken
        assert (await desk.answer("book", wanted))["fields"][0]["path"] == ["input", "customer", "name"]
    else:
        answer = await desk.answer("book", wanted | {"note": broken})
        assert answer["booking"]["note"] == broken
