"""Every change there is, each as one request into the company of busy_day.py: what is asked, what is answered, how often it commits."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from slotgraph_tests_core_world import World
from slotgraph_tests_reliability_busy_day import PASSWORD, Known, global_id, member

from slotgraph.core.administration.holidays import Holiday, fill_in
from slotgraph.core.errors import SlotGraphError
from slotgraph.core.policy import Anonymous
from slotgraph.schema.build import build
from slotgraph.schema.context import Context
from slotgraph.schema.execute import execute

_log = logging.getLogger("slotgraph.tests")


@dataclass(frozen=True)
class Outcome:
    """The type of the answer, or the errors."""

    gave: str | None
    errors: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Change:
    """Something that is done in `commits` steps, of which each is lawful alone; `why` there is more than one."""

    name: str
    gives: str
    do: Callable[[World, Known], Awaitable[Outcome]]
    commits: int = 1
    why: str = ""


def mutation(name: str, gives: str, input_: Any, *, by: str | None = "owner", label: str = "", **steps: Any) -> Change:
    """A field of the schema's mutations, asked for as the server would. A function is given what is known."""

    async def do(world: World, known: Known) -> Outcome:
        actor = Anonymous() if by is None else member(world, by)
        context = Context(world.as_(actor), world.do, None, lambda _secret, _until: None, lambda: None)
        kind = f"{name[0].upper()}{name[1:]}Input{'' if name == 'logout' else '!'}"
        result = await execute(
            build(),
            query=f"mutation($input: {kind}) {{ {name}(input: $input) {{ __typename }} }}",
            variables={"input": input_(known) if callable(input_) else input_},
            operation_name=None,
            context=context,
            may_introspect=True,
        )
        if result.errors:
            return Outcome(None, [{"message": one.message} | (one.extensions or {}) for one in result.errors])
        return Outcome((result.data or {})[name]["__typename"])

    return Change(label or name, gives, do, **steps)


def work(name: str, gives: str, do: Callable[[World], Awaitable[object]], **steps: Any) -> Change:
    """What the process or the command line does by itself."""

    async def done(world: World, _known: Known) -> Outcome:
        try:
            return Outcome(type(await do(world)).__name__)
        except SlotGraphError as error:
            _log.error("%s: %s", type(error).__name__, error)
            return Outcome(None, [{"message": str(error), "code": error.code.value}])

    return Change(name, gives, done, **steps)


def _form(login: str) -> dict[str, Any]:
    return {"form": [{"name": "login", "value": login}, {"name": "password", "value": PASSWORD}]}


def _fill_in(world: World) -> Awaitable[object]:
    days = [Holiday(date(2027, 8, 1), "National day"), Holiday(date(2027, 12, 25), "Christmas")]
    return fill_in(world.database, "demo", days)


ANNA, BEN, CARL, DANA = (global_id("Employee", name) for name in ("anna", "ben", "carl", "dana"))
CUT, COLOR = global_id("Service", "cut"), global_id("Service", "color")
KEY = "6f1c3a52-5f0f-4a3c-9d52-6c1f6a1b2c3d"
SLOT = {"service": CUT, "start": "2027-03-02T09:00:00+01:00", "employees": {"together": [ANNA, BEN]}}
HELD = {"service": COLOR, "start": "2027-03-04T10:00:00+01:00"}
MIA = {"name": "Mia Muster", "email": "mia@example.org"}
MORNING = {"weekly": {"weekday": "SATURDAY", "start": "08:00:00", "end": "11:00:00"}}
EASTER = {"days": {"from": "2027-04-01", "until": "2027-04-05"}}
OUTSIDE = (
    "each entry outside is noted after it was written there: until then it is PENDING, and the next round tries it"
)
PORTIONS = "each kind of thing that lapses is cleared away by itself: whatever is left is found the next time"

PEOPLE = (
    mutation("login", "Viewer", {"email": "rita@demo.example", "password": PASSWORD}, by=None),
    mutation("logout", "Viewer", lambda known: {"sessions": [known["session"]]}, by="rita"),
    mutation(
        "resetPassword", "Viewer", lambda known: {"token": known["reset"], "password": "another good one"}, by=None
    ),
    mutation("setUpTotp", "TotpSetup", {"password": PASSWORD}, by="rita"),
    mutation("confirmTotp", "TotpConfirmed", lambda known: {"code": known["code"]}, by="tom"),
    mutation("removeTotp", "Viewer", {"password": PASSWORD, "code": "tess 1"}, by="tess"),
    mutation("inviteMember", "Invitation", {"email": "late@demo.example", "role": "STAFF", "employee": CARL}),
    mutation("acceptInvitation", "Viewer", lambda known: {"token": known["invitation"], "password": PASSWORD}, by=None),
    mutation("updateMember", "Member", {"member": global_id("Member", "m dora"), "role": "ADMIN", "employee": None}),
    mutation("removeMember", "Deleted", {"id": global_id("Member", "m dora")}),
    mutation("createToken", "TokenCreated", {"name": "page", "scopes": ["BOOK"]}),
    mutation("revokeToken", "Deleted", lambda known: {"token": known["token"]}),
    mutation("openSupportCase", "SupportCase", {"reason": "Look"}),
    mutation("closeSupportCase", "SupportCase", lambda known: {"case": known["case"]}),
    mutation("updateCompanyProfile", "Company", {"name": "Demo & Co", "slug": "demo-co", "excludeSupport": True}),
)

