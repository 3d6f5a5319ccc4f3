"""Stands between searches and every account: places, quota and breaker, so that nobody closes a shop by asking often (rule B7).

What is kept of an account is when it was called, never what it said, and goes when it has not been called for long.
"""

import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from slotgraph.core.breaker import NO_ANSWER, Breaker
from slotgraph.core.clock import Clock
from slotgraph.core.errors import ProviderFailure, failure_of
from slotgraph.core.places import Places
from slotgraph.core.quota import Quota
from slotgraph.core.registry import Registry
from slotgraph.core.retrying import Jitter
from slotgraph.core.values import FailureCause, Unverified
from slotgraph.core.wall import AccountKey

IDLE_SECONDS = 600.0
"""An account that was not called for this long is forgotten: longer than a token is spent and a breaker pauses."""

Answer = TypeVar("Answer")


@dataclass(slots=True)
class _Gate:
    """What stands before one account."""

    places: Places
    quota: Quota
    breaker: Breaker
    used_at: float

    def check(self, now: float, *, for_booking: bool, at_leisure: bool) -> None:
        """Raise the failure that a call would be refused with, if it were."""
        refusal = None if for_booking or at_leisure else self.breaker.refusal(now)
        if refusal is not None:
            raise failure_of(refusal)
        wait = self.quota.seconds_to_wait(now, for_booking=for_booking)
        if wait:
            raise failure_of(Unverified(FailureCause.THROTTLED, wait, asked=False))

    def is_idle(self, now: float) -> bool:
        """Whether forgetting it changes nothing."""
        return now - self.used_at > IDLE_SECONDS and self.places.all_free and not self.quota.is_paused(now)


class Shield:
    """Lets calls through to accounts, each in its turn, or refuses them."""

    def __init__(self, registry: Registry, clock: Clock, *, jitter: Jitter = random.random) -> None:
        self._registry = registry
        self._clock = clock
        self._jitter = jitter
        self._gates: dict[AccountKey, _Gate] = {}
        self._swept_at = clock.monotonic()

    async def call(
        self,
        account: AccountKey,
        call: Callable[[], Awaitable[Mapping[str, Answer]]],
        *,
        for_booking: bool = False,
        at_leisure: bool = False,
    ) -> Mapping[str, Answer]:
        """Wait for a place and call. Raises ProviderFailure: the call's own, or one that says why there was no call.

        A booking check is stopped by an empty bucket only; an account that is left alone for its silence answers it, or does not.
        What is written at leisure leaves what is kept for booking checks to them, and comes back at a pace of its own.
        """
        gate = self._gate(account)
        gate.check(self._clock.monotonic(), for_booking=for_booking, at_leisure=at_leisure)
        async with gate.places.taken(for_booking=for_booking):
            # While it waited for its place others may have spent the last token, or waited in vain.
            now = gate.used_at = self._clock.monotonic()
            gate.check(now, for_booking=for_booking, at_leisure=at_leisure)
            gate.quota.spend(now)
            return await self._through(gate, call, apart=for_booking or at_leisure)

    async def _through(
        self, gate: _Gate, call: Callable[[], Awaitable[Mapping[str, Answer]]], *, apart: bool
    ) -> Mapping[str, Answer]:
        is_try = not apart and gate.breaker.let_through()
        try:
            answers = await call()
        except ProviderFailure as failure:
            self._heard(gate, [failure.unverified()], apart=apart, is_try=is_try)
            raise
        else:
            self._heard(gate, list(answers.values()), apart=apart, is_try=is_try)
        finally:
            if is_try:
                gate.breaker.abandoned()
        return answers

    def _heard(self, gate: _Gate, answers: list[Answer], *, apart: bool, is_try: bool) -> None:
        """Learn from what an account said, calendar by calendar. One that answers for any of them answers. `apart`: not in a search."""
        now = self._clock.monotonic()
        failures = [answer for answer in answers if isinstance(answer, Unverified)]
        for failure in failures:
            if failure.cause is FailureCause.THROTTLED and failure.retry_after:
                gate.quota.pause(failure.retry_after, now)
        if len(failures) < len(answers) or any(failure.cause not in NO_ANSWER for failure in failures):
            gate.breaker.answered()
        elif not apart:
            # A booking check has the deadline its caller gave it: that it got no answer may say nothing of the account.
            gate.breaker.failed(failures[0], now=now, is_try=is_try)

    def _gate(self, account: AccountKey) -> _Gate:
        now = self._clock.monotonic()
        if now - self._swept_at > IDLE_SECONDS:
            self._gates = {key: gate for key, gate in self._gates.items() if not gate.is_idle(now)}
            self._swept_at = now
        gate = self._gates.get(account)
        if gate is None:
            limits = self._registry.limits(account.provider)
            gate = _Gate(Places(limits.concurrency), Quota(limits), Breaker(jitter=self._jitter), now)
            self._gates[account] = gate
        return gate
