# ruff: noqa: A002 - `input` is the schema's word
"""Logging in and out, and setting a new password."""

from typing import Annotated

import strawberry

from slotgraph.core.operation import Operation
from slotgraph.core.people.sessions import LoggedIn, shown_id
from slotgraph.core.policy import Action, Anonymous
from slotgraph.core.problems import NotFound as NothingThere
from slotgraph.schema.answering import mutation
from slotgraph.schema.context import Context
from slotgraph.schema.inputs.access import LoginInput, LogoutInput, ResetPasswordInput
from slotgraph.schema.types.nodes import Info
from slotgraph.schema.types.problems import InvalidInput, LoginRefused, NotFound, SecondFactorRequired, SecretRefused
from slotgraph.schema.types.sessions import session_id
from slotgraph.schema.types.viewers import Viewer

Credentials = Annotated[LoginInput, strawberry.argument(description="Credentials.")]
Which = Annotated[LogoutInput | None, strawberry.argument(description="Which sessions; omit for this one.")]
NewPassword = Annotated[ResetPasswordInput, strawberry.argument(description="Token and password.")]

LoginResult = Annotated[
    Viewer | LoginRefused | SecondFactorRequired | InvalidInput,
    strawberry.union("LoginResult", description="You, logged in, or why not."),
]
LogoutResult = Annotated[Viewer | NotFound, strawberry.union("LogoutResult", description="You, as you are now.")]
ResetPasswordResult = Annotated[
    Viewer | SecretRefused | InvalidInput,
    strawberry.union("ResetPasswordResult", description="You, logged out everywhere; log in with the new password."),
]


@mutation(Action.LOG_IN, "Starts a cookie session.", LoginResult)
async def login(self: object, info: Info, input: Credentials) -> object:
    context = info.context
    outcome = await context.use_cases.sessions.login(context.operation, input.email, input.password, input.code)
    return begun(context, outcome) if isinstance(outcome, LoggedIn) else outcome


def begun(context: Context, logged_in: LoggedIn) -> Viewer:
    """Whoever has just logged in; their browser is given the session. What follows in the document is still done by who came."""
    context.begin_session(logged_in.session, logged_in.expires_at)
    before = context.operation
    operation = Operation(logged_in.actor, before.database, before.clock, before.client)
    return Viewer.of(operation, session=logged_in.session)


@mutation(Action.LOG_IN, "Ends this session, or others of yours.", LogoutResult)
async def logout(self: object, info: Info, input: Which = strawberry.UNSET) -> object:
    context = info.context
    named = input.sessions if input else None
    if named is None:
        await leave(context)
    else:
        problem = await _end(context, named)
        if problem is not None:
            return problem
    return Viewer.of(context.operation, session=context.session)


async def _end(context: Context, named: list[strawberry.ID]) -> NothingThere | None:
    """End the actor's own sessions of these ids, or none of them."""
    desk = context.use_cases.sessions
    own = {session_id(one): one.id for one in await desk.sessions(context.operation)}
    for at, text in enumerate(named):
        if text not in own:
            return NothingThere(("input", "sessions", str(at)))
    ending = {own[text] for text in named}
    await desk.end(context.operation, ending)
    if context.session is not None and shown_id(context.session) in ending:
        await leave(context)
    return None


async def leave(context: Context) -> None:
    """End this session: what follows in the same document is no longer done by whoever has just left."""
    if context.session is not None:
        before = context.operation
        await context.use_cases.sessions.logout(before, context.session)
        context.end_session()
        context.session = None
        context.operation = Operation(Anonymous(), before.database, before.clock, before.client)


@mutation(Action.LOG_IN, "Sets a new password by the mailed token and ends all sessions.", ResetPasswordResult)
async def reset_password(self: object, info: Info, input: NewPassword) -> object:
    context = info.context
    problem = await context.use_cases.password_resets.reset(context.operation, input.token, input.password)
    if problem is not None:
        return problem
    await leave(context)
    return Viewer.of(context.operation, session=None)
