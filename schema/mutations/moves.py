# ruff: noqa: A002 - `input` is the schema's word
"""Moving bookings."""

from typing import Annotated

import strawberry

from slotgraph.core.booking.attempts import CalendarUnverified as Unverified
from slotgraph.core.booking.finding import SeenBooking
from slotgraph.core.policy import Action
from slotgraph.schema.answering import mutation
from slotgraph.schema.ids import NOBODY
from slotgraph.schema.inputs.moves import RescheduleBookingInput
from slotgraph.schema.types import problems, slots
from slotgraph.schema.types.bookings import Booking
from slotgraph.schema.types.nodes import Info
from slotgraph.schema.types.problems import (
    BookingIsCancelled,
    CalendarUnverified,
    InvalidInput,
    KeyReused,
    NotFound,
    SlotNotOffered,
    SlotTaken,
    TooLate,
)

NewPlace = Annotated[RescheduleBookingInput, strawberry.argument(description="Booking and new start.")]

RescheduleBookingResult = Annotated[
    Booking
    | SlotTaken
    | SlotNotOffered
    | CalendarUnverified
    | TooLate
    | BookingIsCancelled
    | InvalidInput
    | NotFound
    | KeyReused,
    strawberry.union("RescheduleBookingResult", description="The booking as it is now, or why not."),
]


@mutation(Action.CHANGE_BOOKING, "Moves a booking; its id and its calendar events stay.", RescheduleBookingResult)
async def reschedule_booking(self: object, info: Info, input: NewPlace) -> object:
    operation, request = info.context.operation, input.read()
    outcome = await info.context.use_cases.moves.reschedule(operation, request)
    if isinstance(outcome, SeenBooking):
        return Booking.of(outcome)
    if isinstance(outcome, Unverified):
        sources = slots.checks_of(operation, request.booking.claimed_company_id or NOBODY, outcome.sources)
        return problems.CalendarUnverified(message=outcome.message, sources=sources)
    return outcome
