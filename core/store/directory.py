"""A company with its employees and services, as one snapshot that answers who can be booked for what."""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from slotgraph.core.records import Company, Employee, Service
from slotgraph.core.store import companies


@dataclass(frozen=True)
class Directory:
    """One company's people and services, by id and in order of name. Those that were deleted are not among them."""

    company: Company
    employees: dict[str, Employee]
    services: dict[str, Service]
    _employees_of: dict[str, frozenset[str]]
    _services_of: dict[str, frozenset[str]]
    _former_employees: dict[str, Employee]
    _former_services: dict[str, Service]

    def employee_ever(self, employee_id: str) -> Employee | None:
        """An employee who is there, or was deleted: past bookings still name them."""
        return self.employees.get(employee_id) or self._former_employees.get(employee_id)

    def service_ever(self, service_id: str) -> Service | None:
        """A service that is there, or was deleted: past bookings still name it."""
        return self.services.get(service_id) or self._former_services.get(service_id)

    def employees_of(self, service_id: str) -> list[Employee]:
        """Who can be booked for a service, inactive ones too, by name."""
        ids = self._employees_of.get(service_id, frozenset())
        return [employee for employee in self.employees.values() if employee.id in ids]

    def services_of(self, employee_id: str) -> list[Service]:
        """What an employee can be booked for, inactive ones too, by name."""
        ids = self._services_of.get(employee_id, frozenset())
        return [service for service in self.services.values() if service.id in ids]


async def directory_of(connection: AsyncConnection, company_id: str) -> Directory | None:
    """Read a company's directory; None if there is no such company."""
    company = await companies.company_by_id(connection, company_id)
    if company is None:
        return None
    employees_of: defaultdict[str, set[str]] = defaultdict(set)
    services_of: defaultdict[str, set[str]] = defaultdict(set)
    for service_id, employee_id in await companies.service_employee_pairs(connection, company_id):
        employees_of[service_id].add(employee_id)
        services_of[employee_id].add(service_id)
    employees = await companies.employees_of(connection, company_id)
    services = await companies.services_of(connection, company_id)
    return Directory(
        company,
        {one.id: one for one in employees if one.deleted_at is None},
        {one.id: one for one in services if one.deleted_at is None},
        {key: frozenset(ids) for key, ids in employees_of.items()},
        {key: frozenset(ids) for key, ids in services_of.items()},
        {one.id: one for one in employees if one.deleted_at is not None},
        {one.id: one for one in services if one.deleted_at is not None},
    )
