"""Statements on API tokens: known by the hash of their secret."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from slotgraph.core import tables as t
from slotgraph.core.policy import Permission
from slotgraph.core.records import ApiToken


def _token_from_row(row: Row[Any]) -> ApiToken:
    scopes = frozenset(Permission(name) for name in row.scopes)
    return ApiToken(row.company_id, row.id, row.name, scopes, row.expires_at, row.last_used_at)


async def insert_token(connection: AsyncConnection, token: ApiToken, *, secret_hash: str, at: datetime) -> None:
    """Add an API token."""
    await connection.execute(
        insert(t.api_token).values(
            company_id=token.company_id,
            id=token.id,
            name=token.name,
            secret_hash=secret_hash,
            scopes=sorted(scope.value for scope in token.scopes),
            created_at=at,
            expires_at=token.expires_at,
        )
    )


async def tokens_of(connection: AsyncConnection, company_id: str) -> list[ApiToken]:
    """API tokens of a company by name."""
    rows = await connection.execute(select(t.api_token).where(t.api_token.c.company_id == company_id))
    return sorted((_token_from_row(row) for row in rows), key=lambda one: (one.name.casefold(), one.id))


async def token_by_hash(
    connection: AsyncConnection, company_id: str, secret_hash: str, *, now: datetime
) -> ApiToken | None:
    """The API token with this secret, if it has not ended."""
    a = t.api_token.c
    statement = select(t.api_token).where(a.company_id == company_id, a.secret_hash == secret_hash)
    row = (await connection.execute(statement)).first()
    if row is None or (row.expires_at is not None and row.expires_at <= now):
        return None
    return _token_from_row(row)


async def note_token_used(connection: AsyncConnection, token: ApiToken, *, at: datetime) -> None:
    """Note when a token was used last."""
    a = t.api_token.c
    where = (a.company_id == token.company_id, a.id == token.id)
    await connection.execute(update(t.api_token).where(*where).values(last_used_at=at))


async def delete_token(connection: AsyncConnection, company_id: str, token_id: str) -> bool:
    """Revoke an API token; False if there was none."""
    a = t.api_token.c
    statement = delete(t.api_token).where(a.company_id == company_id, a.id == token_id)
    return (await connection.execute(statement)).rowcount == 1
