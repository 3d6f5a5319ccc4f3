"""Statements on what refers to an employee or a service, and on letting go of it: before one of them is deleted."""

from sqlalchemy import and_, delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from slotgraph.core import tables as t
from slotgraph.core.records import BookingState


async def upcoming_bookings_of_employee(
    connection: AsyncConnection, company_id: str, employee_id: str, *, after: int
) -> int:
    """How many confirmed bookings they attend that end after a minute."""
    a, b = t.attendance.c, t.booking.c
    attended = and_(a.company_id == b.company_id, a.booking_id == b.id, a.employee_id == employee_id)
    statement = select(func.count()).where(
        b.company_id == company_id,
        b.state == BookingState.CONFIRMED.value,
        b.end_minute > after,
        exists().where(attended),
    )
    return (await connection.execute(statement)).scalar_one()


async def upcoming_bookings_of_service(
    connection: AsyncConnection, company_id: str, service_id: str, *, after: int
) -> int:
    """How many confirmed bookings of it end after a minute."""
    b = t.booking.c
    statement = select(func.count()).where(
        b.company_id == company_id,
        b.service_id == service_id,
        b.state == BookingState.CONFIRMED.value,
        b.end_minute > after,
    )
    return (await connection.execute(statement)).scalar_one()


async def is_employee_in_bookings(connection: AsyncConnection, company_id: str, employee_id: str) -> bool:
    """Whether any booking, or an entry written for one, names them."""
    a, e = t.attendance.c, t.calendar_entry.c
    attended = select(a.booking_id).where(a.company_id == company_id, a.employee_id == employee_id).limit(1)
    written = select(e.id).where(e.company_id == company_id, e.employee_id == employee_id).limit(1)
    if (await connection.execute(attended)).first() is not None:
        return True
    return (await connection.execute(written)).first() is not None


async def is_service_in_bookings(connection: AsyncConnection, company_id: str, service_id: str) -> bool:
    """Whether any booking names it."""
    b = t.booking.c
    statement = select(b.id).where(b.company_id == company_id, b.service_id == service_id).limit(1)
    return (await connection.execute(statement)).first() is not None


async def accounts_of_employee(connection: AsyncConnection, company_id: str, employee_id: str) -> list[str]:
    """The ids of the accounts that were linked for an employee."""
    a = t.account.c
    statement = select(a.id).where(a.company_id == company_id, a.employee_id == employee_id).order_by(a.id)
    return [row.id for row in await connection.execute(statement)]


async def forget_links_of_employee(connection: AsyncConnection, company_id: str, employee_id: str) -> None:
    """End the links under way for an employee: none can be completed after this."""
    a = t.link_attempt.c
    await connection.execute(delete(t.link_attempt).where(a.company_id == company_id, a.employee_id == employee_id))


async def release_employee(connection: AsyncConnection, company_id: str, employee_id: str) -> None:
    """Drop the schedule, services and holds of an employee, and untie members, invitations and calendars from them."""
    b, a, o, se = t.block.c, t.availability.c, t.absence.c, t.service_employee.c
    m, i, c = t.member.c, t.invitation.c, t.calendar.c
    await connection.execute(
        delete(t.block).where(b.company_id == company_id, b.employee_id == employee_id, b.booking_id.is_(None))
    )
    await connection.execute(delete(t.availability).where(a.company_id == company_id, a.employee_id == employee_id))
    await connection.execute(delete(t.absence).where(o.company_id == company_id, o.employee_id == employee_id))
    await connection.execute(
        delete(t.service_employee).where(se.company_id == company_id, se.employee_id == employee_id)
    )
    await connection.execute(
        update(t.member).where(m.company_id == company_id, m.employee_id == employee_id).values(employee_id=None)
    )
    await connection.execute(
        update(t.invitation).where(i.company_id == company_id, i.employee_id == employee_id).values(employee_id=None)
    )
    await connection.execute(
        update(t.calendar)
        .where(c.company_id == company_id, c.employee_id == employee_id)
        .values(employee_id=None, is_default=False)
    )


async def delete_employee(connection: AsyncConnection, company_id: str, employee_id: str) -> None:
    """Delete the row of an employee to whom nothing refers any more."""
    e = t.employee.c
    await connection.execute(delete(t.employee).where(e.company_id == company_id, e.id == employee_id))


async def delete_service(connection: AsyncConnection, company_id: str, service_id: str) -> None:
    """Delete the row of a service to which no booking refers."""
    s = t.service.c
    await connection.execute(delete(t.service).where(s.company_id == company_id, s.id == service_id))
