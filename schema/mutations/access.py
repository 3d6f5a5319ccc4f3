# ruff: noqa: A002 - `input` is the schema's word
"""Logging in and out."""

from typing import Annotated, Union

import strawberry

from slotgraph.core import access
from slotgraph.core.operation import Operation
from slotgraph.core.policy import Action, Anonymous
from slotgraph.schema.answering import mutation
from slotgraph.schema.inputs.access import LoginInput
from slotgraph.schema.types.nodes import Info
from slotgraph.schema.types.problems import InvalidInput, LoginRefused
from slotgraph.schema.types.viewers import Viewer

Credentials = Annotated[LoginInput, strawberry.argument(description="Credentials.")]

LoginResult = Annotated[
    Viewer | LoginRefused | InvalidInput, strawberry.union("LoginResult", description="You, logged in, or why not.")
]
LogoutResult = Annotated[
    Union[Viewer],  # noqa: UP007 - a union of one, so far
    strawberry.union("LogoutResult", description="You, as you are now."),
]


@mutation(Action.LOG_IN, "Starts a cookie session.", LoginResult)
async def login(self: object, info: Info, input: Credentials) -> object:
    operation = info.context.operation
    outcome = await info.context.use_cases.access.login(operation, input.email, input.password)
    if not isinstance(outcome, access.LoggedIn):
        return outcome
    info.context.begin_session(outcome.session, outcome.expires_at)
    return Viewer.of(Operation(outcome.actor, operation.database, operation.clock, operation.client))


@mutation(Action.LOG_IN, "Ends this session.", LogoutResult)
async def logout(self: object, info: Info) -> object:
    context = info.context
    if context.session is not None:
        before = context.operation
        await context.use_cases.access.logout(before, context.session)
        context.end_session()
        # What follows in the same document is no longer done by whoever has just left.
        context.operation = Operation(Anonymous(), before.database, before.clock, before.client)
    return Viewer.of(context.operation)
