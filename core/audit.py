"""The access log: one entry per access of support, written and committed before the data is handed out (rule T4)."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from slotgraph.core import tables as t
from slotgraph.core.records import AccessLogEntry


async def record(connection: AsyncConnection, entry: AccessLogEntry) -> None:
    """Add an entry."""
    await connection.execute(
        insert(t.access_log).values(
            company_id=entry.company_id,
            id=entry.id,
            at=entry.at,
            agent_id=entry.agent_id,
            agent=entry.agent,
            case_id=entry.case_id,
            refused=entry.refused,
            operation_name=entry.operation_name,
            fields=list(entry.fields),
            range_start=entry.range_start,
            range_end=entry.range_end,
        )
    )


def _entry_from_row(row: Row[Any]) -> AccessLogEntry:
    return AccessLogEntry(
        row.company_id,
        row.id,
        row.at,
        row.agent_id,
        row.agent,
        row.case_id,
        row.refused,
        row.operation_name,
        tuple(row.fields),
        row.range_start,
        row.range_end,
    )


async def page(
    connection: AsyncConnection, company_id: str, *, first: int, after: tuple[datetime, str] | None = None
) -> list[AccessLogEntry]:
    """Up to `first` entries of a company, newest first, those after an (at, id) key if given."""
    log = t.access_log.c
    clauses = [log.company_id == company_id]
    if after is not None:
        clauses.append(or_(log.at < after[0], and_(log.at == after[0], log.id > after[1])))
    statement = select(t.access_log).where(*clauses).order_by(log.at.desc(), log.id).limit(first)
    return [_entry_from_row(row) for row in await connection.execute(statement)]


async def entries_by_ids(connection: AsyncConnection, company_id: str, ids: Collection[str]) -> list[AccessLogEntry]:
    """Entries of a company by their ids, in no order."""
    log = t.access_log.c
    statement = select(t.access_log).where(log.company_id == company_id, log.id.in_(ids))
    return [_entry_from_row(row) for row in await connection.execute(statement)]
