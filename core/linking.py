"""Linking accounts, and linking them again: a form is tried live before anything is stored, credentials are sealed (rule F3)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from slotgraph.core.accounts import account_to_change
from slotgraph.core.errors import ProviderFailure
from slotgraph.core.found_calendars import calendars_of, is_another_login, renewed
from slotgraph.core.link_forms import FilledField, credentials_from_form, form_faults
from slotgraph.core.operation import Operation
from slotgraph.core.passwords import new_token, token_hash
from slotgraph.core.plugin import Deadline, Provider
from slotgraph.core.policy import Action, Member
from slotgraph.core.problems import InvalidField, InvalidInput, LinkRefused, NotFound, SecretRefused
from slotgraph.core.records import Account, Calendar, Health
from slotgraph.core.registry import Registry
from slotgraph.core.store import accounts, companies, link_attempts, users
from slotgraph.core.store.database import Transaction
from slotgraph.core.store.link_attempts import LinkAttempt
from slotgraph.core.store.locks import lock_employees
from slotgraph.core.values import (
    Credentials,
    FailureCause,
    FoundCalendar,
    Opened,
    PasswordLink,
    Purpose,
    Secret,
)
from slotgraph.core.vault import Vault
from slotgraph.core.wall import Wall

LINK_TOKEN_FOR = timedelta(minutes=10)
LINK_SECONDS = 20.0
"""How long trying new credentials may take: discovery asks several times."""

_ANOTHER_LOGIN = "This login has none of the account's calendars: it is another one. Link it as an account of its own."


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


@dataclass(frozen=True, slots=True)
class _Tried:
    """Credentials that work, and what trying them found."""

    credentials: Credentials = field(repr=False)
    opened: Opened
    found: Sequence[FoundCalendar]
    at: datetime


LinkAccountResult = FormRequired | InvalidInput | NotFound
RelinkAccountResult = FormRequired | InvalidInput | NotFound
CompleteLinkResult = Account | LinkRefused | SecretRefused | InvalidInput


class Linking:
    """Links accounts."""

    def __init__(self, wall: Wall, vault: Vault, registry: Registry) -> None:
        self._wall = wall
        self._vault = vault
        self._registry = registry

    async def begin(
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
        return await _begun(
            operation, actor, provider, employee_id=employee_id, purposes=purposes, path=("input", "provider")
        )

    async def begin_again(
        self, operation: Operation, company_id: str, account_id: str, *, purposes: frozenset[Purpose] | None
    ) -> RelinkAccountResult:
        """Begin to renew the credentials of an account; without purposes it keeps those that were granted."""
        actor = operation.actor
        account = await account_to_change(operation, company_id, account_id)
        if not isinstance(actor, Member) or account is None:
            return NotFound(("input", "account"))
        provider = self._registry.provider(account.provider)
        if provider is None:
            return InvalidInput((InvalidField(("input", "account"), "its plugin is not installed."),))
        return await _begun(
            operation,
            actor,
            provider,
            employee_id=account.employee_id,
            purposes=account.granted if purposes is None else purposes,
            path=("input", "account"),
            account_id=account.id,
        )

    async def complete(
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
        tried = _Tried(credentials, opened, found, operation.clock.now())
        async with operation.database.write() as connection:
            await lock_employees(connection, attempt.company_id, [attempt.employee_id] if attempt.employee_id else [])
            if attempt.account_id is None:
                return await self._store_new(connection, attempt, tried)
            return await self._store_renewed(connection, attempt, attempt.account_id, tried)

    async def _store_new(self, connection: Transaction, attempt: LinkAttempt, tried: _Tried) -> CompleteLinkResult:
        """Add the account with its calendars."""
        if not await link_attempts.take_link_attempt(connection, attempt):
            return SecretRefused()
        account = Account(
            attempt.company_id,
            uuid.uuid4().hex,
            attempt.employee_id,
            attempt.provider,
            tried.opened.label,
            tried.opened.granted & attempt.purposes,
            tried.opened.capabilities,
            Health(last_success_at=tried.at),
        )
        sealed = self._vault.seal(account.company_id, account.id, tried.credentials)
        await accounts.insert_account(connection, account, sealed=sealed)
        employee_id = account.employee_id
        defaults = await accounts.default_calendars(
            connection, account.company_id, [employee_id] if employee_id else []
        )
        choose_default = employee_id is not None and not defaults
        await accounts.insert_calendars(connection, calendars_of(account, tried.found, choose_default=choose_default))
        return account

    async def _store_renewed(
        self, connection: Transaction, attempt: LinkAttempt, account_id: str, tried: _Tried
    ) -> CompleteLinkResult:
        """Change the account's credentials, and what its provider tells of it and of its calendars."""
        company_id = attempt.company_id
        await accounts.lock_account(connection, company_id, account_id)
        before = await accounts.account_by_id(connection, company_id, account_id)
        if before is None:
            return SecretRefused()
        known = await accounts.calendars_of_account(connection, company_id, account_id)
        if is_another_login(before, tried.opened.label, known=known, found=tried.found):
            return LinkRefused(FailureCause.NOT_FOUND, _ANOTHER_LOGIN)
        if not await link_attempts.take_link_attempt(connection, attempt):
            return SecretRefused()
        account = replace(
            before,
            label=tried.opened.label,
            granted=tried.opened.granted & attempt.purposes,
            capabilities=tried.opened.capabilities,
            health=replace(before.health, failing=False, last_success_at=tried.at),
        )
        sealed = self._vault.seal(company_id, account_id, tried.credentials)
        await accounts.renew_account(connection, account, sealed=sealed)
        await _store_calendars(connection, account, known, tried.found)
        return account


async def _begun(
    operation: Operation,
    actor: Member,
    provider: Provider,
    *,
    employee_id: str | None,
    purposes: frozenset[Purpose],
    path: tuple[str, ...],
    account_id: str | None = None,
) -> FormRequired | InvalidInput | NotFound:
    """Remember the link under way; its token carries the company. `path` is where the provider was named."""
    if fault := _purposes_fault(provider, purposes):
        return InvalidInput((fault,))
    if not isinstance(provider.link, PasswordLink):
        return InvalidInput((InvalidField(path, "this release links by form only."),))
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
        account_id,
    )
    gone = NotFound(("input", "account" if account_id else "employee"))
    async with operation.database.write() as connection:
        if employee_id is not None:
            await lock_employees(connection, actor.company_id, [employee_id])
            if await companies.employee_by_id(connection, actor.company_id, employee_id) is None:
                return gone
        if await users.locked_login(connection, actor.user_id) is None:
            return gone
        await link_attempts.forget_link_attempts(connection, before=now)
        await link_attempts.insert_link_attempt(connection, attempt)
    return FormRequired(provider.link, Secret(token))


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
        attempt = await link_attempts.link_attempt(connection, actor.company_id, token_hash(text))
    if attempt is None or attempt.user_id != actor.user_id or attempt.expires_at <= operation.clock.now():
        return None
    may = await operation.permits(Action.CHANGE_ACCOUNT, actor.company_id, employee_id=attempt.employee_id)
    return attempt if may else None


async def _store_calendars(
    connection: Transaction, account: Account, known: Sequence[Calendar], found: Sequence[FoundCalendar]
) -> None:
    """Bring an account's calendars up to what its provider lists now; those not listed will say so when they are asked."""
    listed = {one.id: one for one in found}
    for calendar in known:
        await accounts.renew_calendar(
            connection, renewed(account, calendar, listed.pop(calendar.provider_calendar_id, None))
        )
    await accounts.insert_calendars(connection, calendars_of(account, list(listed.values()), choose_default=False))
