"""The shop where everybody wants to book: few employees, each with a calendar on a real Radicale behind the fault proxy.

    async with shop_at(address, folder, replicas=2) as shop:
        shop.replicas[0].url, shop.proxy, shop.facts(), shop.token

It is furnished through the API. Who comes to book stands in crowd.py.
"""

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import slotgraph_tests_servers_dav as dav
from slotgraph_tests_reliability_load_fault_proxy import FaultProxy
from slotgraph_tests_reliability_load_history import Event, Facts, Outside, Service, Span, Stored
from slotgraph_tests_reliability_load_replicas import SERVE, Replicas
from slotgraph_tests_reliability_load_standing import outside_at, stored_in, wishes_left

from slotgraph.core.clock import SystemClock, minute_from_instant
from slotgraph.core.founding import create_member, found_company
from slotgraph.core.policy import Role
from slotgraph.core.registry import Registry
from slotgraph.core.values import Secret
from slotgraph.server.demo.radicale import RadicaleServer
from slotgraph.server.opening import opened
from slotgraph.server.settings import Settings

ZONE = "Europe/Zurich"
OWNER, PASSWORD = "owner@load.example", "correct-horse-battery"
SERVICES = {"Cut": Service(30, 5, 10), "Wax": Service(20), "Talk": Service(45, 0, 15)}
STEP = 15
OPENS, CLOSES = time(8), time(18)
FIRST_DAY = 10
"""Days from now: far enough ahead that customers may change their bookings."""

BUSY = {"dentist": (time(10), 50), "lunch": (time(12, 6), 36)}
"""What stands in each calendar on each day, and is not ours.

No entry of ours can meet it: Radicale merges events that meet, and an entry merged with another is in its own way (docs/bookings.md).
"""

LOGIN = """mutation($email: EmailAddress!, $password: Secret!) {
  login(input: {email: $email, password: $password}) { __typename } }"""
SERVICE = "mutation($input: UpsertServiceInput!) { upsertService(input: $input) { __typename ... on Service { id } } }"
EMPLOYEE = """mutation($input: UpsertEmployeeInput!) {
  upsertEmployee(input: $input) { __typename ... on Employee { id } } }"""
OPENING = "mutation($input: UpsertAvailabilityInput!) { upsertAvailability(input: $input) { __typename } }"
LINK = """mutation($employee: ID!) { linkAccount(input: {provider: "caldav", employee: $employee}) {
  __typename ... on FormRequired { linkToken } } }"""
COMPLETE = """mutation($token: Secret!, $form: [LinkFieldValue!]!) {
  completeLink(input: {linkToken: $token, answer: {form: $form}}) {
    __typename ... on Account { calendars { id default } } } }"""
CALENDAR = "mutation($input: UpdateCalendarInput!) { updateCalendar(input: $input) { __typename } }"
TOKEN = """mutation { createToken(input: {name: "load", scopes: [BOOK, READ_BOOKINGS, CHANGE_BOOKINGS]}) {
  __typename ... on TokenCreated { secret } } }"""
WEEKDAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")


def own_id(global_id: str) -> str:
    """The id in our tables of what a global id names."""
    return base64.urlsafe_b64decode(global_id + "=" * (-len(global_id) % 4)).decode().split(":")[2]


