# ruff: noqa: A002 - `input` is the schema's word
"""Setting up a second factor, and removing it."""

from typing import Annotated

import strawberry

from slotgraph.core.people import second_factor
from slotgraph.core.policy import Action
from slotgraph.schema.answering import mutation
from slotgraph.schema.inputs.access import ConfirmTotpInput, RemoveTotpInput, SetUpTotpInput
from slotgraph.schema.types.nodes import Info
from slotgraph.schema.types.problems import InvalidInput, LoginRefused, SecretRefused
from slotgraph.schema.types.results import TotpConfirmed, TotpSetup
from slotgraph.schema.types.viewers import Viewer

OnceMore = Annotated[SetUpTotpInput, strawberry.argument(description="Password once more.")]
FirstCode = Annotated[ConfirmTotpInput, strawberry.argument(description="First code.")]
BothOnceMore = Annotated[RemoveTotpInput, strawberry.argument(description="Password and code.")]

SetUpTotpResult = Annotated[
    TotpSetup | LoginRefused, strawberry.union("SetUpTotpResult", description="What an authenticator needs.")
]
ConfirmTotpResult = Annotated[
    TotpConfirmed | SecretRefused, strawberry.union("ConfirmTotpResult", description="Recovery codes.")
]
RemoveTotpResult = Annotated[
    Viewer | LoginRefused | SecretRefused | InvalidInput,
    strawberry.union("RemoveTotpResult", description="You, without second factor."),
]


@mutation(Action.CHANGE_SECOND_FACTOR, "Begins a second factor; it counts after confirmTotp.", SetUpTotpResult)
async def set_up_totp(self: object, info: Info, input: OnceMore) -> object:
    outcome = await info.context.use_cases.second_factors.set_up(info.context.operation, input.password)
    return TotpSetup(uri=outcome.uri) if isinstance(outcome, second_factor.TotpSetup) else outcome


@mutation(Action.CHANGE_SECOND_FACTOR, "Turns the second factor on.", ConfirmTotpResult)
async def confirm_totp(self: object, info: Info, input: FirstCode) -> object:
    context = info.context
    desk = context.use_cases.second_factors
    outcome = await desk.confirm(context.operation, input.code, session=context.session)
    if not isinstance(outcome, second_factor.TotpConfirmed):
        return outcome
    return TotpConfirmed(recovery_codes=list(outcome.recovery_codes))


@mutation(
    Action.CHANGE_SECOND_FACTOR, "Turns the second factor off. Refused where the role requires one.", RemoveTotpResult
)
async def remove_totp(self: object, info: Info, input: BothOnceMore) -> object:
    context = info.context
    problem = await context.use_cases.second_factors.remove(context.operation, input.password, input.code)
    return Viewer.of(context.operation, session=context.session) if problem is None else problem
