"""Linking accounts: a form is tried live before anything is stored, calendars are found, credentials sealed (rule F3)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from slotgraph.core.errors import ProviderFailure
from slotgraph.core.link_forms import FilledField, credentials_from_form, form_faults
from slotgraph.core.operation import Operation
from slotgraph.core.passwords import new_token, token_hash
from slotgraph.core.plugin import Deadline, Provider
from slotgraph.core.policy import Action, Member
from slotgraph.core.problems import InvalidField, InvalidInput, LinkRefused, NotFound, SecretRefused
from slotgraph.core.records import Account, Calendar, Health
from slotgraph.core.registry import Registry
from slotgraph.core.store import accounts
from slotgraph.core.store.accounts import LinkAttempt
from slotgraph.core.values import BusyStatus, FoundCalendar, Opened, PasswordLink, Purpose, ReadMode, Secret
from slotgraph.core.vault import Vault
from slotgraph.core.wall import Wall

LINK_TOKEN_FOR = timedelta(minutes=10)
LINK_SECONDS = 20.0
"""How long trying new credentials may take: discovery asks several times."""


@dataclass(frozen=True, slots=True)
class EmployeeRef:
    """An employee named in the input, by company and id."""

    company_id: str
    id: str


@dataclass(frozen=True, slots=True)
class FormRequired:
    """Fill in a form, and hand the token back with its values."""

    form: PasswordLink
    link_token: Secret


LinkAccountResult = FormRequired | InvalidInput | NotFound
CompleteLinkResult = Account | LinkRefused | SecretRefused | InvalidInput


class Accounts:
    """Links accounts and lists them."""

    def __init__(self, wall: Wall, vault: Vault, registry: Registry) -> None:
        self._wall = wall
        self._vault = vault
        self._registry = registry

    async def begin_link(
        self, operation: Operation, provider_name: str, *, employee: EmployeeRef | None, purposes: frozenset[Purpose]
    ) -> LinkAccountResult:
        """Begin to link a login of an employee, or of the whole company."""
        actor = operation.actor
        if not isinstance(actor, Member) or (employee is not None and employee.company_id != actor.company_id):
            return NotFound(("input", "employee"))
        employee_id = employee.id if employee else None
        directory = await operation.directory(actor.company_id)
        known = employee_id is None or (directory is not None and employee_id in directory.employees)
        may = await operation.permits(Action.CHANGE_ACCOUNT, actor.company_id, employee_id=employee_id)
        if not known or not may:
            return NotFound(("input", "employee"))
        provider = self._registry.provider(provider_name)
        if provider is None:
            names = ", ".join(one.name for one, _ in self._registry.providers()) or "none"
            return InvalidInput((InvalidField(("input", "provider"), f"not installed; there is: {names}."),))
        if fault := _purposes_fault(provider, purposes):
            return InvalidInput((fault,))
        if not isinstance(provider.link, PasswordLink):
            return InvalidInput((InvalidField(("input", "provider"), "this release links by form only."),))
        token = await self._attempt(operation, actor, provider, employee_id=employee_id, purposes=purposes)
        return FormRequired(provider.link, token)

    async def _attempt(
        self,
        operation: Operation,
        actor: Member,
        provider: Provider,
        *,
        employee_id: str | None,
        purposes: frozenset[Purpose],
    ) -> Secret:
        """Remember the link under way; its token carries the company."""
        token = f"{actor.company_id}{new_token()}"
        now = operation.clock.now()
        attempt = LinkAttempt(
            actor.company_id,
            token_hash(token),
            provider.name,
            employee_id,
            actor.user_id,
            purposes,
            now + LINK_TOKEN_FOR,
        )
        async with operation.database.write() as connection:
            await accounts.forget_link_attempts(connection, before=now)
            await accounts.insert_link_attempt(connection, attempt)
        return Secret(token)

    async def complete_link(
        self, operation: Operation, link_token: Secret, filled: Sequence[FilledField]
    ) -> CompleteLinkResult:
        """Try the form live; store the account and its calendars only if that works. The token is used up by success."""
        attempt = await _attempt_of(operation, link_token)
        provider = self._registry.provider(attempt.provider) if attempt else None
        if attempt is None or provider is None or not isinstance(provider.link, PasswordLink):
            return SecretRefused()
        faults = tuple(form_faults(("input", "answer", "form"), provider.link.fields, filled))
        if faults:
            return InvalidInput(faults)
        credentials = credentials_from_form(provider.link.fields, filled)
        try:
            deadline = Deadline(operation.clock, LINK_SECONDS)
            opened, found = await self._wall.try_credentials(provider.name, credentials, deadline=deadline)
        except ProviderFailure as failure:
            return LinkRefused(failure.cause, str(failure), failure.server_answer)
        account = _account_of(attempt, opened, now=operation.clock.now())
        sealed = self._vault.seal(account.company_id, account.id, credentials)
        async with operation.database.write() as connection:
            if not await accounts.take_link_attempt(connection, attempt):
                return SecretRefused()
            await accounts.insert_account(connection, account, sealed=sealed)
            employee_id = account.employee_id
            default = (
                await accounts.default_calendar(connection, account.company_id, employee_id) if employee_id else None
            )
            calendars = _calendars_of(account, found, choose_default=employee_id is not None and default is None)
            await accounts.insert_calendars(connection, calendars)
        return account

    async def accounts(self, operation: Operation, company_id: str, *, failing: bool = False) -> list[Account]:
        """The accounts an actor may see, or only those that need attention."""
        async with operation.database.read() as connection:
            listed = await accounts.accounts_of(connection, company_id)
        return [
            account
            for account in listed
            if (account.health.failing or not failing)
            and await operation.permits(Action.READ_ACCOUNT, company_id, employee_id=account.employee_id)
        ]

    async def account_of(self, operation: Operation, calendar: Calendar) -> Account | None:
        """The account of a calendar: whoever sees the calendar sees whose login it is."""
        company_id = calendar.company_id
        async with operation.database.read() as connection:
            listed = await accounts.accounts_of(connection, company_id)
        account = next((one for one in listed if one.id == calendar.account_id), None)
        if account is None:
            return None
        for employee_id in (account.employee_id, calendar.employee_id):
            if await operation.permits(Action.READ_ACCOUNT, company_id, employee_id=employee_id):
                return account
        return None

    async def calendars(self, operation: Operation, company_id: str) -> list[Calendar]:
        """The calendars an actor may see: those of accounts they may see, and those that stand for them."""
        async with operation.database.read() as connection:
            listed = await accounts.calendars_of(connection, company_id)
            owners = {one.id: one.employee_id for one in await accounts.accounts_of(connection, company_id)}
        return [
            calendar
            for calendar in listed
            if await operation.permits(Action.READ_ACCOUNT, company_id, employee_id=owners[calendar.account_id])
            or await operation.permits(Action.READ_ACCOUNT, company_id, employee_id=calendar.employee_id)
        ]


def _purposes_fault(provider: Provider, purposes: frozenset[Purpose]) -> InvalidField | None:
    if Purpose.BUSY not in purposes:
        return InvalidField(("input", "purposes"), "must contain BUSY.")
    if purposes - provider.purposes - {Purpose.WRITE, Purpose.TITLES}:
        return InvalidField(("input", "purposes"), f"{provider.title} cannot do all of this.")
    return None


async def _attempt_of(operation: Operation, link_token: Secret) -> LinkAttempt | None:
    """The link under way with this token, begun by this very member and not lapsed."""
    actor, text = operation.actor, link_token.reveal()
    if not isinstance(actor, Member) or not text.startswith(actor.company_id):
        return None
    async with operation.database.read() as connection:
        attempt = await accounts.link_attempt(connection, actor.company_id, token_hash(text))
    if attempt is None or attempt.user_id != actor.user_id or attempt.expires_at <= operation.clock.now():
        return None
    may = await operation.permits(Action.CHANGE_ACCOUNT, actor.company_id, employee_id=attempt.employee_id)
    return attempt if may else None


def _account_of(attempt: LinkAttempt, opened: Opened, *, now: datetime) -> Account:
    return Account(
        attempt.company_id,
        uuid.uuid4().hex,
        attempt.employee_id,
        attempt.provider,
        opened.label,
        opened.granted & attempt.purposes,
        opened.capabilities,
        Health(last_success_at=now),
    )


def _calendars_of(account: Account, found: Sequence[FoundCalendar], *, choose_default: bool) -> list[Calendar]:
    """All calendars count as busy; the primary writable one becomes the default if the employee has none."""
    may_write = Purpose.WRITE in account.granted
    calendars = [_calendar_of(account, one, writable=one.writable and may_write) for one in found]
    writable = [one for one in calendars if one.writable]
    if not choose_default or not writable:
        return calendars
    default = next((one for one in writable if one.is_primary), writable[0])
    return [replace(one, is_default=one is default) for one in calendars]


def _calendar_of(account: Account, found: FoundCalendar, *, writable: bool) -> Calendar:
    return Calendar(
        company_id=account.company_id,
        id=uuid.uuid4().hex,
        account_id=account.id,
        employee_id=account.employee_id,
        provider_calendar_id=found.id,
        name=found.name,
        time_zone=found.time_zone,
        writable=writable,
        is_primary=found.primary,
        checked=True,
        is_default=False,
        status_policy=frozenset(BusyStatus),
        ignore_unverified_until=None,
        read_mode=ReadMode.AUTO,
        titles_on_wire=found.titles_on_wire,
        flags=dict(found.flags),
        health=Health(last_success_at=account.health.last_success_at),
    )
