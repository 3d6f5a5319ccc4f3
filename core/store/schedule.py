"""Statements on availabilities, absences and blocked spans."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, and_, delete, insert, or_, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from slotgraph.core import tables as t
from slotgraph.core.availability import Dated, DaysOff, Times, Weekly
from slotgraph.core.clock import instant_from_minute
from slotgraph.core.errors import SpanTaken
from slotgraph.core.records import Absence, Availability
from slotgraph.core.store.engine import is_overlap
from slotgraph.core.store.rows import each
from slotgraph.core.values import Span

_DAY = timedelta(days=1)


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
    return await each(await connection.execute(statement), _availability_from_row)


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


async def absences_of(
    connection: AsyncConnection, company_id: str, employee_ids: Collection[str], *, window: Span | None = None
) -> list[Absence]:
    """Absences of some employees and those of the whole company: all, or those that touch a window and maybe some close to it."""
    a = t.absence.c
    statement = (
        select(t.absence)
        .where(a.company_id == company_id, or_(a.employee_id.is_(None), a.employee_id.in_(employee_ids)))
        .order_by(a.first_day, a.start_minute, a.id)
    )
    if window is not None:
        # Local days begin and end less than a day from those of UTC.
        first, last = (instant_from_minute(minute).date() for minute in window)
        by_days = and_(a.first_day <= last + _DAY, a.last_day >= first - _DAY)
        by_minutes = and_(a.start_minute < window.end, a.end_minute > window.start)
        statement = statement.where(or_(by_days, by_minutes))
    return await each(await connection.execute(statement), _absence_from_row)


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


class Blocked(NamedTuple):
    """The blocked spans of one employee, buffers in them: those of bookings, and those of holds that live."""

    booked: list[Span]
    held: list[Span]


async def blocked_spans(
    connection: AsyncConnection, company_id: str, employee_ids: Collection[str], *, window: Span, now: datetime
) -> Mapping[str, Blocked]:
    """Blocked spans that touch a window, for each of some employees. Lapsed holds do not count."""
    b = t.block.c
    statement = select(b.employee_id, b.start_minute, b.end_minute, b.booking_id).where(
        *_touching(company_id, employee_ids, window), or_(b.booking_id.is_not(None), b.expires_at > now)
    )
    found = {employee_id: Blocked([], []) for employee_id in employee_ids}

    def note(row: Row[Any]) -> None:
        blocked = found[row.employee_id]
        spans = blocked.held if row.booking_id is None else blocked.booked
        spans.append(Span(row.start_minute, row.end_minute))

    await each(await connection.execute(statement), note)
    return found


def _touching(company_id: str, employee_ids: Collection[str], window: Span) -> tuple[ColumnElement[bool], ...]:
    b = t.block.c
    return (
        b.company_id == company_id,
        b.employee_id.in_(employee_ids),
        b.end_minute > window.start,
        b.start_minute < window.end,
    )


async def insert_block(
    connection: AsyncConnection, company_id: str, *, block_id: str, employee_id: str, booking_id: str, span: Span
) -> None:
    """Block a span for a booking. Raises SpanTaken if it overlaps another of the employee: roll back to where you were."""
    own = {"id": block_id, "employee_id": employee_id, "booking_id": booking_id}
    await _insert_block(connection, span, company_id=company_id, **own)


async def insert_hold(
    connection: AsyncConnection, company_id: str, *, block_id: str, employee_id: str, span: Span, expires_at: datetime
) -> None:
    """Block a span for a while. Raises SpanTaken as `insert_block` does, also where a lapsed hold is still there."""
    own = {"id": block_id, "employee_id": employee_id, "expires_at": expires_at}
    await _insert_block(connection, span, company_id=company_id, **own)


async def _insert_block(connection: AsyncConnection, span: Span, **own: Any) -> None:
    statement = insert(t.block).values(start_minute=span.start, end_minute=span.end, **own)
    try:
        await connection.execute(statement)
    except DBAPIError as error:
        if is_overlap(error):
            raise SpanTaken from error
        raise


async def delete_expired_holds(
    connection: AsyncConnection, company_id: str, employee_ids: Collection[str], *, span: Span, now: datetime
) -> None:
    """Take lapsed holds out of the way of a span: nothing else frees what they block (rule K1)."""
    await connection.execute(
        delete(t.block).where(*_touching(company_id, employee_ids, span), t.block.c.expires_at <= now)
    )


async def delete_blocks_of_booking(connection: AsyncConnection, company_id: str, booking_id: str) -> None:
    """Free what a booking blocked."""
    b = t.block.c
    await connection.execute(delete(t.block).where(b.company_id == company_id, b.booking_id == booking_id))
