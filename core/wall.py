"""The plugin wall: every call into a provider passes here, with opened credentials, a deadline, and a check of what comes back.

Whatever a plugin does (raise, hang, answer nonsense) becomes a ProviderFailure that costs its own calendars only.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from slotgraph.core.errors import KeyMissing, PluginFailed, ProviderFailure, ProviderTimeout, SealBroken
from slotgraph.core.plugin import Account, Deadline, Offload, Provider, Transport
from slotgraph.core.registry import Registry
from slotgraph.core.values import (
    AskedCalendar,
    Busy,
    BusyAnswer,
    Credentials,
    Entry,
    FoundCalendar,
    Gone,
    Opened,
    Precision,
    Present,
    Reference,
    Span,
    Unverified,
)

T = TypeVar("T")

MAX_BUSY_PER_CALENDAR = 50_000
"""More busy spans than this in one answer are no calendar but a fault."""

_log = logging.getLogger("slotgraph.wall")


class CredentialStore(Protocol):
    """Opens and saves the credentials of an account, by company and account id."""

    async def credentials(self, company_id: str, account_id: str) -> Credentials:
        """Open the credentials. Raises KeyMissing or SealBroken."""

    async def save(self, company_id: str, account_id: str, credentials: Mapping[str, str]) -> None:
        """Seal and store changed credentials."""


@dataclass(frozen=True, slots=True)
class AccountKey:
    """Which account is called: its company, its id and its provider's name."""

    company_id: str
    account_id: str
    provider: str


class Wall:
    """Calls providers. Every method raises ProviderFailure if there is no good answer by the deadline."""

    def __init__(
        self, registry: Registry, *, credentials: CredentialStore, transport: Transport, offload: Offload
    ) -> None:
        self.registry = registry
        self._credentials = credentials
        self._transport = transport
        self._offload = offload

    async def busy(
        self,
        key: AccountKey,
        calendars: Sequence[AskedCalendar],
        *,
        window: Span,
        deadline: Deadline,
        except_: frozenset[Reference] = frozenset(),
    ) -> Mapping[str, BusyAnswer | Unverified]:
        """When calendars block: an answer for each calendar asked, checked."""

        async def ask(provider: Provider, account: Account) -> Mapping[str, BusyAnswer | Unverified]:
            return await provider.busy(account, calendars, window, except_)

        answers = await self.call(key, ask, deadline=deadline)
        return {calendar.id: checked_busy(answers, calendar.id) for calendar in calendars}

    async def write(
        self, key: AccountKey, calendar_id: str, *, entry: Entry, idempotency: str, deadline: Deadline
    ) -> Reference:
        """Create one of our own entries."""
        reference = await self.call(
            key,
            lambda provider, account: provider.write(account, calendar_id, entry, idempotency),
            deadline=deadline,
        )
        return expected(reference, Reference)

    async def remove(self, key: AccountKey, reference: Reference, *, idempotency: str, deadline: Deadline) -> None:
        """Remove one of our own entries."""
        await self.call(
            key, lambda provider, account: provider.remove(account, reference, idempotency), deadline=deadline
        )

    async def probe(self, key: AccountKey, reference: Reference, *, deadline: Deadline) -> Present | Gone:
        """Whether one of our own entries stands outside."""
        answer = await self.call(key, lambda provider, account: provider.probe(account, reference), deadline=deadline)
        if isinstance(answer, Unverified):
            raise failure_from_unverified(answer)
        if not isinstance(answer, Present | Gone):
            raise PluginFailed
        return answer

    async def try_credentials(
        self, provider_name: str, credentials: Credentials, *, deadline: Deadline
    ) -> tuple[Opened, list[FoundCalendar]]:
        """Try credentials that are not stored yet: what opening finds, and the calendars."""
        provider = self._provider(provider_name)
        account = Account(
            credentials=credentials,
            transport=self._transport,
            deadline=deadline,
            offload=self._offload,
            save=_nothing_to_save,
        )

        async def attempt() -> tuple[Opened, list[FoundCalendar]]:
            opened = expected(await provider.open(account), Opened)
            return opened, [expected(found, FoundCalendar) for found in await provider.calendars(account)]

        return await guarded(attempt(), provider=provider_name, deadline=deadline)

    async def call(
        self, key: AccountKey, what: Callable[[Provider, Account], Awaitable[T]], *, deadline: Deadline
    ) -> T:
        """Open the credentials, call the provider, give it up at the deadline."""
        provider = self._provider(key.provider)

        async def save(changed: Mapping[str, str]) -> None:
            await self._credentials.save(key.company_id, key.account_id, changed)

        try:
            credentials = await self._credentials.credentials(key.company_id, key.account_id)
        except (KeyMissing, SealBroken) as error:
            raise PluginFailed("The account's credentials cannot be opened.") from error
        account = Account(
            credentials=credentials, transport=self._transport, deadline=deadline, offload=self._offload, save=save
        )
        return await guarded(what(provider, account), provider=key.provider, deadline=deadline)

    def _provider(self, name: str) -> Provider:
        provider = self.registry.provider(name)
        if provider is None:
            raise PluginFailed("The plugin of this account is not installed.")
        return provider


async def _nothing_to_save(changed: Mapping[str, str]) -> None:
    """Credentials that are only being tried are stored by whoever tries them."""


async def guarded(call: Awaitable[T], *, provider: str, deadline: Deadline) -> T:
    """Await a plugin's call; anything it raises becomes a ProviderFailure."""
    try:
        async with asyncio.timeout(deadline.remaining):
            return await call
    except ProviderFailure:
        raise
    except TimeoutError:
        raise ProviderTimeout from None
    # The wall: a plugin may raise anything. Its message may hold what it read, so only the class is logged (F1).
    except Exception as error:  # noqa: BLE001 - the plugin wall
        _log.warning("provider %s failed: %s", provider, type(error).__name__)
        raise PluginFailed from None


def expected(value: object, kind: type[T]) -> T:
    """The value, if the plugin answered the right kind."""
    if not isinstance(value, kind):
        raise PluginFailed(f"The plugin answered {type(value).__name__} instead of {kind.__name__}.")
    return value


def checked_busy(answers: object, calendar_id: str) -> BusyAnswer | Unverified:
    """One calendar's busy answer; anything that is not positively one is Unverified (rule B4)."""
    answer = answers.get(calendar_id) if isinstance(answers, Mapping) else None
    if isinstance(answer, Unverified):
        return answer
    if not isinstance(answer, BusyAnswer) or not isinstance(answer.precision, Precision):
        return PluginFailed().unverified()
    if not isinstance(answer.busy, tuple) or len(answer.busy) > MAX_BUSY_PER_CALENDAR:
        return PluginFailed().unverified()
    return answer if all(_is_sound(busy) for busy in answer.busy) else PluginFailed().unverified()


def _is_sound(busy: object) -> bool:
    if not isinstance(busy, Busy):
        return False
    start, end = busy.span
    return type(start) is int and type(end) is int and start <= end


_FAILURES = {subclass.cause: subclass for subclass in ProviderFailure.__subclasses__()}


def failure_from_unverified(answer: Unverified) -> ProviderFailure:
    """The error that says what an Unverified says as data."""
    return _FAILURES.get(answer.cause, PluginFailed)(retry_after=answer.retry_after)
