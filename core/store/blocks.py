"""Statements on blocked spans: those of bookings, and those of holds (rule K1). No two of one employee overlap, whatever the code does."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Insert, Row, Update, delete, insert, or_, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from slotgraph.core import tables as t
from slotgraph.core.errors import SpanTaken
from slotgraph.core.store.database import is_overlap
from slotgraph.core.store.rows import each
from slotgraph.core.values import Span


class Own(NamedTuple):
    """Whose blocks are not in the way: a booking's that is moved, or a hold's that becomes a booking. Both None: nobody's."""

    booking_id: str | None = None
    hold_id: str | None = None


NOTHING = Own()


class Blocked(NamedTuple):
    """The blocked spans of one employee, buffers in them: those of bookings, and those of holds that live."""

    booked: list[Span]
    held: list[Span]


async def blocked_spans(
    connection: AsyncConnection,
    company_id: str,
    employee_ids: Collection[str],
    *,
    window: Span,
    now: datetime,
    apart_from: Own = NOTHING,
) -> Mapping[str, Blocked]:
    """Blocked spans that touch a window, for each of some employees. Lapsed holds do not count."""
    b = t.block.c
    statement = select(b.employee_id, b.start_minute, b.end_minute, b.booking_id).where(
        *_touching(company_id, employee_ids, window),
        or_(b.booking_id.is_not(None), b.expires_at > now),
        *_others(apart_from),
    )
    found = {employee_id: Blocked([], []) for employee_id in employee_ids}

    def note(row: Row[Any]) -> None:
        blocked = found[row.employee_id]
        spans = blocked.held if row.booking_id is None else blocked.booked
        spans.append(Span(row.start_minute, row.end_minute))

    await each(await connection.execute(statement), note)
    return found


def _others(own: Own) -> tuple[ColumnElement[bool], ...]:
    """Blocks that are not one's own; all of them, where there is nothing of one's own: what is not NULL differs from it."""
    b = t.block.c
    return (
        or_(b.booking_id.is_(None), b.booking_id != own.booking_id),
        or_(b.hold_id.is_(None), b.hold_id != own.hold_id),
    )


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
    connection: AsyncConnection,
    company_id: str,
    *,
    block_id: str,
    employee_id: str,
    span: Span,
    expires_at: datetime,
    hold_id: str | None = None,
) -> None:
    """Block a span for a while. Raises SpanTaken as `insert_block` does, also where a lapsed hold is still there."""
    own = {"id": block_id, "employee_id": employee_id, "expires_at": expires_at, "hold_id": hold_id}
    await _insert_block(connection, span, company_id=company_id, **own)


async def _insert_block(connection: AsyncConnection, span: Span, **own: Any) -> None:
    await _unless_taken(connection, insert(t.block).values(start_minute=span.start, end_minute=span.end, **own))


async def move_block(
    connection: AsyncConnection, company_id: str, *, employee_id: str, booking_id: str, span: Span
) -> bool:
    """Block another span for a booking's attendant instead; False if nothing was blocked for them.

    Raises SpanTaken as `insert_block` does; its own place is never in the way.
    """
    b = t.block.c
    own = (b.company_id == company_id, b.booking_id == booking_id, b.employee_id == employee_id)
    moved = update(t.block).where(*own).values(start_minute=span.start, end_minute=span.end)
    return await _unless_taken(connection, moved) > 0


async def promote_hold(
    connection: AsyncConnection, company_id: str, hold_id: str, *, booking_id: str, span: Span
) -> int:
    """Let the blocks of a hold be a booking's (rule K1); how many there were. Raises SpanTaken if `span` is wider and overlaps."""
    b = t.block.c
    statement = update(t.block).where(b.company_id == company_id, b.hold_id == hold_id)
    values = {"booking_id": booking_id, "expires_at": None, "hold_id": None}
    return await _unless_taken(connection, statement.values(start_minute=span.start, end_minute=span.end, **values))


async def _unless_taken(connection: AsyncConnection, statement: Insert | Update) -> int:
    """Execute; how many rows it took. Raises SpanTaken."""
    try:
        return (await connection.execute(statement)).rowcount
    except DBAPIError as error:
        if is_overlap(error):
            raise SpanTaken from error
        raise


async def delete_expired_holds(
    connection: AsyncConnection,
    company_id: str,
    employee_ids: Collection[str],
    *,
    span: Span,
    now: datetime,
    apart_from: Own = NOTHING,
) -> None:
    """Take lapsed holds out of the way of a span: nothing else frees what they block (rule K1)."""
    lapsed = t.block.c.expires_at <= now
    await connection.execute(
        delete(t.block).where(*_touching(company_id, employee_ids, span), lapsed, *_others(apart_from))
    )


async def delete_blocks_of_booking(connection: AsyncConnection, company_id: str, booking_id: str) -> None:
    """Free what a booking blocked."""
    b = t.block.c
    await connection.execute(delete(t.block).where(b.company_id == company_id, b.booking_id == booking_id))


async def delete_blocks_of_attendant(
    connection: AsyncConnection, company_id: str, *, booking_id: str, employee_id: str
) -> None:
    """Free what a booking blocked of one attendant."""
    b = t.block.c
    own = (b.company_id == company_id, b.booking_id == booking_id, b.employee_id == employee_id)
    await connection.execute(delete(t.block).where(*own))


async def delete_blocks_of_hold(connection: AsyncConnection, company_id: str, hold_id: str) -> int:
    """Free what a hold blocked; how many blocks there were."""
    b = t.block.c
    statement = delete(t.block).where(b.company_id == company_id, b.hold_id == hold_id)
    return (await connection.execute(statement)).rowcount


async def employees_of_hold(connection: AsyncConnection, company_id: str, hold_id: str) -> set[str]:
    """Whose time a hold still blocks."""
    b = t.block.c
    rows = await connection.execute(select(b.employee_id).where(b.company_id == company_id, b.hold_id == hold_id))
    return {row.employee_id for row in rows}
