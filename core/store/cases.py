"""Statements on support cases."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from slotgraph.core import tables as t
from slotgraph.core.records import SupportCase, SupportCaseEnd


def _case_from_row(row: Row[Any]) -> SupportCase:
    return SupportCase(
        row.company_id,
        row.id,
        row.reason,
        row.opened_at,
        row.ended_at or row.ends_at,
        SupportCaseEnd(row.ended_by) if row.ended_by else None,
        row.customer_data_granted,
    )


async def insert_case(connection: AsyncConnection, case: SupportCase) -> None:
    """Open a case."""
    await connection.execute(
        insert(t.support_case).values(
            company_id=case.company_id,
            id=case.id,
            reason=case.reason,
            opened_at=case.opened_at,
            ends_at=case.ends_at,
            customer_data_granted=case.customer_data_granted,
        )
    )


async def case_by_id(connection: AsyncConnection, company_id: str, case_id: str) -> SupportCase | None:
    """A case of a company."""
    c = t.support_case.c
    row = (await connection.execute(select(t.support_case).where(c.company_id == company_id, c.id == case_id))).first()
    return _case_from_row(row) if row else None


async def cases_by_ids(connection: AsyncConnection, company_id: str, ids: Collection[str]) -> list[SupportCase]:
    """Cases of a company by their ids, in no order."""
    c = t.support_case.c
    statement = select(t.support_case).where(c.company_id == company_id, c.id.in_(ids))
    return [_case_from_row(row) for row in await connection.execute(statement)]


async def open_cases(connection: AsyncConnection, *, now: datetime, company_id: str | None = None) -> list[SupportCase]:
    """The cases open now, of one company or (for agents) of all, newest first."""
    c = t.support_case.c
    clauses = [c.ended_by.is_(None), c.ends_at > now]
    if company_id is not None:
        clauses.append(c.company_id == company_id)
    statement = select(t.support_case).where(*clauses).order_by(c.opened_at.desc(), c.id)
    return [_case_from_row(row) for row in await connection.execute(statement)]


async def cases_page(
    connection: AsyncConnection, company_id: str, *, first: int, after: tuple[datetime, str] | None = None
) -> list[SupportCase]:
    """Up to `first` cases of a company, newest first, those after an (opened at, id) key if given."""
    c = t.support_case.c
    clauses = [c.company_id == company_id]
    if after is not None:
        clauses.append(or_(c.opened_at < after[0], and_(c.opened_at == after[0], c.id > after[1])))
    statement = select(t.support_case).where(*clauses).order_by(c.opened_at.desc(), c.id).limit(first)
    return [_case_from_row(row) for row in await connection.execute(statement)]


async def end_cases(
    connection: AsyncConnection, company_id: str, *, by: SupportCaseEnd, at: datetime, case_id: str | None = None
) -> int:
    """End one open case, or all of a company; how many were ended."""
    c = t.support_case.c
    clauses = [c.company_id == company_id, c.ended_by.is_(None), c.ends_at > at]
    if case_id is not None:
        clauses.append(c.id == case_id)
    statement = update(t.support_case).where(*clauses).values(ended_by=by.value, ended_at=at)
    return (await connection.execute(statement)).rowcount


async def was_excluded_under_case(connection: AsyncConnection, company_id: str, agent_id: str) -> bool:
    """Whether an agent looked in under a case that the exclusion closed (rule T3)."""
    c, log = t.support_case.c, t.access_log.c
    joined = and_(log.company_id == c.company_id, log.case_id == c.id)
    statement = (
        select(c.id)
        .join_from(t.support_case, t.access_log, joined)
        .where(
            c.company_id == company_id,
            c.ended_by == SupportCaseEnd.EXCLUDED.value,
            log.agent_id == agent_id,
            log.refused.is_(False),
        )
        .limit(1)
    )
    return (await connection.execute(statement)).first() is not None
