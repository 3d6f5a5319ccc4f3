# ruff: noqa: A002 - `input` is the schema's word
"""The mutation root: reads the input, calls the use case, and shows its answer. Expected failures are data."""

from typing import Annotated

import strawberry

from slotgraph.core import access, booking, changing
from slotgraph.core.accounts import EmployeeRef, FormRequired
from slotgraph.core.operation import Operation
from slotgraph.core.policy import Action, Anonymous, Customer
from slotgraph.core.problems import NotFound
from slotgraph.core.records import Account, Calendar, Company, SupportCase
from slotgraph.core.support import CaseRequest
from slotgraph.schema import ids
from slotgraph.schema.answering import mutation
from slotgraph.schema.guard import object_type
from slotgraph.schema.own import own_company
from slotgraph.schema.types import accounts, bookings, companies, problems, results, slots, support, tokens
from slotgraph.schema.types.inputs import (
    BookInput,
    CancelBookingInput,
    CloseSupportCaseInput,
    CompleteLinkInput,
    CreateTokenInput,
    LinkAccountInput,
    LoginInput,
    OpenSupportCaseInput,
    RevokeTokenInput,
    UpdateCalendarInput,
    UpdateCompanyProfileInput,
)
from slotgraph.schema.types.nodes import Info
from slotgraph.schema.types.viewers import Viewer

Credentials = Annotated[LoginInput, strawberry.argument(description="Credentials.")]
NewToken = Annotated[CreateTokenInput, strawberry.argument(description="Name and scopes.")]
OldToken = Annotated[RevokeTokenInput, strawberry.argument(description="Which.")]
Profile = Annotated[UpdateCompanyProfileInput, strawberry.argument(description="What to change.")]
Link = Annotated[LinkAccountInput, strawberry.argument(description="Provider and employee.")]
LinkEnd = Annotated[CompleteLinkInput, strawberry.argument(description="Answer of the provider or the form.")]
Choices = Annotated[UpdateCalendarInput, strawberry.argument(description="What to change.")]
NewBooking = Annotated[BookInput, strawberry.argument(description="Slot and customer.")]
OldBooking = Annotated[CancelBookingInput, strawberry.argument(description="Booking and reason.")]
NewCase = Annotated[OpenSupportCaseInput, strawberry.argument(description="Why and how long.")]
OldCase = Annotated[CloseSupportCaseInput, strawberry.argument(description="Which case.")]


