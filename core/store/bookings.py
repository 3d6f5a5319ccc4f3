"""Statements on bookings, attendances and remembered idempotency keys."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, exists, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from slotgraph.core import tables as t
from slotgraph.core.records import Booking, BookingState, CalendarEntryState, Customer, email_key
from slotgraph.core.values import Span


def _booking_from_row(row: Row[Any], employee_ids: Sequence[str]) -> Booking:
    customer = None
    if row.customer_email is not None:
        customer = Customer(
            row.customer_name, row.customer_email, row.customer_phone, row.customer_locale, row.customer_time_zone
        )
    return Booking(
        company_id=row.company_id,
        id=row.id,
        service_id=row.service_id,
        employee_ids=tuple(employee_ids),
        span=Span(row.start_minute, row.end_minute),
        state=BookingState(row.state),
        cancellation_limit_hours=row.cancellation_limit_hours,
        generation=row.generation,
        customer=customer,
        note=row.note,
        cancel_reason=row.cancel_reason,
        created_at=row.created_at,
    )


async def bookings_by_ids(connection: AsyncConnection, company_id: str, ids: Collection[str]) -> list[Booking]:
    """Bookings of a company by their ids, in no order."""
    statement = select(t.booking).where(t.booking.c.company_id == company_id, t.booking.c.id.in_(ids))
    return await _with_attendants(connection, company_id, (await connection.execute(statement)).all())


async def _with_attendants(connection: AsyncConnection, company_id: str, rows: Sequence[Row[Any]]) -> list[Booking]:
    a = t.attendance.c
    statement = (
        select(a.booking_id, a.employee_id)
        .where(a.company_id == company_id, a.booking_id.in_([row.id for row in rows]))
        .order_by(a.employee_id)
    )
    attendants: defaultdict[str, list[str]] = defaultdict(list)
    for row in await connection.execute(statement):
        attendants[row.booking_id].append(row.employee_id)
    return [_booking_from_row(row, attendants[row.id]) for row in rows]


@dataclass(frozen=True, slots=True)
class BookingFilter:
    """Which bookings. None leaves a side open; `ends_after` and `starts_before` are minutes."""

    ends_after: int | None = None
    starts_before: int | None = None
    employee_ids: tuple[str, ...] | None = None
    service_ids: tuple[str, ...] | None = None
    states: tuple[BookingState, ...] | None = None
    entry_states: tuple[CalendarEntryState, ...] | None = None
    customer_email: str | None = None


async def bookings_page(
    connection: AsyncConnection,
    company_id: str,
    *,
    which: BookingFilter,
    first: int,
    after: tuple[int, str] | None = None,
) -> list[Booking]:
    """Up to `first` bookings in order of start and id, those after a (start minute, id) key if given."""
    b = t.booking.c
    clauses = [b.company_id == company_id, *_clauses(which)]
    if after is not None:
        clauses.append(or_(b.start_minute > after[0], and_(b.start_minute == after[0], b.id > after[1])))
    statement = select(t.booking).where(*clauses).order_by(b.start_minute, b.id).limit(first)
    return await _with_attendants(connection, company_id, (await connection.execute(statement)).all())


def _clauses(which: BookingFilter) -> list[ColumnElement[bool]]:
    b, a, e = t.booking.c, t.attendance.c, t.calendar_entry.c
    clauses: list[ColumnElement[bool]] = []
    if which.ends_after is not None:
        clauses.append(b.end_minute > which.ends_after)
    if which.starts_before is not None:
        clauses.append(b.start_minute < which.starts_before)
    if which.service_ids is not None:
        clauses.append(b.service_id.in_(which.service_ids))
    if which.states is not None:
        clauses.append(b.state.in_([state.value for state in which.states]))
    if which.customer_email is not None:
        clauses.append(b.customer_email_key == email_key(which.customer_email))
    if which.employee_ids is not None:
        joined = and_(a.company_id == b.company_id, a.booking_id == b.id, a.employee_id.in_(which.employee_ids))
        clauses.append(exists().where(joined))
    if which.entry_states is not None:
        states = [state.value for state in which.entry_states]
        clauses.append(exists().where(and_(e.company_id == b.company_id, e.booking_id == b.id, e.state.in_(states))))
    return clauses


async def counts_between(
    connection: AsyncConnection,
    company_id: str,
    employee_ids: Collection[str],
    *,
    between: Span,
    apart_from: str | None = None,
) -> Mapping[str, int]:
    """How many confirmed bookings of each employee start in a span, one of them left out; employees without one are missing."""
    b, a = t.booking.c, t.attendance.c
    statement = (
        select(a.employee_id, func.count().label("bookings"))
        .join_from(t.attendance, t.booking, and_(a.company_id == b.company_id, a.booking_id == b.id))
        .where(
            b.company_id == company_id,
            b.state == BookingState.CONFIRMED.value,
            b.start_minute >= between.start,
            b.start_minute < between.end,
            a.employee_id.in_(employee_ids),
            *([] if apart_from is None else [b.id != apart_from]),
        )
        .group_by(a.employee_id)
    )
    return {row.employee_id: row.bookings for row in await connection.execute(statement)}


async def insert_booking(connection: AsyncConnection, booking: Booking) -> None:
    """Add a booking with its attendances."""
    customer = booking.customer
    await connection.execute(
        insert(t.booking).values(
            company_id=booking.company_id,
            id=booking.id,
            service_id=booking.service_id,
            start_minute=booking.span.start,
            end_minute=booking.span.end,
            state=booking.state.value,
            cancellation_limit_hours=booking.cancellation_limit_hours,
            generation=booking.generation,
            customer_name=customer and customer.name,
            customer_email=customer and customer.email,
            customer_email_key=customer and email_key(customer.email),
            customer_phone=customer and customer.phone,
            customer_locale=customer and customer.locale,
            customer_time_zone=customer and customer.time_zone,
            note=booking.note,
            cancel_reason=booking.cancel_reason,
            created_at=booking.created_at,
        )
    )
    for employee_id in booking.employee_ids:
        await insert_attendance(connection, booking, employee_id)


async def insert_attendance(connection: AsyncConnection, booking: Booking, employee_id: str) -> None:
    """Let an employee attend."""
    await connection.execute(
        insert(t.attendance).values(company_id=booking.company_id, booking_id=booking.id, employee_id=employee_id)
    )


async def delete_attendance(connection: AsyncConnection, booking: Booking, employee_id: str) -> None:
    """Let an employee attend no more."""
    a = t.attendance.c
    own = (a.company_id == booking.company_id, a.booking_id == booking.id, a.employee_id == employee_id)
    await connection.execute(delete(t.attendance).where(*own))


async def set_span(connection: AsyncConnection, company_id: str, booking_id: str, *, span: Span) -> None:
    """Let a booking be at another time."""
    b = t.booking.c
    statement = update(t.booking).where(b.company_id == company_id, b.id == booking_id)
    await connection.execute(statement.values(start_minute=span.start, end_minute=span.end))


async def set_cancelled(connection: AsyncConnection, company_id: str, booking_id: str, *, reason: str | None) -> bool:
    """Cancel a confirmed booking; False if it was not confirmed any more."""
    b = t.booking.c
    statement = (
        update(t.booking)
        .where(b.company_id == company_id, b.id == booking_id, b.state == BookingState.CONFIRMED.value)
        .values(state=BookingState.CANCELLED.value, cancel_reason=reason)
    )
    return (await connection.execute(statement)).rowcount == 1


@dataclass(frozen=True, slots=True)
class Remembered:
    """A success under an idempotency key (rule K2)."""

    input_hash: str
    result_type: str
    result_id: str


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """What a success is remembered by."""

    company_id: str
    actor_scope: str
    mutation: str
    key: str


def _is_key(key: IdempotencyKey) -> ColumnElement[bool]:
    i = t.idempotency.c
    return and_(
        i.company_id == key.company_id,
        i.actor_scope == key.actor_scope,
        i.mutation == key.mutation,
        i.key == key.key,
    )


async def remembered(connection: AsyncConnection, key: IdempotencyKey, *, since: datetime) -> Remembered | None:
    """The success under a key, if it is younger than `since`."""
    statement = select(t.idempotency).where(_is_key(key), t.idempotency.c.created_at > since)
    row = (await connection.execute(statement)).first()
    return Remembered(row.input_hash, row.result_type, row.result_id) if row else None


async def remember(connection: AsyncConnection, key: IdempotencyKey, *, success: Remembered, at: datetime) -> None:
    """Remember a success under a key whose last one, if there was any, has lapsed."""
    await connection.execute(delete(t.idempotency).where(_is_key(key)))
    await connection.execute(
        insert(t.idempotency).values(
            company_id=key.company_id,
            actor_scope=key.actor_scope,
            mutation=key.mutation,
            key=key.key,
            input_hash=success.input_hash,
            result_type=success.result_type,
            result_id=success.result_id,
            created_at=at,
        )
    )
