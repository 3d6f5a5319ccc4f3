"""Resetting a password: the operator makes a token, its holder sets a new password and is logged out everywhere."""

from datetime import datetime, timedelta

from slotgraph.core.customers import is_email
from slotgraph.core.errors import BadInput
from slotgraph.core.operation import Operation
from slotgraph.core.passwords import Passwords, new_token, token_hash
from slotgraph.core.people.password_rules import password_fault
from slotgraph.core.problems import InvalidField, InvalidInput, SecretRefused
from slotgraph.core.store import password_resets, sessions, users
from slotgraph.core.store.database import Database
from slotgraph.core.values import Secret

VALID_MINUTES = 60


async def issue_reset(database: Database, email: str, *, now: datetime) -> Secret:
    """A token that resets the password of this address, once and for an hour; an earlier one is dead. Raises BadInput."""
    token = new_token()
    async with database.write() as connection:
        found = await users.login_by_email(connection, email) if is_email(email) else None
        login = await users.locked_login(connection, found.user.id) if found else None
        if login is None:
            raise BadInput(("email",), "there is no login with this address.")
        await password_resets.forget_resets(connection, before=now)
        lapses_at = now + timedelta(minutes=VALID_MINUTES)
        hashed = token_hash(token)
        await password_resets.replace_reset(connection, login.user.id, token_hash=hashed, expires_at=lapses_at)
    return Secret(token)


class PasswordResets:
    """Sets new passwords by token."""

    def __init__(self, passwords: Passwords) -> None:
        self._passwords = passwords

    async def reset(self, operation: Operation, token: Secret, password: Secret) -> SecretRefused | InvalidInput | None:
        """Set a new password and end all sessions. None: done; the token is used up by this alone."""
        hashed, now = token_hash(token.reveal()), operation.clock.now()
        async with operation.database.read() as connection:
            user_id = await password_resets.user_of_reset(connection, hashed, now=now)
            login = await users.login_by_id(connection, user_id) if user_id else None
        if login is None:
            return SecretRefused()
        if fault := password_fault(password.reveal(), login.user.email):
            return InvalidInput((InvalidField(("input", "password"), fault),))
        password_hash = await self._passwords.hash(password.reveal())
        async with operation.database.write() as connection:
            still_there = await users.locked_login(connection, login.user.id)
            if await password_resets.user_of_reset(connection, hashed, now=now) is None or still_there is None:
                return SecretRefused()
            await users.set_password(connection, login.user.id, password_hash)
            await password_resets.delete_resets(connection, login.user.id)
            await sessions.end_all_sessions(connection, login.user.id)
        return None
