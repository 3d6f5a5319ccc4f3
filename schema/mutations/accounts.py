# ruff: noqa: A002 - `input` is the schema's word
"""Linking, checking and unlinking accounts, and choosing how their calendars count."""

from typing import Annotated

import strawberry

from slotgraph.core import accounts, linking, records
from slotgraph.core.linking import EmployeeRef
from slotgraph.core.policy import Action
from slotgraph.schema import ids
from slotgraph.schema.answering import mutation
from slotgraph.schema.inputs.accounts import (
    CheckAccountInput,
    CompleteLinkInput,
    LinkAccountInput,
    RelinkAccountInput,
    UnlinkAccountInput,
    UpdateCalendarInput,
)
from slotgraph.schema.types.accounts import Account, Calendar, FormLink, calendar_of
from slotgraph.schema.types.nodes import Info
from slotgraph.schema.types.problems import CalendarNotWritable, InvalidInput, LinkRefused, NotFound, SecretRefused
from slotgraph.schema.types.results import AccountUnlinked, FormRequired

Link = Annotated[LinkAccountInput, strawberry.argument(description="Provider and employee.")]
LinkEnd = Annotated[CompleteLinkInput, strawberry.argument(description="Answer of the provider or the form.")]
Again = Annotated[RelinkAccountInput, strawberry.argument(description="Which account.")]
Unlinked = Annotated[UnlinkAccountInput, strawberry.argument(description="Which account.")]
Checked = Annotated[CheckAccountInput, strawberry.argument(description="Which account.")]
Choices = Annotated[UpdateCalendarInput, strawberry.argument(description="What to change.")]

LinkAccountResult = Annotated[
    FormRequired | InvalidInput | NotFound, strawberry.union("LinkAccountResult", description="What to do next.")
]
CompleteLinkResult = Annotated[
    Account | LinkRefused | SecretRefused | InvalidInput,
    strawberry.union("CompleteLinkResult", description="The linked account with its calendars."),
]
RelinkAccountResult = Annotated[
    FormRequired | InvalidInput | NotFound, strawberry.union("RelinkAccountResult", description="What to do next.")
]
UnlinkAccountResult = Annotated[
    AccountUnlinked | NotFound, strawberry.union("UnlinkAccountResult", description="What was unlinked.")
]
CheckAccountResult = Annotated[
    Account | NotFound, strawberry.union("CheckAccountResult", description="The account with fresh health.")
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
    outcome = await info.context.use_cases.linking.begin(
        info.context.operation, input.provider, employee=employee, purposes=frozenset(input.purposes)
    )
    return _begun(outcome)


def _begun(outcome: object) -> object:
    if not isinstance(outcome, linking.FormRequired):
        return outcome
    return FormRequired(form=FormLink.of(outcome.form), link_token=outcome.link_token)


@mutation(
    Action.CHANGE_ACCOUNT,
    "Ends linking: tried live against the provider first, stored only if that works.",
    CompleteLinkResult,
)
async def complete_link(self: object, info: Info, input: LinkEnd) -> object:
    operation = info.context.operation
    outcome = await info.context.use_cases.linking.complete(operation, input.link_token, input.answer.read())
    return Account.of(operation, outcome) if isinstance(outcome, records.Account) else outcome


@mutation(
    Action.CHANGE_ACCOUNT,
    "Begins to renew the credentials of a linked account; calendars and their flags are kept. End it by completeLink.",
    RelinkAccountResult,
)
async def relink_account(self: object, info: Info, input: Again) -> object:
    named = ids.decode(input.account, "Account", path=("input", "account"))
    purposes = None if input.purposes is None else frozenset(input.purposes)
    return _begun(
        await info.context.use_cases.linking.begin_again(
            info.context.operation, named.company_id, named.id, purposes=purposes
        )
    )


@mutation(
    Action.CHANGE_ACCOUNT,
    "Revokes at the provider where it can, wipes the credentials, forgets the calendars.",
    UnlinkAccountResult,
)
async def unlink_account(self: object, info: Info, input: Unlinked) -> object:
    named = ids.decode(input.account, "Account", path=("input", "account"))
    outcome = await info.context.use_cases.accounts.unlink(info.context.operation, named.company_id, named.id)
    if not isinstance(outcome, accounts.AccountUnlinked):
        return outcome
    return AccountUnlinked(
        id=ids.encode("Account", outcome.company_id, outcome.account_id), entries_left=outcome.entries_left
    )


@mutation(Action.CHANGE_ACCOUNT, "Tries an account and its calendars now and refreshes its health.", CheckAccountResult)
async def check_account(self: object, info: Info, input: Checked) -> object:
    operation = info.context.operation
    named = ids.decode(input.account, "Account", path=("input", "account"))
    outcome = await info.context.use_cases.account_checks.check(operation, named.company_id, named.id)
    return Account.of(operation, outcome) if isinstance(outcome, records.Account) else outcome


@mutation(Action.CHANGE_ACCOUNT, "Changes how one calendar counts.", UpdateCalendarResult)
async def update_calendar(self: object, info: Info, input: Choices) -> object:
    operation = info.context.operation
    outcome = await info.context.use_cases.calendar_choices.update(operation, input.read())
    return await calendar_of(info, operation, outcome) if isinstance(outcome, records.Calendar) else outcome
