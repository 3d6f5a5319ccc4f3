"""Two companies in one database, each with one of everything there is."""

from datetime import date, time
from typing import Any

import orjson
from slotgraph_tests_schema_made_requests import Maker, Place, document

from slotgraph.core import tables
from slotgraph.core.availability import Dated, DaysOff, Times
from slotgraph.core.policy import NOT_FOR_TOKENS, Permission, Role, Token
from slotgraph.schema import ids
from slotgraph.schema.build import build

_DAY, _NINE, _TEN = date(2027, 3, 5), time(9), time(10)
TABLES = {
    "Employee": tables.employee,
    "Service": tables.service,
    "WeeklyAvailability": tables.availability,
    "DatedAvailability": tables.availability,
    "Absence": tables.absence,
    "Account": tables.account,
    "Calendar": tables.calendar,
    "Booking": tables.booking,
    "CalendarEntry": tables.calendar_entry,
    "SupportCase": tables.support_case,
    "AccessLogEntry": tables.access_log,
    "ApiToken": tables.api_token,
    "Member": tables.member,
    "Invitation": tables.invitation,
}


class Twins:
    """The companies `demo` and `other`, each with one of everything there is."""

    def __init__(self, face: Any) -> None:
        self.face = face
        self.world = face.world
        self.theirs: dict[str, str] = {}
        self.own: dict[str, str] = {}

    async def stock(self) -> None:
        world = self.world
        await world.add_company("other")
        await world.add_employee("otto", company="other")
        await world.add_service("trim", employees=("otto",), company="other")
        await world.add_employee("ida", company="demo", active=False)
        for slug, employee, service in (("other", "otto", "trim"), ("demo", "anna", "cut")):
            world.company_id = world.id_of(slug)
            await self._fill(slug, employee, service)
        self.own, self.theirs = await self._ids("other"), await self._ids("demo")
        self.theirs["Employee"] = self.face.id("Employee", "ida")

    async def _fill(self, slug: str, employee: str, service: str) -> None:
        world, now = self.world, self.world.clock.now()
        owner = await world.add_login(world.member(f"owner-{slug}", Role.OWNER))
        await world.open(employee, Dated(Times(_NINE, _TEN), _DAY), company=slug)
        await world.take_off(employee, DaysOff(_DAY, _DAY))
        await world.link(employee, name=f"{employee}-{slug}")
        booked = await world.book("2027-03-03 09:00", service=service, employee=employee)
        assert type(booked).__name__ == "BookingConfirmed", booked
        case = await self.face.ask(self.face.OPEN_CASE, owner, reason="Look")
        if slug == "demo":
            named = ids.read(case["openSupportCase"]["id"])
            await world.change(tables.support_case, named.id, ended_at=now, ended_by="CLOSED")
        common = {"company_id": world.company_id, "id": world.id_of(f"thing {slug}")}
        await self._insert(
            tables.access_log, **common, at=now, agent_id="a" * 32, agent="agent", refused=False, fields=[]
        )
        await self._insert(
            tables.api_token, **common, name="Token", secret_hash=f"hash {slug}", scopes=["BOOK"], created_at=now
        )
        await self._insert(
            tables.invitation,
            **common,
            email=f"new@{slug}.example",
            role="STAFF",
            token_hash=f"hash {slug}",
            created_at=now,
            expires_at=now.replace(year=2028),
        )
        await self._insert(
            tables.session,
            token_hash=world.id_of(f"session {slug}") * 2,
            user_id=owner.user_id,
            company_id=world.company_id,
            started_at=now,
            last_used_at=now,
            expires_at=now.replace(year=2028),
            client="tests",
        )

    async def _insert(self, table: Any, **values: Any) -> None:
        async with self.world.database.write() as connection:
            await connection.execute(table.insert().values(**values))

    async def _ids(self, slug: str) -> dict[str, str]:
        company_id = self.world.id_of(slug)
        found = {"Company": ids.encode("Company", company_id)}
        for kind, table in TABLES.items():
            for row in await self.world.rows(table):
                if row.company_id == company_id and not (kind == "WeeklyAvailability" and row.date is not None):
                    found[kind] = ids.encode(kind, company_id, row.id)
        session = self.world.id_of(f"session {slug}")
        return found | {"Session": ids.encode("Session", company_id, session)}

    def actor(self, name: str) -> Any:
        world = self.world
        world.company_id = world.id_of("other")
        everything = frozenset(Permission) - NOT_FOR_TOKENS
        return {
            "owner": world.member("owner-other", Role.OWNER),
            "staff": world.member("staff-other", employee="otto"),
            "token": Token(world.company_id, world.id_of("thing other"), everything),
            "stranger": None,
            "agent": world.agent,
        }[name]

    async def answer(self, place: Place, value: Any, actor: Any) -> bytes:
        """What an operation answers with a value in a place."""
        schema = build().graphql
        variables = Maker(schema, self.own).variables(place, value)
        result = await self.face.run(document(schema, place, variables), actor, **variables)
        errors = [error.formatted for error in result.errors or ()]
        return orjson.dumps({"data": result.data, "errors": errors}, option=orjson.OPT_SORT_KEYS)

    async def rows_of_the_other(self) -> dict[str, list[tuple[Any, ...]]]:
        company_id = self.world.id_of("demo")
        owned = [table for table in tables.metadata.tables.values() if "company_id" in table.c]
        return {
            table.name: [tuple(row) for row in await self.world.rows(table) if row.company_id == company_id]
            for table in owned
        }
