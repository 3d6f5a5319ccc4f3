"""A company to test in: real tables, the real use cases joined as the server joins them, calendars in memory."""

import asyncio
import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from slotgraph_tests_databases import stored

from slotgraph.core import tables
from slotgraph.core.availability import Dated, DaysOff, Times, Weekly
from slotgraph.core.booking.cancelling import CancelRequest
from slotgraph.core.booking.finding import BookingRef
from slotgraph.core.booking.making import BookRequest
from slotgraph.core.candidates import EmployeeChoice, ServiceRef
from slotgraph.core.clock import minute_from_instant
from slotgraph.core.customers import CustomerForm
from slotgraph.core.errors import ProviderUnreachable
from slotgraph.core.explaining import ExplainRequest
from slotgraph.core.offload import Offload
from slotgraph.core.operation import Operation
from slotgraph.core.overview import OverviewQuery
from slotgraph.core.passwords import Passwords
from slotgraph.core.plugin import Account as PluginAccount
from slotgraph.core.policy import Anonymous, Member, Role, Support
from slotgraph.core.records import (
    Absence,
    Account,
    Availability,
    Calendar,
    Employee,
    EmployeeKind,
    Health,
    Membership,
    Service,
    User,
)
from slotgraph.core.registry import Registry
from slotgraph.core.search import FirstFreeQuery, SlotQuery
from slotgraph.core.store import accounts, blocks, companies, members, schedule, users
from slotgraph.core.store.database import Database
from slotgraph.core.testing import FixedClock, InMemoryProvider, OutsideEvent
from slotgraph.core.values import BusyStatus, Limits, Purpose, ReadMode, Reference, Span
from slotgraph.core.vault import Vault
from slotgraph.server.joining import Parts, join

ZONE = "Europe/Zurich"
NOW = datetime(2027, 3, 1, 6, 0, tzinfo=UTC)
"""Monday, seven in the morning in Zurich."""

WEEKDAYS = range(5)
NINE_TO_FIVE = Times(time(9), time(17))


def id_of(name: str) -> str:
    """The id a thing of this name has in every world."""
    return hashlib.md5(name.encode()).hexdigest()


def at(text: str, zone: str = ZONE) -> datetime:
    """An instant by its wall time, as in `at("2027-03-02 09:00")`."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def minute(text: str, zone: str = ZONE) -> int:
    """A minute by its wall time."""
    return minute_from_instant(at(text, zone))


def event(start: str, end: str, **more: Any) -> OutsideEvent:
    """An event of somebody's calendar by its wall times in Zurich, or by its days."""
    first, last = (
        date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text) for text in (start, end)
    )
    return OutsideEvent(first, last, **({"zone": ZONE} | more))


class _NoTransport:
    async def request(self, *args: object, **options: object) -> Any:
        raise ProviderUnreachable


class Calendars(InMemoryProvider):
    """Keeps which entries it was asked to remove. Takes many calls at a time, so that bookings can race."""

    def __init__(self) -> None:
        super().__init__(limits=Limits(concurrency=40))
        self.removed: list[Reference] = []

    async def remove(self, account: PluginAccount, reference: Reference, key: str) -> None:
        self.removed.append(reference)
        await super().remove(account, reference, key)


