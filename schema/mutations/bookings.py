# ruff: noqa: A002 - `input` is the schema's word
"""Booking and cancelling."""

from typing import Annotated

import strawberry

from slotgraph.core.booking import cancelling, finding, making
from slotgraph.core.booking.attempts import CalendarUnverified as Unverified
from slotgraph.core.operation import Operation
from slotgraph.core.policy import Action, Customer
from slotgraph.schema.answering import mutation
from slotgraph.schema.inputs.bookings import BookInput, CancelBookingInput
from slotgraph.schema.types import problems, slots
from slotgraph.schema.types.bookings import Booking
from slotgraph.schema.types.nodes import Info
from slotgraph.schema.types.problems import (
    CalendarUnverified,
    InvalidInput,
    KeyReused,
    NotFound,
    QuotaReached,
    SlotNotOffered,
    SlotTaken,
    TooLate,
)
from slotgraph.schema.types.results import BookingConfirmed

NewBooking = Annotated[BookInput, strawberry.argument(description="Slot and customer.")]
OldBooking = Annotated[CancelBookingInput, strawberry.argument(description="Booking and reason.")]

BookResult = Annotated[
    BookingConfirmed
    | SlotTaken
    | SlotNotOffered
    | CalendarUnverified
    | QuotaReached
    | InvalidInput
    | NotFound
    | KeyReused,
    strawberry.union("BookResult", description="The booking, or why not."),
]
CancelBookingResult = Annotated[
    Booking | TooLate | InvalidInput | NotFound | KeyReused,
    strawberry.union("CancelBookingResult", description="The booking as it is now, or why not."),
]


@mutation(Action.BOOK, "Checks the slot once more, live, and books it.", BookResult)
async def book(self: object, info: Info, input: NewBooking) -> object:
    operation = info.context.operation
    request = input.read()
    outcome = await info.context.use_cases.bookings.book(operation, request)
    if isinstance(outcome, making.BookingConfirmed):
        return await _confirmed(operation, outcome)
    if isinstance(outcome, Unverified):
        sources = slots.checks_of(operation, request.service.company_id, outcome.sources)
        return problems.CalendarUnverified(message=outcome.message, sources=sources)
    return outcome


async def _confirmed(operation: Operation, outcome: making.BookingConfirmed) -> BookingConfirmed:
    """The booking as whoever made it may see it: a stranger as its customer."""
    made = outcome.booking
    if not await operation.permits(Action.READ_BOOKING, made.company_id, booking_id=made.id):
        customer = Customer(made.company_id, made.id)
        operation = Operation(customer, operation.database, operation.clock, operation.client)
    seen = Booking.of(finding.SeenBooking(made, operation))
    return BookingConfirmed(booking=seen, manage_token=outcome.manage_token)


@mutation(Action.CHANGE_BOOKING, "Cancels a booking; cancelling twice gives the same answer.", CancelBookingResult)
async def cancel_booking(self: object, info: Info, input: OldBooking) -> object:
    ref = input.booking.read(path=("input", "booking"))
    request = cancelling.CancelRequest(input.idempotency_key, ref, input.reason)
    outcome = await info.context.use_cases.cancellations.cancel(info.context.operation, request)
    return Booking.of(outcome) if isinstance(outcome, finding.SeenBooking) else outcome
