"""Reading availabilities and absences: whose are shown to whom. What they come to for slots is decided in `availability`."""

from collections.abc import Collection, Sequence
from datetime import date

from slotgraph.core.availability import DaysOff
from slotgraph.core.clock import local_date, minute_from_instant, zone
from slotgraph.core.operation import Operation
from slotgraph.core.policy import Action
from slotgraph.core.records import Absence, Availability
from slotgraph.core.store import schedule


async def availabilities(
    operation: Operation, company_id: str, employee_ids: Collection[str]
) -> Sequence[Availability] | None:
    """Availabilities of some employees, weekly ones first; None if the actor may not see them."""
    if not await operation.permits(Action.READ_SCHEDULE, company_id):
        return None
    async with operation.database.read() as connection:
        return await schedule.availabilities_of(connection, company_id, employee_ids)


async def absences(operation: Operation, company_id: str, employee_ids: Collection[str]) -> Sequence[Absence] | None:
    """Absences of some employees and of the whole company, in order; None if the actor may not see them."""
    if not await operation.permits(Action.READ_SCHEDULE, company_id):
        return None
    async with operation.database.read() as connection:
        return await schedule.absences_of(connection, company_id, employee_ids)


def ends_on_or_after(absence: Absence, day: date, *, zone_name: str) -> bool:
    """Whether an absence still holds on a local day of this zone, or begins after it."""
    if isinstance(absence.times, DaysOff):
        return absence.times.last >= day
    return local_date(absence.times.end - 1, zone(zone_name)) >= day


def today(operation: Operation, *, zone_name: str) -> date:
    """The local day it is now in a zone."""
    return local_date(minute_from_instant(operation.clock.now()), zone(zone_name))
