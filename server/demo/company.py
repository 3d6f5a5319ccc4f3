"""The demo company's own data: employees, services, availabilities, absences, logins. What stands in its calendars: see `calendars`."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import partial

from slotgraph.core.availability import Dated, DaysOff, Rule, Times, Weekly
from slotgraph.core.calendar_choices import CalendarChange
from slotgraph.core.errors import SettingError
from slotgraph.core.founding import create_agent, create_member, found_company
from slotgraph.core.link_forms import FilledField
from slotgraph.core.linking import EmployeeRef, FormRequired
from slotgraph.core.operation import Operation
from slotgraph.core.policy import Member, Role
from slotgraph.core.records import Absence, Account, Availability, Employee, EmployeeKind, Service
from slotgraph.core.store import companies, schedule, users
from slotgraph.core.store.database import Transaction
from slotgraph.core.values import Purpose, Secret
from slotgraph.server.demo.calendars import ANNA, BEN, CARLA, DORA, ROOM, USERS, DemoUser
from slotgraph.server.joining import Joined

SLUG = "demo"
OWNER, STAFF, SUPPORT = "owner@demo.example", "staff@demo.example", "support@slotgraph.example"

_WORKDAYS = range(5)
_HAIRCUT, _COLOUR, _CONSULTATION = "Haircut", "Colour", "Consultation by video"

_DOES: Mapping[str, tuple[DemoUser, ...]] = {
    _HAIRCUT: (ANNA, BEN),
    _COLOUR: (ANNA,),
    _CONSULTATION: (ANNA, BEN, CARLA, DORA),
}
"""Who can be booked for what. The room is a resource: it is shown, and can be given to a service."""


@dataclass(frozen=True, slots=True)
class DemoIds:
    """Ids of the demo company that the first query needs."""

    company_id: str
    service_id: str


def _times(start: str, end: str) -> Times:
    return Times(time.fromisoformat(start), time.fromisoformat(end))


def _rules(user: DemoUser, today: date) -> list[Rule]:
    """Opening times: split days, a late evening, a Saturday, and one extra opening."""
    weekly: dict[str, tuple[Times, ...]] = {
        ANNA.login: (_times("09:00", "12:00"), _times("13:00", "18:00")),
        BEN.login: (_times("08:00", "16:30"),),
        CARLA.login: (_times("10:00", "18:00"),),
        DORA.login: (_times("09:00", "17:00"),),
        ROOM.login: (_times("07:00", "20:00"),),
    }
    rules: list[Rule] = [Weekly(times, day) for day in _WORKDAYS for times in weekly[user.login]]
    if user is BEN:
        rules.append(Weekly(_times("17:00", "20:00"), 3))
        saturday = today + timedelta(days=(5 - today.weekday()) % 7 + 7)
        rules.append(Dated(_times("10:00", "14:00"), saturday))
    return rules


def _service(company_id: str, name: str, description: str, **minutes: int | None) -> Service:
    values: dict[str, int | None] = {
        "buffer_before_minutes": 0,
        "buffer_after_minutes": 0,
        "minimum_notice_minutes": 0,
        "horizon_days": 60,
        "booking_interval_minutes": None,
        "cancellation_limit_hours": 24,
    }
    return Service(company_id, uuid.uuid4().hex, name, description, **(values | minutes), active=True)  # type: ignore[arg-type]


def _services(company_id: str) -> list[Service]:
    return [
        _service(company_id, _HAIRCUT, "Wash, cut, blow-dry.", duration_minutes=45, buffer_after_minutes=10),
        _service(
            company_id,
            _COLOUR,
            "With a patch test two days ahead.",
            duration_minutes=120,
            buffer_before_minutes=10,
            buffer_after_minutes=15,
            booking_interval_minutes=30,
            minimum_notice_minutes=2880,
        ),
        _service(
            company_id,
            _CONSULTATION,
            "Twenty minutes about what suits you.",
            duration_minutes=20,
            minimum_notice_minutes=60,
            cancellation_limit_hours=2,
        ),
    ]


async def _insert_people(connection: Transaction, company_id: str, today: date) -> dict[str, str]:
    """Employees with their opening times and absences; their ids by login."""
    ids = {}
    for user in USERS:
        ids[user.login] = employee_id = uuid.uuid4().hex
        kind = EmployeeKind.RESOURCE if user is ROOM else EmployeeKind.PERSON
        employee = Employee(company_id, employee_id, user.name, kind, user.zone, True, user is not DORA)
        await companies.insert_employee(connection, employee)
        for rule in _rules(user, today):
            await schedule.insert_availability(
                connection, Availability(company_id, uuid.uuid4().hex, employee_id, rule)
            )
    monday = today - timedelta(days=today.weekday())
    holiday = DaysOff(monday + timedelta(days=25), monday + timedelta(days=25))
    leave = DaysOff(monday + timedelta(days=14), monday + timedelta(days=18))
    await schedule.insert_absence(connection, Absence(company_id, uuid.uuid4().hex, None, "Staff outing", holiday))
    await schedule.insert_absence(
        connection, Absence(company_id, uuid.uuid4().hex, ids[CARLA.login], "On leave", leave)
    )
    return ids


async def found_demo(
    joined: Joined, *, calendar_url: str, calendar_passwords: Mapping[str, str], password: str, today: date
) -> None:
    """Make the demo company with its logins, and link every employee's calendars as its owner would."""
    parts = joined.parts
    database, now = parts.database, parts.clock.now()
    company_id = await found_company(database, SLUG, name="Demo Salon", time_zone="Europe/Zurich", locale="en", now=now)
    async with database.write() as connection:
        ids = await _insert_people(connection, company_id, today)
        for service in _services(company_id):
            await companies.insert_service(connection, service)
            for user in _DOES[service.name]:
                await companies.insert_service_employee(
                    connection, company_id, service_id=service.id, employee_id=ids[user.login]
                )
    owner = await _make_logins(joined, password, anna=ids[ANNA.login])
    for user in USERS:
        form = {"url": calendar_url, "username": user.login, "password": calendar_passwords[user.login]}
        account = await _link(joined, owner, EmployeeRef(company_id, ids[user.login]), form)
        await _choose_default(joined, owner, account, path=f"/{user.login}/{next(iter(user.calendars))}/")


