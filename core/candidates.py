"""Who can be booked for a service: checks a service and a choice of employees before any calendar is asked."""

from collections.abc import Sequence
from dataclasses import dataclass

from slotgraph.core.errors import BadInput, UnknownObject
from slotgraph.core.operation import Operation
from slotgraph.core.policy import Action
from slotgraph.core.records import Company, Employee, Service
from slotgraph.core.store.directory import Directory

MAX_ANY_OF = 200


@dataclass(frozen=True, slots=True)
class ServiceRef:
    """A service named in the input, by company and id."""

    company_id: str
    id: str


@dataclass(frozen=True, slots=True)
class EmployeeChoice:
    """One employee, any of several, or (both None) any employee of the service. Ids of employees of the service's company."""

    employee: str | None = None
    any_of: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Candidates:
    """A service that can be booked now, and who can be booked for it."""

    company: Company
    service: Service
    employees: Sequence[Employee]


async def candidates(
    operation: Operation,
    service: ServiceRef,
    choice: EmployeeChoice,
    *,
    action: Action,
    path: tuple[str, ...],
) -> Candidates:
    """Resolve who is asked for. Raises UnknownObject or BadInput with the path of the field, before any provider call."""
    if not await operation.permits(action, service.company_id):
        raise UnknownObject((*path, "service"))
    directory = await operation.directory(service.company_id)
    found = directory.services.get(service.id) if directory else None
    if directory is None or found is None or not found.active:
        raise UnknownObject((*path, "service"))
    employees = _chosen(directory, found, choice, path=(*path, "employees"))
    return Candidates(directory.company, found, employees)


def _chosen(
    directory: Directory, service: Service, choice: EmployeeChoice, *, path: tuple[str, ...]
) -> Sequence[Employee]:
    bookable = {employee.id: employee for employee in directory.employees_of(service.id) if employee.active}
    if choice.employee is not None:
        return [_bookable(directory, bookable, choice.employee, path=(*path, "employee"))]
    if choice.any_of is None:
        return list(bookable.values())
    if not 1 <= len(choice.any_of) <= MAX_ANY_OF:
        raise BadInput((*path, "anyOf"), f"name 1 to {MAX_ANY_OF} employees.")
    wanted = {
        employee_id: _bookable(directory, bookable, employee_id, path=(*path, "anyOf", str(at)))
        for at, employee_id in enumerate(choice.any_of)
    }
    return list(wanted.values())


def _bookable(
    directory: Directory, bookable: dict[str, Employee], employee_id: str, *, path: tuple[str, ...]
) -> Employee:
    if employee_id in bookable:
        return bookable[employee_id]
    known = directory.employees.get(employee_id)
    if known is None or not known.active:
        raise UnknownObject(path)
    raise BadInput(path, "this employee cannot be booked for this service.")