class World:
    """The company `demo`; `calendars` is where its employees keep theirs."""

    at = staticmethod(at)
    minute = staticmethod(minute)
    event = staticmethod(event)
    id_of = staticmethod(id_of)

    def __init__(self, database: Database, address: str) -> None:
        self.database = database
        self.address = address
        self.clock = FixedClock(NOW)
        self.calendars = Calendars()
        self.registry = Registry()
        self.registry.register([self.calendars], plugin="slotgraph-tests")
        self.vault = Vault({"k1": bytes(32)}, "k1", manage_secret=bytes(range(32)))
        self.passwords = Passwords(time_cost=1, memory_kib=64, parallelism=1)
        self.offload = Offload()
        parts = Parts(database, self.clock, self.vault, self.registry, _NoTransport(), self.offload, self.passwords)
        self.joined = join(parts)
        self.do = self.joined.use_cases
        self.company_id = id_of("demo")

    @classmethod
    async def opened(cls, address: str) -> "World":
        """A world on a database that is there."""
        return cls(await Database.open(address), address)

    @classmethod
    async def make(cls, address: str) -> None:
        """Put the company and its first employees into an empty database."""
        world = await cls.opened(address)
        await world.add_company("demo")
        for name in ("anna", "ben"):
            await world.add_employee(name)
        await world.add_service("cut", employees=("anna", "ben"))
        await world.close()

    async def close(self) -> None:
        await self.joined.flights.close()
        await self.joined.health.settled()
        self.passwords.close()
        await self.database.close()

    # What stands in our own tables

    async def add_company(self, slug: str) -> str:
        """Another company; its id."""
        async with self.database.write() as connection:
            await companies.insert_company(
                connection,
                id=id_of(slug),
                slug=slug,
                name=slug.title(),
                time_zone=ZONE,
                locale="de",
                booking_interval_minutes=15,
                exclude_support=False,
                created_at=self.clock.now(),
            )
        return id_of(slug)

    async def add_employee(self, name: str, *, opened: bool = True, company: str = "demo", **facts: Any) -> Employee:
        """An employee, open on weekdays from nine to five in their own zone unless told otherwise."""
        known = Employee(id_of(company), id_of(name), name.title(), EmployeeKind.PERSON, ZONE, True, False)
        employee = replace(known, **facts)
        async with self.database.write() as connection:
            await companies.insert_employee(connection, employee)
        for weekday in WEEKDAYS if opened else ():
            await self.open(name, Weekly(NINE_TO_FIVE, weekday), company=company)
        return employee

    async def open(self, name: str, rule: Weekly | Dated, *, company: str = "demo") -> None:
        """Another availability."""
        opening = Availability(id_of(company), uuid.uuid4().hex, id_of(name), rule)
        async with self.database.write() as connection:
            await schedule.insert_availability(connection, opening)

    async def open_on(self, name: str, day: str, start: str, end: str) -> None:
        """An extra opening on one day, by the wall clock of the employee."""
        times = Times(time.fromisoformat(start), time.fromisoformat(end))
        await self.open(name, Dated(times, date.fromisoformat(day)))

    async def take_off(self, name: str | None, times: DaysOff | Span, note: str | None = None) -> None:
        """An absence; of the whole company without a name."""
        absence = Absence(self.company_id, uuid.uuid4().hex, name and id_of(name), note, times)
        async with self.database.write() as connection:
            await schedule.insert_absence(connection, absence)

    async def hold(self, name: str, start: str, end: str, *, expires_at: datetime) -> None:
        """Hold a span of an employee, by its wall times in Zurich."""
        own = {"block_id": uuid.uuid4().hex, "employee_id": id_of(name), "expires_at": expires_at}
        async with self.database.write() as connection:
            await blocks.insert_hold(connection, self.company_id, span=Span(minute(start), minute(end)), **own)

    async def add_service(
        self, name: str, *, employees: tuple[str, ...], company: str = "demo", **facts: Any
    ) -> Service:
        """A service of half an hour without buffers or notice, unless told otherwise."""
        known = Service(id_of(company), id_of(name), name.title(), "", 30, 0, 0, 0, 60, None, 24, True)
        service = replace(known, **facts)
        async with self.database.write() as connection:
            await companies.insert_service(connection, service)
            for employee in employees:
                await companies.insert_service_employee(
                    connection, service.company_id, service_id=service.id, employee_id=id_of(employee)
                )
        return service

    async def change(self, table: Any, id_: str, **values: Any) -> None:
        """Change a row behind everybody's back."""
        async with self.database.write() as connection:
            await connection.execute(table.update().where(table.c.id == id_).values(**values))

    async def rows(self, table: Any) -> list[Any]:
        """All rows of a table."""
        async with self.database.read() as connection:
            return list(await connection.execute(table.select()))

    def stored(self) -> bytes:
        """Everything the database holds, as it lies there."""
        return stored(self.address)

    # Accounts and calendars

    async def add_account(self, login: str, *, employee: str | None = None, **facts: Any) -> Account:
        """A linked account whose credentials name this login."""
        known = Account(
            self.company_id,
            id_of(f"account {login}"),
            employee and id_of(employee),
            "memory",
            login,
            frozenset(Purpose),
            (),
            Health(last_success_at=self.clock.now()),
        )
        account = replace(known, **facts)
        sealed = self.vault.seal(account.company_id, account.id, {"login": login})
        async with self.database.write() as connection:
            await accounts.insert_account(connection, account, sealed=sealed)
        return account

    async def add_calendar(self, name: str, account: Account, *, employee: str | None, **facts: Any) -> Calendar:
        """A calendar of an account that stands for an employee; not their default one unless told so."""
        known = Calendar(
            company_id=self.company_id,
            id=id_of(f"calendar {name}"),
            account_id=account.id,
            employee_id=employee and id_of(employee),
            provider_calendar_id=name,
            name=name.title(),
            time_zone=None,
            writable=True,
            is_primary=False,
            checked=True,
            is_default=False,
            status_policy=frozenset(BusyStatus),
            ignore_unverified_until=None,
            read_mode=ReadMode.AUTO,
            titles_on_wire=False,
            flags={},
            health=Health(last_success_at=self.clock.now()),
        )
        calendar = replace(known, **facts)
        async with self.database.write() as connection:
            await accounts.insert_calendars(connection, [calendar])
        return calendar

    async def link(self, employee: str, *events: OutsideEvent, name: str | None = None, **facts: Any) -> Calendar:
        """An account of an employee with one calendar, their default one, that holds these events."""
        name = name or f"{employee}s"
        account = await self.add_account(name, employee=employee)
        if self.registry.provider("memory") is self.calendars:
            self.calendars.add_calendar(name, login=name)
            self.calendars.put(name, *events)
        return await self.add_calendar(name, account, employee=employee, **({"is_default": True} | facts))

    async def calendar(self, calendar_id: str) -> Calendar:
        """A calendar as it is stored now."""
        async with self.database.read() as connection:
            listed = await accounts.calendars_of(connection, self.company_id)
        return next(one for one in listed if one.id == calendar_id)

    # Actors

    def member(self, name: str, role: Role = Role.STAFF, *, employee: str | None = None) -> Member:
        """A member; tied to an employee if named."""
        place = employee and id_of(employee)
        return Member(self.company_id, id_of(f"m {name}"), id_of(f"u {name}"), f"{name}@demo.example", role, place)

    async def add_login(self, member: Member) -> Member:
        """Store a member and their user, where a row must refer to them."""
        async with self.database.write() as connection:
            user = User(member.user_id, member.email, is_support=False)
            await users.insert_user(connection, user, password_hash="none", at=self.clock.now())
            membership = Membership(
                member.company_id, member.id, member.user_id, member.email, member.role, member.employee_id
            )
            await members.insert_membership(connection, membership)
        return member

    @property
    def owner(self) -> Member:
        return self.member("owner", Role.OWNER)

    @property
    def agent(self) -> Support:
        return Support(id_of("agent"), "agent@slotgraph.example")

    def as_(self, actor: Any = None) -> Operation:
        """An operation of an actor, of a stranger if none is given."""
        return Operation(actor or Anonymous(), self.database, self.clock)

    # What people do

    async def search(
        self, start: str = "2027-03-02 00:00", end: str = "2027-03-03 00:00", *, actor: Any = None, **more: Any
    ) -> Any:
        """Search slots of a service (`cut`) by wall times in Zurich."""
        choice = more.pop("choice", EmployeeChoice())
        query = SlotQuery(self._service(more), choice, at(start), at(end), **more)
        return await self.do.search.slots(self.as_(actor), query)

    def _service(self, more: dict[str, Any]) -> ServiceRef:
        return ServiceRef(more.pop("company_id", self.company_id), id_of(more.pop("service", "cut")))

    async def starts(self, *args: Any, **more: Any) -> list[str]:
        """The wall times of the starts found."""
        found = await self.search(*args, **more)
        return [self.shown(slot.start) for slot in found.slots]

    async def first_free(self, *, start: str | None = None, employee: str | None = None, **more: Any) -> Any:
        """Search the first free slots of a service (`cut`) from a wall time in Zurich on."""
        service, operation = self._service(more), self.as_(more.pop("actor", None))
        query = FirstFreeQuery(service, self.choice(employee), start and at(start), **more)
        return await self.do.search.first_free(operation, query)

    async def explain(self, start: str = "2027-03-02 09:00", *, actor: Any = None, **more: Any) -> Any:
        """Explain a start of a service (`cut`)."""
        request = ExplainRequest(self._service(more), at(start), more.pop("choice", EmployeeChoice()), **more)
        return await self.do.explanations.explain(self.as_(actor), request)

    def choice(self, employee: str | None = None) -> EmployeeChoice:
        """One employee by name, or any."""
        return EmployeeChoice(employee=employee and id_of(employee))

    def shown(self, minute_: int) -> str:
        """A minute as wall time in Zurich."""
        return self.moment(minute_)[11:]

    def moment(self, minute_: int) -> str:
        """A minute as day and wall time in Zurich."""
        return datetime.fromtimestamp(minute_ * 60, ZoneInfo(ZONE)).strftime("%Y-%m-%d %H:%M")

    def request(self, start: str = "2027-03-02 09:00", *, employee: str | None = None, **more: Any) -> BookRequest:
        """A request to book `cut`; with a key of its own unless one is given."""
        choice = more.pop("choice", EmployeeChoice(employee=employee and id_of(employee)))
        service = self._service(more)
        customer = more.pop("customer", CustomerForm("Mia Muster", "mia@example.org"))
        key = more.pop("key", None) or str(uuid.uuid4())
        return BookRequest(key, service, at(start), choice, customer, **more)

    async def book(self, *args: Any, actor: Any = None, **more: Any) -> Any:
        """Book."""
        return await self.do.bookings.book(self.as_(actor), self.request(*args, **more))

    async def race(self, requests: Sequence[BookRequest], *, accounts: int = 1) -> list[Any]:
        """Book all of them at once: each has passed the check of our own tables and asks its accounts before one goes on."""
        released = self.calendars.hang("busy")
        running = [asyncio.create_task(self.do.bookings.book(self.as_(), request)) for request in requests]
        await self.called("busy", len(requests) * accounts)
        released.set()
        return await asyncio.gather(*running)

    async def cancel(
        self, booking: Any, *, actor: Any = None, key: str | None = None, reason: str | None = None
    ) -> Any:
        """Cancel by a booking's id, or by a manage token."""
        ref = (
            BookingRef(manage_token=booking) if not hasattr(booking, "id") else BookingRef(self.company_id, booking.id)
        )
        request = CancelRequest(key or str(uuid.uuid4()), ref, reason)
        return await self.do.cancellations.cancel(self.as_(actor), request)

    async def overview(self, actor: Any, first: str = "2027-03-02", last: str | None = None, **more: Any) -> Any:
        """Load an overview of some days in Zurich."""
        days = (date.fromisoformat(first), date.fromisoformat(last or first))
        query = OverviewQuery(more.pop("company_id", self.company_id), *days, **more)
        return await self.do.overviews.overview(self.as_(actor), query)

    async def called(self, method: str, times: int = 1) -> None:
        """Wait until a method of the provider has been called so often."""
        async with asyncio.timeout(20):
            while self.calendars.calls[method] < times:
                await asyncio.sleep(0)

    async def entry_states(self) -> list[str]:
        """The states of all calendar entries."""
        return [row.state for row in await self.rows(tables.calendar_entry)]
