"""A company of any size, with something of everything, for documents that ask for all of it."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from slotgraph.core import audit, tables
from slotgraph.core.availability import DaysOff
from slotgraph.core.policy import Role
from slotgraph.core.records import AccessLogEntry, SupportCase
from slotgraph.core.store import cases
from slotgraph.schema import ids

NEXT_WEEK = date(2027, 3, 9)


@dataclass
class BusyCompany:
    """The company of a face, grown: `names` are its employees."""

    face: Any
    names: list[str]
    case: str = ""
    """An open support case."""

    @classmethod
    async def grown(cls, face: Any, size: int) -> "BusyCompany":
        """Each employee has a calendar in the one account that is asked, an account at home, a booking, an absence and a login."""
        company = cls(face, ["anna", "ben", *(f"employee {number}" for number in range(size - 2))])
        world = face.world
        for name in company.names[2:]:
            await world.add_employee(name)
        await world.add_service("color", employees=tuple(company.names))
        await world.add_login(world.owner)
        studio = await world.add_account("studio")
        for number, name in enumerate(company.names):
            await company._furnish(studio, number, name)
        opened = await face.ask(face.OPEN_CASE, world.owner, reason="Look")
        company.case = opened["openSupportCase"]["id"]
        return company

    async def _furnish(self, studio: Any, number: int, name: str) -> None:
        world, room = self.face.world, f"room of {name}"
        await world.change(tables.employee, world.id_of(name), show_appointments=True)
        world.calendars.add_calendar(room, login="studio")
        world.calendars.put(room, world.event("2027-03-02 15:00", "2027-03-02 16:00"))
        await world.add_calendar(room, studio, employee=name, is_default=True)
        home = await world.add_account(f"{name} at home", employee=name)
        await world.add_calendar(f"{name} at home", home, employee=name, checked=False)
        await world.add_login(world.member(name, Role.STAFF, employee=name))
        await world.take_off(name, DaysOff(NEXT_WEEK, NEXT_WEEK))
        await self._look_in(name)
        start = f"2027-03-02 {9 + number // 4:02}:{number % 4 * 15:02}"
        booked = await world.book(start, employee=name, service="color", actor=world.owner)
        assert hasattr(booked, "booking"), booked

    async def _look_in(self, name: str) -> None:
        """A support case that is over, and an access under it."""
        world = self.face.world
        at, agent = world.clock.now() - timedelta(days=1), world.agent
        case = SupportCase(world.company_id, world.id_of(f"case {name}"), "Why", at, at, None, False)
        own = (world.company_id, world.id_of(f"access {name}"), at, agent.user_id, agent.email, case.id, False)
        async with world.database.write() as connection:
            await cases.insert_case(connection, case)
            await audit.record(connection, AccessLogEntry(*own, None, ("company",), None, None))

    async def ids(self, *, each: int) -> list[str]:
        """Global ids of every kind, up to so many of each."""
        world = self.face.world
        kinds = {
            "Employee": tables.employee,
            "Service": tables.service,
            "WeeklyAvailability": tables.availability,
            "Absence": tables.absence,
            "Booking": tables.booking,
            "CalendarEntry": tables.calendar_entry,
            "Account": tables.account,
            "Calendar": tables.calendar,
            "SupportCase": tables.support_case,
            "AccessLogEntry": tables.access_log,
            "Member": tables.member,
        }
        found = [self.face.company]
        for kind, table in kinds.items():
            found += [ids.encode(kind, world.company_id, row.id) for row in (await world.rows(table))[:each]]
        return found
