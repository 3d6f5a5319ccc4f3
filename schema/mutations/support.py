# ruff: noqa: A002 - `input` is the schema's word
"""Letting support in, and out."""

from typing import Annotated

import strawberry

from slotgraph.core import records
from slotgraph.core.policy import Action
from slotgraph.core.support import CaseRequest
from slotgraph.schema import ids
from slotgraph.schema.answering import mutation
from slotgraph.schema.inputs.support import CloseSupportCaseInput, OpenSupportCaseInput
from slotgraph.schema.own import own_company
from slotgraph.schema.types.nodes import Info
from slotgraph.schema.types.problems import InvalidInput, NotFound, SupportIsExcluded
from slotgraph.schema.types.support import SupportCase

NewCase = Annotated[OpenSupportCaseInput, strawberry.argument(description="Why and how long.")]
OldCase = Annotated[CloseSupportCaseInput, strawberry.argument(description="Which case.")]

OpenSupportCaseResult = Annotated[
    SupportCase | SupportIsExcluded | InvalidInput | NotFound,
    strawberry.union("OpenSupportCaseResult", description="The case."),
]
CloseSupportCaseResult = Annotated[
    SupportCase | NotFound, strawberry.union("CloseSupportCaseResult", description="The case as it is now.")
]


@mutation(
    Action.CHANGE_SUPPORT_CASE,
    "Lets support look into the company for a while. ADMIN and OWNER only.",
    OpenSupportCaseResult,
)
async def open_support_case(self: object, info: Info, input: NewCase) -> object:
    operation = info.context.operation
    company_id = own_company(operation, input.company, path=("input", "company"))
    request = CaseRequest(company_id, input.reason, input.hours, input.grant_customer_data)
    outcome = await info.context.use_cases.support.open_case(operation, request)
    return SupportCase.of(operation, outcome) if isinstance(outcome, records.SupportCase) else outcome


@mutation(Action.CHANGE_SUPPORT_CASE, "Ends a support case at once.", CloseSupportCaseResult)
async def close_support_case(self: object, info: Info, input: OldCase) -> object:
    operation = info.context.operation
    named = ids.decode(input.case, "SupportCase", path=("input", "case"))
    outcome = await info.context.use_cases.support.close_case(operation, named.company_id, named.id)
    return SupportCase.of(operation, outcome) if isinstance(outcome, records.SupportCase) else outcome
