"""Those who come to book: clients over HTTP that all want the same few slots, ask again, change their minds, and do not wait.

    crowd = Crowd(shop, attempts=2000, seed=1)
    await crowd.come(at={0.3: lambda: shop.proxy.spoil(0.1), 0.6: shop.proxy.behave})
    crowd.history                                   # for checker.py

By seeded dice: what each attempt asks. How attempts of several clients fall between each other is not theirs to say.
"""

import asyncio
import json
import random
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import aiohttp
from slotgraph_tests_reliability_load_history import Answer, Attempt, Mutation, Wanted
from slotgraph_tests_reliability_load_shop import Shop, own_id

from slotgraph.core.clock import SystemClock, instant_from_minute, minute_from_instant
from slotgraph.core.derived_token import claim_from_text

CLIENTS = 12
"""How many ask at a time."""

REPLAYS, CANCELS, HOLDS, MOVES = 0.10, 0.08, 0.08, 0.08
OTHER_INPUT = 0.2
"""How many of the replays ask for something else under the same key."""

ABANDONED, ASKS_AGAIN = 0.06, 3
"""How many do not wait for their answer, and how often who got none asks again."""

DEADLINE_MS = 8000
SECONDS = 60
_CLOCK = SystemClock()

_BOOKING = "booking { id start state employees { id } }"
_CHANGED = "... on Booking { id start state employees { id } } ... on Problem { message }"
DOCUMENTS = {
    Mutation.BOOK: f"""mutation($input: BookInput!) {{ result: book(input: $input) {{ __typename
      ... on BookingConfirmed {{ manageToken {_BOOKING} }} ... on SlotNotOffered {{ rule }}
      ... on Problem {{ message }} }} }}""",
    Mutation.HOLD: """mutation($input: HoldSlotInput!) { result: holdSlot(input: $input) { __typename
      ... on SlotHeld { holdToken hold { start expiresAt employees { id } } } ... on SlotNotOffered { rule }
      ... on Problem { message } } }""",
    Mutation.RELEASE: """mutation($input: ReleaseHoldInput!) { result: releaseHold(input: $input) { __typename
      ... on Problem { message } } }""",
    Mutation.MOVE: f"""mutation($input: RescheduleBookingInput!) {{ result: rescheduleBooking(input: $input) {{
      __typename ... on SlotNotOffered {{ rule }} {_CHANGED} }} }}""",
    Mutation.CANCEL: f"""mutation($input: CancelBookingInput!) {{ result: cancelBooking(input: $input) {{
      __typename {_CHANGED} }} }}""",
}


@dataclass(frozen=True, slots=True)
class Call:
    """What a client asks, and asks again in the same words. `member`: with a token of the company; else as a stranger."""

    mutation: Mutation
    key: str
    input: Mapping[str, Any]
    wanted: Wanted | None = None
    thing: str | None = None
    member: bool = False
    source: str = ""

    @property
    def asked(self) -> str:
        return json.dumps(self.input, sort_keys=True)


@dataclass(frozen=True, slots=True)
class Got:
    """A booking or a hold that somebody was told of, what it was called for with, and where they last heard that it is."""

    id: str
    token: str
    call: Call
    start: int
    global_id: str = ""


