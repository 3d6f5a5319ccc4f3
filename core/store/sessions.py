"""Statements on cookie sessions: known by the hash of their token, shown by the beginning of it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from slotgraph.core import tables as t
from slotgraph.core.records import Membership, Session, User
from slotgraph.core.store.members import membership_of

_ID_DIGITS = 32


def session_id(token_hash: str) -> str:
    """What a session is called where it is shown: enough of the hash to tell it apart, of no use as a token."""
    return token_hash[:_ID_DIGITS]


@dataclass(frozen=True, slots=True)
class OpenSession:
    """An open session and whose it is."""

    user: User
    membership: Membership | None
    last_used_at: datetime


async def insert_session(
    connection: AsyncConnection,
    *,
    token_hash: str,
    user_id: str,
    company_id: str | None,
    client: str,
    at: datetime,
    expires_at: datetime,
) -> None:
    """Begin a session."""
    await connection.execute(
        insert(t.session).values(
            token_hash=token_hash,
            user_id=user_id,
            company_id=company_id,
            started_at=at,
            last_used_at=at,
            expires_at=expires_at,
            client=client,
        )
    )


async def session_by_hash(connection: AsyncConnection, token_hash: str, *, now: datetime) -> OpenSession | None:
    """The session behind a cookie, if it has not expired."""
    s, u = t.session.c, t.user.c
    statement = (
        select(u.id, u.email, u.is_support, u.totp_confirmed_at, s.last_used_at)
        .join_from(t.session, t.user, s.user_id == u.id)
        .where(s.token_hash == token_hash, s.expires_at > now)
    )
    row = (await connection.execute(statement)).first()
    if row is None:
        return None
    user = User(row.id, row.email, row.is_support, row.totp_confirmed_at is not None)
    return OpenSession(user, await membership_of(connection, row.id), row.last_used_at)


async def sessions_of(connection: AsyncConnection, user_id: str, *, now: datetime) -> list[Session]:
    """The open sessions of a user, the one used last first."""
    s = t.session.c
    statement = (
        select(t.session)
        .where(s.user_id == user_id, s.expires_at > now)
        .order_by(s.last_used_at.desc(), s.started_at.desc(), s.token_hash)
    )
    rows = await connection.execute(statement)
    return [
        Session(session_id(row.token_hash), row.company_id, row.started_at, row.last_used_at, row.client)
        for row in rows
    ]


async def note_session_used(connection: AsyncConnection, token_hash: str, *, at: datetime) -> None:
    """Note when a session was used last."""
    await connection.execute(update(t.session).where(t.session.c.token_hash == token_hash).values(last_used_at=at))


async def end_session(connection: AsyncConnection, token_hash: str) -> None:
    """End a session."""
    await connection.execute(delete(t.session).where(t.session.c.token_hash == token_hash))


async def end_sessions(connection: AsyncConnection, user_id: str, session_ids: list[str]) -> None:
    """End these sessions of a user."""
    for one in session_ids:
        shown = t.session.c.token_hash.startswith(one, autoescape=True)
        await connection.execute(delete(t.session).where(t.session.c.user_id == user_id, shown))


async def end_all_sessions(connection: AsyncConnection, user_id: str, *, but: str | None = None) -> None:
    """End all sessions of a user, but the one with this hash of a token."""
    statement = delete(t.session).where(t.session.c.user_id == user_id)
    if but is not None:
        statement = statement.where(t.session.c.token_hash != but)
    await connection.execute(statement)


async def forget_sessions(connection: AsyncConnection, *, before: datetime) -> None:
    """Drop sessions that expired."""
    await connection.execute(delete(t.session).where(t.session.c.expires_at <= before))
