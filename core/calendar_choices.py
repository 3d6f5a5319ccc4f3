"""How one calendar counts: checked, default, which statuses block, how it is read (rules B1, B4, B8)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from slotgraph.core.operation import Operation
from slotgraph.core.policy import Action
from slotgraph.core.problems import CalendarNotWritable, InvalidField, InvalidInput, NotFound
from slotgraph.core.records import Account, Calendar
from slotgraph.core.registry import Registry
from slotgraph.core.store import accounts, companies
from slotgraph.core.store.database import Transaction
from slotgraph.core.store.locks import lock_employees
from slotgraph.core.values import OMITTED, BusyStatus, Omitted, ReadMode


@dataclass(frozen=True, slots=True)
class CalendarChange:
    """Change of a calendar; what is OMITTED stays. An employee is named by id, None means nobody."""

    company_id: str
    calendar_id: str
    employee_id: str | None | Omitted = OMITTED
    checked: bool | Omitted = OMITTED
    default: bool | Omitted = OMITTED
    status_policy: frozenset[BusyStatus] | Omitted = OMITTED
    ignore_unverified_until: date | None | Omitted = OMITTED
    read_mode: ReadMode | Omitted = OMITTED


UpdateCalendarResult = Calendar | CalendarNotWritable | InvalidInput | NotFound


class CalendarChoices:
    """Changes how calendars count."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def update(self, operation: Operation, change: CalendarChange) -> UpdateCalendarResult:
        """Change a calendar."""
        async with operation.database.read() as connection:
            found = await _found(connection, change)
        wanted = await self._judged(operation, change, found)
        if not isinstance(wanted, Calendar):
            return wanted
        async with operation.database.write() as connection:
            return await self._store(connection, operation, change, whose=wanted.employee_id)

    async def _store(
        self, connection: Transaction, operation: Operation, change: CalendarChange, *, whose: str | None
    ) -> UpdateCalendarResult:
        """Judged once more behind the locks: it may have been given to somebody else or unlinked meanwhile, and they may have gone."""
        company_id = change.company_id
        await lock_employees(connection, company_id, [] if whose is None else [whose])
        await accounts.lock_choices(connection, company_id, change.calendar_id, employee_id=whose)
        wanted = await self._judged(operation, change, await _found(connection, change))
        if not isinstance(wanted, Calendar):
            return wanted
        if wanted.employee_id != whose:
            return NotFound(("input", "calendar"))
        if whose is not None and await companies.employee_by_id(connection, company_id, whose) is None:
            return NotFound(("input", "employee"))
        if wanted.is_default and whose is not None:
            await accounts.clear_default(connection, company_id, whose, but=wanted.id)
        await accounts.update_choices(connection, wanted)
        return wanted

    async def _judged(
        self, operation: Operation, change: CalendarChange, found: tuple[Calendar, Account] | None
    ) -> UpdateCalendarResult:
        """The calendar as it shall be, or why not."""
        if found is None or not await _may_change(operation, *found):
            return NotFound(("input", "calendar"))
        calendar, account = found
        wanted = _changed(calendar, change)
        # Whoever gives a calendar away must be able to take it back.
        if not await _is_own_employee(operation, change) or not await _may_change(operation, wanted, account):
            return NotFound(("input", "employee"))
        faults = tuple(self._faults(wanted, account))
        if faults:
            return InvalidInput(faults)
        if wanted.is_default and not wanted.writable:
            return CalendarNotWritable()
        return wanted

    def _faults(self, wanted: Calendar, account: Account) -> Iterator[InvalidField]:
        provider = self._registry.provider(account.provider)
        if BusyStatus.BUSY not in wanted.status_policy:
            yield InvalidField(("input", "statusPolicy"), "must contain BUSY.")
        unseen = frozenset(BusyStatus) - (provider.sees if provider else frozenset(BusyStatus)) - wanted.status_policy
        if unseen:
            names = ", ".join(sorted(status.value for status in unseen))
            yield InvalidField(("input", "statusPolicy"), f"this provider cannot tell {names} apart; it must stay.")
        if wanted.is_default and wanted.employee_id is None:
            yield InvalidField(("input", "default"), "a default calendar must stand for an employee.")


async def _found(connection: Transaction, change: CalendarChange) -> tuple[Calendar, Account] | None:
    """The calendar and its account, as they are now."""
    listed = await accounts.calendars_of(connection, change.company_id)
    calendar = next((one for one in listed if one.id == change.calendar_id), None)
    if calendar is None:
        return None
    known = {one.id: one for one in await accounts.accounts_of(connection, change.company_id)}
    return calendar, known[calendar.account_id]


async def _may_change(operation: Operation, calendar: Calendar, account: Account) -> bool:
    """Its account's holder, whoever it stands for if the account is the company's, and admins."""
    whose = account.employee_id or calendar.employee_id
    return await operation.permits(Action.CHANGE_ACCOUNT, calendar.company_id, employee_id=whose)


async def _is_own_employee(operation: Operation, change: CalendarChange) -> bool:
    """Whether the employee it shall stand for is there, and one may give calendars to them."""
    if change.employee_id is OMITTED or change.employee_id is None:
        return True
    employee_id = str(change.employee_id)
    directory = await operation.directory(change.company_id)
    if directory is None or employee_id not in directory.employees:
        return False
    return await operation.permits(Action.CHANGE_ACCOUNT, change.company_id, employee_id=employee_id)


def _changed(calendar: Calendar, change: CalendarChange) -> Calendar:
    """The calendar as it shall be. One that comes to stand for somebody else is nobody's default any more."""
    wanted = calendar
    if not isinstance(change.employee_id, Omitted) and change.employee_id != calendar.employee_id:
        wanted = replace(wanted, employee_id=change.employee_id, is_default=False)
    if not isinstance(change.checked, Omitted):
        wanted = replace(wanted, checked=change.checked)
    if not isinstance(change.default, Omitted):
        wanted = replace(wanted, is_default=change.default)
    if not isinstance(change.status_policy, Omitted):
        wanted = replace(wanted, status_policy=change.status_policy)
    if not isinstance(change.ignore_unverified_until, Omitted):
        wanted = replace(wanted, ignore_unverified_until=change.ignore_unverified_until)
    if not isinstance(change.read_mode, Omitted):
        wanted = replace(wanted, read_mode=change.read_mode)
    return wanted
