"""Making, changing and deleting services."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import datetime

from slotgraph.core.administration.bounds import MAX_NAMED, MAX_SERVICES, full, known_ids, number_faults
from slotgraph.core.clock import MINUTES_PER_DAY, minute_from_instant
from slotgraph.core.customers import MAX_NAME, text_faults
from slotgraph.core.errors import Forbidden
from slotgraph.core.operation import Operation
from slotgraph.core.policy import Action
from slotgraph.core.problems import HasUpcomingBookings, InvalidField, InvalidInput, NotFound
from slotgraph.core.records import Service
from slotgraph.core.slots import INTERVALS
from slotgraph.core.store import companies, holds, references
from slotgraph.core.store.database import Transaction
from slotgraph.core.store.directory import directory_of
from slotgraph.core.store.locks import lock_company, lock_everybody
from slotgraph.core.values import OMITTED, Omitted

MAX_DESCRIPTION = 5000


@dataclass(frozen=True, slots=True)
class ServiceForm:
    """A service to make (without `id`) or to change. What is OMITTED is the default at first, and stays as it is later.

    A `booking_interval_minutes` of None is the company's.
    """

    name: str
    duration_minutes: int
    id: str | None = None
    description: str | Omitted = OMITTED
    buffer_before_minutes: int | Omitted = OMITTED
    buffer_after_minutes: int | Omitted = OMITTED
    minimum_notice_minutes: int | Omitted = OMITTED
    horizon_days: int | Omitted = OMITTED
    booking_interval_minutes: int | None | Omitted = OMITTED
    cancellation_limit_hours: int | Omitted = OMITTED
    active: bool | Omitted = OMITTED
    employee_ids: tuple[str, ...] | Omitted = OMITTED


UpsertServiceResult = Service | InvalidInput | NotFound
DeleteServiceResult = Service | HasUpcomingBookings | NotFound


async def upsert(operation: Operation, company_id: str, form: ServiceForm) -> UpsertServiceResult:
    """Make or change a service; bookings stay. Raises UnknownObject for an employee who is none, and Forbidden."""
    if not await operation.permits(Action.CHANGE_SERVICE, company_id):
        if form.id is None:
            raise Forbidden("You may not make services.")
        return NotFound(("input", "id"))
    description = form.description if isinstance(form.description, Omitted) else form.description.strip()
    form = replace(form, name=form.name.strip(), description=description)
    faults = tuple(_faults(form))
    if faults:
        return InvalidInput(faults)
    async with operation.database.write() as connection:
        outcome = await _store(connection, company_id, form)
    operation.forget_directory(company_id)
    return outcome


async def delete(operation: Operation, company_id: str, service_id: str) -> DeleteServiceResult:
    """Delete a service without upcoming bookings, and give it back as it was; past bookings keep the name."""
    if not await operation.permits(Action.CHANGE_SERVICE, company_id):
        return NotFound(("input", "service"))
    async with operation.database.write() as connection:
        outcome = await _delete(connection, company_id, service_id, now=operation.clock.now())
    operation.forget_directory(company_id)
    return outcome


_NUMBERS = (
    ("durationMinutes", 1, MINUTES_PER_DAY, "minutes"),
    ("bufferBeforeMinutes", 0, MINUTES_PER_DAY, "minutes"),
    ("bufferAfterMinutes", 0, MINUTES_PER_DAY, "minutes"),
    ("minimumNoticeMinutes", 0, 365 * MINUTES_PER_DAY, "minutes"),
    ("horizonDays", 1, 730, "days"),
    ("cancellationLimitHours", 0, 365 * 24, "hours"),
)


def _faults(form: ServiceForm) -> Iterator[InvalidField]:
    yield from text_faults(("input", "name"), form.name, longest=MAX_NAME)
    if isinstance(form.description, str) and form.description:
        yield from text_faults(("input", "description"), form.description, longest=MAX_DESCRIPTION, lines=True)
    numbers = (
        form.duration_minutes,
        form.buffer_before_minutes,
        form.buffer_after_minutes,
        form.minimum_notice_minutes,
        form.horizon_days,
        form.cancellation_limit_hours,
    )
    for (field, least, most, unit), number in zip(_NUMBERS, numbers, strict=True):
        if not isinstance(number, Omitted):
            yield from number_faults(("input", field), number, least=least, most=most, unit=unit)
    interval = form.booking_interval_minutes
    if isinstance(interval, int) and interval not in INTERVALS:
        choices = ", ".join(map(str, INTERVALS))
        yield InvalidField(("input", "bookingIntervalMinutes"), f"must be one of {choices}, or null for the company's.")
    if not isinstance(form.employee_ids, Omitted) and len(form.employee_ids) > MAX_NAMED:
        yield InvalidField(("input", "employees"), f"at most {MAX_NAMED} employees.")


async def _store(connection: Transaction, company_id: str, form: ServiceForm) -> UpsertServiceResult:
    """Under the lock of all who may be booked for it: a booking that is under way was judged by what stands here."""
    await lock_company(connection, company_id)
    await lock_everybody(connection, company_id)
    directory = await directory_of(connection, company_id)
    before = directory.services.get(form.id) if directory and form.id else None
    if directory is None or (form.id is not None and before is None):
        return NotFound(("input", "id"))
    if before is None and len(directory.services) >= MAX_SERVICES:
        return full(f"a company has at most {MAX_SERVICES} services; delete one first.")
    if isinstance(form.employee_ids, Omitted):
        employee_ids = None
    else:
        employee_ids = known_ids(form.employee_ids, directory.employees, path=("input", "employees"))
    service = _changed(before or _new(company_id), form)
    if before is None:
        await companies.insert_service(connection, service)
    else:
        await companies.update_service(connection, service)
    if employee_ids is not None:
        await companies.set_employees_of_service(connection, company_id, service.id, employee_ids=employee_ids)
    return service


def _new(company_id: str) -> Service:
    return Service(
        company_id,
        uuid.uuid4().hex,
        name="",
        description="",
        duration_minutes=0,
        buffer_before_minutes=0,
        buffer_after_minutes=0,
        minimum_notice_minutes=0,
        horizon_days=60,
        booking_interval_minutes=None,
        cancellation_limit_hours=24,
        active=True,
    )


_SHARED = frozenset(field.name for field in fields(ServiceForm)) - {"id", "employee_ids"}
"""What a form and a service call by the same name."""


def _changed(service: Service, form: ServiceForm) -> Service:
    values = {name: getattr(form, name) for name in _SHARED}
    return replace(service, **{name: value for name, value in values.items() if value is not OMITTED})


async def _delete(connection: Transaction, company_id: str, service_id: str, *, now: datetime) -> DeleteServiceResult:
    """Under the locks nobody can book it, and nobody new be given it."""
    await lock_company(connection, company_id)
    await lock_everybody(connection, company_id)
    directory = await directory_of(connection, company_id)
    service = directory.services.get(service_id) if directory else None
    if service is None:
        return NotFound(("input", "service"))
    upcoming = await references.upcoming_bookings_of_service(
        connection, company_id, service_id, after=minute_from_instant(now)
    )
    if upcoming:
        return HasUpcomingBookings(upcoming)
    await companies.set_employees_of_service(connection, company_id, service_id, employee_ids=())
    await holds.release_service(connection, company_id, service_id)
    if await references.is_service_in_bookings(connection, company_id, service_id):
        await companies.update_service(connection, replace(service, active=False, deleted_at=now))
    else:
        await references.delete_service(connection, company_id, service_id)
    return service
