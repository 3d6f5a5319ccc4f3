# ruff: noqa: A002 - `input` is the schema's word
"""Making, changing and deleting availabilities and absences."""

from typing import Annotated

import strawberry

from slotgraph.core import records
from slotgraph.core.administration import absences, availabilities
from slotgraph.core.policy import Action
from slotgraph.schema.answering import mutation
from slotgraph.schema.inputs.named import one_named
from slotgraph.schema.inputs.schedule import (
    DeleteAbsenceInput,
    DeleteAvailabilityInput,
    UpsertAbsenceInput,
    UpsertAvailabilityInput,
    availability_ref,
)
from slotgraph.schema.own import company_of_actor
from slotgraph.schema.types.nodes import Info
from slotgraph.schema.types.problems import InvalidInput, NotFound
from slotgraph.schema.types.results import Deleted
from slotgraph.schema.types.schedule import Absence, DatedAvailability, WeeklyAvailability, availability_of

Opening = Annotated[UpsertAvailabilityInput, strawberry.argument(description="The availability.")]
OldOpening = Annotated[DeleteAvailabilityInput, strawberry.argument(description="Which.")]
TimeOff = Annotated[UpsertAbsenceInput, strawberry.argument(description="The absence.")]
OldTimeOff = Annotated[DeleteAbsenceInput, strawberry.argument(description="Which.")]

UpsertAvailabilityResult = Annotated[
    WeeklyAvailability | DatedAvailability | InvalidInput | NotFound,
    strawberry.union("UpsertAvailabilityResult", description="The availability as it is now."),
]
DeleteAvailabilityResult = Annotated[
    Deleted | NotFound, strawberry.union("DeleteAvailabilityResult", description="What was deleted.")
]
UpsertAbsenceResult = Annotated[
    Absence | InvalidInput | NotFound, strawberry.union("UpsertAbsenceResult", description="The absence as it is now.")
]
DeleteAbsenceResult = Annotated[
    Deleted | NotFound, strawberry.union("DeleteAbsenceResult", description="What was deleted.")
]


@mutation(
    Action.EDIT_SCHEDULE, "Creates (no `id`) or changes a weekly or dated availability.", UpsertAvailabilityResult
)
async def upsert_availability(self: object, info: Info, input: Opening) -> object:
    operation = info.context.operation
    company_id = company_of_actor(operation)
    outcome = await availabilities.upsert(operation, company_id, input.read(company_id))
    return availability_of(operation, outcome) if isinstance(outcome, records.Availability) else outcome


@mutation(Action.EDIT_SCHEDULE, "Deletes an availability.", DeleteAvailabilityResult)
async def delete_availability(self: object, info: Info, input: OldOpening) -> object:
    operation = info.context.operation
    company_id = company_of_actor(operation)
    ref = availability_ref(input.availability, company_id, path=("input", "availability"))
    outcome = await availabilities.delete(operation, company_id, ref)
    return Deleted(id=input.availability) if isinstance(outcome, records.Availability) else outcome


@mutation(
    Action.EDIT_SCHEDULE,
    "Creates (no `id`) or changes an absence. Bookings inside it stay and are listed by `bookings`.",
    UpsertAbsenceResult,
)
async def upsert_absence(self: object, info: Info, input: TimeOff) -> object:
    operation = info.context.operation
    company_id = company_of_actor(operation)
    outcome = await absences.upsert(operation, company_id, input.read(company_id))
    return Absence.of(operation, outcome) if isinstance(outcome, records.Absence) else outcome


@mutation(Action.EDIT_SCHEDULE, "Deletes an absence.", DeleteAbsenceResult)
async def delete_absence(self: object, info: Info, input: OldTimeOff) -> object:
    operation = info.context.operation
    company_id = company_of_actor(operation)
    absence_id = one_named(input.absence, "Absence", company_id, path=("input", "absence"))
    outcome = await absences.delete(operation, company_id, absence_id)
    return Deleted(id=input.absence) if isinstance(outcome, records.Absence) else outcome
