"""The plugin wall: every call into a provider passes here, with opened credentials, a deadline, and a check of what comes back.

Whatever a plugin does (raise, hang, answer nonsense) becomes a ProviderFailure that costs its own calendars only.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from slotgraph.core.answers import (
    checked_busy,
    checked_calendars,
    checked_opened,
    checked_presence,
    checked_reference,
    sound_failure,
)
from slotgraph.core.errors import KeyMissing, PluginFailed, ProviderFailure, ProviderTimeout, SealBroken
from slotgraph.core.pacing import Pace
from slotgraph.core.plugin import Account, Deadline, Offload, Provider, Transport
from slotgraph.core.registry import Registry
from slotgraph.core.values import (
    AskedCalendar,
    BusyAnswer,
    Credentials,
    Entry,
    FoundCalendar,
    Gone,
    Opened,
    Present,
    Reference,
    Span,
    Unverified,
)

T = TypeVar("T")

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
        self, registry: Registry, *, credentials: CredentialStore, transport: Transport, offload: Offload, pace: Pace
    ) -> None:
        self.registry = registry
        self._credentials = credentials
        self._transport = transport
        self._offload = offload
        self._pace = pace

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
            answers = await provider.busy(account, calendars, window, except_)
            await self._pace.turn()
            return {calendar.id: checked_busy(answers, calendar.id) for calendar in calendars}

        return await self.call(key, ask, deadline=deadline)

    async def write(
        self, key: AccountKey, calendar_id: str, *, entry: Entry, idempotency: str, deadline: Deadline
    ) -> Reference:
        """Create one of our own entries."""

        async def write(provider: Provider, account: Account) -> Reference:
            return checked_reference(await provider.write(account, calendar_id, entry, idempotency))

        return await self.call(key, write, deadline=deadline)

    async def move(
        self, key: AccountKey, reference: Reference, *, entry: Entry, idempotency: str, deadline: Deadline
    ) -> Reference:
        """Make one of our own entries stand as given."""

        async def move(provider: Provider, account: Account) -> Reference:
            # A reference that names no entry could name the calendar itself: no provider ever gets one.
            known = checked_reference(reference)
            return checked_reference(await provider.move(account, known, entry, idempotency))

        return await self.call(key, move, deadline=deadline)

    async def remove(self, key: AccountKey, reference: Reference, *, idempotency: str, deadline: Deadline) -> None:
        """Remove one of our own entries."""

        async def remove(provider: Provider, account: Account) -> None:
            # A reference that names no entry could name the calendar itself: no provider ever gets one.
            await provider.remove(account, checked_reference(reference), idempotency)

        await self.call(key, remove, deadline=deadline)

    async def probe(self, key: AccountKey, reference: Reference, *, deadline: Deadline) -> Present | Gone | Unverified:
        """Whether one of our own entries stands outside."""

        async def probe(provider: Provider, account: Account) -> Present | Gone | Unverified:
            return checked_presence(await provider.probe(account, checked_reference(reference)))

        return await self.call(key, probe, deadline=deadline)

    async def calendars(self, key: AccountKey, *, deadline: Deadline) -> list[FoundCalendar]:
        """The calendars of the login."""

        async def listed(provider: Provider, account: Account) -> list[FoundCalendar]:
            return checked_calendars(await provider.calendars(account))

        return await self.call(key, listed, deadline=deadline)

    async def close(self, key: AccountKey, *, deadline: Deadline) -> None:
        """Revoke at the provider what was granted, where it can."""

        async def close(provider: Provider, account: Account) -> None:
            await provider.close(account)

        await self.call(key, close, deadline=deadline)

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
            opened = checked_opened(await provider.open(account))
            return opened, checked_calendars(await provider.calendars(account))

        return await guarded(attempt, provider=provider_name, deadline=deadline)

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
        return await guarded(lambda: what(provider, account), provider=key.provider, deadline=deadline)

    def _provider(self, name: str) -> Provider:
        provider = self.registry.provider(name)
        if provider is None:
            raise PluginFailed("The plugin of this account is not installed.")
        return provider


async def _nothing_to_save(changed: Mapping[str, str]) -> None:
    """Credentials that are only being tried are stored by whoever tries them."""


async def guarded(call: Callable[[], Awaitable[T]], *, provider: str, deadline: Deadline) -> T:
    """Await a plugin's call; anything it raises becomes a ProviderFailure, and at the deadline it is left behind.

    It runs in a task of its own: one that swallows its cancellation, or raises one, keeps or cancels nobody but itself.
    """
    if deadline.remaining <= 0:
        raise ProviderTimeout
    task = asyncio.ensure_future(_tamed(call, provider))
    task.add_done_callback(_forgotten)
    try:
        await asyncio.wait({task}, timeout=deadline.remaining)
    finally:
        if not task.done():
            task.cancel()
    if not task.done():
        raise ProviderTimeout
    if task.cancelled():
        raise PluginFailed
    return task.result()


async def _tamed(call: Callable[[], Awaitable[T]], provider: str) -> T:
    try:
        return await call()
    except ProviderFailure as failure:
        raise sound_failure(failure) from None
    except TimeoutError:
        raise ProviderTimeout from None
    except (asyncio.CancelledError, KeyboardInterrupt):
        raise
    # The wall: a plugin may raise anything. Its message may hold what it read, so only the class is logged (F1).
    except BaseException as error:  # noqa: BLE001 - the plugin wall
        _log.warning("provider %s failed: %s", provider, type(error).__name__)
        raise PluginFailed from None


def _forgotten(task: asyncio.Future[T]) -> None:
    """Look at what became of a call nobody waits for any more: else asyncio would log it, message and all."""
    if not task.cancelled():
        task.exception()
