"""Statements on links under way."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from slotgraph.core import tables as t
from slotgraph.core.values import Purpose


@dataclass(frozen=True, slots=True)
class LinkAttempt:
    """A link under way: good once and until it expires. `account_id` names the account that is linked again, if it is one."""

    company_id: str
    token_hash: str
    provider: str
    employee_id: str | None
    user_id: str
    purposes: frozenset[Purpose]
    expires_at: datetime
    account_id: str | None = None


async def insert_link_attempt(connection: AsyncConnection, attempt: LinkAttempt) -> None:
    """Begin a link."""
    await connection.execute(
        insert(t.link_attempt).values(
            company_id=attempt.company_id,
            token_hash=attempt.token_hash,
            provider=attempt.provider,
            employee_id=attempt.employee_id,
            user_id=attempt.user_id,
            purposes=sorted(purpose.value for purpose in attempt.purposes),
            expires_at=attempt.expires_at,
            account_id=attempt.account_id,
        )
    )


async def link_attempt(connection: AsyncConnection, company_id: str, token_hash: str) -> LinkAttempt | None:
    """The link under way with this token."""
    a = t.link_attempt.c
    statement = select(t.link_attempt).where(a.company_id == company_id, a.token_hash == token_hash)
    row = (await connection.execute(statement)).first()
    if row is None:
        return None
    purposes = frozenset(Purpose(name) for name in row.purposes)
    return LinkAttempt(
        row.company_id,
        row.token_hash,
        row.provider,
        row.employee_id,
        row.user_id,
        purposes,
        row.expires_at,
        row.account_id,
    )


async def take_link_attempt(connection: AsyncConnection, attempt: LinkAttempt) -> bool:
    """Use a link up; False if somebody else has."""
    a = t.link_attempt.c
    statement = delete(t.link_attempt).where(a.company_id == attempt.company_id, a.token_hash == attempt.token_hash)
    return (await connection.execute(statement)).rowcount == 1


async def forget_link_attempts(connection: AsyncConnection, *, before: datetime) -> None:
    """Drop links that lapsed."""
    await connection.execute(delete(t.link_attempt).where(t.link_attempt.c.expires_at <= before))


async def forget_links_of_account(connection: AsyncConnection, company_id: str, account_id: str) -> None:
    """Drop the links under way that would link an account again."""
    a = t.link_attempt.c
    await connection.execute(delete(t.link_attempt).where(a.company_id == company_id, a.account_id == account_id))
