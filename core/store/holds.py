"""Statements on holds: who keeps which slot, and until when. What they keep free are blocks (`blocks`)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from slotgraph.core import tables as t
from slotgraph.core.records import Hold
from slotgraph.core.values import Span


async def insert_hold(connection: AsyncConnection, hold: Hold, *, source: str | None) -> None:
    """Add a hold; `source` is what a stranger's are counted by."""
    await connection.execute(
        insert(t.hold).values(
            company_id=hold.company_id,
            id=hold.id,
            service_id=hold.service_id,
            start_minute=hold.span.start,
            end_minute=hold.span.end,
            employee_ids=list(hold.employee_ids),
            source=source,
            expires_at=hold.expires_at,
            created_at=hold.created_at,
        )
    )


async def hold_by_id(connection: AsyncConnection, company_id: str, hold_id: str) -> Hold | None:
    """A hold of a company, over or not."""
    h = t.hold.c
    row = (await connection.execute(select(t.hold).where(h.company_id == company_id, h.id == hold_id))).first()
    if row is None:
        return None
    return Hold(
        company_id=row.company_id,
        id=row.id,
        service_id=row.service_id,
        employee_ids=tuple(row.employee_ids),
        span=Span(row.start_minute, row.end_minute),
        expires_at=row.expires_at,
        created_at=row.created_at,
        ended=row.ended_at is not None,
    )


async def lapses_of_source(
    connection: AsyncConnection, company_id: str, source: str, *, now: datetime
) -> Sequence[datetime]:
    """When each hold that a source keeps now will lapse, the first one first."""
    h = t.hold.c
    statement = (
        select(h.expires_at)
        .where(h.company_id == company_id, h.source == source, h.expires_at > now, h.ended_at.is_(None))
        .order_by(h.expires_at)
    )
    return [row.expires_at for row in await connection.execute(statement)]


async def end_hold(connection: AsyncConnection, company_id: str, hold_id: str, *, at: datetime) -> None:
    """Note that a hold was booked or given back."""
    h = t.hold.c
    statement = update(t.hold).where(h.company_id == company_id, h.id == hold_id, h.ended_at.is_(None))
    await connection.execute(statement.values(ended_at=at))


async def release_service(connection: AsyncConnection, company_id: str, service_id: str) -> None:
    """Free what is held for a service that goes."""
    b, h = t.block.c, t.hold.c
    of_service = select(h.id).where(h.company_id == company_id, h.service_id == service_id)
    await connection.execute(delete(t.block).where(b.company_id == company_id, b.hold_id.in_(of_service)))
