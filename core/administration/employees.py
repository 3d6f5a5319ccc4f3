"""Making, changing and deleting employees."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from slotgraph.core.accounts import Accounts
from slotgraph.core.administration.bounds import MAX_EMPLOYEES, MAX_NAMED, full, given_or, known_ids
from slotgraph.core.clock import is_zone_name, minute_from_instant
from slotgraph.core.customers import MAX_NAME, text_faults
from slotgraph.core.errors import Forbidden
from slotgraph.core.operation import Operation
from slotgraph.core.policy import Action
from slotgraph.core.problems import HasUpcomingBookings, InvalidField, InvalidInput, NotFound
from slotgraph.core.records import Company, Employee, EmployeeKind
from slotgraph.core.store import companies, references
from slotgraph.core.store.database import Transaction
from slotgraph.core.store.directory import directory_of
from slotgraph.core.store.locks import lock_company, lock_employees
from slotgraph.core.values import OMITTED, Omitted


@dataclass(frozen=True, slots=True)
class EmployeeForm:
    """An employee to make (without `id`) or to change. What is OMITTED is the default at first, and stays as it is later."""

    name: str
    id: str | None = None
    kind: EmployeeKind | Omitted = OMITTED
    time_zone: str | Omitted = OMITTED
    active: bool | Omitted = OMITTED
    show_appointments: bool | Omitted = OMITTED
    service_ids: tuple[str, ...] | Omitted = OMITTED


UpsertEmployeeResult = Employee | InvalidInput | NotFound
DeleteEmployeeResult = Employee | HasUpcomingBookings | NotFound


class Employees:
    """Makes, changes and deletes employees."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    async def upsert(self, operation: Operation, company_id: str, form: EmployeeForm) -> UpsertEmployeeResult:
        """Make or change an employee; bookings stay. Raises UnknownObject for a service that is none, and Forbidden."""
        if not await operation.permits(Action.CHANGE_EMPLOYEE, company_id, employee_id=form.id):
            if form.id is None:
                raise Forbidden("You may not make employees.")
            return NotFound(("input", "id"))
        form = replace(form, name=form.name.strip())
        faults = tuple(_faults(form))
        if faults:
            return InvalidInput(faults)
        async with operation.database.write() as connection:
            outcome = await _store(connection, company_id, form)
        operation.forget_directory(company_id)
        return outcome

    async def delete(self, operation: Operation, company_id: str, employee_id: str) -> DeleteEmployeeResult:
        """Delete an employee without upcoming bookings, and give them back as they were; past bookings keep the name.

        Accounts linked for them are unlinked first, each at its provider; as soon as that begins they are inactive. Raises Forbidden
        where there are such and the actor may not unlink them.
        """
        if not await operation.permits(Action.CHANGE_EMPLOYEE, company_id, employee_id=employee_id):
            return NotFound(("input", "employee"))
        may_unlink = await operation.permits(Action.CHANGE_ACCOUNT, company_id, employee_id=employee_id)
        while True:
            async with operation.database.write() as connection:
                outcome = await _delete(connection, company_id, employee_id, now=operation.clock.now())
                if isinstance(outcome, _Linked) and not may_unlink:
                    raise Forbidden("This employee has linked accounts, and you may not unlink them.")
            operation.forget_directory(company_id)
            if not isinstance(outcome, _Linked):
                return outcome
            for account_id in outcome.account_ids:
                await self._accounts.unlink(operation, company_id, account_id)


def _faults(form: EmployeeForm) -> Iterator[InvalidField]:
    yield from text_faults(("input", "name"), form.name, longest=MAX_NAME)
    if not isinstance(form.time_zone, Omitted) and not is_zone_name(form.time_zone):
        yield InvalidField(("input", "timeZone"), "this is no IANA time zone, for example Europe/Zurich.")
    if not isinstance(form.service_ids, Omitted) and len(form.service_ids) > MAX_NAMED:
        yield InvalidField(("input", "services"), f"at most {MAX_NAMED} services.")


async def _store(connection: Transaction, company_id: str, form: EmployeeForm) -> UpsertEmployeeResult:
    """Under the lock: of two who change one employee at a time, the second finds what the first made of them."""
    if form.id is None:
        await lock_company(connection, company_id)
    else:
        await lock_employees(connection, company_id, [form.id])
    directory = await directory_of(connection, company_id)
    before = directory.employees.get(form.id) if directory and form.id else None
    if directory is None or (form.id is not None and before is None):
        return NotFound(("input", "id"))
    if before is None and len(directory.employees) >= MAX_EMPLOYEES:
        return full(f"a company has at most {MAX_EMPLOYEES} employees; delete one first.")
    employee = _changed(before or _new(directory.company), form)
    if isinstance(form.service_ids, Omitted):
        service_ids = None
    else:
        service_ids = known_ids(form.service_ids, directory.services, path=("input", "services"))
    if before is None:
        await companies.insert_employee(connection, employee)
    else:
        await companies.update_employee(connection, employee)
    if service_ids is not None:
        await companies.set_services_of_employee(connection, company_id, employee.id, service_ids=service_ids)
    return employee


def _new(company: Company) -> Employee:
    return Employee(
        company.id,
        uuid.uuid4().hex,
        name="",
        kind=EmployeeKind.PERSON,
        time_zone=company.time_zone,
        active=True,
        show_appointments=False,
    )


def _changed(employee: Employee, form: EmployeeForm) -> Employee:
    return replace(
        employee,
        name=form.name,
        kind=given_or(form.kind, employee.kind),
        time_zone=given_or(form.time_zone, employee.time_zone),
        active=given_or(form.active, employee.active),
        show_appointments=given_or(form.show_appointments, employee.show_appointments),
    )


@dataclass(frozen=True, slots=True)
class _Linked:
    """There are accounts, which are let go of at their providers first: no transaction is open during that."""

    account_ids: list[str]


async def _delete(
    connection: Transaction, company_id: str, employee_id: str, *, now: datetime
) -> DeleteEmployeeResult | _Linked:
    """Under the locks nobody can book or name them: they go, or, while accounts are linked, nobody can book from here on."""
    await lock_company(connection, company_id)
    await lock_employees(connection, company_id, [employee_id])
    employee = await companies.employee_by_id(connection, company_id, employee_id)
    if employee is None:
        return NotFound(("input", "employee"))
    upcoming = await references.upcoming_bookings_of_employee(
        connection, company_id, employee_id, after=minute_from_instant(now)
    )
    if upcoming:
        return HasUpcomingBookings(upcoming)
    # First: a link that is being completed is waited for, and its account is found below.
    await references.forget_links_of_employee(connection, company_id, employee_id)
    account_ids = await references.accounts_of_employee(connection, company_id, employee_id)
    if account_ids:
        await companies.update_employee(connection, replace(employee, active=False))
        return _Linked(account_ids)
    await references.release_employee(connection, company_id, employee_id)
    if await references.is_employee_in_bookings(connection, company_id, employee_id):
        gone = replace(employee, active=False, show_appointments=False, deleted_at=now)
        await companies.update_employee(connection, gone)
    else:
        await references.delete_employee(connection, company_id, employee_id)
    return employee