SCHEDULES = (
    mutation("upsertEmployee", "Employee", {"name": "Eva", "services": [CUT, COLOR]}, label="upsertEmployee (new)"),
    mutation("upsertEmployee", "Employee", {"id": ANNA, "name": "Anna B.", "services": [COLOR]}),
    mutation(
        "deleteEmployee",
        "Deleted",
        {"employee": CARL},
        commits=3,
        why="accounts are let go of at their providers in between: first nobody can book the employee any more, "
        "then each account is unlinked, then the employee goes",
    ),
    mutation("upsertService", "Service", {"name": "Wash", "durationMinutes": 15, "employees": [ANNA, BEN]}),
    mutation("deleteService", "Deleted", {"service": global_id("Service", "wax")}),
    mutation("upsertAvailability", "WeeklyAvailability", {"employee": ANNA, "times": MORNING}),
    mutation("deleteAvailability", "Deleted", {"availability": global_id("WeeklyAvailability", "saturdays")}),
    mutation("upsertAbsence", "Absence", {"times": EASTER, "note": "Easter"}, label="upsertAbsence (new)"),
    mutation(
        "upsertAbsence", "Absence", {"id": global_id("Absence", "absence of anna"), "employee": BEN, "times": EASTER}
    ),
    mutation("deleteAbsence", "Deleted", {"absence": global_id("Absence", "absence of anna")}),
    work("holidays", "FilledIn", _fill_in),
)

CALENDARS = (
    mutation("linkAccount", "FormRequired", {"provider": "memory", "employee": ANNA}),
    mutation("completeLink", "Account", lambda known: {"linkToken": known["link"], "answer": _form("guest")}),
    mutation("relinkAccount", "FormRequired", lambda known: {"account": known["studio"]}),
    mutation(
        "completeLink",
        "Account",
        lambda known: {"linkToken": known["link again"], "answer": _form("studio")},
        label="completeLink (again)",
    ),
    mutation("unlinkAccount", "AccountUnlinked", {"account": global_id("Account", "account danas")}),
    mutation("checkAccount", "Account", {"account": global_id("Account", "account annas")}),
    mutation("updateCalendar", "Calendar", {"calendar": global_id("Calendar", "calendar anna two"), "default": True}),
)

BOOKINGS = (
    mutation(
        "holdSlot", "SlotHeld", {"idempotencyKey": KEY, "slot": SLOT | {"start": "2027-03-04T11:00:00+01:00"}}, by=None
    ),
    mutation("releaseHold", "HoldReleased", lambda known: {"holdToken": known["hold"]}, by=None),
    mutation(
        "book",
        "BookingConfirmed",
        lambda known: {"idempotencyKey": KEY, "slot": HELD, "holdToken": known["hold"], "customer": MIA},
        by=None,
        label="book (held)",
        commits=2,
        why=OUTSIDE,
    ),
    mutation(
        "book", "BookingConfirmed", {"idempotencyKey": KEY, "slot": SLOT, "customer": MIA}, commits=3, why=OUTSIDE
    ),
    mutation(
        "rescheduleBooking",
        "Booking",
        lambda known: {
            "idempotencyKey": KEY,
            "booking": {"id": known["booking of dana"]},
            "start": "2027-03-03T11:15:00+01:00",
        },
        commits=2,
        why=OUTSIDE,
    ),
    mutation(
        "cancelBooking",
        "Booking",
        lambda known: {"idempotencyKey": KEY, "booking": {"id": known["booking"]}},
        commits=3,
        why=OUTSIDE,
    ),
    mutation("retryCalendarEntry", "CalendarEntry", lambda known: {"entry": known["entry"]}, commits=2, why=OUTSIDE),
    mutation("eraseCustomer", "CustomerErased", {"email": "mia@example.org"}),
    work("retention", "int", lambda world: world.joined.retention.sweep(), commits=8, why=PORTIONS),
)

CHANGES = {change.name: change for change in (*PEOPLE, *SCHEDULES, *CALENDARS, *BOOKINGS)}
