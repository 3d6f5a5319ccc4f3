"""Linked accounts: who sees them and their calendars, and letting them go. Linking is in `linking`."""

import logging
from dataclasses import dataclass

from slotgraph.core.clock import minute_from_instant
from slotgraph.core.errors import ProviderFailure
from slotgraph.core.operation import Operation
from slotgraph.core.outbox import wishes
from slotgraph.core.plugin import Deadline
from slotgraph.core.policy import Action
from slotgraph.core.problems import NotFound
from slotgraph.core.records import Account, Calendar
from slotgraph.core.store import accounts
from slotgraph.core.store.database import Transaction
from slotgraph.core.store.link_attempts import forget_links_of_account
from slotgraph.core.wall import AccountKey, Wall

REVOKE_SECONDS = 5.0
"""How long revoking at the provider may take; whatever comes of it, the credentials are wiped."""

_log = logging.getLogger("slotgraph.accounts")


@dataclass(frozen=True, slots=True)
class AccountUnlinked:
    """An account is unlinked: which, and how many entries of ours for bookings that are not over stay outside."""

    company_id: str
    account_id: str
    entries_left: int


UnlinkAccountResult = AccountUnlinked | NotFound


class Accounts:
    """Lists accounts and unlinks them."""

    def __init__(self, wall: Wall) -> None:
        self._wall = wall

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
            account = await accounts.account_by_id(connection, company_id, calendar.account_id)
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

    async def unlink(self, operation: Operation, company_id: str, account_id: str) -> UnlinkAccountResult:
        """Revoke at the provider where it can, wipe the credentials, forget the calendars (rules F3, K8)."""
        account = await account_to_change(operation, company_id, account_id)
        if account is None:
            return NotFound(("input", "account"))
        await self._revoke(operation, account)
        async with operation.database.write() as connection:
            entries_left = await _forget(connection, operation, account)
        if entries_left is None:
            return NotFound(("input", "account"))
        return AccountUnlinked(company_id, account_id, entries_left)

    async def _revoke(self, operation: Operation, account: Account) -> None:
        key = AccountKey(account.company_id, account.id, account.provider)
        try:
            await self._wall.close(key, deadline=Deadline(operation.clock, REVOKE_SECONDS))
        except ProviderFailure as failure:
            _log.warning("account %s was not revoked at its provider: %s", account.id, failure.cause.value)


async def account_to_change(operation: Operation, company_id: str, account_id: str) -> Account | None:
    """An account that the actor may change; None if there is none for them."""
    async with operation.database.read() as connection:
        account = await accounts.account_by_id(connection, company_id, account_id)
    if account is None:
        return None
    may = await operation.permits(Action.CHANGE_ACCOUNT, company_id, employee_id=account.employee_id)
    return account if may else None


async def _forget(connection: Transaction, operation: Operation, account: Account) -> int | None:
    """How many entries of ours were left outside; None if somebody else was faster."""
    company_id, now = account.company_id, operation.clock.now()
    calendar_ids = await accounts.lock_account(connection, company_id, account.id)
    if calendar_ids is None:
        return None
    left = await wishes.left_outside(connection, company_id, calendar_ids, now_minute=minute_from_instant(now))
    await forget_links_of_account(connection, company_id, account.id)
    await wishes.let_go(connection, company_id, calendar_ids, at=now)
    await accounts.delete_account(connection, company_id, account.id)
    return left
