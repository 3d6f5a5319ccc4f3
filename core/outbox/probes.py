"""Statements on looking for our entries outside: whose turn it is, and what was noted of them (rule K6).

Entries of bookings that are over, or that are to go, are looked for no more. Where to somebody moved one is not noted.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from slotgraph.core import tables as t
from slotgraph.core.outbox.entries import announce_entry
from slotgraph.core.records import BookingState, CalendarEntryState, OutboxState
from slotgraph.core.values import FailureCause, Reference, Span

EVERY = timedelta(hours=1)
"""How often each upcoming entry is looked for."""

SOON = timedelta(minutes=2)
"""How long after its state changed it is looked for first: a server may say yes and store nothing."""

AGAIN = timedelta(minutes=10)
"""How far apart two looks are that find nothing, at least."""

AT_ONCE = 2 * EVERY
"""Within what time entries that vanish one after the other do so at once: the one concluded last, and what the next round misses."""

LONGEST_LOOK = timedelta(seconds=15)
"""How long whoever looks may be at it before they note what they saw."""

_STATES = (
    CalendarEntryState.WRITTEN.value,
    CalendarEntryState.MOVED_OUTSIDE.value,
    CalendarEntryState.GONE_OUTSIDE.value,
)
_E, _O, _B, _C, _A = t.calendar_entry.c, t.outbox.c, t.booking.c, t.calendar.c, t.account.c
_OF_BOOKING = and_(_B.company_id == _E.company_id, _B.id == _E.booking_id)
_OF_WISH = and_(_O.company_id == _E.company_id, _O.entry_id == _E.id)
_HAS_PLACE = and_(_E.reference_id.is_not(None), _E.calendar_id.is_not(None))
_REMOVED_UNSURELY = and_(_E.state == CalendarEntryState.REMOVED.value, _O.unsure, _HAS_PLACE)
"""Removed, but a try whose outcome was never learned may yet land: they are looked for until an hour later."""

_OF_CALENDAR = and_(_C.company_id == _E.company_id, _C.id == _E.calendar_id)


@dataclass(frozen=True, slots=True)
class Standing:
    """How an entry stands outside, as far as it is known. With a cause, its holder is asked."""

    state: CalendarEntryState
    missed_at: datetime | None
    cause: FailureCause | None


@dataclass(frozen=True, slots=True)
class Look:
    """An entry to look for, as it was wished at this fence, and where it was thought to stand `at` that time."""

    company_id: str
    entry_id: str
    account_id: str
    provider: str
    reference: Reference
    span: Span
    fence: int
    stands: Standing
    since: datetime
    """When its state changed last."""
    at: datetime


async def leave_alone(connection: AsyncConnection, *, now_minute: int, limit: int) -> None:
    """Look no more for entries of bookings that are over or cancelled, nor for those that were surely removed, or unlinked."""
    statement = (
        select(_E.company_id, _E.id)
        .where(
            _E.probed_at.is_not(None),
            ~exists().where(_OF_BOOKING, _is_upcoming(now_minute)),
            ~exists().where(_OF_WISH, _REMOVED_UNSURELY),
        )
        .order_by(_E.probed_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    for row in (await connection.execute(statement)).all():
        own = (_E.company_id == row.company_id, _E.id == row.id)
        await connection.execute(update(t.calendar_entry).where(*own).values(probed_at=None))


async def take_due(connection: AsyncConnection, *, now: datetime, now_minute: int, limit: int) -> list[Look]:
    """The entries whose turn it is, those first that were not looked for the longest; whoever comes next takes others."""
    due = or_(
        _E.probed_at <= now - EVERY,
        and_(_E.probed_at <= _E.state_at, _E.state_at <= now - SOON),
        and_(_E.probed_at <= _E.missed_at, _E.missed_at <= now - AGAIN),
    )
    watched = or_(_is_upcoming(now_minute), _REMOVED_UNSURELY)
    statement = _looks().where(watched, due).order_by(_E.probed_at, _E.id).limit(limit)
    rows = (await connection.execute(statement.with_for_update(of=t.calendar_entry, skip_locked=True))).all()
    for row in rows:
        await _begin(connection, row.company_id, [row.id], at=now)
    return [_look_from_row(row, now) for row in rows]


async def take_others(
    connection: AsyncConnection,
    company_id: str,
    account_id: str,
    *,
    apart_from: Collection[str],
    now: datetime,
    now_minute: int,
    limit: int,
) -> list[Look]:
    """The other entries of an account of which it is not known how they stood in these ten minutes."""
    # What somebody else began to look for a moment ago has not been noted yet.
    unknown = or_(_E.probed_at <= now - AGAIN, _E.probed_at > now - LONGEST_LOOK)
    others = (_E.company_id == company_id, _A.id == account_id, _E.id.not_in(apart_from))
    statement = _looks().where(*others, _is_upcoming(now_minute), unknown)
    statement = statement.order_by(_E.probed_at, _E.id).limit(limit)
    rows = (await connection.execute(statement.with_for_update(of=t.calendar_entry, skip_locked=True))).all()
    await _begin(connection, company_id, [row.id for row in rows], at=now)
    return [_look_from_row(row, now) for row in rows]


def _looks() -> Select[Any]:
    return (
        select(
            *(
                _E.company_id,
                _E.id,
                _E.state,
                _E.state_at,
                _E.missed_at,
                _O.cause,
                _O.fence,
                _A.id.label("account_id"),
                _A.provider,
            ),
            *(_E.reference_calendar, _E.reference_id, _E.reference_etag, _B.start_minute, _B.end_minute),
        )
        .join_from(t.calendar_entry, t.booking, _OF_BOOKING)
        .join(t.calendar, _OF_CALENDAR)
        .join(t.account, and_(_A.company_id == _C.company_id, _A.id == _C.account_id))
        .join(t.outbox, _OF_WISH)
        .where(_E.probed_at.is_not(None), _O.state == OutboxState.DONE.value)
    )


def _is_upcoming(now_minute: int) -> ColumnElement[bool]:
    return and_(
        _B.state == BookingState.CONFIRMED.value,
        _B.end_minute > now_minute,
        _E.state.in_(_STATES),
        _HAS_PLACE,
    )


async def _begin(connection: AsyncConnection, company_id: str, entry_ids: Collection[str], *, at: datetime) -> None:
    """Note that they are being looked for."""
    taken = (_E.company_id == company_id, _E.id.in_(entry_ids))
    await connection.execute(update(t.calendar_entry).where(*taken).values(probed_at=at))


def _look_from_row(row: Row[Any], at: datetime) -> Look:
    return Look(
        company_id=row.company_id,
        entry_id=row.id,
        account_id=row.account_id,
        provider=row.provider,
        reference=Reference(row.reference_calendar, row.reference_id, row.reference_etag),
        span=Span(row.start_minute, row.end_minute),
        fence=row.fence,
        stands=_standing_from_row(row),
        since=row.state_at,
        at=at,
    )


def _standing_from_row(row: Row[Any]) -> Standing:
    cause = FailureCause(row.cause) if row.cause else None
    return Standing(CalendarEntryState(row.state), row.missed_at, cause)


async def note(connection: AsyncConnection, look: Look, stands: Standing, *, at: datetime) -> bool:
    """Note how an entry stands, if it is still wished as it was when the look began, and not unlinked. Whether it was noted."""
    entry = (_E.company_id == look.company_id, _E.id == look.entry_id)
    wish = (_O.company_id == look.company_id, _O.entry_id == look.entry_id)
    # Whoever changes or settles a wish locks its entry first, too.
    locked = select(_E.calendar_id, _E.state, _E.missed_at).where(*entry).with_for_update()
    before = (await connection.execute(locked)).one()
    unchanged = select(_O.cause).where(*wish, _O.fence == look.fence, _O.state == OutboxState.DONE.value)
    wished = (await connection.execute(unchanged)).first()
    if before.calendar_id is None or wished is None:
        return False
    values: dict[str, Any] = {"missed_at": stands.missed_at}
    if before.state != stands.state.value:
        values |= {"state": stands.state.value, "state_at": at}
    await connection.execute(update(t.calendar_entry).where(*entry).values(**values))
    cause = stands.cause and stands.cause.value
    await connection.execute(update(t.outbox).where(*wish).values(cause=cause))
    if (before.state, wished.cause) != (stands.state.value, cause):
        await announce_entry(connection, look.company_id, look.entry_id)
    return True


async def is_as_wished(connection: AsyncConnection, look: Look) -> bool:
    """Whether an entry is still wished as it was when the look began; nobody changes that before the transaction ends."""
    entry = select(_E.calendar_id).where(_E.company_id == look.company_id, _E.id == look.entry_id).with_for_update()
    if (await connection.execute(entry)).scalar() is None:
        return False
    wish = (_O.company_id == look.company_id, _O.entry_id == look.entry_id, _O.fence == look.fence)
    done = select(_O.entry_id).where(*wish, _O.state == OutboxState.DONE.value)
    return (await connection.execute(done)).first() is not None


async def be_sure(connection: AsyncConnection, look: Look) -> None:
    """Take an entry for surely removed: it is looked for no more."""
    entry = (_E.company_id == look.company_id, _E.id == look.entry_id)
    wish = (_O.company_id == look.company_id, _O.entry_id == look.entry_id)
    await connection.execute(update(t.outbox).where(*wish).values(unsure=False))
    await connection.execute(update(t.calendar_entry).where(*entry).values(probed_at=None))


async def missing_of_account(
    connection: AsyncConnection, company_id: str, account_id: str, *, now: datetime, now_minute: int
) -> tuple[int, int]:
    """How many upcoming entries of an account are not found, or were concluded to be gone a moment ago; and of how many."""
    is_gone = _E.state == CalendarEntryState.GONE_OUTSIDE.value
    statement = (
        select(or_(is_gone, _E.missed_at.is_not(None)).label("is_missing"))
        .join_from(t.calendar_entry, t.booking, _OF_BOOKING)
        .join(t.calendar, _OF_CALENDAR)
        .where(
            _E.company_id == company_id,
            _C.account_id == account_id,
            _is_upcoming(now_minute),
            or_(~is_gone, _E.state_at > now - AT_ONCE),
        )
    )
    rows: Sequence[Row[Any]] = (await connection.execute(statement)).all()
    return sum(bool(row.is_missing) for row in rows), len(rows)
