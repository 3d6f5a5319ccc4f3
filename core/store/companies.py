"""Statements on companies, their employees and services."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from slotgraph.core import tables as t
from slotgraph.core.entry_templates import DESCRIPTION_TEMPLATE, TITLE_TEMPLATE
from slotgraph.core.grids import GridAnchor
from slotgraph.core.records import Company, Employee, EmployeeKind, Service


def company_from_row(row: Row[Any]) -> Company:
    """A company from a row that holds its columns; a template that is null is the house's own."""
    title, description = row.entry_title_template, row.entry_description_template
    return Company(
        row.id,
        row.slug,
        row.name,
        row.time_zone,
        row.locale,
        row.booking_interval_minutes,
        row.exclude_support,
        GridAnchor(row.grid_anchor),
        row.hold_minutes,
        row.customer_data_days,
        TITLE_TEMPLATE if title is None else title,
        DESCRIPTION_TEMPLATE if description is None else description,
        tuple(row.allowed_origins),
    )


async def company_by_id(connection: AsyncConnection, company_id: str) -> Company | None:
    """The company with this id."""
    row = (await connection.execute(select(t.company).where(t.company.c.id == company_id))).first()
    return company_from_row(row) if row else None


async def company_by_slug(connection: AsyncConnection, slug: str) -> Company | None:
    """The company with this public name."""
    row = (await connection.execute(select(t.company).where(t.company.c.slug == slug))).first()
    return company_from_row(row) if row else None


async def is_any_founded(connection: AsyncConnection) -> bool:
    """Whether there is any company: then this database is in use, and its key file must be there."""
    return (await connection.execute(select(t.company.c.id).limit(1))).first() is not None


async def insert_company(connection: AsyncConnection, **values: Any) -> None:
    """Add a company."""
    await connection.execute(insert(t.company).values(**_stored(values)))


async def update_company(connection: AsyncConnection, company_id: str, **values: Any) -> None:
    """Change columns of a company."""
    await connection.execute(update(t.company).where(t.company.c.id == company_id).values(**_stored(values)))


def _stored(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.value if isinstance(value, GridAnchor) else value for name, value in values.items()}


def _by_name(one: Employee | Service) -> tuple[str, str]:
    """Databases do not agree on the order of texts."""
    return one.name.casefold(), one.id


async def employees_of(connection: AsyncConnection, company_id: str) -> list[Employee]:
    """All employees of a company by name, those that were deleted too."""
    rows = await connection.execute(select(t.employee).where(t.employee.c.company_id == company_id))
    return sorted((_employee_from_row(row) for row in rows), key=_by_name)


async def employee_by_id(connection: AsyncConnection, company_id: str, employee_id: str) -> Employee | None:
    """An employee who was not deleted."""
    e = t.employee.c
    where = (e.company_id == company_id, e.id == employee_id, e.deleted_at.is_(None))
    row = (await connection.execute(select(t.employee).where(*where))).first()
    return _employee_from_row(row) if row else None


def _employee_from_row(row: Row[Any]) -> Employee:
    return Employee(
        row.company_id,
        row.id,
        row.name,
        EmployeeKind(row.kind),
        row.time_zone,
        row.active,
        row.show_appointments,
        row.deleted_at,
    )


def _employee_facts(employee: Employee) -> dict[str, Any]:
    """The columns that may change."""
    return {
        "name": employee.name,
        "kind": employee.kind.value,
        "time_zone": employee.time_zone,
        "active": employee.active,
        "show_appointments": employee.show_appointments,
        "deleted_at": employee.deleted_at,
    }


async def insert_employee(connection: AsyncConnection, employee: Employee) -> None:
    """Add an employee."""
    await connection.execute(
        insert(t.employee).values(company_id=employee.company_id, id=employee.id, **_employee_facts(employee))
    )


async def update_employee(connection: AsyncConnection, employee: Employee) -> None:
    """Store an employee as they are now."""
    e = t.employee.c
    where = (e.company_id == employee.company_id, e.id == employee.id)
    await connection.execute(update(t.employee).where(*where).values(**_employee_facts(employee)))


_SERVICE_FIELDS = tuple(Service.__dataclass_fields__)


async def services_of(connection: AsyncConnection, company_id: str) -> list[Service]:
    """All services of a company by name, those that were deleted too."""
    rows = await connection.execute(select(t.service).where(t.service.c.company_id == company_id))
    return sorted((Service(*(getattr(row, name) for name in _SERVICE_FIELDS)) for row in rows), key=_by_name)


def _service_facts(service: Service) -> dict[str, Any]:
    """The columns that may change."""
    return {name: getattr(service, name) for name in _SERVICE_FIELDS if name not in ("company_id", "id")}


async def insert_service(connection: AsyncConnection, service: Service) -> None:
    """Add a service."""
    await connection.execute(
        insert(t.service).values(company_id=service.company_id, id=service.id, **_service_facts(service))
    )


async def update_service(connection: AsyncConnection, service: Service) -> None:
    """Store a service as it is now."""
    s = t.service.c
    where = (s.company_id == service.company_id, s.id == service.id)
    await connection.execute(update(t.service).where(*where).values(**_service_facts(service)))


async def service_employee_pairs(connection: AsyncConnection, company_id: str) -> list[tuple[str, str]]:
    """Who can be booked for what: (service id, employee id)."""
    se = t.service_employee.c
    rows = await connection.execute(select(se.service_id, se.employee_id).where(se.company_id == company_id))
    return [(row.service_id, row.employee_id) for row in rows]


async def insert_service_employee(
    connection: AsyncConnection, company_id: str, *, service_id: str, employee_id: str
) -> None:
    """Let an employee be booked for a service."""
    await connection.execute(
        insert(t.service_employee).values(company_id=company_id, service_id=service_id, employee_id=employee_id)
    )


async def set_services_of_employee(
    connection: AsyncConnection, company_id: str, employee_id: str, *, service_ids: Iterable[str]
) -> None:
    """Let an employee be booked for these services, each named once, and for no others."""
    se = t.service_employee.c
    await connection.execute(
        delete(t.service_employee).where(se.company_id == company_id, se.employee_id == employee_id)
    )
    for service_id in service_ids:
        await insert_service_employee(connection, company_id, service_id=service_id, employee_id=employee_id)


async def set_employees_of_service(
    connection: AsyncConnection, company_id: str, service_id: str, *, employee_ids: Iterable[str]
) -> None:
    """Let these employees, each named once, be booked for a service, and no others."""
    se = t.service_employee.c
    await connection.execute(delete(t.service_employee).where(se.company_id == company_id, se.service_id == service_id))
    for employee_id in employee_ids:
        await insert_service_employee(connection, company_id, service_id=service_id, employee_id=employee_id)
