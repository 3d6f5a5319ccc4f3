"""Shared flights: searches that ask an account the same at the same time share one call (rule B5).

An answer lives in its flight and the requests waiting on it, and goes with the last of them (rule F1).
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, TypeVar

from slotgraph.core.clock import Clock
from slotgraph.core.errors import DatabaseBusy, ProviderFailure, ProviderTimeout, failure_of
from slotgraph.core.pacing import Pace
from slotgraph.core.plugin import Deadline
from slotgraph.core.shield import Shield
from slotgraph.core.values import AskedCalendar, FailureCause, Reference, Span, Unverified
from slotgraph.core.wall import AccountKey

JOINABLE_SECONDS = 1.0
"""How long after its call began a flight may be joined: an answer may be older than the question by so much, and no more."""

_NOT_ASKED = Unverified(FailureCause.TIMEOUT, asked=False)

Answer = TypeVar("Answer")
Call = Callable[[Deadline], Awaitable[Mapping[str, Answer]]]
"""Asks a provider, within the deadline given."""


class Kind(Enum):
    """What is asked for; one is never answered with the other (rule T1)."""

    BUSY = "BUSY"
    TITLES = "TITLES"


@dataclass(frozen=True, slots=True)
class Question:
    """What an account is asked. Only who asks the very same shares a flight."""

    kind: Kind
    account: AccountKey
    calendars: frozenset[tuple[object, ...]]
    chunk: Span
    except_: frozenset[Reference]

    @classmethod
    def of(
        cls,
        kind: Kind,
        account: AccountKey,
        *,
        calendars: Sequence[AskedCalendar],
        chunk: Span,
        except_: frozenset[Reference],
    ) -> "Question":
        """The question these calendars are asked with, in whatever order."""
        asked = frozenset((one.id, one.zone, one.read_mode, frozenset(one.flags.items())) for one in calendars)
        return cls(kind, account, asked, chunk, except_)


class _Flight(Generic[Answer]):
    """One call on its way, or still waiting for its place; a failure is part of what it comes back with."""

    __slots__ = ("began_at", "task", "waiting")

    task: asyncio.Task[Mapping[str, Answer] | Unverified]

    def __init__(self) -> None:
        self.began_at: float | None = None
        self.waiting = 0

    def may_be_joined(self, now: float) -> bool:
        """Whether its answer is fresh enough for who asks now. Before the call begins it is fresh for everybody."""
        return not self.task.done() and (self.began_at is None or now - self.began_at <= JOINABLE_SECONDS)


class Flights:
    """All flights of the process."""

    def __init__(self, shield: Shield, pace: Pace, clock: Clock, *, longest_seconds: float) -> None:
        self._shield = shield
        self._pace = pace
        self._clock = clock
        self._longest_seconds = longest_seconds
        self._joinable: dict[Question, _Flight[Any]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    async def share(self, question: Question, call: Call[Answer], *, deadline: Deadline) -> Mapping[str, Answer]:
        """The answer of a flight that is on its way, or of a new one. Raises ProviderFailure, ProviderTimeout at the deadline.

        A flight has the longest deadline there is: none of those who wait for it ends it by going. It is given up only if all
        of them go before its call began.
        """
        await self._pace.turn()
        if deadline.remaining <= 0:
            raise failure_of(_NOT_ASKED)
        flight: _Flight[Answer] | None = self._joinable.get(question)
        if flight is None or not flight.may_be_joined(self._clock.monotonic()):
            flight = self._started(question, call)
        flight.waiting += 1
        try:
            await asyncio.wait({flight.task}, timeout=deadline.remaining)
        finally:
            flight.waiting -= 1
            if not flight.waiting and flight.began_at is None:
                self._forget(question, flight)
                flight.task.cancel()
        if not flight.task.done() or flight.task.cancelled():
            raise self._too_late(flight)
        outcome = flight.task.result()
        if isinstance(outcome, Unverified):
            raise failure_of(outcome)
        return outcome

    def _too_late(self, flight: _Flight[Any]) -> ProviderFailure:
        """Who is in a hurry learns nothing of the account: else its holder would be told that it fails (rule B7)."""
        waited = 0.0 if flight.began_at is None else self._clock.monotonic() - flight.began_at
        return failure_of(Unverified(FailureCause.TIMEOUT, asked=waited >= self._longest_seconds / 2))

    async def alone(
        self,
        account: AccountKey,
        call: Call[Answer],
        *,
        deadline: Deadline,
        for_booking: bool = True,
        at_leisure: bool = False,
    ) -> Mapping[str, Answer]:
        """A booking check, or what can wait: its own flight, joined by nobody, that ends with who asked. Raises ProviderFailure."""
        try:
            async with asyncio.timeout(deadline.remaining):
                return await self._shield.call(
                    account, lambda: call(deadline), for_booking=for_booking, at_leisure=at_leisure
                )
        except TimeoutError:
            raise ProviderTimeout from None

    async def close(self) -> None:
        """End all flights: at shutdown, and in tests. Who still waits is told TIMEOUT."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _started(self, question: Question, call: Call[Answer]) -> _Flight[Answer]:
        flight = self._joinable[question] = _Flight[Answer]()
        flight.task = asyncio.create_task(self._fly(flight, question.account, call))
        self._tasks.add(flight.task)
        flight.task.add_done_callback(lambda task: self._landed(question, flight))
        return flight

    async def _fly(
        self, flight: _Flight[Answer], account: AccountKey, call: Call[Answer]
    ) -> Mapping[str, Answer] | Unverified:
        async def begin() -> Mapping[str, Answer]:
            flight.began_at = self._clock.monotonic()
            return await call(Deadline(self._clock, self._longest_seconds))

        await self._pace.turn()
        try:
            return await self._shield.call(account, begin)
        except ProviderFailure as failure:
            # As data: an error is raised anew for each who waits, and what it was raised from is held by nobody.
            return failure.unverified()
        except DatabaseBusy:
            return _NOT_ASKED  # the credentials were not to be had in time

    def _landed(self, question: Question, flight: _Flight[Answer]) -> None:
        self._tasks.discard(flight.task)
        self._forget(question, flight)
        if not flight.task.cancelled():
            flight.task.exception()  # looked at, so that asyncio does not log one that found nobody waiting

    def _forget(self, question: Question, flight: _Flight[Answer]) -> None:
        if self._joinable.get(question) is flight:
            del self._joinable[question]