@dataclass
class Crowd:
    """All who come."""

    shop: Shop
    attempts: int
    seed: int = 0
    history: list[Attempt] = field(default_factory=list)
    _calls: list[Call] = field(default_factory=list)
    _booked: list[Got] = field(default_factory=list)
    _cancelled: list[Got] = field(default_factory=list)
    _held: list[Got] = field(default_factory=list)
    _begun: int = 0
    _events: list[tuple[float, Callable[[], None]]] = field(default_factory=list)

    async def come(self, *, at: Mapping[float, Callable[[], None]] | None = None) -> None:
        """Ask until there were as many attempts as there should be. `at`: what to do after which share of them."""
        self._events = sorted((at or {}).items())
        connector = aiohttp.TCPConnector(limit=0)
        timeout = aiohttp.ClientTimeout(total=SECONDS)
        session = aiohttp.ClientSession(connector=connector, timeout=timeout)
        async with session, asyncio.TaskGroup() as clients:
            for number in range(CLIENTS):
                clients.create_task(self._client(session, random.Random(f"{self.seed} {number}")))

    async def _client(self, session: aiohttp.ClientSession, chance: random.Random) -> None:
        while self._begun < self.attempts:
            call = self._next(chance)
            for _ in range(1 + ASKS_AGAIN):
                waits = chance.uniform(0.001, 0.08) if chance.random() < ABANDONED else SECONDS
                if await self._ask(session, call, waits=waits, url=chance.choice(self.shop.replicas.urls)):
                    break

    def _next(self, chance: random.Random) -> Call:
        """What a client wants now."""
        dice = chance.random()
        if dice < REPLAYS and self._calls:
            return self._again(chance)
        dice -= REPLAYS
        if 0 <= dice < CANCELS and self._booked:
            return self._cancel(chance)
        dice -= CANCELS
        if 0 <= dice < MOVES and self._booked:
            return self._move(chance)
        dice -= MOVES
        if 0 <= dice < HOLDS:
            return self._hold(chance)
        if self._held:
            return self._with_hold(chance)
        return self._book(chance)

    def _again(self, chance: random.Random) -> Call:
        call = chance.choice(self._calls)
        if chance.random() >= OTHER_INPUT:
            return call
        if call.mutation is Mutation.CANCEL:
            return replace(call, input={**call.input, "reason": f"another one, {chance.random()}"})
        if call.mutation is not Mutation.BOOK:
            return call
        other = self._book(chance)
        asked = {**other.input, "idempotencyKey": call.key, "note": call.key}
        return replace(other, key=call.key, input=asked, member=call.member, source=call.source)

    def _book(self, chance: random.Random) -> Call:
        """One employee, any, one of some, or some together."""
        slot, wanted = self._slot(chance)
        customer = {"name": "Mia Muster", "email": "mia@example.org"}
        key = str(uuid.UUID(int=chance.getrandbits(128)))
        asked = {"idempotencyKey": key, "slot": slot, "customer": customer, "note": key, "deadlineMs": DEADLINE_MS}
        return Call(Mutation.BOOK, key, asked, wanted, member=chance.random() < 0.3, source=_source(chance))

    def _slot(self, chance: random.Random) -> tuple[dict[str, Any], Wanted]:
        service, employees = chance.choice(list(self.shop.services.values())), list(self.shop.employees)
        start = self._start(chance)
        kind = chance.choice(("employee", "employee", "any", "anyOf", "together"))
        count = {"employee": 1, "any": len(employees)}.get(kind, 2)
        named = tuple(chance.sample(employees, count))
        ids = [self.shop.employees[one] for one in named]
        choice = {"employee": ids[0]} if kind == "employee" else {kind: ids}
        slot: dict[str, Any] = {"service": service, "start": start.isoformat()}
        if kind != "any":
            slot["employees"] = choice
        minute = minute_from_instant(start)
        return slot, Wanted(own_id(service), minute, named, together=kind == "together")

    def _start(self, chance: random.Random) -> datetime:
        """Half of them want the same hour of a day, which one changes all the time; on the last day nobody wants any."""
        fashion = random.Random(f"{self.seed} {self._begun // (2 * CLIENTS)}")
        days = self.shop.days[:-1]
        starts = self.shop.starts(fashion.choice(days))
        first = fashion.randrange(len(starts))
        if chance.random() < 0.5:
            return chance.choice(starts[first : first + 4])
        return chance.choice(self.shop.starts(chance.choice(days)))

    def _cancel(self, chance: random.Random) -> Call:
        booked, key = self._choose(chance), _key(chance)
        member, ref = self._ref(booked, chance)
        asked = {"idempotencyKey": key, "booking": ref, "reason": "changed my mind"}
        return Call(Mutation.CANCEL, key, asked, thing=booked.id, member=member, source=_source(chance))

    def _choose(self, chance: random.Random) -> Got:
        """A booking, now and then one that is cancelled already."""
        return chance.choice(self._cancelled if self._cancelled and chance.random() < 0.1 else self._booked)

    def _ref(self, booked: Got, chance: random.Random) -> tuple[bool, dict[str, str]]:
        """By id, as a member may; or by the customer's token."""
        if chance.random() < 0.5:
            return True, {"id": booked.global_id}
        return False, {"manageToken": booked.token}

    def _hold(self, chance: random.Random) -> Call:
        slot, wanted = self._slot(chance)
        key = _key(chance)
        return Call(Mutation.HOLD, key, {"idempotencyKey": key, "slot": slot}, wanted, source=_source(chance))

    def _with_hold(self, chance: random.Random) -> Call:
        """Book what is held, most of the time; or give it back, and sometimes both."""
        held = self._held[-1] if chance.random() < 0.1 else self._held.pop(chance.randrange(len(self._held)))
        key, source = _key(chance), held.call.source
        if chance.random() < 0.2:
            return Call(Mutation.RELEASE, key, {"holdToken": held.token}, thing=held.id, source=source)
        slot = held.call.input["slot"]
        customer = {"name": "Hans Halter", "email": "hans@example.org"}
        asked = {"idempotencyKey": key, "slot": slot, "customer": customer, "note": key, "holdToken": held.token}
        return Call(Mutation.BOOK, key, asked, held.call.wanted, thing=held.id, source=source)

    def _move(self, chance: random.Random) -> Call:
        """To the quiet day, near where it was so that it overlaps itself, or anywhere; most of the time with whom it was."""
        booked, key = self._choose(chance), _key(chance)
        member, ref = self._ref(booked, chance)
        where = chance.choice((self._quiet, self._near, self._near, self._anywhere))
        start = where(booked, chance)
        asked = {"idempotencyKey": key, "booking": ref, "start": start.isoformat(), "deadlineMs": DEADLINE_MS}
        named = None
        if chance.random() < 0.3:
            named = (chance.choice(list(self.shop.employees)),)
            asked["employees"] = {"employee": self.shop.employees[named[0]]}
        assert booked.call.wanted is not None
        wanted = Wanted(booked.call.wanted.service, minute_from_instant(start), named)
        return Call(Mutation.MOVE, key, asked, wanted, booked.id, member, _source(chance))

    def _quiet(self, _booked: Got, chance: random.Random) -> datetime:
        return chance.choice(self.shop.starts(self.shop.days[-1]))

    def _near(self, booked: Got, chance: random.Random) -> datetime:
        starts = [start for day in self.shop.days for start in self.shop.starts(day)]
        here = starts.index(instant_from_minute(booked.start))
        return chance.choice(starts[max(0, here - 2) : here + 3])

    def _anywhere(self, _booked: Got, chance: random.Random) -> datetime:
        return self._start(chance)

    # One request.

    async def _ask(self, session: aiohttp.ClientSession, call: Call, *, waits: float, url: str) -> bool:
        """Ask, and note what was heard; whether anything was."""
        self._begun += 1
        while self._events and self._begun >= self._events[0][0] * self.attempts:
            self._events.pop(0)[1]()
        headers = {"X-Forwarded-For": call.source}
        if call.member:
            headers["Authorization"] = f"Bearer {self.shop.token}"
        body = {"query": DOCUMENTS[call.mutation], "variables": {"input": call.input}}
        began, told, answer = _now(), None, None
        try:
            async with asyncio.timeout(waits), session.post(url, json=body, headers=headers) as response:
                text = await response.text()
                told, answer = _read(text, response.status)
        except (TimeoutError, aiohttp.ClientError):
            pass
        self.history.append(
            Attempt(call.key, call.mutation, call.asked, began, _now(), answer, call.wanted, call.thing)
        )
        self._calls.append(call)
        if told and answer:
            self._remember(call, told, answer)
        return answer is not None and not answer.kind.startswith("errors: DEADLINE")

    def _remember(self, call: Call, told: Mapping[str, Any], answer: Answer) -> None:
        match answer:
            case Answer("BookingConfirmed", str(known), int(start), state="CONFIRMED"):
                self._booked.append(Got(known, told["manageToken"], call, start, told["booking"]["id"]))
            case Answer("SlotHeld", str(known), int(start)):
                self._held.append(Got(known, told["holdToken"], call, start))
            case Answer("Booking", str(known), int(start), state=state):
                changed = [replace(one, start=start) for one in self._booked if one.id == known]
                self._booked = [one for one in self._booked if one.id != known]
                (self._booked if state == "CONFIRMED" else self._cancelled).extend(changed)


