"""Statements on availabilities, absences and blocked spans."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, and_, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from slotgraph.core import tables as t
from slotgraph.core.availability import Dated, DaysOff, Times, Weekly
from slotgraph.core.clock import instant_from_minute
from slotgraph.core.records import Absence, Availability
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
