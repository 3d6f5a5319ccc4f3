"""Cookie sessions: logging in with password and second factor, logging out, and seeing where one is logged in."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from slotgraph.core.customers import is_email, is_printable
from slotgraph.core.operation import Operation
from slotgraph.core.passwords import Passwords, new_token, token_hash
from slotgraph.core.people.actors import Actors, Person
from slotgraph.core.people.codes import Codes
from slotgraph.core.people.tries import Tries
from slotgraph.core.policy import Member, Support, Unproven
from slotgraph.core.problems import LoginRefused, SecondFactorRequired
from slotgraph.core.records import Session
from slotgraph.core.store import members, sessions, users
from slotgraph.core.store.database import Transaction
from slotgraph.core.store.users import Login
from slotgraph.core.values import Secret

MAX_CLIENT = 100
MAX_SESSIONS = 100
"""Sessions of one user at a time; one more ends the one that was used longest ago."""

_CODE_REFUSED = "This code is wrong or was used already. After several wrong ones wait a quarter of an hour."


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A new session: who it is, and the secret for the cookie."""

    actor: Person
    session: Secret
    expires_at: datetime


LoginResult = LoggedIn | LoginRefused | SecondFactorRequired


class SessionDesk:
    """Begins, shows and ends sessions."""

    def __init__(
        self, passwords: Passwords, codes: Codes, actors: Actors, *, code_tries: Tries, session_for: timedelta
    ) -> None:
        self._passwords = passwords
        self._codes = codes
        self._actors = actors
        self._code_tries = code_tries
        self._session_for = session_for

    async def login(
        self, operation: Operation, email: str, password: Secret, code: Secret | None = None
    ) -> LoginResult:
        """Start a session. Unknown addresses take as long as wrong passwords; a code is looked at only behind a right one."""
        async with operation.database.read() as connection:
            login = await users.login_by_email(connection, email) if is_email(email) else None
        matches = await self._passwords.verify(login.password_hash if login else None, password.reveal())
        if login is None or not matches:
            return LoginRefused()
        if login.user.totp_enabled:
            if code is None:
                return SecondFactorRequired()
            if not self._code_tries.may_try(login.user.id):
                return LoginRefused(_CODE_REFUSED)
        rehashed = None
        if self._passwords.needs_rehash(login.password_hash):
            rehashed = await self._passwords.hash(password.reveal())
        async with operation.database.write() as connection:
            current = await users.locked_login(connection, login.user.id)
            if current is None or not current.is_proven_like(login):
                return LoginRefused()
            actor = self._actors.of_user(current.user, await members.membership_of(connection, login.user.id))
            if actor is None:
                return LoginRefused()
            if current.user.totp_enabled and not await self._takes(connection, operation, current, code):
                return LoginRefused(_CODE_REFUSED)
            if rehashed is not None:
                await users.set_password(connection, actor.user_id, rehashed)
            begun = await self.begin(connection, operation, actor)
        self._code_tries.succeeded(login.user.id)
        return begun

    async def _takes(self, connection: Transaction, operation: Operation, login: Login, code: Secret | None) -> bool:
        return code is not None and await self._codes.take(connection, login, code, now=operation.clock.now())

    async def begin(self, connection: Transaction, operation: Operation, actor: Person) -> LoggedIn:
        """Begin a session of somebody who has proven who they are."""
        now = operation.clock.now()
        secret, expires_at = new_token(), now + self._session_for
        await sessions.forget_sessions(connection, before=now)
        there = await sessions.sessions_of(connection, actor.user_id, now=now)
        too_many = [one.id for one in there[MAX_SESSIONS - 1 :]]
        await sessions.end_sessions(connection, actor.user_id, too_many)
        await users.note_login(connection, actor.user_id, at=now)
        await sessions.insert_session(
            connection,
            token_hash=token_hash(secret),
            user_id=actor.user_id,
            company_id=actor.company_id if isinstance(actor, Member) else None,
            client=client_in_short(operation.client),
            at=now,
            expires_at=expires_at,
        )
        return LoggedIn(actor, Secret(secret), expires_at)

    async def sessions(self, operation: Operation) -> list[Session]:
        """The actor's own open sessions, the one used last first; none of programs and strangers."""
        actor = operation.actor
        if not isinstance(actor, Member | Support | Unproven):
            return []
        async with operation.database.read() as connection:
            return await sessions.sessions_of(connection, actor.user_id, now=operation.clock.now())

    async def logout(self, operation: Operation, session: Secret) -> None:
        """End a session; an unknown one is fine."""
        async with operation.database.write() as connection:
            await sessions.end_session(connection, token_hash(session.reveal()))

    async def end(self, operation: Operation, session_ids: Collection[str]) -> None:
        """End some of the actor's own sessions; those of others are left alone."""
        actor = operation.actor
        if isinstance(actor, Member | Support | Unproven) and session_ids:
            async with operation.database.write() as connection:
                await sessions.end_sessions(connection, actor.user_id, sorted(session_ids))


def shown_id(session: Secret) -> str:
    """The id under which a session is shown."""
    return sessions.session_id(token_hash(session.reveal()))


def client_in_short(client: str) -> str:
    """What a client says of itself, printable and not too long."""
    shown = "".join(char for char in client if is_printable(char)).strip()
    return shown if len(shown) <= MAX_CLIENT else f"{shown[: MAX_CLIENT - 1]}…"
