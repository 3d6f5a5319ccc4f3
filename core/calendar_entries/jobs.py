"""What carrying out one wish needs, read before the provider is called."""

from dataclasses import dataclass

from slotgraph.core.entry_text import EntryTexts
from slotgraph.core.errors import CalendarMissing
from slotgraph.core.outbox import entries
from slotgraph.core.records import CalendarEntry, OutboxRow
from slotgraph.core.store import accounts, bookings
from slotgraph.core.store.database import Transaction
from slotgraph.core.store.directory import directory_of
from slotgraph.core.values import Entry
from slotgraph.core.wall import AccountKey


@dataclass(frozen=True, slots=True)
class Job:
    """A wish, and where and how it is to be carried out."""

    row: OutboxRow
    entry: CalendarEntry
    account: AccountKey
    calendar_id: str
    text: Entry


async def job_of(connection: Transaction, row: OutboxRow, texts: EntryTexts) -> Job:
    """Read what a wish needs. Raises CalendarMissing if its calendar was unlinked."""
    company_id = row.company_id
    entry = await entries.entry_by_id(connection, company_id, row.entry_id)
    found = await bookings.bookings_by_ids(connection, company_id, [entry.booking_id] if entry else [])
    directory = await directory_of(connection, company_id)
    calendars = {one.id: one for one in await accounts.calendars_of(connection, company_id)}
    known = {one.id: one for one in await accounts.accounts_of(connection, company_id)}
    if entry is None or directory is None or entry.calendar_id not in calendars:
        raise CalendarMissing
    (booking,), calendar = found, calendars[entry.calendar_id]
    service, employee = directory.service_ever(booking.service_id), directory.employee_ever(entry.employee_id)
    if service is None or employee is None:
        raise CalendarMissing
    account = known[calendar.account_id]
    text = texts.entry_of(booking, company=directory.company, service=service, employee=employee)
    key = AccountKey(company_id, account.id, account.provider)
    return Job(row, entry, key, calendar.provider_calendar_id, text)
