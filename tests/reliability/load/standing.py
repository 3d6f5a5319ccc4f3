"""Reads what stands in our database and in calendars outside, behind everybody's back, as the values that checker.py judges."""

import base64
import urllib.request
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from icalendar import Calendar
from slotgraph_tests_databases import engine_of
from slotgraph_tests_reliability_load_history import Block, Booking, Entry, Event, Hold, Span, Stored

from slotgraph.core import tables as t
from slotgraph.core.clock import minute_from_instant


def stored_in(address: str) -> Stored:
    """What a database holds. A booking's mark is its note."""
    engine = engine_of(address)
    with engine.connect() as connection:

        def rows(table: Any) -> list[Any]:
            return list(connection.execute(table.select()))

        attending: dict[str, set[str]] = defaultdict(set)
        for row in rows(t.attendance):
            attending[row.booking_id].add(row.employee_id)
        wishes = {row.entry_id: row.state for row in rows(t.outbox)}
        return Stored(
            {row.id: _booking(row, frozenset(attending[row.id])) for row in rows(t.booking)},
            [_block(row) for row in rows(t.block)],
            [_entry(row, wishes.get(row.id, "DONE")) for row in rows(t.calendar_entry)],
            [_hold(row) for row in rows(t.hold)],
        )


def _booking(row: Any, employees: frozenset[str]) -> Booking:
    made = row.created_at.timestamp()
    return Booking(row.id, row.service_id, row.start_minute, row.end_minute, row.state, employees, made, row.note)


def _block(row: Any) -> Block:
    return Block(row.id, row.employee_id, Span(row.start_minute, row.end_minute), row.booking_id)


def _entry(row: Any, wish: str) -> Entry:
    return Entry(row.id, row.booking_id, row.employee_id, row.state, row.state_at.timestamp(), wish)


def _hold(row: Any) -> Hold:
    ends = [moment.timestamp() for moment in (row.expires_at, row.ended_at) if moment is not None]
    employees = frozenset(row.employee_ids)
    return Hold(row.id, row.service_id, row.start_minute, employees, row.created_at.timestamp(), min(ends))


def wishes_left(address: str) -> int:
    """How many wishes of the outbox are not carried out."""
    engine = engine_of(address)
    with engine.connect() as connection:
        return sum(row.state != "DONE" for row in connection.execute(t.outbox.select()))


def outside_at(url: str, calendars: Mapping[str, tuple[str, str, str]]) -> dict[str, list[Event]]:
    """What stands in calendars of a Radicale, by employee. `calendars`: login, password and path of each."""
    return {employee: list(_events(url, *where)) for employee, where in calendars.items()}


def _events(url: str, login: str, password: str, path: str) -> Iterator[Event]:
    """All events of a collection, which Radicale gives as one text."""
    known = base64.b64encode(f"{login}:{password}".encode()).decode()
    request = urllib.request.Request(url + path.lstrip("/"), headers={"Authorization": f"Basic {known}"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        text = answer.read()
    for event in Calendar.from_ical(text).walk("VEVENT"):
        start, end = _minute(event["DTSTART"].dt), _minute(event["DTEND"].dt)
        yield Event(str(event["UID"]), Span(start, end))


def _minute(moment: Any) -> int:
    assert isinstance(moment, datetime)
    assert moment.tzinfo is not None, "events here have a zone"
    return minute_from_instant(moment)