async def _make_logins(joined: Joined, password: str, *, anna: str) -> Member:
    """The three logins; the staff member is Anna. Returns the owner as an actor."""
    parts = joined.parts
    make = partial(create_member, parts.database, parts.passwords, password=Secret(password), now=parts.clock.now())
    place = await make(OWNER, company=SLUG, role=Role.OWNER)
    await make(STAFF, company=SLUG, role=Role.STAFF, employee_id=anna)
    await create_agent(parts.database, parts.passwords, SUPPORT, password=Secret(password), now=parts.clock.now())
    return Member(place.company_id, place.id, place.user_id, place.email, place.role)


async def _link(joined: Joined, owner: Member, employee: EmployeeRef, form: Mapping[str, str]) -> Account:
    """Link one employee's calendars through the same use case as the API."""
    desk, parts = joined.use_cases.linking, joined.parts
    operation = Operation(owner, parts.database, parts.clock, "demo")
    begun = await desk.begin(operation, "caldav", employee=employee, purposes=frozenset(Purpose))
    if not isinstance(begun, FormRequired):
        raise SettingError(f"The demo's calendars cannot be linked: {begun.message}")
    filled = [FilledField(name, Secret(value)) for name, value in form.items()]
    linked = await desk.complete(operation, begun.link_token, filled)
    if not isinstance(linked, Account):
        raise SettingError(f"The demo's calendars cannot be linked: {linked.message}")
    return linked


async def _choose_default(joined: Joined, owner: Member, account: Account, *, path: str) -> None:
    """Have bookings written into this calendar: the server calls none of them the main one."""
    operation = Operation(owner, joined.parts.database, joined.parts.clock, "demo")
    for calendar in await joined.use_cases.accounts.calendars(operation, account.company_id):
        if calendar.account_id == account.id and calendar.provider_calendar_id.endswith(path):
            change = CalendarChange(account.company_id, calendar.id, default=True)
            await joined.use_cases.calendar_choices.update(operation, change)


async def demo_ids(joined: Joined) -> DemoIds | None:
    """The ids the first query needs; None if the demo company is not there yet."""
    async with joined.parts.database.read() as connection:
        company = await companies.company_by_slug(connection, SLUG)
        if company is None:
            return None
        services = await companies.services_of(connection, company.id)
    return DemoIds(company.id, next(one.id for one in services if one.name == _HAIRCUT))


async def set_passwords(joined: Joined, password: str) -> None:
    """Give the demo's logins this password: a second run may ask for another."""
    hashed = await joined.parts.passwords.hash(password)
    async with joined.parts.database.write() as connection:
        for email in (OWNER, STAFF, SUPPORT):
            login = await users.login_by_email(connection, email)
            if login is not None:
                await users.set_password(connection, login.user.id, hashed)