@dataclass
class Shop:
    """The shop, once it is furnished. `services` and `employees`: global ids by name, and by our own id."""

    address: str
    radicale: RadicaleServer
    proxy: FaultProxy
    replicas: Replicas
    days: Sequence[date]
    token: str = ""
    services: dict[str, str] = field(default_factory=dict)
    employees: dict[str, str] = field(default_factory=dict)

    def starts(self, day: date) -> list[datetime]:
        """All starts of a day that lie on the grid and leave time for the longest service."""
        opens, closes = (datetime.combine(day, clock, ZoneInfo(ZONE)).astimezone(UTC) for clock in (OPENS, CLOSES))
        longest = max(service.minutes for service in SERVICES.values())
        steps = (int((closes - opens).total_seconds()) // 60 - longest) // STEP + 1
        return [opens + timedelta(minutes=STEP * step) for step in range(steps)]

    def facts(self) -> Facts:
        """What the checker must know."""
        services = {own_id(self.services[name]): service for name, service in SERVICES.items()}
        busy = {one: _busy(self.days) for one in self.employees}
        return Facts(services, busy, [(start, end) for start, end in self.proxy.periods])

    def stored(self) -> Stored:
        return stored_in(self.address)

    def outside(self) -> Outside:
        """What stands in the calendars, asked of Radicale itself."""
        users = self.radicale.users
        logins = dict(zip(self.employees, users, strict=True))
        return outside_at(
            self.radicale.url,
            {one: (login, users[login], f"/{login}/work/") for one, login in logins.items()},
        )

    async def until_written(self, seconds: float = 30.0) -> float:
        """Wait until nothing is left in the outbox; how long it took, or all of the time."""
        clock = SystemClock()
        began = clock.monotonic()
        while clock.monotonic() - began < seconds and wishes_left(self.address):
            await asyncio.sleep(0.1)
        return clock.monotonic() - began


def _busy(days: Sequence[date]) -> list[Event]:
    events = []
    for day in days:
        for name, (clock, minutes) in BUSY.items():
            start = minute_from_instant(datetime.combine(day, clock, ZoneInfo(ZONE)).astimezone(UTC))
            events.append(Event(f"{name}-{day}", Span(start, start + minutes)))
    return events


@asynccontextmanager
async def shop_at(
    address: str,
    folder: Path,
    *,
    replicas: int = 1,
    employees: int = 3,
    days: int = 2,
    seed: int = 0,
    command: Sequence[str] = SERVE,
    **settings: str,
) -> AsyncIterator[Shop]:
    """Furnish a shop on a migrated, empty database; all that runs for it ends with the block."""
    today = SystemClock().now().date()
    users = {f"employee{number}": f"password of {number}" for number in range(employees)}
    radicale = RadicaleServer(folder / "radicale", port=dav.free_port(), users=users)
    async with radicale:
        with (
            FaultProxy(radicale.port, seed=seed) as proxy,
            Replicas(address, folder, count=replicas, command=command, **settings) as processes,
        ):
            shop = Shop(
                address, radicale, proxy, processes, [today + timedelta(days=FIRST_DAY + day) for day in range(days)]
            )
            await asyncio.to_thread(_fill, shop)
            await _found(address, folder)
            await processes.start()
            await _furnish(shop)
            yield shop


def _fill(shop: Shop) -> None:
    """Make a calendar for everybody, with what keeps them from working."""
    server = dav.DavServer(shop.radicale.url, shop.radicale.users, shop.radicale, home="/{user}/")
    for user in shop.radicale.users:
        calendar = server.calendar(user, "work")
        for event in _busy(shop.days):
            start, end = (datetime.fromtimestamp(minute * 60, UTC).strftime("%Y%m%dT%H%M%SZ") for minute in event.span)
            calendar.put_event(f"DTSTART:{start}", f"DTEND:{end}", "SUMMARY:Not ours", uid=event.uid)


async def _found(address: str, folder: Path) -> None:
    database = address if "://" in address else f"sqlite:///{address}"
    async with opened(Settings(data_folder=str(folder), database=database), registry=Registry()) as joined:
        parts = joined.parts
        now = parts.clock.now()
        await found_company(parts.database, "load", name="Load", time_zone=ZONE, locale="de", now=now)
        await create_member(
            parts.database,
            parts.passwords,
            OWNER,
            password=Secret(PASSWORD),
            company="load",
            role=Role.OWNER,
            now=now,
        )


async def _furnish(shop: Shop) -> None:
    """Services, employees with their times and calendars, and a token, as an owner would make them."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar, headers={"X-SlotGraph-Client": "load"}) as session:

        async def ask(query: str, **variables: Any) -> Any:
            async with session.post(shop.replicas[0].url, json={"query": query, "variables": variables}) as answer:
                told = await answer.json(content_type=None)
            assert "errors" not in told, told
            ((_, data),) = told["data"].items()
            return data

        await ask(LOGIN, email=OWNER, password=PASSWORD)
        for name, service in SERVICES.items():
            buffers = {"bufferBeforeMinutes": service.before, "bufferAfterMinutes": service.after}
            rules = {"durationMinutes": service.minutes, "bookingIntervalMinutes": STEP, "minimumNoticeMinutes": 0}
            made = await ask(SERVICE, input={"name": name, "horizonDays": 90, **buffers, **rules})
            shop.services[name] = made["id"]
        await asyncio.gather(*(_employ(shop, ask, user) for user in shop.radicale.users))
        shop.employees = {own_id(shop.employees[user]): shop.employees[user] for user in shop.radicale.users}
        shop.token = (await ask(TOKEN))["secret"]


async def _employ(shop: Shop, ask: Any, user: str) -> None:
    services = list(shop.services.values())
    made = (await ask(EMPLOYEE, input={"name": user, "timeZone": ZONE, "services": services}))["id"]
    shop.employees[user] = made
    opening: Mapping[str, str] = {"start": f"{OPENS}", "end": f"{CLOSES}"}
    for weekday in WEEKDAYS:
        await ask(OPENING, input={"employee": made, "times": {"weekly": {"weekday": weekday, **opening}}})
    token = (await ask(LINK, employee=made))["linkToken"]
    values = {"url": shop.proxy.url, "username": user, "password": shop.radicale.users[user]}
    form = [{"name": name, "value": value} for name, value in values.items()]
    linked = await ask(COMPLETE, token=token, form=form)
    assert linked["__typename"] == "Account", linked
    (calendar,) = linked["calendars"]
    mode = {"readMode": "EXACT"} if user != _computed(shop) else {}
    if not calendar["default"] or mode:
        await ask(CALENDAR, input={"calendar": calendar["id"], "default": True, **mode})


def _computed(shop: Shop) -> str:
    """Whose calendar is read as Radicale computes what is busy; those of the others are read event by event."""
    return next(iter(shop.radicale.users))
