"""Statements on resets of passwords under way: one per user, known by the hash of its token."""

from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from slotgraph.core import tables as t


async def replace_reset(connection: AsyncConnection, user_id: str, *, token_hash: str, expires_at: datetime) -> None:
    """Let a user's password be reset by this token, and by no earlier one."""
    await delete_resets(connection, user_id)
    values = {"token_hash": token_hash, "user_id": user_id, "expires_at": expires_at}
    await connection.execute(insert(t.password_reset).values(**values))


async def user_of_reset(connection: AsyncConnection, token_hash: str, *, now: datetime) -> str | None:
    """Whose password this token resets; None if it is unknown, used or lapsed."""
    p = t.password_reset.c
    return (
        await connection.execute(select(p.user_id).where(p.token_hash == token_hash, p.expires_at > now))
    ).scalar_one_or_none()


async def delete_resets(connection: AsyncConnection, user_id: str) -> None:
    """End whatever reset of a user is under way."""
    await connection.execute(delete(t.password_reset).where(t.password_reset.c.user_id == user_id))


async def forget_resets(connection: AsyncConnection, *, before: datetime) -> None:
    """Drop those that lapsed."""
    await connection.execute(delete(t.password_reset).where(t.password_reset.c.expires_at <= before))
