"""A booking desk to hand nonsense to: every mutation about bookings with input that would succeed, and what stands before and after.

`Desk.good` is such input. The tests put one wrong thing into it.
"""

import copy
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from slotgraph.core import tables
from slotgraph.schema import ids

START = "2027-03-02T10:00:00+01:00"
LATER = "2027-03-02T14:00:00+01:00"
PROBLEMS = {
    "InvalidInput": "fields { path message }",
    "NotFound": "path",
    "SlotNotOffered": "rule",
    "SlotTaken": "message",
    "KeyReused": "message",
}
FRAGMENTS = {
    "holdSlot": ("SlotHeld { holdToken hold { employees { id } } }", *PROBLEMS),
    "releaseHold": ("HoldReleased { released }", "InvalidInput"),
    "book": ("BookingConfirmed { manageToken booking { id note customer { name } employees { id } } }", *PROBLEMS),
    "rescheduleBooking": ("Booking { id start employees { id } }", "BookingIsCancelled { message }", *PROBLEMS),
    "cancelBooking": ("Booking { id state }", "InvalidInput", "NotFound", "KeyReused"),
    "retryCalendarEntry": ("CalendarEntry { id state }", "InvalidInput", "NotFound"),
}


def document(mutation: str) -> str:
    """A request that selects whatever may be answered."""
    kind = mutation[0].upper() + mutation[1:] + "Input"
    parts = (one if "{" in one else f"{one} {{ {PROBLEMS[one]} }}" for one in FRAGMENTS[mutation])
    selected = " ".join(f"... on {part}" for part in parts)
    return f"mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ __typename {selected} }} }}"


@dataclass
class Desk:
    """The company `demo`, where Anna and Ben cut and only Ben shaves; the company `rival`, and tokens of all kinds."""

    face: Any
    tokens: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    async def stock(self) -> None:
        """Put in what good and wrong input names."""
        world = self.face.world
        await world.add_service("shave", employees=("ben",))
        await world.add_service("slow", employees=("anna",), minimum_notice_minutes=180)
        await world.add_service("rest", employees=("anna",), active=False)
        await world.add_employee("gone", active=False)
        await world.add_company("rival")
        await world.add_employee("rita", company="rival")
        await world.add_service("dye", employees=("rita",), company="rival")
        for name in ("anna", "ben"):
            await world.link(name)
        self.tokens["lapsed"] = await self._held("2027-03-02T11:00:00+01:00")
        world.clock.advance(timedelta(minutes=11))
        self.tokens["hold"] = await self._held("2027-03-02T12:00:00+01:00")
        rival = {"service": self.id("Service", "dye", "rival"), "start": START}
        self.tokens["rival's hold"] = await self._held(START, slot=rival)
        made = await self._booked("2027-03-02T13:00:00+01:00")
        self.tokens["manage"], self.ids["booking"] = made["manageToken"], made["booking"]["id"]
        made = await self._booked(START, slot=rival | {"start": "2027-03-02T13:00:00+01:00"})
        self.tokens["rival's manage"], self.ids["rival's booking"] = made["manageToken"], made["booking"]["id"]
        (self.ids["entry"],) = [
            ids.encode("CalendarEntry", row.company_id, row.id) for row in await world.rows(tables.calendar_entry)
        ]

    async def _held(self, start: str, **more: Any) -> str:
        answer = await self.answer("holdSlot", self.good("holdSlot", start) | more)
        token: str = answer["holdToken"]
        return token

    async def _booked(self, start: str, **more: Any) -> Any:
        return await self.answer("book", self.good("book", start) | more)

    def id(self, kind: str, name: str, company: str = "demo") -> str:
        """The global id of a thing by its name."""
        made: str = self.face.id(kind, name, company=company)
        return made

    def good(self, mutation: str, start: str = START) -> dict[str, Any]:
        """Input that would succeed."""
        key = {"idempotencyKey": str(uuid.uuid4())}
        slot = {"service": self.id("Service", "cut"), "start": start}
        anna = {"employees": {"employee": self.id("Employee", "anna")}}
        match mutation:
            case "holdSlot":
                return key | {"slot": slot | anna}
            case "book":
                return key | {"slot": slot | anna, "customer": {"name": "Mia Muster", "email": "mia@example.org"}}
            case "rescheduleBooking":
                return key | {"booking": {"manageToken": self.tokens["manage"]}, "start": LATER} | anna
            case "cancelBooking":
                return key | {"booking": {"manageToken": self.tokens["manage"]}}
            case "releaseHold":
                return {"holdToken": self.tokens["hold"]}
            case _:
                return {"entry": self.ids["entry"]}

    def with_wrong(self, mutation: str, place: str, value: object) -> dict[str, Any]:
        """Good input but for one place, as in `slot.start`."""
        made = copy.deepcopy(self.good(mutation))
        inner, names = made, place.split(".")
        for name in names[:-1]:
            inner = inner.setdefault(name, {})
        inner[names[-1]] = value
        return made

    async def answer(self, mutation: str, wrong: Any, actor: Any = None) -> Any:
        """What a mutation answers; a refusal of the whole request by its code."""
        result = await self.face.run(document(mutation), actor, input=wrong)
        if result.errors:
            (error,) = result.errors
            return {"__typename": error.extensions["code"]}
        return result.data[mutation]

    async def rows(self) -> dict[str, Sequence[Any]]:
        """Everything we have stored."""
        return {table.name: await self.face.world.rows(table) for table in tables.metadata.sorted_tables}

    def asked_to_write(self) -> dict[str, int]:
        """How often the calendars were asked to change."""
        calls = self.face.world.calendars.calls
        return {method: calls[method] for method in ("write", "move", "remove")}


def summary(answer: Any) -> str:
    """An answer in a line: its type, and what of it says where or why."""
    parts = [answer["__typename"], *[".".join(field["path"]) for field in answer.get("fields", ())]]
    if "path" in answer:
        parts.append(".".join(answer["path"]))
    if "rule" in answer:
        parts.append(answer["rule"])
    return " ".join(parts)
