"""Getting in: logins with password and session, API tokens, and which actor stands behind each."""

import contextlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from slotgraph.core.customers import is_email, text_faults
from slotgraph.core.errors import DatabaseBusy
from slotgraph.core.operation import Operation
from slotgraph.core.passwords import Passwords, api_token, new_token, read_api_token, token_hash
from slotgraph.core.policy import (
    NOT_FOR_TOKENS,
    Action,
    Actor,
    Anonymous,
    Member,
    Permission,
    Support,
    Token,
    permissions_of,
)
from slotgraph.core.problems import InvalidField, InvalidInput, LoginRefused, NotFound
from slotgraph.core.records import ApiToken, Membership, User
from slotgraph.core.store import logins
from slotgraph.core.store.engine import Database
from slotgraph.core.values import Secret

USED_NOTED_EVERY = timedelta(minutes=5)
MAX_CLIENT = 200


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A new session: who it is, and the secret for the cookie."""

    actor: Member | Support
    session: Secret
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class TokenCreated:
    """A new API token with its secret, shown now and never again."""

    token: ApiToken
    secret: Secret


class AccessDesk:
    """Logs in and out, makes and revokes tokens, and tells who sent a request."""

    def __init__(self, passwords: Passwords, *, session_for: timedelta) -> None:
        self._passwords = passwords
        self._session_for = session_for

    async def login(self, operation: Operation, email: str, password: Secret) -> LoggedIn | LoginRefused:
        """Start a session. Unknown addresses take as long as wrong passwords."""
        async with operation.database.read() as connection:
            login = await logins.login_by_email(connection, email) if is_email(email) else None
        matches = await self._passwords.verify(login.password_hash if login else None, password.reveal())
        if login is None or not matches:
            return LoginRefused()
        async with operation.database.read() as connection:
            membership = await logins.membership_of(connection, login.user.id)
        actor = actor_of(login.user, membership)
        if actor is None:
            return LoginRefused()
        rehashed = None
        if self._passwords.needs_rehash(login.password_hash):
            rehashed = await self._passwords.hash(password.reveal())
        return await self._begin(operation, actor, rehashed=rehashed)

    async def _begin(self, operation: Operation, actor: Member | Support, *, rehashed: str | None) -> LoggedIn:
        now = operation.clock.now()
        secret, expires_at = new_token(), now + self._session_for
        async with operation.database.write() as connection:
            await logins.forget_sessions(connection, before=now)
            if rehashed is not None:
                await logins.set_password(connection, actor.user_id, rehashed)
            await logins.note_login(connection, actor.user_id, at=now)
            await logins.insert_session(
                connection,
                token_hash=token_hash(secret),
                user_id=actor.user_id,
                company_id=actor.company_id if isinstance(actor, Member) else None,
                client=operation.client[:MAX_CLIENT],
                at=now,
                expires_at=expires_at,
            )
        return LoggedIn(actor, Secret(secret), expires_at)

    async def logout(self, operation: Operation, session: Secret) -> None:
        """End a session; an unknown one is fine."""
        async with operation.database.write() as connection:
            await logins.end_session(connection, token_hash(session.reveal()))

    async def create_token(
        self, operation: Operation, name: str, *, scopes: frozenset[Permission], expires_at: datetime | None
    ) -> TokenCreated | InvalidInput | NotFound:
        """Make an API token of the member's company."""
        actor = operation.actor
        if not isinstance(actor, Member) or not await operation.permits(Action.CHANGE_TOKENS, actor.company_id):
            return NotFound(("input",))
        now = operation.clock.now()
        faults = tuple(_token_faults(actor, name, scopes, expires_at=expires_at, now=now))
        if faults:
            return InvalidInput(faults)
        token = ApiToken(actor.company_id, uuid.uuid4().hex, name, scopes, expires_at, None)
        secret = new_token()
        async with operation.database.write() as connection:
            await logins.insert_token(connection, token, secret_hash=token_hash(secret), at=now)
        return TokenCreated(token, Secret(api_token(actor.company_id, secret)))

    async def tokens(self, operation: Operation, company_id: str) -> list[ApiToken] | None:
        """The API tokens of a company without their secrets; None if the actor may not see them."""
        if not await operation.permits(Action.READ_TOKENS, company_id):
            return None
        async with operation.database.read() as connection:
            return await logins.tokens_of(connection, company_id)

    async def revoke_token(self, operation: Operation, company_id: str, token_id: str) -> bool:
        """Revoke an API token at once; False if there is none for this actor."""
        if not await operation.permits(Action.CHANGE_TOKENS, company_id):
            return False
        async with operation.database.write() as connection:
            return await logins.delete_token(connection, company_id, token_id)


async def actor_of_session(database: Database, session: str, *, now: datetime) -> Actor:
    """Who stands behind a session's secret; Anonymous if it is unknown or expired."""
    hashed = token_hash(session)
    async with database.read() as connection:
        found = await logins.session_by_hash(connection, hashed, now=now)
    if found is None:
        return Anonymous()
    if now - found.last_used_at > USED_NOTED_EVERY:
        # A busy writer is no reason to turn a reader away: then the use is noted next time.
        with contextlib.suppress(DatabaseBusy):
            async with database.write() as connection:
                await logins.note_session_used(connection, hashed, at=now)
    return actor_of(found.user, found.membership) or Anonymous()


async def actor_of_token(database: Database, text: str, *, now: datetime) -> Token | None:
    """Who stands behind an API token; None if it is unknown, revoked or ended."""
    named = read_api_token(text)
    if named is None:
        return None
    async with database.read() as connection:
        token = await logins.token_by_hash(connection, named.company_id, named.secret_hash, now=now)
    if token is None:
        return None
    if token.last_used_at is None or now - token.last_used_at > timedelta(hours=1):
        with contextlib.suppress(DatabaseBusy):
            async with database.write() as connection:
                await logins.note_token_used(connection, token, at=now)
    return Token(token.company_id, token.id, token.scopes)


def actor_of(user: User, membership: Membership | None) -> Member | Support | None:
    """The actor a user is: an agent, a member of a company, or nobody."""
    if user.is_support:
        return Support(user.id, user.email)
    if membership is None:
        return None
    return Member(membership.company_id, membership.id, user.id, user.email, membership.role, membership.employee_id)


def _token_faults(
    actor: Member, name: str, scopes: frozenset[Permission], *, expires_at: datetime | None, now: datetime
) -> Iterator[InvalidField]:
    yield from text_faults(("input", "name"), name, longest=200)
    if not scopes:
        yield InvalidField(("input", "scopes"), "name at least one.")
    refused = scopes & NOT_FOR_TOKENS | scopes - permissions_of(actor)
    if refused:
        names = ", ".join(sorted(scope.value for scope in refused))
        yield InvalidField(("input", "scopes"), f"a token of yours cannot have {names}.")
    if expires_at is not None and expires_at <= now:
        yield InvalidField(("input", "expiresAt"), "must lie ahead; omit for never.")
