"""Statements on users, their sessions and memberships, and API tokens."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from slotgraph.core import tables as t
from slotgraph.core.policy import Permission, Role
from slotgraph.core.records import ApiToken, Membership, User


@dataclass(frozen=True, slots=True)
class Login:
    """A user with the hash of the password."""

    user: User
    password_hash: str

    def __repr__(self) -> str:
        return "<Login: not shown>"


async def login_by_email(connection: AsyncConnection, email: str) -> Login | None:
    """The login of an address, compared without regard to case."""
    row = (await connection.execute(select(t.user).where(t.user.c.email == email.lower()))).first()
    return Login(User(row.id, row.email, row.is_support), row.password_hash) if row else None


async def insert_user(connection: AsyncConnection, user: User, *, password_hash: str, at: datetime) -> None:
    """Add a login; the address is stored in lower case."""
    await connection.execute(
        insert(t.user).values(
            id=user.id,
            email=user.email.lower(),
            password_hash=password_hash,
            is_support=user.is_support,
            created_at=at,
        )
    )


async def set_password(connection: AsyncConnection, user_id: str, password_hash: str) -> None:
    """Replace a password's hash."""
    await connection.execute(update(t.user).where(t.user.c.id == user_id).values(password_hash=password_hash))


async def note_login(connection: AsyncConnection, user_id: str, *, at: datetime) -> None:
    """Note when a user logged in last."""
    await connection.execute(update(t.user).where(t.user.c.id == user_id).values(last_login_at=at))


async def insert_membership(connection: AsyncConnection, membership: Membership) -> None:
    """Give a user a place in a company."""
    await connection.execute(
        insert(t.member).values(
            company_id=membership.company_id,
            id=membership.id,
            user_id=membership.user_id,
            role=membership.role.value,
            employee_id=membership.employee_id,
        )
    )


async def membership_of(connection: AsyncConnection, user_id: str) -> Membership | None:
    """The place a user has in a company."""
    m, u = t.member.c, t.user.c
    statement = select(t.member, u.email).join_from(t.member, t.user, m.user_id == u.id).where(m.user_id == user_id)
    row = (await connection.execute(statement)).first()
    return _membership_from_row(row) if row else None


def _membership_from_row(row: Row[Any]) -> Membership:
    return Membership(row.company_id, row.id, row.user_id, row.email, Role(row.role), row.employee_id)


@dataclass(frozen=True, slots=True)
class Session:
    """An open cookie session and whose it is."""

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


async def session_by_hash(connection: AsyncConnection, token_hash: str, *, now: datetime) -> Session | None:
    """The session behind a cookie, if it has not expired."""
    s, u = t.session.c, t.user.c
    statement = (
        select(u.id, u.email, u.is_support, s.last_used_at)
        .join_from(t.session, t.user, s.user_id == u.id)
        .where(s.token_hash == token_hash, s.expires_at > now)
    )
    row = (await connection.execute(statement)).first()
    if row is None:
        return None
    user = User(row.id, row.email, row.is_support)
    return Session(user, await membership_of(connection, user.id), row.last_used_at)


async def note_session_used(connection: AsyncConnection, token_hash: str, *, at: datetime) -> None:
    """Note when a session was used last."""
    await connection.execute(update(t.session).where(t.session.c.token_hash == token_hash).values(last_used_at=at))


async def end_session(connection: AsyncConnection, token_hash: str) -> None:
    """End a session."""
    await connection.execute(delete(t.session).where(t.session.c.token_hash == token_hash))


async def forget_sessions(connection: AsyncConnection, *, before: datetime) -> None:
    """Drop sessions that expired."""
    await connection.execute(delete(t.session).where(t.session.c.expires_at <= before))


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
    a = t.api_token.c
    statement = select(t.api_token).where(a.company_id == company_id).order_by(a.name, a.id)
    return [_token_from_row(row) for row in await connection.execute(statement)]


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
