"""The schema asked for real: the company of tests/core/world.py, its use cases, and requests without HTTP."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

import pytest
from graphql import GraphQLError
from slotgraph_tests_core_world import World
from slotgraph_tests_schema_two_companies import Twins

from slotgraph.core.values import Secret
from slotgraph.schema import ids
from slotgraph.schema.build import build
from slotgraph.schema.context import Context
from slotgraph.schema.execute import ExecutionResult, execute

SLOTS = """
query ($input: SlotSearchInput!) {
  slots(input: $input) {
    from to complete starts
    slots { start end employees { id name } }
    days { date complete slots { start } }
    sources { state cause at retryAfterSeconds precision calendar { id } employee { name } }
  }
}
"""

BOOK = """
mutation ($input: BookInput!) {
  book(input: $input) {
    __typename
    ... on BookingConfirmed { manageToken booking { id state start end company { name internal { excludeSupport } }
      customer { name email } calendarEntries { state } employees { name } service { name } changeableUntil } }
    ... on CalendarUnverified { sources { state cause calendar { id } } }
    ... on InvalidInput { fields { path message } }
    ... on NotFound { path }
    ... on SlotNotOffered { rule }
    ... on Problem { message }
  }
}
"""

CANCEL = """
mutation ($input: CancelBookingInput!) {
  cancelBooking(input: $input) {
    __typename
    ... on Booking { id state cancelReason }
    ... on TooLate { changeableUntil }
    ... on InvalidInput { fields { path message } }
    ... on NotFound { path }
    ... on Problem { message }
  }
}
"""


OPEN_CASE = """mutation ($reason: String!) { openSupportCase(input: { reason: $reason }) {
  __typename ... on SupportCase { id open endsAt permissions customerDataGranted } ... on InvalidInput
  { fields { path } } ... on Problem { message } } }"""


@dataclass
class Face:
    """The GraphQL face of a world. `begun` and `ended` are what the cookie was told."""

    SLOTS: ClassVar[str] = SLOTS
    BOOK: ClassVar[str] = BOOK
    CANCEL: ClassVar[str] = CANCEL
    OPEN_CASE: ClassVar[str] = OPEN_CASE

    world: Any
    begun: list[tuple[Secret, datetime]] = field(default_factory=list)
    ended: int = 0
    session: Secret | None = None

    def context(self, actor: Any = None) -> Context:
        return Context(self.world.as_(actor), self.world.do, self.session, self._begin, self._end)

    def _begin(self, secret: Secret, expires_at: datetime) -> None:
        self.begun.append((secret, expires_at))

    def _end(self) -> None:
        self.ended += 1

    async def run(
        self, query: str, actor: Any = None, *, may_introspect: bool = True, seconds: float = 30, **variables: Any
    ) -> ExecutionResult:
        """Run a request of an actor, of a stranger if none is given."""
        return await execute(
            build(),
            query=query,
            variables=variables,
            operation_name=None,
            context=self.context(actor),
            may_introspect=may_introspect,
            seconds=seconds,
        )

    async def ask(self, query: str, actor: Any = None, **variables: Any) -> Any:
        """The data of a request that must succeed."""
        result = await self.run(query, actor, **variables)
        assert not result.errors, [error.formatted for error in result.errors]
        return result.data

    async def error(self, query: str, actor: Any = None, **variables: Any) -> GraphQLError:
        """The one error of a request."""
        result = await self.run(query, actor, **variables)
        assert result.errors is not None
        (error,) = result.errors
        return error

    def id(self, kind: str, name: str, *, company: str = "demo") -> str:
        """The global id of a thing of the world, by its name."""
        id_of = World.id_of
        return ids.encode(kind, id_of(company), id_of(name))

    def event(self, *args: Any, **more: Any) -> Any:
        """An event of somebody's calendar by its wall times in Zurich."""
        return World.event(*args, **more)

    def search(self, **more: Any) -> dict[str, Any]:
        """The input of a search for the one day all tests are about."""
        window = {"from": "2027-03-02T00:00:00+01:00", "to": "2027-03-03T00:00:00+01:00"}
        return {"service": self.id("Service", "cut")} | window | more

    def booking(self, start: str = "2027-03-02T09:00:00+01:00", **more: Any) -> dict[str, Any]:
        """The input of a booking with Anna."""
        anna = {"employee": self.id("Employee", "anna")}
        slot = {"service": self.id("Service", "cut"), "start": start, "employees": anna}
        customer = {"name": "Mia Muster", "email": "mia@example.org"}
        return {"idempotencyKey": str(uuid.uuid4()), "slot": slot, "customer": customer} | more

    async def booked(self, actor: Any = None, **more: Any) -> Any:
        """A booking that was made, with its manage token."""
        answer = (await self.ask(BOOK, actor, input=self.booking(**more)))["book"]
        assert answer["__typename"] == "BookingConfirmed", answer
        return answer

    async def open_case(self) -> str:
        """The id of a case that the owner has just opened."""
        await self.world.add_login(self.world.owner)
        opened = (await self.ask(OPEN_CASE, self.world.owner, reason="Calendars do not answer"))["openSupportCase"]
        assert opened["__typename"] == "SupportCase"
        case: str = opened["id"]
        return case

    @property
    def company(self) -> str:
        return ids.encode("Company", self.world.company_id)


@pytest.fixture
async def face(world: World) -> Face:
    """The GraphQL face of the company `demo` with Anna and Ben."""
    return Face(world)


@pytest.fixture
async def twins(face: Face) -> Twins:
    """Two companies in one database: see two_companies.py."""
    made = Twins(face)
    await made.stock()
    return made
