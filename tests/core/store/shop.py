"""A shop to test statements on: its rows, and bookings put straight into the tables."""

from datetime import UTC, datetime

from sqlalchemy import func, insert, select, text

from slotgraph.core import tables

COMPANY, SERVICE, EMPLOYEE, OTHER_EMPLOYEE = ("c" * 32, "5" * 32, "e" * 32, "f" * 32)
AT = datetime(2026, 3, 1, tzinfo=UTC)


def company_row():
    """The shop."""
    return {
        "id": COMPANY,
        "slug": "demo",
        "name": "Demo",
        "time_zone": "Europe/Berlin",
        "locale": "de",
        "booking_interval_minutes": 15,
        "exclude_support": False,
        "created_at": AT,
    }


def employee_row(employee_id):
    """Somebody who can be booked there."""
    return {
        "company_id": COMPANY,
        "id": employee_id,
        "name": "Room",
        "kind": "RESOURCE",
        "time_zone": "Europe/Berlin",
        "active": True,
        "show_appointments": True,
    }


def service_row():
    """What can be booked."""
    numbers = dict.fromkeys(
        ("buffer_before_minutes", "buffer_after_minutes", "minimum_notice_minutes", "cancellation_limit_hours"), 0
    )
    names = {"company_id": COMPANY, "id": SERVICE, "name": "Cut", "description": ""}
    return names | numbers | {"duration_minutes": 30, "horizon_days": 60, "active": True}


async def insert_block(connection, number, *, start, end, employee_id=EMPLOYEE):
    """A confirmed booking with the span it blocks."""
    key = {"company_id": COMPANY, "id": f"{number:032x}"}
    booking = {"service_id": SERVICE, "start_minute": start, "end_minute": end, "state": "CONFIRMED"}
    fixed = {"cancellation_limit_hours": 0, "generation": 0, "created_at": AT}
    await connection.execute(insert(tables.booking).values(**key, **booking, **fixed))
    block = {"employee_id": employee_id, "start_minute": start, "end_minute": end, "booking_id": key["id"]}
    await connection.execute(insert(tables.block).values(**key, **block))


async def is_free(connection, *, start, end):
    """Whether no block of the employee overlaps."""
    block = tables.block.c
    taken = select(block.id).where(block.employee_id == EMPLOYEE, block.start_minute < end, block.end_minute > start)
    return (await connection.execute(taken)).first() is None


async def count(database, table):
    """How many rows a table has."""
    async with database.read() as connection:
        return (await connection.execute(select(func.count()).select_from(table))).scalar_one()


async def let_overlap(connection):
    """Take away what makes overlaps impossible."""
    on_postgresql = connection.dialect.name == "postgresql"
    removing = (
        "ALTER TABLE block DROP CONSTRAINT block_overlaps" if on_postgresql else "DROP TRIGGER block_no_overlap_insert"
    )
    await connection.execute(text(removing))
