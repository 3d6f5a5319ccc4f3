"""Providers, linked accounts and their calendars. No credential is in here."""

from collections.abc import Iterable
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Self, TypeVar
from urllib.parse import urlsplit

import strawberry

from slotgraph.core import records, values
from slotgraph.core.operation import Operation
from slotgraph.core.plugin import Provider
from slotgraph.core.policy import Action, sees_names_outside
from slotgraph.core.values import BusyStatus, FieldKind, Purpose, ReadMode
from slotgraph.schema import ids
from slotgraph.schema.guard import Subject, leaf, object_type, resolved
from slotgraph.schema.scalars import TimeZone
from slotgraph.schema.types import employees
from slotgraph.schema.types.enums import FailureCause, HealthState, shown_cause
from slotgraph.schema.types.lazy import LazyEmployee
from slotgraph.schema.types.nodes import GLOBAL_ID, Info, Node, present

E = TypeVar("E", bound=Enum)
MASKED_NAME = "…"


def in_order(found: Iterable[E]) -> list[E]:
    """Values of an enum, in its order."""
    chosen = list(found)
    return [value for value in type(chosen[0]) if value in chosen] if chosen else []


@object_type(Action.READ_SCHEMA_SHAPE, "Provider scopes of one purpose.")
class PurposeScopes:
    """What is asked for."""

    purpose: Purpose = leaf("What for.")
    scopes: list[str] = leaf("The provider's own scope names.")


@object_type(Action.READ_SCHEMA_SHAPE, "By visiting the provider and consenting there (OAuth 2 with PKCE).")
class OAuthLink:
    """By a visit."""

    host: str = leaf("Host the browser will be sent to.")
    scopes: list[PurposeScopes] = leaf("Scopes asked for, by purpose.")


@object_type(Action.READ_SCHEMA_SHAPE, "A choice of a field.")
class LinkFieldOption:
    """A choice."""

    value: str = leaf("Value to send back.")
    label: str = leaf("Label for people.")


@object_type(Action.READ_SCHEMA_SHAPE, "One field of a form.")
class LinkField:
    """A field."""

    name: str = leaf("Name to send back.")
    label: str = leaf("Label for people, in the language of the request.")
    kind: FieldKind = leaf("Which control to draw.")
    required: bool = leaf("Whether it must be filled.")
    help: str | None = leaf("Hint, for example where to get an app password; null if none.")
    initial: str | None = leaf("Value to start with; null if none.")
    options: list[LinkFieldOption] = leaf("Choices if `kind` is CHOICE, else empty.")

    @classmethod
    def of(cls, field: values.LinkField) -> Self:
        """The field as its provider declared it."""
        return cls(
            name=field.name,
            label=field.label,
            kind=field.kind,
            required=field.required,
            help=field.help,
            initial=field.initial,
            options=[LinkFieldOption(value=value, label=label) for value, label in field.options],
        )


@object_type(Action.READ_SCHEMA_SHAPE, "By filling in a form.")
class FormLink:
    """By a form."""

    fields: list[LinkField] = leaf("Fields in order.")

    @classmethod
    def of(cls, link: values.PasswordLink) -> Self:
        """The form as its provider declared it."""
        return cls(fields=[LinkField.of(field) for field in link.fields])


ProviderLink = Annotated[
    OAuthLink | FormLink, strawberry.union("ProviderLink", description="How an account of this provider is linked.")
]


@object_type(Action.READ_PROVIDERS, "A kind of calendar that an installed plugin speaks to.")
class CalendarProvider:
    """What a plugin brings."""

    subject: strawberry.Private[Subject]

    name: str = leaf("Unique name, as in linkAccount.")
    title: str = leaf("Name for people.")
    plugin: str = leaf("Distribution that brings it.")
    purposes: list[Purpose] = leaf("What it can do at all; a read-only feed lacks WRITE.")
    link: ProviderLink = leaf("How to link.")

    @classmethod
    def of(cls, operation: Operation, provider: Provider, *, plugin: str) -> Self:
        """An installed provider."""
        return cls(
            subject=Subject(operation),
            name=provider.name,
            title=provider.title,
            plugin=plugin,
            purposes=in_order(provider.purposes),
            link=_link(provider.link),
        )


def _link(link: values.PasswordLink | values.OAuthLink) -> OAuthLink | FormLink:
    if isinstance(link, values.PasswordLink):
        return FormLink.of(link)
    scopes = [PurposeScopes(purpose=purpose, scopes=list(link.scopes[purpose])) for purpose in in_order(link.scopes)]
    return OAuthLink(host=urlsplit(link.authorization_url).hostname or "", scopes=scopes)


@object_type(Action.READ_SCHEMA_SHAPE, "Whether an account or calendar answers.")
class Health:
    """How it went lately."""

    state: HealthState = leaf("In one word.")
    last_success_at: datetime | None = leaf("Last positive answer; null if none yet.")
    last_failure_at: datetime | None = leaf("Last failure; null if none yet.")
    last_cause: FailureCause | None = leaf("Why it failed last; null if it never did.")

    @classmethod
    def of(cls, health: records.Health) -> Self:
        """The health as it was noted."""
        return cls(
            state=_health_state(health),
            last_success_at=health.last_success_at,
            last_failure_at=health.last_failure_at,
            last_cause=shown_cause(health.last_cause),
        )


def _health_state(health: records.Health) -> HealthState:
    if health.failing:
        needs_holder = health.last_cause is values.FailureCause.REAUTH_REQUIRED
        return HealthState.REAUTH_REQUIRED if needs_holder else HealthState.FAILING
    return HealthState.UNKNOWN if health.last_success_at is None else HealthState.OK


