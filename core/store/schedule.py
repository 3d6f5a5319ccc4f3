"""Statements on availabilities, absences and blocked spans."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, and_, delete, func, insert, or_, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from slotgraph.core import tables as t
from slotgraph.core.availability import Dated, DaysOff, Times, Weekly
from slotgraph.core.clock import instant_from_minute
from slotgraph.core.errors import SpanTaken
from slotgraph.core.records import Absence, Availability
from slotgraph.core.store.database import is_overlap
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


async def availability_by_id(connection: AsyncConnection, company_id: str, availability_id: str) -> Availability | None:
    """One availability."""
    a = t.availability.c
    statement = select(t.availability).where(a.company_id == company_id, a.id == availability_id)
    row = (await connection.execute(statement)).first()
    return _availability_from_row(row) if row else None


async def count_availabilities(connection: AsyncConnection, company_id: str, employee_id: str) -> int:
    """How many availabilities an employee has."""
    a = t.availability.c
    statement = select(func.count()).where(a.company_id == company_id, a.employee_id == employee_id)
    return (await connection.execute(statement)).scalar_one()


def _availability_facts(availability: Availability) -> dict[str, Any]:
    """The columns that may change."""
    rule = availability.rule
    own = {"employee_id": availability.employee_id, "start": rule.times.start, "end": rule.times.end}
    if isinstance(rule, Dated):
        return own | {"date": rule.day, "weekday": None, "valid_from": None, "valid_until": None}
    return own | {
        "date": None,
        "weekday": rule.weekday,
        "valid_from": rule.valid_from,
        "valid_until": rule.valid_until,
    }


async def insert_availability(connection: AsyncConnection, availability: Availability) -> None:
    """Add an availability."""
    facts = _availability_facts(availability)
    await connection.execute(
        insert(t.availability).values(company_id=availability.company_id, id=availability.id, **facts)
    )


async def update_availability(connection: AsyncConnection, availability: Availability) -> None:
    """Store an availability as it is now."""
    a = t.availability.c
    where = (a.company_id == availability.company_id, a.id == availability.id)
    await connection.execute(update(t.availability).where(*where).values(**_availability_facts(availability)))


async def delete_availability(connection: AsyncConnection, company_id: str, availability_id: str) -> None:
    """Delete an availability."""
    a = t.availability.c
    await connection.execute(delete(t.availability).where(a.company_id == company_id, a.id == availability_id))


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


async def absence_by_id(connection: AsyncConnection, company_id: str, absence_id: str) -> Absence | None:
    """One absence."""
    a = t.absence.c
    statement = select(t.absence).where(a.company_id == company_id, a.id == absence_id)
    row = (await connection.execute(statement)).first()
    return _absence_from_row(row) if row else None


async def count_absences(connection: AsyncConnection, company_id: str, employee_id: str | None) -> int:
    """How many absences an employee has, or with None how many the whole company has."""
    a = t.absence.c
    whose = a.employee_id.is_(None) if employee_id is None else a.employee_id == employee_id
    return (await connection.execute(select(func.count()).where(a.company_id == company_id, whose))).scalar_one()


def _absence_facts(absence: Absence) -> dict[str, Any]:
    """The columns that may change."""
    times, own = absence.times, {"employee_id": absence.employee_id, "note": absence.note}
    if isinstance(times, DaysOff):
        return own | {"first_day": times.first, "last_day": times.last, "start_minute": None, "end_minute": None}
    return own | {"first_day": None, "last_day": None, "start_minute": times.start, "end_minute": times.end}


async def insert_absence(connection: AsyncConnection, absence: Absence) -> None:
    """Add an absence."""
    facts = _absence_facts(absence)
    await connection.execute(insert(t.absence).values(company_id=absence.company_id, id=absence.id, **facts))


async def update_absence(connection: AsyncConnection, absence: Absence) -> None:
    """Store an absence as it is now."""
    a = t.absence.c
    where = (a.company_id == absence.company_id, a.id == absence.id)
    await connection.execute(update(t.absence).where(*where).values(**_absence_facts(absence)))


async def delete_absence(connection: AsyncConnection, company_id: str, absence_id: str) -> None:
    """Delete an absence."""
    a = t.absence.c
    await connection.execute(delete(t.absence).where(a.company_id == company_id, a.id == absence_id))


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
