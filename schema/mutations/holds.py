# ruff: noqa: A002 - `input` is the schema's word
"""Holding a slot while the customer types, and giving it back."""

from typing import Annotated

import strawberry

from slotgraph.core.booking import holding
from slotgraph.core.policy import Action
from slotgraph.schema.answering import mutation
from slotgraph.schema.inputs.holds import HoldSlotInput, ReleaseHoldInput
from slotgraph.schema.types.holds import Hold
from slotgraph.schema.types.nodes import Info
from slotgraph.schema.types.problems import InvalidInput, KeyReused, NotFound, QuotaReached, SlotNotOffered, SlotTaken
from slotgraph.schema.types.results import HoldReleased, SlotHeld

NewHold = Annotated[HoldSlotInput, strawberry.argument(description="Which slot.")]
OldHold = Annotated[ReleaseHoldInput, strawberry.argument(description="Which hold.")]

HoldSlotResult = Annotated[
    SlotHeld | SlotTaken | SlotNotOffered | QuotaReached | InvalidInput | NotFound | KeyReused,
    strawberry.union("HoldSlotResult", description="The hold."),
]
ReleaseHoldResult = Annotated[
    HoldReleased | InvalidInput,
    strawberry.union("ReleaseHoldResult", description="Given back."),
]


@mutation(
    Action.BOOK,
    "Keeps a slot free for minutes while the customer types. Checked against our own data only; `book` asks the calendars.",
    HoldSlotResult,
)
async def hold_slot(self: object, info: Info, input: NewHold) -> object:
    operation = info.context.operation
    outcome = await info.context.use_cases.holds.hold(operation, input.read())
    if isinstance(outcome, holding.SlotHeld):
        return SlotHeld(hold=Hold.of(operation, outcome.hold), hold_token=outcome.hold_token)
    return outcome


@mutation(Action.BOOK, "Gives a held slot back; an unknown or expired hold is fine.", ReleaseHoldResult)
async def release_hold(self: object, info: Info, input: OldHold) -> object:
    outcome = await info.context.use_cases.holds.release(info.context.operation, input.hold_token)
    return HoldReleased(released=outcome.released) if isinstance(outcome, holding.HoldReleased) else outcome
