"""A company to measure searches in: a SQLite file, the use cases joined as the server joins them, calendars in memory."""

import asyncio
import time
import uuid
from array import array
from bisect import bisect_left
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from datetime import time as wall_time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

from slotgraph.core.availability import Times, Weekly
from slotgraph.core.booking.making import BookRequest
from slotgraph.core.candidates import EmployeeChoice, ServiceRef
from slotgraph.core.clock import SystemClock, instant_from_minute
from slotgraph.core.customers import CustomerForm
from slotgraph.core.errors import ProviderUnreachable
from slotgraph.core.grids import GridAnchor
from slotgraph.core.offload import Offload
from slotgraph.core.operation import Operation
from slotgraph.core.passwords import Passwords
from slotgraph.core.plugin import Account as PluginAccount
from slotgraph.core.plugin import AskedCalendar, Busy, BusyAnswer, Precision, Reference, Span, Unverified
from slotgraph.core.policy import Anonymous
from slotgraph.core.records import Account, Availability, Calendar, Employee, EmployeeKind, Health, Service
from slotgraph.core.registry import Registry
from slotgraph.core.search import SlotQuery
from slotgraph.core.searched import SlotSearch
from slotgraph.core.store import accounts, companies, schedule
from slotgraph.core.store.database import Database
from slotgraph.core.store.migrate import migrate
from slotgraph.core.testing import InMemoryProvider
from slotgraph.core.values import BusyStatus, Purpose, ReadMode
from slotgraph.core.vault import Vault
from slotgraph.server.joining import Parts, join
from slotgraph.server.serving import collect_in_small_portions

ZONE = "Europe/Zurich"
COMPANY = "c" * 32
SERVICE = "5" * 32
NINE_TO_FIVE = Times(wall_time(9), wall_time(17))


class Calendars(InMemoryProvider):
    """Calendars that answer after `seconds` what was put into them.

    It lies in arrays, for the calendars are not in our process: Busy objects are there for the length of a request only.
    `took` is how long each account was at work, from its first call to the end of its last.
    """

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0
        self.took: dict[str, float] = {}
        self._began: dict[str, float] = {}
        self._busy: dict[str, tuple[Sequence[int], Sequence[int]]] = {}

    def fill(self, calendar_id: str, spans: Sequence[Span]) -> None:
        """Put busy spans into a calendar."""
        starts, ends = zip(*sorted(spans), strict=True)
        self._busy[calendar_id] = array("i", starts), array("i", ends)

    def forget(self) -> None:
        """Count and time anew."""
        self.calls.clear()
        self.took.clear()
        self._began.clear()

    async def busy(
        self,
        account: PluginAccount,
        calendars: Sequence[AskedCalendar],
        window: Span,
        except_: frozenset[Reference] = frozenset(),
    ) -> Mapping[str, BusyAnswer | Unverified]:
        login = account.credentials["login"]
        self.calls["busy"] += 1
        began = self._began.setdefault(login, time.perf_counter())
        if self.seconds:
            await asyncio.sleep(self.seconds)
        # What a connector makes of an answer this large it makes in another process.
        answers = await asyncio.to_thread(
            lambda: {asked.id: BusyAnswer(self._within(asked.id, window), Precision.EXACT) for asked in calendars}
        )
        self.took[login] = time.perf_counter() - began
        return answers

    def _within(self, calendar_id: str, window: Span) -> tuple[Busy, ...]:
        starts, ends = self._busy.get(calendar_id, ((), ()))
        listed = range(bisect_left(starts, window.end))
        return tuple(Busy(Span(starts[at], ends[at])) for at in listed if ends[at] > window.start)


class _NoTransport:
    async def request(self, *args: object, **options: object) -> NoReturn:
        raise ProviderUnreachable


