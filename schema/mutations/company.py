# ruff: noqa: A002 - `input` is the schema's word
"""Changing the company profile."""

from typing import Annotated

import strawberry

from slotgraph.core import records
from slotgraph.core.policy import Action
from slotgraph.schema.answering import mutation
from slotgraph.schema.inputs.company import UpdateCompanyProfileInput
from slotgraph.schema.own import own_company
from slotgraph.schema.types.companies import Company
from slotgraph.schema.types.nodes import Info
from slotgraph.schema.types.problems import InvalidInput, NotFound

Profile = Annotated[UpdateCompanyProfileInput, strawberry.argument(description="What to change.")]

UpdateCompanyProfileResult = Annotated[
    Company | InvalidInput | NotFound,
    strawberry.union("UpdateCompanyProfileResult", description="The company as it is now."),
]


@mutation(
    Action.CHANGE_COMPANY,
    "Changes the company profile, `excludeSupport` included.",
    UpdateCompanyProfileResult,
)
async def update_company_profile(self: object, info: Info, input: Profile) -> object:
    operation = info.context.operation
    company_id = own_company(operation, input.company, path=("input", "company"))
    outcome = await info.context.use_cases.profiles.update(operation, company_id, input.read())
    return Company.of(operation, outcome) if isinstance(outcome, records.Company) else outcome
