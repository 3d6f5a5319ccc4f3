"""Moving bookings in a world, and looking at where they stand, here and outside."""

import uuid
from typing import Any

from slotgraph.core import tables
from slotgraph.core.booking.finding import BookingRef, SeenBooking
from slotgraph.core.booking.moving import MoveRequest
from slotgraph.core.candidates import EmployeeChoice
from slotgraph.core.outbox import entries
from slotgraph.core.records import Booking

START = "2027-03-03 09:00"
"""Wednesday at nine; customers may change it until Tuesday at nine."""


def ref_of(world: Any, booking: Any) -> BookingRef:
    """A booking by its id, or by a manage token."""
    if hasattr(booking, "id"):
        return BookingRef(world.company_id, booking.id)
    return BookingRef(manage_token=booking)


def move_request(world: Any, booking: Any, start: str, *, key: str | None = None, **more: Any) -> MoveRequest:
    """A request to move a booking, its attendants kept unless named; with a key of its own unless one is given."""
    names = more.pop("employee", None)
    choice = EmployeeChoice(employee=world.id_of(names)) if names else more.pop("choice", None)
    return MoveRequest(key or str(uuid.uuid4()), ref_of(world, booking), world.at(start), choice, **more)


async def ask(world: Any, request: MoveRequest, *, actor: Any = None) -> Any:
    """Move as asked, as the owner unless by manage token."""
    if actor is None and request.booking.manage_token is None:
        actor = world.owner
    return await world.do.moves.reschedule(world.as_(actor), request)


async def move(world: Any, booking: Any, start: str, *, actor: Any = None, **more: Any) -> Any:
    """Move a booking."""
    return await ask(world, move_request(world, booking, start, **more), actor=actor)


async def moved(world: Any, booking: Any, start: str, **more: Any) -> Booking:
    """A booking that was moved."""
    outcome = await move(world, booking, start, **more)
    assert isinstance(outcome, SeenBooking), outcome
    return outcome.booking


async def blocked(world: Any) -> dict[str, list[tuple[str, str]]]:
    """From when until when each employee is blocked, by id."""
    found: dict[str, list[tuple[str, str]]] = {}
    for row in sorted(await world.rows(tables.block), key=lambda row: row.start_minute):
        found.setdefault(row.employee_id, []).append((world.moment(row.start_minute), world.shown(row.end_minute)))
    return found


async def attending(world: Any, booking: Any) -> set[str]:
    """Who attends, by id, as it is stored."""
    return {row.employee_id for row in await world.rows(tables.attendance) if row.booking_id == booking.id}


def outside(world: Any, *names: str) -> list[str]:
    """When our entries in the calendars of some employees begin."""
    found = [entry for name in names for entry in world.calendars.entries(f"{name}s").values()]
    return sorted(world.moment(entry.span.start) for entry in found)


async def entries_of(world: Any, booking: Any) -> list[tuple[str, str]]:
    """Whose entries are shown with a booking, and how they stand."""
    async with world.database.read() as connection:
        found = await entries.entries_of_bookings(connection, world.company_id, [booking.id])
    return [(entry.employee_id, entry.state.value) for entry in found]


async def stored(world: Any) -> dict[str, list[tuple[Any, ...]]]:
    """What is stored of bookings: to see that a refusal has left it as it was."""
    names = (tables.block, tables.booking, tables.attendance, tables.idempotency, tables.outbox, tables.calendar_entry)
    return {table.name: sorted(map(tuple, await world.rows(table)), key=str) for table in names}
