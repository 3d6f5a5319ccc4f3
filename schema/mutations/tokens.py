# ruff: noqa: A002 - `input` is the schema's word
"""Making and revoking API tokens."""

from typing import Annotated

import strawberry

from slotgraph.core import api_tokens
from slotgraph.core.policy import Action
from slotgraph.core.problems import NotFound as NothingThere
from slotgraph.schema import ids
from slotgraph.schema.answering import mutation
from slotgraph.schema.inputs.access import CreateTokenInput, RevokeTokenInput
from slotgraph.schema.types import tokens
from slotgraph.schema.types.nodes import Info
from slotgraph.schema.types.problems import InvalidInput, NotFound
from slotgraph.schema.types.results import Deleted, TokenCreated

NewToken = Annotated[CreateTokenInput, strawberry.argument(description="Name and scopes.")]
OldToken = Annotated[RevokeTokenInput, strawberry.argument(description="Which.")]

CreateTokenResult = Annotated[
    TokenCreated | InvalidInput, strawberry.union("CreateTokenResult", description="The token with its secret.")
]
RevokeTokenResult = Annotated[
    Deleted | NotFound, strawberry.union("RevokeTokenResult", description="What was revoked.")
]


@mutation(Action.CHANGE_TOKENS, "Makes an API token; its secret is shown in this answer only.", CreateTokenResult)
async def create_token(self: object, info: Info, input: NewToken) -> object:
    operation = info.context.operation
    outcome = await info.context.use_cases.api_tokens.create(
        operation, input.name, scopes=frozenset(input.scopes), expires_at=input.expires_at
    )
    if not isinstance(outcome, api_tokens.TokenCreated):
        return outcome
    return TokenCreated(token=tokens.ApiToken.of(operation, outcome.token), secret=outcome.secret)


@mutation(Action.CHANGE_TOKENS, "Revokes an API token at once.", RevokeTokenResult)
async def revoke_token(self: object, info: Info, input: OldToken) -> object:
    path = ("input", "token")
    named = ids.decode(input.token, "ApiToken", path=path)
    desk = info.context.use_cases.api_tokens
    revoked = await desk.revoke(info.context.operation, named.company_id, named.id)
    return Deleted(id=input.token) if revoked else NothingThere(path)