def _read(text: str, status: int) -> tuple[dict[str, Any] | None, Answer]:
    """The result as it came, and what the checker must know of it."""
    try:
        told = json.loads(text)
    except ValueError:
        return None, Answer(f"HTTP {status}")
    if told.get("errors"):
        codes = {error.get("extensions", {}).get("code", "none") for error in told["errors"]}
        return None, Answer(f"errors: {' '.join(sorted(codes))}")
    result = told["data"]["result"]
    return result, _answer(result)


def _answer(result: dict[str, Any]) -> Answer:
    kind = result["__typename"]
    thing = {"BookingConfirmed": result.get("booking"), "SlotHeld": result.get("hold"), "Booking": result}.get(kind)
    if thing is None:
        return Answer(kind, rule=result.get("rule"))
    return Answer(
        kind,
        own_id(thing["id"]) if "id" in thing else _held_id(result["holdToken"]),
        minute_from_instant(datetime.fromisoformat(thing["start"])),
        frozenset(own_id(one["id"]) for one in thing["employees"]),
        thing.get("state"),
        datetime.fromisoformat(thing["expiresAt"]).timestamp() if "expiresAt" in thing else float("inf"),
    )


def _held_id(token: str) -> str:
    """The hold that a token is of."""
    claim = claim_from_text(token)
    assert claim is not None
    return claim.id


def _key(chance: random.Random) -> str:
    return str(uuid.UUID(int=chance.getrandbits(128)))


def _source(chance: random.Random) -> str:
    return f"10.{chance.randrange(4)}.{chance.randrange(250)}.{chance.randrange(250)}"


def _now() -> float:
    return _CLOCK.now().timestamp()