class BenchCompany:
    """A company with one service; employees open on weekdays from nine to five."""

    def __init__(self, database: Database) -> None:
        self.calendars = Calendars()
        self.database = database
        self._clock = SystemClock()
        registry = Registry()
        registry.register([self.calendars], plugin="benchmarks")
        self._vault = Vault({"k1": bytes(32)}, "k1", manage_secret=bytes(range(32)))
        passwords = Passwords(time_cost=1, memory_kib=64, parallelism=1)
        parts = Parts(database, self._clock, self._vault, registry, _NoTransport(), Offload(), passwords)
        self._joined = join(parts, stranger_searches_per_minute=0)

    @classmethod
    @asynccontextmanager
    async def founded(cls, address: str = "") -> "AsyncIterator[BenchCompany]":
        """A company in a new database: one that is there and empty, else a temporary file."""
        with TemporaryDirectory(prefix="slotgraph-bench-") as folder:
            where = address or str(Path(folder) / "slotgraph.db")
            await asyncio.to_thread(migrate, where)
            company = cls(await Database.open(where))
            await company._found()
            collect_in_small_portions()
            yield company
            await company._joined.flights.close()
            await company._joined.health.settled()
            company._joined.parts.passwords.close()
            await company.database.close()

    async def _found(self) -> None:
        async with self.database.write() as connection:
            await companies.insert_company(
                connection,
                id=COMPANY,
                slug="bench",
                name="Bench",
                time_zone=ZONE,
                locale="de",
                booking_interval_minutes=15,
                exclude_support=False,
                grid_anchor=GridAnchor.AVAILABILITY_START,
                created_at=self._clock.now(),
            )
            await companies.insert_service(
                connection,
                Service(
                    company_id=COMPANY,
                    id=SERVICE,
                    name="Cut",
                    description="",
                    duration_minutes=30,
                    buffer_before_minutes=0,
                    buffer_after_minutes=0,
                    minimum_notice_minutes=0,
                    horizon_days=70,
                    booking_interval_minutes=None,
                    cancellation_limit_hours=24,
                    active=True,
                ),
            )

    async def employ(self, number: int) -> str:
        """Another employee of the service; their id."""
        employee = Employee(COMPANY, f"{number:032x}", f"Employee {number}", EmployeeKind.PERSON, ZONE, True, False)
        async with self.database.write() as connection:
            await companies.insert_employee(connection, employee)
            await companies.insert_service_employee(connection, COMPANY, service_id=SERVICE, employee_id=employee.id)
            for weekday in range(5):
                rule = Availability(COMPANY, f"{number:031x}{weekday}", employee.id, Weekly(NINE_TO_FIVE, weekday))
                await schedule.insert_availability(connection, rule)
        return employee.id

    async def link(self, login: str, employee_id: str, calendar_ids: Sequence[str], *, default: bool = False) -> None:
        """An account of an employee, and calendars of it; bookings go into the last one if it is their `default`."""
        account_id = login.rjust(32, "a")
        healthy = Health(last_success_at=self._clock.now())
        account = Account(COMPANY, account_id, employee_id, "memory", login, frozenset(Purpose), (), healthy)
        sealed = self._vault.seal(COMPANY, account_id, {"login": login})
        async with self.database.write() as connection:
            await accounts.insert_account(connection, account, sealed=sealed)
            calendars = [_calendar(one, account) for one in calendar_ids]
            if default:
                self.calendars.add_calendar(calendar_ids[-1], login=login)
                calendars[-1] = replace(calendars[-1], is_default=True)
            await accounts.insert_calendars(connection, calendars)

    async def search(self, employee_ids: Sequence[str], start: datetime, *, days: int) -> SlotSearch:
        """Search the slots of any of some employees."""
        choice = EmployeeChoice(any_of=tuple(employee_ids))
        query = SlotQuery(ServiceRef(COMPANY, SERVICE), choice, start, start + timedelta(days=days))
        operation = Operation(Anonymous(), self.database, self._clock)
        return await self._joined.use_cases.search.slots(operation, query)

    async def starts(self, employee_id: str, *, days: int) -> list[int]:
        """The starts offered for an employee from tomorrow on, in minutes."""
        found = await self.search([employee_id], self.now() + timedelta(days=1), days=days)
        return [slot.start for slot in found.slots]

    async def book(self, employee_id: str, start: int) -> str:
        """Book an employee; the name of what is answered."""
        customer = CustomerForm("Bench Customer", "bench@customer.example")
        choice = EmployeeChoice(employee=employee_id)
        at = instant_from_minute(start)
        request = BookRequest(str(uuid.uuid4()), ServiceRef(COMPANY, SERVICE), at, choice, customer)
        operation = Operation(Anonymous(), self.database, self._clock)
        return type(await self._joined.use_cases.bookings.book(operation, request)).__name__

    def now(self) -> datetime:
        """The beginning of this minute."""
        return self._clock.now().replace(second=0, microsecond=0)


def _calendar(calendar_id: str, account: Account) -> Calendar:
    return Calendar(
        company_id=COMPANY,
        id=calendar_id.rjust(32, "c"),
        account_id=account.id,
        employee_id=account.employee_id,
        provider_calendar_id=calendar_id,
        name=calendar_id,
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
        health=account.health,
    )