def _name_outside(operation: Operation, name: str) -> str:
    return name if sees_names_outside(operation.actor) else MASKED_NAME


@object_type(Action.READ_ACCOUNT, "A linked login at a provider. Its credentials can never be read.")
class Account(Node):
    """A login."""

    subject: strawberry.Private[Subject]
    record: strawberry.Private[records.Account]

    id: strawberry.ID = leaf(GLOBAL_ID)

    @resolved(Action.READ_ACCOUNT, "Whose login; null: the company's, for example a tenant-wide permission.")
    async def employee(self) -> LazyEmployee | None:
        return await employees.employee_of(self.subject.operation, self.record.company_id, self.record.employee_id)

    @resolved(Action.READ_ACCOUNT, "Provider; null while its plugin is not installed.")
    def provider(self, info: Info) -> CalendarProvider | None:
        for provider, plugin in info.context.use_cases.registry.providers():
            if provider.name == self.record.provider:
                return CalendarProvider.of(self.subject.operation, provider, plugin=plugin)
        return None

    provider_name: str = leaf("Provider's name, even while its plugin is not installed.")
    label: str = leaf("Who one is at the provider, an address for example.")
    granted: list[Purpose] = leaf("What the provider really granted.")
    capabilities: list[str] = leaf("What was found out about the server at linking, as sentences ready to show.")
    health: Health = leaf("Health.")

    @resolved(Action.READ_ACCOUNT, "Its calendars.")
    async def calendars(self, info: Info) -> "list[Calendar]":
        operation = self.subject.operation
        listed = await info.context.loaders(operation).calendars(self.record.company_id)
        mine = [one for one in listed if one.account_id == self.record.id]
        return [Calendar.of(operation, one, seen_by=self.subject.employee_id) for one in mine]

    @classmethod
    def of(cls, operation: Operation, record: records.Account, *, seen_by: str | None = None) -> Self:
        """The account as this operation's actor sees it; `seen_by` is whose it is in whose right, if it is not the holder's."""
        return cls(
            subject=Subject(operation, record.company_id, seen_by or record.employee_id),
            record=record,
            id=ids.encode("Account", record.company_id, record.id),
            provider_name=record.provider,
            label=_name_outside(operation, record.label),
            granted=in_order(record.granted),
            capabilities=list(record.capabilities),
            health=Health.of(record.health),
        )


@object_type(Action.READ_ACCOUNT, "One calendar of an account.")
class Calendar(Node):
    """A calendar."""

    subject: strawberry.Private[Subject]
    record: strawberry.Private[records.Calendar]

    id: strawberry.ID = leaf(GLOBAL_ID)

    @resolved(Action.READ_ACCOUNT, "Account it belongs to.")
    async def account(self, info: Info) -> Account:
        operation, record = self.subject.operation, self.record
        known = await info.context.loaders(operation).accounts(record.company_id)
        for account in known:
            if account.id == record.account_id:
                return Account.of(operation, account, seen_by=self.subject.employee_id)
        found = await info.context.use_cases.accounts.account_of(operation, record)
        return Account.of(operation, present(found), seen_by=self.subject.employee_id)

    @resolved(Action.READ_ACCOUNT, "Employee it stands for; null: nobody yet, it is not asked.")
    async def employee(self) -> LazyEmployee | None:
        return await employees.employee_of(self.subject.operation, self.record.company_id, self.record.employee_id)

    name: str = leaf("Name at the provider.")
    time_zone: TimeZone | None = leaf("Zone at the provider; null if it tells none, then the employee's counts.")
    writable: bool = leaf("Whether bookings could be written here.")
    primary: bool = leaf("Whether the provider calls it the main one.")
    checked: bool = leaf("Counts as busy.")
    default: bool = leaf("Bookings are written here; one per employee.")
    status_policy: list[BusyStatus] = leaf("Statuses that block; BUSY always does.")
    ignore_unverified_until: date | None = leaf(
        "Last day on which slots are offered although this calendar does not answer; null: never (fail closed)."
    )
    read_mode: ReadMode = leaf("How busy time is read.")
    titles_on_wire: bool = leaf(
        "True: the provider knows no read of busy time without titles; they are dropped while parsing."
    )
    health: Health = leaf("Health.")

    @classmethod
    def of(cls, operation: Operation, record: records.Calendar, *, seen_by: str | None = None) -> Self:
        """The calendar as this operation's actor sees it; `seen_by` is in whose right, if it is not whom it stands for."""
        zone_name = record.time_zone if sees_names_outside(operation.actor) else None
        return cls(
            subject=Subject(operation, record.company_id, seen_by or record.employee_id),
            record=record,
            id=ids.encode("Calendar", record.company_id, record.id),
            name=_name_outside(operation, record.name),
            time_zone=TimeZone(zone_name) if zone_name else None,
            writable=record.writable,
            primary=record.is_primary,
            checked=record.checked,
            default=record.is_default,
            status_policy=in_order(record.status_policy),
            ignore_unverified_until=record.ignore_unverified_until,
            read_mode=record.read_mode,
            titles_on_wire=record.titles_on_wire,
            health=Health.of(record.health),
        )


async def calendar_of(info: Info, operation: Operation, record: records.Calendar) -> Calendar:
    """A calendar in the right of whoever lets this actor see it: whom it stands for, or the holder of its account."""
    known = await info.context.loaders(operation).accounts(record.company_id)
    holder = next((account.employee_id for account in known if account.id == record.account_id), None)
    return Calendar.of(operation, record, seen_by=holder)
