"""API tokens: what programs get in with, and the actor behind one."""

import contextlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from slotgraph.core.customers import text_faults
from slotgraph.core.errors import CANNOT_WRITE
from slotgraph.core.operation import Operation
from slotgraph.core.passwords import api_token, new_token, read_api_token, token_hash
from slotgraph.core.permissions import permissions_of
from slotgraph.core.policy import NOT_FOR_TOKENS, Action, Member, Permission, Token
from slotgraph.core.problems import InvalidField, InvalidInput, NotFound
from slotgraph.core.records import ApiToken
from slotgraph.core.store import tokens
from slotgraph.core.store.database import Database
from slotgraph.core.store.locks import lock_company
from slotgraph.core.values import Secret

MAX_TOKENS = 200
"""Of one company."""


@dataclass(frozen=True, slots=True)
class TokenCreated:
    """A new API token with its secret, shown now and never again."""

    token: ApiToken
    secret: Secret


class ApiTokens:
    """Makes, lists and revokes API tokens."""

    async def create(
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
            await lock_company(connection, actor.company_id)
            if len(await tokens.tokens_of(connection, actor.company_id)) >= MAX_TOKENS:
                sentence = f"a company has at most {MAX_TOKENS} API tokens; revoke one first."
                return InvalidInput((InvalidField(("input",), sentence),))
            await tokens.insert_token(connection, token, secret_hash=token_hash(secret), at=now)
        return TokenCreated(token, Secret(api_token(actor.company_id, secret)))

    async def tokens_of(self, operation: Operation, company_id: str) -> list[ApiToken] | None:
        """The API tokens of a company without their secrets; None if the actor may not see them."""
        if not await operation.permits(Action.READ_TOKENS, company_id):
            return None
        async with operation.database.read() as connection:
            return await tokens.tokens_of(connection, company_id)

    async def revoke(self, operation: Operation, company_id: str, token_id: str) -> bool:
        """Revoke an API token at once; False if there is none for this actor."""
        if not await operation.permits(Action.CHANGE_TOKENS, company_id):
            return False
        async with operation.database.write() as connection:
            return await tokens.delete_token(connection, company_id, token_id)


async def actor_of_token(database: Database, text: str, *, now: datetime) -> Token | None:
    """Who stands behind an API token; None if it is unknown, revoked or ended."""
    named = read_api_token(text)
    if named is None:
        return None
    async with database.read() as connection:
        token = await tokens.token_by_hash(connection, named.company_id, named.secret_hash, now=now)
    if token is None:
        return None
    if token.last_used_at is None or now - token.last_used_at > timedelta(hours=1):
        with contextlib.suppress(*CANNOT_WRITE):
            async with database.write() as connection:
                await tokens.note_token_used(connection, token, at=now)
    return Token(token.company_id, token.id, token.scopes)


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
