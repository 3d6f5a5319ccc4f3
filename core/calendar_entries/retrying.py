"""Trying a calendar entry again, because somebody asks for it (rules K4, K6)."""

from slotgraph.core.asking import MAX_DEADLINE_MS
from slotgraph.core.calendar_entries.wishing import LEASE, wish_change
from slotgraph.core.calendar_entries.writer import CalendarWriter
from slotgraph.core.operation import Operation
from slotgraph.core.outbox import entries, leases, wishes
from slotgraph.core.plugin import Deadline
from slotgraph.core.policy import Action
from slotgraph.core.problems import InvalidField, InvalidInput, NotFound
from slotgraph.core.records import CalendarEntry, CalendarEntryState, OutboxAction, OutboxRow
from slotgraph.core.store.database import Transaction

_PATH = ("input", "entry")
_AS_IT_WAS = {OutboxAction.MOVE_AGAIN: OutboxAction.MOVE, OutboxAction.REMOVE_AGAIN: OutboxAction.REMOVE}

RetryResult = CalendarEntry | InvalidInput | NotFound


class EntryRetries:
    """Tries entries again, and lets those stand again that went or were moved outside."""

    def __init__(self, writer: CalendarWriter) -> None:
        self._writer = writer

    async def retry(self, operation: Operation, company_id: str, entry_id: str) -> RetryResult:
        """Try an entry now, unless somebody is at it; the entry as it is then."""
        if not await operation.permits(Action.CHANGE_BOOKING, company_id):
            return NotFound(_PATH)
        deadline = Deadline(operation.clock, MAX_DEADLINE_MS / 1000)
        async with operation.database.write() as connection:
            # Who changes or settles its wish waits until this is decided.
            unlinked = await leases.is_unlinked(connection, company_id, entry_id)
            entry = await entries.entry_by_id(connection, company_id, entry_id)
            if entry is None:
                return NotFound(_PATH)
            if unlinked:
                return _invalid("its calendar is unlinked: nothing can be written or removed there any more.")
            if entry.state is CalendarEntryState.REMOVED:
                return _invalid("it was removed, and its time is not booked any more.")
            leased = await _wished_again(connection, operation, entry)
            await entries.announce_entry(connection, company_id, entry_id)
        await self._writer.try_all(leased, deadline=deadline)
        async with operation.database.read() as connection:
            return await entries.entry_by_id(connection, company_id, entry_id) or NotFound(_PATH)


async def _wished_again(connection: Transaction, operation: Operation, entry: CalendarEntry) -> list[OutboxRow]:
    """What is to be tried at once; nothing if somebody is at it, or if the entry stands as it should."""
    now = operation.clock.now()
    if entry.state is CalendarEntryState.PENDING:
        row = await leases.lease(connection, entry.company_id, entry.id, now=now, until=now + LEASE)
        return [row] if row else []
    if entry.state is CalendarEntryState.FAILED:
        action = await wishes.wished(connection, entry.company_id, entry.id)
        return await wish_change(connection, [entry], _AS_IT_WAS.get(action, action), at=now)
    if entry.state is CalendarEntryState.WRITTEN and entry.cause is None:
        return []
    return await wish_change(connection, [entry], OutboxAction.MOVE, at=now)


def _invalid(reason: str) -> InvalidInput:
    return InvalidInput((InvalidField(_PATH, reason),))
