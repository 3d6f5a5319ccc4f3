# ruff: noqa: A002 - `input` is the schema's word
"""Erasing customers."""

from typing import Annotated

import strawberry

from slotgraph.core import erasing
from slotgraph.core.policy import Action
from slotgraph.schema.answering import mutation
from slotgraph.schema.inputs.customers import EraseCustomerInput
from slotgraph.schema.types.nodes import Info
from slotgraph.schema.types.problems import InvalidInput
from slotgraph.schema.types.results import CustomerErased

Customer = Annotated[EraseCustomerInput, strawberry.argument(description="Whom.")]

EraseCustomerResult = Annotated[
    CustomerErased | InvalidInput, strawberry.union("EraseCustomerResult", description="How much was erased.")
]


@mutation(
    Action.ERASE_CUSTOMER,
    "Erases the data of one customer in all bookings; the bookings stay without it.",
    EraseCustomerResult,
)
async def erase_customer(self: object, info: Info, input: Customer) -> object:
    outcome = await info.context.use_cases.erasing.erase(info.context.operation, input.email)
    return CustomerErased(count=outcome.count) if isinstance(outcome, erasing.CustomerErased) else outcome
