"""Statements on who carries a wish out, and on how that went: leases, fences, tries (rule K3)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from slotgraph.core import tables as t
from slotgraph.core.outbox.entries import announce_entry
from slotgraph.core.records import CalendarEntryState, OutboxAction, OutboxRow, OutboxState
from slotgraph.core.values import FailureCause, Reference

OUTAGE = frozenset({FailureCause.TIMEOUT, FailureCause.UNREACHABLE, FailureCause.REAUTH_REQUIRED})
"""Failures of an account as a whole: when it answers again, all that waits for it may be tried."""

_E, _O = t.calendar_entry.c, t.outbox.c


@dataclass(frozen=True, slots=True)
class DueWish:
    """A wish whose next try has come, and the account its calendar is of; None once that is unlinked."""

    company_id: str
    entry_id: str
    account_id: str | None


async def due(
    connection: AsyncConnection, *, now: datetime, limit: int, passed_over: Collection[str] = ()
) -> list[DueWish]:
    """Wishes whose next try has come and that nobody is at, the oldest first; none of the accounts that are passed over."""
    calendar = and_(t.calendar.c.company_id == _E.company_id, t.calendar.c.id == _E.calendar_id)
    account = t.calendar.c.account_id
    statement = (
        select(_O.company_id, _O.entry_id, account)
        .join_from(t.outbox, t.calendar_entry, and_(_E.company_id == _O.company_id, _E.id == _O.entry_id))
        .outerjoin(t.calendar, calendar)
        .where(_is_due(now), or_(account.is_(None), account.not_in(passed_over)))
        .order_by(_O.next_attempt_at, _O.entry_id)
        .limit(limit)
    )
    return [DueWish(*row) for row in await connection.execute(statement)]


async def lease_due(
    connection: AsyncConnection, company_id: str, entry_id: str, *, now: datetime, until: datetime
) -> OutboxRow | None:
    """Lease a wish whose next try has come; None if it has not any more, or somebody else is at it: nobody waits for them."""
    own = (_O.company_id == company_id, _O.entry_id == entry_id)
    statement = select(t.outbox).where(*own, _is_due(now)).with_for_update(skip_locked=True)
    row = (await connection.execute(statement)).first()
    return await _leased(connection, company_id, row, until=until) if row else None


async def lease(
    connection: AsyncConnection, company_id: str, entry_id: str, *, now: datetime, until: datetime
) -> OutboxRow | None:
    """Lease the wish of an entry, due or not; None if nothing is wished, or somebody else has it."""
    own = (_O.company_id == company_id, _O.entry_id == entry_id)
    statement = select(t.outbox).where(*own, _is_free(now)).with_for_update()
    row = (await connection.execute(statement)).first()
    return await _leased(connection, company_id, row, until=until) if row else None


def _is_free(now: datetime) -> ColumnElement[bool]:
    return and_(_O.state == OutboxState.PENDING.value, or_(_O.lease_until.is_(None), _O.lease_until <= now))


def _is_due(now: datetime) -> ColumnElement[bool]:
    return and_(_is_free(now), _O.next_attempt_at <= now)


async def _leased(connection: AsyncConnection, company_id: str, row: Row[Any], *, until: datetime) -> OutboxRow:
    """The row with a lease on it, under a fence of its own."""
    # Whoever had it before was not heard of: what they did may yet land outside.
    unsure = row.unsure or row.lease is not None
    leased = {"fence": row.fence + 1, "lease": row.fence + 1, "lease_until": until, "unsure": unsure}
    own = (_O.company_id == company_id, _O.entry_id == row.entry_id)
    await connection.execute(update(t.outbox).where(*own).values(**leased))
    return OutboxRow(
        company_id,
        row.entry_id,
        OutboxAction(row.action),
        OutboxState(row.state),
        row.created_at,
        row.attempts,
        row.fence + 1,
        until,
        unsure,
    )


async def void_leases(connection: AsyncConnection) -> None:
    """Take all leases from whoever has them: they are known to have ended. What they did may yet land outside."""
    await connection.execute(update(t.outbox).where(_O.lease_until.is_not(None)).values(lease_until=None))


async def settle(
    connection: AsyncConnection,
    row: OutboxRow,
    *,
    state: CalendarEntryState,
    reference: Reference | None,
    at: datetime,
    look_again_at: datetime | None = None,
) -> bool:
    """Note that a wish was carried out, and give the lease back. False if it was no longer what is wished: then only the reference is kept.

    With `look_again_at` it is carried out once more then. Of an entry whose calendar was unlinked meanwhile no reference is kept.
    """
    unlinked = await is_unlinked(connection, row.company_id, row.entry_id)
    tried: dict[str, Any] = {"state": OutboxState.DONE.value, "cause": None, "next_attempt_at": None}
    if row.action is OutboxAction.MOVE_AGAIN:
        tried |= {"unsure": False}
    if look_again_at is not None and not unlinked:
        again = _AGAIN.get(row.action, row.action)
        tried |= {"state": OutboxState.PENDING.value, "action": again.value, "created_at": at}
        tried |= {"next_attempt_at": look_again_at}
    settled = await _finish(connection, row, tried)
    if not settled:
        await give_back(connection, row, at=at, unsure=False)
    values: dict[str, Any] = {}
    if reference is not None and not unlinked:
        values = {
            "reference_calendar": reference.calendar_id,
            "reference_id": reference.id,
            "reference_etag": reference.etag,
        }
    if settled:
        values |= {"state": state.value, "state_at": at, "probed_at": at, "missed_at": None}
    if values:
        entry = (_E.company_id == row.company_id, _E.id == row.entry_id)
        await connection.execute(update(t.calendar_entry).where(*entry).values(**values))
    if settled:
        await announce_entry(connection, row.company_id, row.entry_id)
    return settled


_AGAIN = {OutboxAction.MOVE: OutboxAction.MOVE_AGAIN, OutboxAction.REMOVE: OutboxAction.REMOVE_AGAIN}


async def postpone(
    connection: AsyncConnection,
    row: OutboxRow,
    *,
    cause: FailureCause,
    next_attempt_at: datetime | None,
    at: datetime,
    unsure: bool,
) -> bool:
    """Note a failed try, and give the lease back. False if it was no longer what is wished.

    Without a next try the wish is given up and the entry FAILED, visibly; so is one that is unlinked. What was removed once stays so,
    whatever becomes of the second look. `unsure`: the try may yet
    turn out to have been carried out.
    """
    if await is_unlinked(connection, row.company_id, row.entry_id):
        next_attempt_at = None
    state = OutboxState.DEAD if next_attempt_at is None else OutboxState.PENDING
    tried = {"state": state.value, "cause": cause.value, "next_attempt_at": next_attempt_at}
    postponed = await _finish(connection, row, tried | ({"unsure": True} if unsure else {}))
    if not postponed:
        await give_back(connection, row, at=at, unsure=unsure)
    elif next_attempt_at is None and row.action is not OutboxAction.REMOVE_AGAIN:
        await set_entry(connection, row.company_id, row.entry_id, state=CalendarEntryState.FAILED, at=at)
    if postponed:
        await announce_entry(connection, row.company_id, row.entry_id)
    return postponed


async def _finish(connection: AsyncConnection, row: OutboxRow, tried: Mapping[str, Any]) -> bool:
    """Note how a try went, and give its lease back, if the wish is still the one that was tried under this lease."""
    own = (_O.company_id == row.company_id, _O.entry_id == row.entry_id, _O.fence == row.fence)
    statement = update(t.outbox).where(*own)
    counted = {"attempts": _O.attempts + 1, "lease": None, "lease_until": None}
    return (await connection.execute(statement.values(**counted, **tried))).rowcount == 1


async def give_back(connection: AsyncConnection, row: OutboxRow, *, at: datetime, unsure: bool) -> None:
    """Give a lease back, and let what is wished now have its turn. `unsure`: what was tried under it may yet be carried out.

    If the lease was lost, whoever has it since may have finished before this try did: what is wished is carried out once more.
    """
    unlinked = await is_unlinked(connection, row.company_id, row.entry_id)
    own = (_O.company_id == row.company_id, _O.entry_id == row.entry_id)
    given_back: dict[str, Any] = {"lease": None, "lease_until": None} | ({"unsure": True} if unsure else {})
    statement = update(t.outbox).where(*own, _O.lease == row.fence).values(**given_back)
    if (await connection.execute(statement)).rowcount == 1 or unlinked:
        return
    once_more = {"state": OutboxState.PENDING.value, "next_attempt_at": at, "fence": _O.fence + 1, "unsure": True}
    carried_out = _O.state != OutboxState.DEAD.value
    await connection.execute(update(t.outbox).where(*own, carried_out).values(**once_more))


async def wake(connection: AsyncConnection, company_id: str, calendar_ids: Collection[str], *, at: datetime) -> int:
    """Let what waits for some calendars since an outage be due at once: they answer again; how much that was."""
    in_calendars = select(_E.id).where(_E.company_id == company_id, _E.calendar_id.in_(calendar_ids))
    waiting = (
        select(_O.entry_id)
        .where(
            _O.company_id == company_id,
            _O.entry_id.in_(in_calendars),
            _O.cause.in_([cause.value for cause in OUTAGE]),
            _O.next_attempt_at > at,
            _is_free(at),
        )
        .order_by(_O.entry_id)
        .with_for_update(skip_locked=True)
    )
    ids = [row.entry_id for row in await connection.execute(waiting)]
    statement = update(t.outbox).where(_O.company_id == company_id, _O.entry_id.in_(ids)).values(next_attempt_at=at)
    return (await connection.execute(statement)).rowcount


async def is_unlinked(connection: AsyncConnection, company_id: str, entry_id: str) -> bool:
    """Whether an entry's calendar was unlinked; if not, nobody unlinks it before the transaction ends."""
    statement = select(_E.calendar_id).where(_E.company_id == company_id, _E.id == entry_id).with_for_update()
    return (await connection.execute(statement)).scalar() is None


async def set_entry(
    connection: AsyncConnection, company_id: str, entry_id: str, *, state: CalendarEntryState, at: datetime
) -> None:
    await connection.execute(
        update(t.calendar_entry)
        .where(_E.company_id == company_id, _E.id == entry_id)
        .values(state=state.value, state_at=at)
    )
