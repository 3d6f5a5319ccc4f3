"""The door for calendar plugins: the hook, the Provider contract, the Account handle, and every value they speak in.

A plugin is a distribution with an entry point in the group `slotgraph.plugins` that names a module. The module registers its providers:

    from slotgraph.core.plugin import Provider, hookimpl

    @hookimpl
    def register_providers() -> list[Provider]:
        return [MyProvider()]

This module is all a connector imports; no database and no settings can be reached through it.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import pluggy

from slotgraph.core.clock import (
    Clock,
    SystemClock,
    instant_from_minute,
    is_zone_name,
    local_date,
    local_days,
    minute_from_instant,
    minute_from_wall,
    span_from_instants,
    zone,
)
from slotgraph.core.errors import (
    AccessForbidden,
    AccountRevoked,
    AddressRefused,
    AnswerMalformed,
    AnswerTooLarge,
    CalendarMissing,
    PluginFailed,
    ProviderFailure,
    ProviderThrottled,
    ProviderTimeout,
    ProviderUnreachable,
)
from slotgraph.core.offload import Offload
from slotgraph.core.transport import Answer, Deadline, Transport
from slotgraph.core.values import (
    AskedCalendar,
    Busy,
    BusyAnswer,
    BusyStatus,
    Credentials,
    Entry,
    Event,
    FailureCause,
    FieldKind,
    Forgettable,
    FoundCalendar,
    Gone,
    Limits,
    LinkField,
    OAuthLink,
    Opened,
    PasswordLink,
    Precision,
    Present,
    Purpose,
    ReadMode,
    Reference,
    Secret,
    Span,
    TitlesAnswer,
    Unverified,
)

PROJECT = "slotgraph"
ENTRY_POINT_GROUP = "slotgraph.plugins"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@dataclass(frozen=True, slots=True)
class Account:
    """What a provider gets for one call: opened credentials, a way out, how long it may take, and where to do heavy work.

    `save` stores changed credentials (a rotated token) before it returns; call it before the new ones are used.
    """

    credentials: Credentials
    transport: Transport
    deadline: Deadline
    offload: Offload
    save: Callable[[Mapping[str, str]], Awaitable[None]]

    def __repr__(self) -> str:
        return "<Account: credentials not shown>"


@runtime_checkable
class Provider(Protocol):
    """Speaks to one kind of calendar. Every method may raise ProviderFailure; the engine turns it into Unverified.

    Windows are spans of whole minutes in UTC, no wider than `limits.days_per_call`. Answers are keyed by calendar id and hold each
    calendar asked for; one that is missing counts as Unverified, never as free.
    """

    name: str
    """Unique, lower case, stable: it is stored with each account."""
    title: str
    """Name for people."""
    purposes: frozenset[Purpose]
    """What it can do at all; a read-only feed lacks WRITE."""
    sees: frozenset[BusyStatus]
    """Status classes it can tell apart; the others cannot be switched off per calendar (rule B1)."""
    link: PasswordLink | OAuthLink
    limits: Limits

    async def open(self, account: Account) -> Opened:
        """Try the credentials live: label, granted purposes, capabilities."""

    async def close(self, account: Account) -> None:
        """Revoke at the provider where it can."""

    async def calendars(self, account: Account) -> Sequence[FoundCalendar]:
        """All calendars of the login."""

    async def busy(
        self,
        account: Account,
        calendars: Sequence[AskedCalendar],
        window: Span,
        except_: frozenset[Reference] = frozenset(),
    ) -> Mapping[str, BusyAnswer | Unverified]:
        """When each calendar blocks, without any title. Events of `except_` are left out where the provider can (rule B6)."""

    async def titles(
        self,
        account: Account,
        calendars: Sequence[AskedCalendar],
        window: Span,
        except_: frozenset[Reference] = frozenset(),
    ) -> Mapping[str, TitlesAnswer | Unverified]:
        """What stands in each calendar, with titles. Events that do not block (B1) and those of `except_` are left out."""

    async def write(self, account: Account, calendar_id: str, entry: Entry, key: str) -> Reference:
        """Make exactly one entry of this key stand in the calendar as given, however often it is called with the key (rule K3).

        What an earlier call left there under the key, or somebody changed since, is made as given. Returns only once a read has
        shown the entry standing, or the protocol's own answer proves it. Where the outcome is not known it raises; the engine
        then calls again with the same key.
        """

    async def move(self, account: Account, reference: Reference, entry: Entry, key: str) -> Reference:
        """Make the entry stand as given, once, wherever it stood; where it was removed outside, it stands again (rule K3).

        The reference may be an older one of the same entry. Returns and raises as `write` does.
        """

    async def remove(self, account: Account, reference: Reference, key: str) -> None:
        """Make sure that the entry stands no more; one that is already gone is fine.

        Where the outcome is not known it raises; the engine then calls again.
        """

    async def probe(self, account: Account, reference: Reference) -> Present | Gone | Unverified:
        """Whether one of our own entries stands outside, and where.

        Present and Gone by a positive answer only, Gone only while the calendar itself answers (rule K6); else Unverified.
        """


class Hooks:
    """The hooks a plugin may implement."""

    @hookspec
    def register_providers(self) -> list[Provider]:  # type: ignore[empty-body]
        """Return the providers this plugin brings. Called once at start, before any network is there."""


__all__ = [
    "ENTRY_POINT_GROUP",
    "PROJECT",
    "AccessForbidden",
    "Account",
    "AccountRevoked",
    "AddressRefused",
    "Answer",
    "AnswerMalformed",
    "AnswerTooLarge",
    "AskedCalendar",
    "Busy",
    "BusyAnswer",
    "BusyStatus",
    "CalendarMissing",
    "Clock",
    "Credentials",
    "Deadline",
    "Entry",
    "Event",
    "FailureCause",
    "FieldKind",
    "Forgettable",
    "FoundCalendar",
    "Gone",
    "Hooks",
    "Limits",
    "LinkField",
    "OAuthLink",
    "Offload",
    "Opened",
    "PasswordLink",
    "PluginFailed",
    "Precision",
    "Present",
    "Provider",
    "ProviderFailure",
    "ProviderThrottled",
    "ProviderTimeout",
    "ProviderUnreachable",
    "Purpose",
    "ReadMode",
    "Reference",
    "Secret",
    "Span",
    "SystemClock",
    "TitlesAnswer",
    "Transport",
    "Unverified",
    "hookimpl",
    "hookspec",
    "instant_from_minute",
    "is_zone_name",
    "local_date",
    "local_days",
    "minute_from_instant",
    "minute_from_wall",
    "span_from_instants",
    "zone",
]
