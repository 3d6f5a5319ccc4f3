"""The model's calls as the use cases take them."""

import uuid
from typing import Any

from slotgraph_tests_core_world import World, id_of
from slotgraph_tests_reliability_model_model import Book, Call, Cancel, Choice, Hold, Move

from slotgraph.core.booking.cancelling import CancelRequest
from slotgraph.core.booking.finding import BookingRef
from slotgraph.core.booking.holding import HoldRequest, SlotHeld
from slotgraph.core.booking.making import BookingConfirmed, BookRequest
from slotgraph.core.booking.moving import MoveRequest
from slotgraph.core.candidates import EmployeeChoice, ServiceRef
from slotgraph.core.clock import instant_from_minute
from slotgraph.core.customers import CustomerForm
from slotgraph.core.policy import Member, Role
from slotgraph.core.values import Secret

EVERYBODY = ("anna", "ben", "cara")
CUSTOMER = CustomerForm("Mia Muster", "mia@example.org")


class Desk:
    """Sends calls to the use cases of a world; `tokens` are those of what was made, by its id."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._member: Member = world.member("staff", Role.STAFF)
        self.tokens: dict[str, Secret] = {}

    async def send(self, call: Call) -> Any:
        """The answer; the token of what was made is kept."""
        given = await self._answer(call)
        match given:
            case SlotHeld():
                self.tokens[given.hold.id] = given.hold_token
            case BookingConfirmed():
                self.tokens[given.booking.id] = given.manage_token
        return given

    async def release(self, hold: str) -> Any:
        """Give a hold back."""
        return await self._world.do.holds.release(self._world.as_(), self.tokens[hold])

    async def _answer(self, call: Call) -> Any:
        use_cases, operation = self._world.do, self._world.as_(self._member if call.actor == "member" else None)
        match call:
            case Hold():
                slot = (self._service(call.service), instant_from_minute(call.start), _choice(call.choice))
                return await use_cases.holds.hold(operation, HoldRequest(call.key, *slot))
            case Book():
                slot = (self._service(call.service), instant_from_minute(call.start), _choice(call.choice))
                token = self.tokens[call.hold] if call.hold else None
                request = BookRequest(call.key, *slot, CUSTOMER, note=call.note or None, hold_token=token)
                return await use_cases.bookings.book(operation, request)
            case Move():
                start, choice = instant_from_minute(call.start), call.choice and _choice(call.choice)
                return await use_cases.moves.reschedule(
                    operation, MoveRequest(call.key, self._ref(call), start, choice)
                )
            case Cancel():
                request = CancelRequest(call.key, self._ref(call), call.reason or None)
                return await use_cases.cancellations.cancel(operation, request)

    def _service(self, name: str) -> ServiceRef:
        return ServiceRef(self._world.company_id, id_of(name))

    def _ref(self, call: Move | Cancel) -> BookingRef:
        if call.actor == "customer":
            return BookingRef(manage_token=self.tokens[call.booking])
        return BookingRef(self._world.company_id, call.booking)


def _choice(choice: Choice) -> EmployeeChoice:
    ids = tuple(id_of(name) for name in choice.names)
    if choice.together:
        return EmployeeChoice(together=ids)
    if len(ids) == 1:
        return EmployeeChoice(employee=ids[0])
    return EmployeeChoice() if choice.names == EVERYBODY else EmployeeChoice(any_of=ids)


def new_key() -> str:
    """A key nobody has used."""
    return str(uuid.uuid4())


def made_by(given: Any) -> Any:
    """The hold or the booking of an answer that is no refusal."""
    return given.hold if isinstance(given, SlotHeld) else given.booking
