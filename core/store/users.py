"""Statements on logins: who they are, their passwords, and their second factors.

Whoever changes something of a user takes `locked_login` first, so that a login, a reset and a removal never overtake each other.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from slotgraph.core import tables as t
from slotgraph.core.records import User
from slotgraph.core.store.database import savepoint
from slotgraph.core.vault import Sealed


@dataclass(frozen=True, slots=True)
class Totp:
    """A second factor as it is stored: it counts once confirmed. `last_step` is the step of the last code taken."""

    sealed: Sealed
    confirmed_at: datetime | None
    last_step: int | None


@dataclass(frozen=True, slots=True)
class Login:
    """A user with the hash of the password and what there is of a second factor."""

    user: User
    password_hash: str
    totp: Totp | None

    @property
    def awaits_first_code(self) -> bool:
        """Whether a second factor was begun and not confirmed yet."""
        return self.totp is not None and self.totp.confirmed_at is None

    def is_proven_like(self, earlier: "Login") -> bool:
        """Whether what proved this login a moment ago proves it still: the same password, a second factor or none."""
        return self.password_hash == earlier.password_hash and self.user.totp_enabled == earlier.user.totp_enabled

    def __repr__(self) -> str:
        return "<Login: not shown>"


async def login_by_email(connection: AsyncConnection, email: str) -> Login | None:
    """The login of an address, compared without regard to case."""
    return await _login(connection, select(t.user).where(t.user.c.email == email.lower()))


async def login_by_id(connection: AsyncConnection, user_id: str) -> Login | None:
    """The login of a user."""
    return await _login(connection, select(t.user).where(t.user.c.id == user_id))


async def locked_login(connection: AsyncConnection, user_id: str) -> Login | None:
    """The login of a user, theirs alone until this transaction ends (PostgreSQL: FOR UPDATE; SQLite has one writer)."""
    return await _login(connection, select(t.user).where(t.user.c.id == user_id).with_for_update())


async def _login(connection: AsyncConnection, statement: Select[Any]) -> Login | None:
    row = (await connection.execute(statement)).first()
    return Login(_user(row), row.password_hash, _totp(row)) if row else None


def _user(row: Row[Any]) -> User:
    return User(row.id, row.email, row.is_support, row.totp_confirmed_at is not None)


def _totp(row: Row[Any]) -> Totp | None:
    if row.totp_sealed is None:
        return None
    return Totp(Sealed(row.totp_key_id, row.totp_sealed), row.totp_confirmed_at, row.totp_last_step)


async def insert_user(connection: AsyncConnection, user: User, *, password_hash: str, at: datetime) -> bool:
    """Add a login, its address in lower case; False if there is one with this address, whoever was faster."""
    values = {"id": user.id, "email": user.email.lower(), "password_hash": password_hash}
    try:
        async with savepoint(connection):
            await connection.execute(insert(t.user).values(**values, is_support=user.is_support, created_at=at))
    except IntegrityError:
        return False
    return True


async def set_password(connection: AsyncConnection, user_id: str, password_hash: str) -> None:
    """Replace a password's hash."""
    await _update(connection, user_id, password_hash=password_hash)


async def note_login(connection: AsyncConnection, user_id: str, *, at: datetime) -> None:
    """Note when a user logged in last."""
    await _update(connection, user_id, last_login_at=at)


async def delete_user(connection: AsyncConnection, user_id: str) -> None:
    """Delete a login that has no place any more, and all that hangs on it: sessions, codes, resets."""
    for table in (t.session, t.recovery_code, t.password_reset):
        await connection.execute(delete(table).where(table.c.user_id == user_id))
    await connection.execute(delete(t.user).where(t.user.c.id == user_id))


async def begin_totp(connection: AsyncConnection, user_id: str, sealed: Sealed) -> None:
    """Store a second factor that is yet to be confirmed."""
    await _update(
        connection,
        user_id,
        totp_key_id=sealed.key_id,
        totp_sealed=sealed.blob,
        totp_confirmed_at=None,
        totp_last_step=None,
    )


async def confirm_totp(connection: AsyncConnection, user_id: str, *, step: int, at: datetime) -> None:
    """Let the second factor count from here on."""
    await _update(connection, user_id, totp_confirmed_at=at, totp_last_step=step)


async def note_step(connection: AsyncConnection, user_id: str, step: int) -> None:
    """Note the step of the last code taken."""
    await _update(connection, user_id, totp_last_step=step)


async def remove_totp(connection: AsyncConnection, user_id: str) -> None:
    """Forget a second factor with its recovery codes."""
    nothing = dict.fromkeys(("totp_key_id", "totp_sealed", "totp_confirmed_at", "totp_last_step"))
    await _update(connection, user_id, **nothing)
    await replace_recovery_codes(connection, user_id, [])


async def _update(connection: AsyncConnection, user_id: str, **values: Any) -> None:
    await connection.execute(update(t.user).where(t.user.c.id == user_id).values(**values))


async def replace_recovery_codes(connection: AsyncConnection, user_id: str, code_hashes: list[str]) -> None:
    """Let these codes be good, and no others."""
    await connection.execute(delete(t.recovery_code).where(t.recovery_code.c.user_id == user_id))
    if code_hashes:
        rows = [{"user_id": user_id, "code_hash": code_hash} for code_hash in code_hashes]
        await connection.execute(insert(t.recovery_code), rows)


async def take_recovery_code(connection: AsyncConnection, user_id: str, code_hash: str) -> bool:
    """Use a recovery code up; False if there is none, or no longer."""
    r = t.recovery_code.c
    statement = delete(t.recovery_code).where(r.user_id == user_id, r.code_hash == code_hash)
    return (await connection.execute(statement)).rowcount == 1


async def sealing_keys(connection: AsyncConnection) -> list[str]:
    """The ids of the keys under which second factors lie sealed (rule F3)."""
    key_id = t.user.c.totp_key_id
    rows = await connection.execute(select(key_id).where(key_id.is_not(None)).distinct())
    return [row.totp_key_id for row in rows]
