# ruff: noqa: A002 - `input` is the schema's word
"""Trying calendar entries again."""

from typing import Annotated

import strawberry

from slotgraph.core import records
from slotgraph.core.policy import Action
from slotgraph.schema.answering import mutation
from slotgraph.schema.inputs.calendar_entries import RetryCalendarEntryInput
from slotgraph.schema.types.bookings import CalendarEntry
from slotgraph.schema.types.nodes import Info
from slotgraph.schema.types.problems import InvalidInput, NotFound

WhichEntry = Annotated[RetryCalendarEntryInput, strawberry.argument(description="Which entry.")]

RetryCalendarEntryResult = Annotated[
    CalendarEntry | InvalidInput | NotFound,
    strawberry.union("RetryCalendarEntryResult", description="The entry as it is now."),
]


@mutation(Action.CHANGE_BOOKING, "Tries a FAILED calendar entry again now.", RetryCalendarEntryResult)
async def retry_calendar_entry(self: object, info: Info, input: WhichEntry) -> object:
    named, operation = input.read(), info.context.operation
    outcome = await info.context.use_cases.entry_retries.retry(operation, named.company_id, named.id)
    return CalendarEntry.of(operation, outcome) if isinstance(outcome, records.CalendarEntry) else outcome
