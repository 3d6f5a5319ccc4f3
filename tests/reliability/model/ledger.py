"""What stands in our own tables and outside, and what of it must be so (rules K1, K3, K4, K6)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any, NamedTuple

from slotgraph_tests_reliability_model_model import Model, blocked, overlap
from slotgraph_tests_reliability_model_outside import WITH_CALENDAR, Calendars
from sqlalchemy import Connection

from slotgraph.core import tables as t

BETWEEN_LOOKS = timedelta(minutes=10)


class OwnEntries(NamedTuple):
    """The entries of a booking outside: those we know where to find, and those we do not."""

    known: frozenset[str]
    unknown: frozenset[str]


@dataclass(frozen=True)
class Ledger:
    """All rows that matter, of one moment."""

    blocks: list[Any]
    bookings: list[Any]
    attendances: list[Any]
    entries: list[Any]
    outbox: list[Any]

    @classmethod
    def read(cls, connection: Connection) -> "Ledger":
        tables = (t.block, t.booking, t.attendance, t.calendar_entry, t.outbox)
        return cls(*[list(connection.execute(table.select())) for table in tables])

    def own_entries(self, booking: str) -> OwnEntries:
        own = [row for row in self.entries if row.booking_id == booking]
        known = frozenset(row.id for row in own if row.reference_id is not None and row.state != "REMOVED")
        return OwnEntries(known, frozenset(row.id for row in own) - known)


def check_tables(ledger: Ledger, model: Model, *, now: datetime, meddled: Mapping[str, datetime]) -> None:
    """Spans of one employee never overlap; bookings and live holds block what they should, and nothing else blocks."""
    names = {id_: name for name, id_ in model.ids.items()}
    for one, other in combinations(ledger.blocks, 2):
        spans = [(row.start_minute, row.end_minute) for row in (one, other)]
        assert one.employee_id != other.employee_id or not overlap(*spans), f"{one} overlaps {other}"
    booked = {(row.booking_id, names[row.employee_id], row.start_minute, row.end_minute) for row in ledger.blocks}
    standing = {id_: one for id_, one in model.bookings.items() if not one.cancelled}
    assert {block for block in booked if block[0]} == {
        (id_, name, *blocked(one.service, one.start)) for id_, one in standing.items() for name in one.employees
    }
    held = {(row.hold_id, names[row.employee_id], row.start_minute, row.end_minute) for row in ledger.blocks}
    known = {
        (id_, name, *blocked(one.service, one.start))
        for id_, one in model.holds.items()
        if not one.ended
        for name in one.employees
    }
    assert {block for block in held if block[0]} <= known
    live = {id_ for id_, one in model.holds.items() if one.is_live(now)}
    assert {block for block in known if block[0] in live} <= held
    attending = {(row.booking_id, names[row.employee_id]) for row in ledger.attendances}
    assert attending == {(id_, name) for id_, one in model.bookings.items() for name in one.employees}
    assert {(row.id, row.start_minute, row.end_minute, row.state) for row in ledger.bookings} == {
        (id_, *one.span, "CANCELLED" if one.cancelled else "CONFIRMED") for id_, one in model.bookings.items()
    }
    for row in ledger.entries:
        if row.state == "GONE_OUTSIDE":
            assert row.id in meddled, f"{row} is said to be gone, and nobody touched it"
            assert now - meddled[row.id] >= BETWEEN_LOOKS, f"{row} was not missed for ten minutes"


def check_outside(ledger: Ledger, model: Model, calendars: Calendars) -> None:
    """One event for each attendance with a calendar, none for what was cancelled or left; anything else is somebody's doing and shown."""
    names = {id_: name for name, id_ in model.ids.items()}
    waiting = [row for row in ledger.outbox if row.state != "DONE"]
    assert not waiting, f"still not carried out: {waiting}"
    outside = {id_: time for name in WITH_CALENDAR for id_, time in calendars.entries(name)}
    assert outside.keys() <= {row.id for row in ledger.entries}
    causes = {row.entry_id: row.cause for row in ledger.outbox}
    attendances = []
    for row in ledger.entries:
        booking = model.bookings[row.booking_id]
        if booking.cancelled or names[row.employee_id] not in booking.employees or row.state == "REMOVED":
            assert (row.state, outside.get(row.id)) == ("REMOVED", None), f"{row} still stands outside"
            continue
        attendances.append((row.booking_id, names[row.employee_id]))
        stands = outside.get(row.id)
        if stands == booking.span:
            assert row.state == "WRITTEN", f"{row} stands as it should"
        else:
            assert row.id in calendars.meddled, f"{row} must stand at {booking.span}, not {stands}"
            expected = "GONE_OUTSIDE" if stands is None else "MOVED_OUTSIDE"
            assert row.state == expected or (stands is None and causes[row.id] == "NOT_FOUND"), f"{row}: {stands}"
    assert sorted(attendances) == sorted(
        (id_, name)
        for id_, one in model.bookings.items()
        if not one.cancelled
        for name in one.employees & set(WITH_CALENDAR)
    )
