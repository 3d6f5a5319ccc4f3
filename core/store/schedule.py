"""Statements on availabilities, absences and blocked spans."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Row, delete, insert, or_, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from slotgraph.core import tables as t
from slotgraph.core.availability import Dated, DaysOff, Times, Weekly
from slotgraph.core.errors import SpanTaken
from slotgraph.core.records import Absence, Availability
from slotgraph.core.store.engine import is_overlap
from slotgraph.core.values import Span


def _availability_from_row(row: Row[Any]) -> Availability:
    times = Times(row.start, row.end)
    rule: Weekly | Dated
    if row.date is not None:
        rule = Dated(times, row.date)
    else:
        rule = Weekly(times, row.weekday, row.valid_from, row.valid_until)
    return Availability(row.company_id, row.id, row.employee_id, rule)


async def availabilities_of(
    connection: AsyncConnection, company_id: str, employee_ids: Collection[str]
) -> list[Availability]:
    """Availabilities of some employees, weekly ones first, by weekday or date and start."""
    a = t.availability.c
    statement = (
        select(t.availability)
        .where(a.company_id == company_id, a.employee_id.in_(employee_ids))
        .order_by(a.weekday.is_(None), a.weekday, a.date, a.start, a.id)
    )
    return [_availability_from_row(row) for row in await connection.execute(statement)]


async def insert_availability(connection: AsyncConnection, availability: Availability) -> None:
    """Add an availability."""
    rule = availability.rule
    values: dict[str, Any] = {
        "company_id": availability.company_id,
        "id": availability.id,
        "employee_id": availability.employee_id,
        "start": rule.times.start,
        "end": rule.times.end,
    }
    if isinstance(rule, Weekly):
        values |= {"weekday": rule.weekday, "valid_from": rule.valid_from, "valid_until": rule.valid_until}
    else:
        values |= {"date": rule.day}
    await connection.execute(insert(t.availability).values(**values))


def _absence_from_row(row: Row[Any]) -> Absence:
    times: DaysOff | Span
    if row.first_day is not None:
        times = DaysOff(row.first_day, row.last_day)
    else:
        times = Span(row.start_minute, row.end_minute)
    return Absence(row.company_id, row.id, row.employee_id, row.note, times)


async def absences_of(connection: AsyncConnection, company_id: str, employee_ids: Collection[str]) -> list[Absence]:
    """Absences of some employees and those of the whole company."""
    a = t.absence.c
    statement = (
        select(t.absence)
        .where(a.company_id == company_id, or_(a.employee_id.is_(None), a.employee_id.in_(employee_ids)))
        .order_by(a.first_day, a.start_minute, a.id)
    )
    return [_absence_from_row(row) for row in await connection.execute(statement)]


async def insert_absence(connection: AsyncConnection, absence: Absence) -> None:
    """Add an absence."""
    values: dict[str, Any] = {
        "company_id": absence.company_id,
        "id": absence.id,
        "employee_id": absence.employee_id,
        "note": absence.note,
    }
    if isinstance(absence.times, DaysOff):
        values |= {"first_day": absence.times.first, "last_day": absence.times.last}
    else:
        values |= {"start_minute": absence.times.start, "end_minute": absence.times.end}
    await connection.execute(insert(t.absence).values(**values))


async def blocked_spans(
    connection: AsyncConnection, company_id: str, employee_ids: Collection[str], *, window: Span
) -> Mapping[str, list[Span]]:
    """Blocked spans that touch a window, by employee."""
    b = t.block.c
    statement = select(b.employee_id, b.start_minute, b.end_minute).where(
        b.company_id == company_id,
        b.employee_id.in_(employee_ids),
        b.end_minute > window.start,
        b.start_minute < window.end,
    )
    found: defaultdict[str, list[Span]] = defaultdict(list)
    for row in await connection.execute(statement):
        found[row.employee_id].append(Span(row.start_minute, row.end_minute))
    return found


async def insert_block(
    connection: AsyncConnection, company_id: str, *, block_id: str, employee_id: str, booking_id: str, span: Span
) -> None:
    """Block a span. Raises SpanTaken if it overlaps another of the employee: roll back to where you were."""
    statement = insert(t.block).values(
        company_id=company_id,
        id=block_id,
        employee_id=employee_id,
        booking_id=booking_id,
        start_minute=span.start,
        end_minute=span.end,
    )
    try:
        await connection.execute(statement)
    except DBAPIError as error:
        if is_overlap(error):
            raise SpanTaken from error
        raise


async def delete_blocks_of_booking(connection: AsyncConnection, company_id: str, booking_id: str) -> None:
    """Free what a booking blocked."""
    b = t.block.c
    await connection.execute(delete(t.block).where(b.company_id == company_id, b.booking_id == booking_id))
