"""Who can be booked for a service: checks a service and a choice of employees before any calendar is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from slotgraph.core.errors import BadInput, UnknownObject
from slotgraph.core.operation import Operation
from slotgraph.core.policy import Action
from slotgraph.core.records import Company, Employee, Service
from slotgraph.core.store.directory import Directory

MAX_NAMED = 200
"""The most employees one choice may name."""


@dataclass(frozen=True, slots=True)
class ServiceRef:
    """A service named in the input, by company and id."""

    company_id: str
    id: str


@dataclass(frozen=True, slots=True)
class EmployeeChoice:
    """One employee, any of several, all of several together, or (all None) any of the service. Ids within the service's company."""

    employee: str | None = None
    any_of: tuple[str, ...] | None = None
    together: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Candidates:
    """A service that can be booked now, and who can be booked for it: any of them, or all together."""

    company: Company
    service: Service
    employees: Sequence[Employee]
    together: bool = False


async def candidates(
    operation: Operation,
    service: ServiceRef,
    choice: EmployeeChoice,
    *,
    action: Action,
    path: tuple[str, ...],
) -> Candidates:
    """Resolve who is asked for. Raises UnknownObject or BadInput with the path of the field, before any provider call."""
    return _offering(await considered(operation, service, choice, action=action, path=path))


@dataclass(frozen=True, slots=True)
class Considered:
    """Who is named, and of these by id in which field those who lack the service."""

    who: Candidates
    lacking: Mapping[str, tuple[str, ...]]


async def considered(
    operation: Operation,
    service: ServiceRef,
    choice: EmployeeChoice,
    *,
    action: Action,
    path: tuple[str, ...],
) -> Considered:
    """Resolve who is named, whether they can be booked for the service or not. Raises UnknownObject or BadInput."""
    if not await operation.permits(action, service.company_id):
        raise UnknownObject((*path, "service"))
    directory = await operation.directory(service.company_id)
    found = directory.services.get(service.id) if directory else None
    if directory is None or found is None or not found.active:
        raise UnknownObject((*path, "service"))
    return _considered(directory, found, choice, path=path)


def candidates_of(
    directory: Directory, service: Service, choice: EmployeeChoice, *, path: tuple[str, ...]
) -> Candidates:
    """Resolve who is asked for a service of a company, for whoever may ask. Raises as `candidates` does."""
    return _offering(_considered(directory, service, choice, path=path))


def _offering(named: Considered) -> Candidates:
    for field in named.lacking.values():
        raise BadInput(field, "this employee cannot be booked for this service.")
    return named.who


def _considered(directory: Directory, service: Service, choice: EmployeeChoice, *, path: tuple[str, ...]) -> Considered:
    bookable = {employee.id: employee for employee in directory.employees_of(service.id) if employee.active}
    named = _named(choice, path=(*path, "employees"))
    if named is None:
        return Considered(Candidates(directory.company, service, list(bookable.values())), {})
    employees: dict[str, Employee] = {}
    for employee_id, field in named.items():
        employee = directory.employees.get(employee_id)
        if employee is None or not employee.active:
            raise UnknownObject(field)
        employees[employee_id] = employee
    who = Candidates(directory.company, service, list(employees.values()), together=choice.together is not None)
    return Considered(who, {one: field for one, field in named.items() if one not in bookable})


def _named(choice: EmployeeChoice, *, path: tuple[str, ...]) -> dict[str, tuple[str, ...]] | None:
    """Each employee named, once, and the field where; None for any. Raises BadInput."""
    if choice.employee is not None:
        return {choice.employee: (*path, "employee")}
    several, field = choice.any_of, "anyOf"
    if several is None:
        several, field = choice.together, "together"
    if several is None:
        return None
    if not 1 <= len(several) <= MAX_NAMED:
        raise BadInput((*path, field), f"name 1 to {MAX_NAMED} employees.")
    return {employee_id: (*path, field, str(at)) for at, employee_id in enumerate(several)}