@object_type(
    Action.READ_SCHEMA_SHAPE,
    "Everything that can be changed. Where there is an `idempotencyKey`, a repeated call with the same key and input gets"
    " the first success again for 24 hours.",
)
class Mutation:
    """The changes."""

    @mutation(Action.LOG_IN, "Starts a cookie session.", results.LoginResult)
    async def login(self, info: Info, input: Credentials) -> object:
        operation = info.context.operation
        outcome = await info.context.use_cases.access.login(operation, input.email, input.password)
        if not isinstance(outcome, access.LoggedIn):
            return outcome
        info.context.begin_session(outcome.session, outcome.expires_at)
        return Viewer.of(Operation(outcome.actor, operation.database, operation.clock, operation.client))

    @mutation(Action.LOG_IN, "Ends this session.", results.LogoutResult)
    async def logout(self, info: Info) -> object:
        context = info.context
        if context.session is not None:
            before = context.operation
            await context.use_cases.access.logout(before, context.session)
            context.end_session()
            # What follows in the same document is no longer done by whoever has just left.
            context.operation = Operation(Anonymous(), before.database, before.clock, before.client)
        return Viewer.of(context.operation)

    @mutation(
        Action.CHANGE_TOKENS, "Makes an API token; its secret is shown in this answer only.", results.CreateTokenResult
    )
    async def create_token(self, info: Info, input: NewToken) -> object:
        operation = info.context.operation
        outcome = await info.context.use_cases.access.create_token(
            operation, input.name, scopes=frozenset(input.scopes), expires_at=input.expires_at
        )
        if not isinstance(outcome, access.TokenCreated):
            return outcome
        return results.TokenCreated(token=tokens.ApiToken.of(operation, outcome.token), secret=outcome.secret)

    @mutation(Action.CHANGE_TOKENS, "Revokes an API token at once.", results.RevokeTokenResult)
    async def revoke_token(self, info: Info, input: OldToken) -> object:
        path = ("input", "token")
        named = ids.decode(input.token, "ApiToken", path=path)
        desk = info.context.use_cases.access
        revoked = await desk.revoke_token(info.context.operation, named.company_id, named.id)
        return results.Deleted(id=input.token) if revoked else NotFound(path)

    @mutation(
        Action.CHANGE_COMPANY,
        "Changes the company profile, `excludeSupport` included.",
        results.UpdateCompanyProfileResult,
    )
    async def update_company_profile(self, info: Info, input: Profile) -> object:
        operation = info.context.operation
        company_id = own_company(operation, input.company, path=("input", "company"))
        outcome = await info.context.use_cases.profiles.update(operation, company_id, input.read())
        return companies.Company.of(operation, outcome) if isinstance(outcome, Company) else outcome

    @mutation(
        Action.CHANGE_ACCOUNT,
        "Begins to link a login at a provider: answers with an address to visit or a form to fill.",
        results.LinkAccountResult,
    )
    async def link_account(self, info: Info, input: Link) -> object:
        employee = None
        if input.employee is not None:
            named = ids.decode(input.employee, "Employee", path=("input", "employee"))
            employee = EmployeeRef(named.company_id, named.id)
        outcome = await info.context.use_cases.accounts.begin_link(
            info.context.operation, input.provider, employee=employee, purposes=frozenset(input.purposes)
        )
        if not isinstance(outcome, FormRequired):
            return outcome
        return results.FormRequired(form=accounts.FormLink.of(outcome.form), link_token=outcome.link_token)

    @mutation(
        Action.CHANGE_ACCOUNT,
        "Ends linking: tried live against the provider first, stored only if that works.",
        results.CompleteLinkResult,
    )
    async def complete_link(self, info: Info, input: LinkEnd) -> object:
        operation = info.context.operation
        desk = info.context.use_cases.accounts
        outcome = await desk.complete_link(operation, input.link_token, input.answer.read())
        return accounts.Account.of(operation, outcome) if isinstance(outcome, Account) else outcome

    @mutation(Action.CHANGE_ACCOUNT, "Changes how one calendar counts.", results.UpdateCalendarResult)
    async def update_calendar(self, info: Info, input: Choices) -> object:
        operation = info.context.operation
        outcome = await info.context.use_cases.calendar_choices.update(operation, input.read())
        return await accounts.calendar_of(info, operation, outcome) if isinstance(outcome, Calendar) else outcome

    @mutation(Action.BOOK, "Checks the slot once more, live, and books it.", results.BookResult)
    async def book(self, info: Info, input: NewBooking) -> object:
        operation = info.context.operation
        request = input.read()
        outcome = await info.context.use_cases.bookings.book(operation, request)
        if isinstance(outcome, booking.BookingConfirmed):
            return await _confirmed(operation, outcome)
        if isinstance(outcome, booking.CalendarUnverified):
            sources = slots.checks_of(operation, request.service.company_id, outcome.sources)
            return problems.CalendarUnverified(message=outcome.message, sources=sources)
        return outcome

    @mutation(
        Action.CHANGE_BOOKING, "Cancels a booking; cancelling twice gives the same answer.", results.CancelBookingResult
    )
    async def cancel_booking(self, info: Info, input: OldBooking) -> object:
        ref = input.booking.read(path=("input", "booking"))
        request = changing.CancelRequest(input.idempotency_key, ref, input.reason)
        outcome = await info.context.use_cases.booking_desk.cancel(info.context.operation, request)
        return bookings.Booking.of(outcome) if isinstance(outcome, changing.SeenBooking) else outcome

    @mutation(
        Action.CHANGE_SUPPORT_CASE,
        "Lets support look into the company for a while. ADMIN and OWNER only.",
        results.OpenSupportCaseResult,
    )
    async def open_support_case(self, info: Info, input: NewCase) -> object:
        operation = info.context.operation
        company_id = own_company(operation, input.company, path=("input", "company"))
        request = CaseRequest(company_id, input.reason, input.hours, input.grant_customer_data)
        outcome = await info.context.use_cases.support.open_case(operation, request)
        return support.SupportCase.of(operation, outcome) if isinstance(outcome, SupportCase) else outcome

    @mutation(Action.CHANGE_SUPPORT_CASE, "Ends a support case at once.", results.CloseSupportCaseResult)
    async def close_support_case(self, info: Info, input: OldCase) -> object:
        operation = info.context.operation
        named = ids.decode(input.case, "SupportCase", path=("input", "case"))
        outcome = await info.context.use_cases.support.close_case(operation, named.company_id, named.id)
        return support.SupportCase.of(operation, outcome) if isinstance(outcome, SupportCase) else outcome


async def _confirmed(operation: Operation, outcome: booking.BookingConfirmed) -> results.BookingConfirmed:
    """The booking as whoever made it may see it: a stranger as its customer."""
    made = outcome.booking
    if not await operation.permits(Action.READ_BOOKING, made.company_id, booking_id=made.id):
        customer = Customer(made.company_id, made.id)
        operation = Operation(customer, operation.database, operation.clock, operation.client)
    seen = bookings.Booking.of(changing.SeenBooking(made, operation))
    return results.BookingConfirmed(booking=seen, manage_token=outcome.manage_token)
