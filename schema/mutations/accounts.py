# ruff: noqa: A002 - `input` is the schema's word
"""Linking accounts and choosing how their calendars count."""

from typing import Annotated

import strawberry

from slotgraph.core import accounts, records
from slotgraph.core.accounts import EmployeeRef
from slotgraph.core.policy import Action
from slotgraph.schema import ids
from slotgraph.schema.answering import mutation
from slotgraph.schema.inputs.accounts import CompleteLinkInput, LinkAccountInput, UpdateCalendarInput
from slotgraph.schema.types.accounts import Account, Calendar, FormLink, calendar_of
from slotgraph.schema.types.nodes import Info
from slotgraph.schema.types.problems import CalendarNotWritable, InvalidInput, LinkRefused, NotFound, SecretRefused
from slotgraph.schema.types.results import FormRequired

Link = Annotated[LinkAccountInput, strawberry.argument(description="Provider and employee.")]
LinkEnd = Annotated[CompleteLinkInput, strawberry.argument(description="Answer of the provider or the form.")]
Choices = Annotated[UpdateCalendarInput, strawberry.argument(description="What to change.")]

LinkAccountResult = Annotated[
    FormRequired | InvalidInput | NotFound, strawberry.union("LinkAccountResult", description="What to do next.")
]
CompleteLinkResult = Annotated[
    Account | LinkRefused | SecretRefused | InvalidInput,
    strawberry.union("CompleteLinkResult", description="The linked account with its calendars."),
]
UpdateCalendarResult = Annotated[
    Calendar | CalendarNotWritable | InvalidInput | NotFound,
    strawberry.union("UpdateCalendarResult", description="The calendar as it is now."),
]


@mutation(
    Action.CHANGE_ACCOUNT,
    "Begins to link a login at a provider: answers with an address to visit or a form to fill.",
    LinkAccountResult,
)
async def link_account(self: object, info: Info, input: Link) -> object:
    employee = None
    if input.employee is not None:
        named = ids.decode(input.employee, "Employee", path=("input", "employee"))
        employee = EmployeeRef(named.company_id, named.id)
    outcome = await info.context.use_cases.accounts.begin_link(
        info.context.operation, input.provider, employee=employee, purposes=frozenset(input.purposes)
    )
    if not isinstance(outcome, accounts.FormRequired):
        return outcome
    return FormRequired(form=FormLink.of(outcome.form), link_token=outcome.link_token)


@mutation(
    Action.CHANGE_ACCOUNT,
    "Ends linking: tried live against the provider first, stored only if that works.",
    CompleteLinkResult,
)
async def complete_link(self: object, info: Info, input: LinkEnd) -> object:
    operation = info.context.operation
    desk = info.context.use_cases.accounts
    outcome = await desk.complete_link(operation, input.link_token, input.answer.read())
    return Account.of(operation, outcome) if isinstance(outcome, records.Account) else outcome


@mutation(Action.CHANGE_ACCOUNT, "Changes how one calendar counts.", UpdateCalendarResult)
async def update_calendar(self: object, info: Info, input: Choices) -> object:
    operation = info.context.operation
    outcome = await info.context.use_cases.calendar_choices.update(operation, input.read())
    return await calendar_of(info, operation, outcome) if isinstance(outcome, records.Calendar) else outcome
