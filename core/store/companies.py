"""Statements on companies, their employees and services."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from slotgraph.core import tables as t
from slotgraph.core.grids import GridAnchor
from slotgraph.core.records import Company, Employee, EmployeeKind, Service


def company_from_row(row: Row[Any]) -> Company:
    """A company from a row that holds its columns."""
    return Company(
        row.id,
        row.slug,
        row.name,
        row.time_zone,
        row.locale,
        row.booking_interval_minutes,
        row.exclude_support,
        GridAnchor(row.grid_anchor),
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


async def employees_of(connection: AsyncConnection, company_id: str) -> list[Employee]:
    """All employees of a company by name."""
    e = t.employee.c
    rows = await connection.execute(select(t.employee).where(e.company_id == company_id).order_by(e.name, e.id))
    return [
        Employee(
            row.company_id,
            row.id,
            row.name,
            EmployeeKind(row.kind),
            row.time_zone,
            row.active,
            row.show_appointments,
        )
        for row in rows
    ]


async def insert_employee(connection: AsyncConnection, employee: Employee) -> None:
    """Add an employee."""
    await connection.execute(
        insert(t.employee).values(
            company_id=employee.company_id,
            id=employee.id,
            name=employee.name,
            kind=employee.kind.value,
            time_zone=employee.time_zone,
            active=employee.active,
            show_appointments=employee.show_appointments,
        )
    )


_SERVICE_FIELDS = tuple(Service.__dataclass_fields__)


async def services_of(connection: AsyncConnection, company_id: str) -> list[Service]:
    """All services of a company by name."""
    s = t.service.c
    rows = await connection.execute(select(t.service).where(s.company_id == company_id).order_by(s.name, s.id))
    return [Service(*(getattr(row, name) for name in _SERVICE_FIELDS)) for row in rows]


async def insert_service(connection: AsyncConnection, service: Service) -> None:
    """Add a service."""
    values = {name: getattr(service, name) for name in _SERVICE_FIELDS}
    await connection.execute(insert(t.service).values(**values))


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
