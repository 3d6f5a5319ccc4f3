"""Statements that erase customers from bookings and clear away what has lapsed (rule F4).

Each takes up to `limit` rows and says how many it took. Rows that somebody else is at are passed over, and found the next time.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from slotgraph.core import tables as t
from slotgraph.core.records import email_key

_NOTHING = {
    "customer_name": None,
    "customer_email": None,
    "customer_email_key": None,
    "customer_phone": None,
    "customer_locale": None,
    "customer_time_zone": None,
    "note": None,
    "cancel_reason": None,
}


async def companies_and_days(connection: AsyncConnection) -> list[tuple[str, int]]:
    """Each company by id, and after how many days it erases the data of customers."""
    c = t.company.c
    rows = await connection.execute(select(c.id, c.customer_data_days).order_by(c.id))
    return [(row.id, row.customer_data_days) for row in rows]


async def erase_customer(connection: AsyncConnection, company_id: str, email: str) -> int:
    """Erase the customer with an address from all bookings of a company; from how many."""
    b = t.booking.c
    statement = update(t.booking).where(b.company_id == company_id, b.customer_email_key == email_key(email))
    return (await connection.execute(statement.values(**_NOTHING))).rowcount


async def erase_ended(connection: AsyncConnection, company_id: str, *, before: int, limit: int) -> int:
    """Erase customers from bookings that ended before a minute."""
    b = t.booking.c
    somebodys = b.customer_email_key.is_not(None) | b.cancel_reason.is_not(None)
    ended = _some(select(b.id).where(b.company_id == company_id, b.end_minute < before, somebodys), limit)
    ids = [row.id for row in await connection.execute(ended)]
    statement = update(t.booking).where(b.company_id == company_id, b.id.in_(ids)).values(**_NOTHING)
    return (await connection.execute(statement)).rowcount


async def clear_holds(connection: AsyncConnection, company_id: str, *, before: datetime, limit: int) -> int:
    """Free what holds block that lapsed up to an instant."""
    b = t.block.c
    lapsed = _some(select(b.id).where(b.company_id == company_id, b.expires_at <= before), limit)
    ids = [row.id for row in await connection.execute(lapsed)]
    return (await connection.execute(delete(t.block).where(b.company_id == company_id, b.id.in_(ids)))).rowcount


async def clear_past_holds(connection: AsyncConnection, company_id: str, *, before: datetime, limit: int) -> int:
    """Drop what is known of holds that were made up to an instant."""
    h = t.hold.c
    past = _some(select(h.id).where(h.company_id == company_id, h.created_at <= before), limit)
    ids = [row.id for row in await connection.execute(past)]
    return (await connection.execute(delete(t.hold).where(h.company_id == company_id, h.id.in_(ids)))).rowcount


async def clear_keys(connection: AsyncConnection, company_id: str, *, before: datetime, limit: int) -> int:
    """Drop idempotency keys that were remembered up to an instant."""
    i = t.idempotency.c
    lapsed = _some(
        select(i.actor_scope, i.mutation, i.key).where(i.company_id == company_id, i.created_at <= before), limit
    )
    keys = [(row.actor_scope, row.mutation, row.key) for row in await connection.execute(lapsed)]
    these = tuple_(i.actor_scope, i.mutation, i.key).in_(keys)
    return (await connection.execute(delete(t.idempotency).where(i.company_id == company_id, these))).rowcount


async def clear_invitations(connection: AsyncConnection, company_id: str, *, before: datetime, limit: int) -> int:
    """Drop invitations that lapsed up to an instant."""
    i = t.invitation.c
    lapsed = _some(select(i.id).where(i.company_id == company_id, i.expires_at <= before), limit)
    ids = [row.id for row in await connection.execute(lapsed)]
    return (await connection.execute(delete(t.invitation).where(i.company_id == company_id, i.id.in_(ids)))).rowcount


async def clear_links(connection: AsyncConnection, company_id: str, *, before: datetime, limit: int) -> int:
    """Drop links under way that lapsed up to an instant."""
    a = t.link_attempt.c
    lapsed = _some(select(a.token_hash).where(a.company_id == company_id, a.expires_at <= before), limit)
    hashes = [row.token_hash for row in await connection.execute(lapsed)]
    statement = delete(t.link_attempt).where(a.company_id == company_id, a.token_hash.in_(hashes))
    return (await connection.execute(statement)).rowcount


async def clear_sessions(connection: AsyncConnection, *, before: datetime, limit: int) -> int:
    """Drop sessions that lapsed up to an instant."""
    s = t.session.c
    lapsed = _some(select(s.token_hash).where(s.expires_at <= before), limit)
    hashes = [row.token_hash for row in await connection.execute(lapsed)]
    return (await connection.execute(delete(t.session).where(s.token_hash.in_(hashes)))).rowcount


async def clear_resets(connection: AsyncConnection, *, before: datetime, limit: int) -> int:
    """Drop password resets that lapsed up to an instant."""
    r = t.password_reset.c
    lapsed = _some(select(r.token_hash).where(r.expires_at <= before), limit)
    hashes = [row.token_hash for row in await connection.execute(lapsed)]
    return (await connection.execute(delete(t.password_reset).where(r.token_hash.in_(hashes)))).rowcount


def _some(rows: Select[Any], limit: int) -> Select[Any]:
    """So many of the rows, locked until the transaction ends, and none that another one has locked.

    Asked for first and then named: PostgreSQL may run a locking subquery more than once, and then takes more than the limit.
    """
    return rows.limit(limit).with_for_update(key_share=True, skip_locked=True)
