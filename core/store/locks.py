"""Who waits for whom inside a write transaction. On SQLite the writer is alone, and nothing needs to be locked.

PostgreSQL reads what is committed: whatever a transaction judges by, it locks before it reads. Order, so that nobody waits in a
circle: first a company, then a name, then employees, then the rows themselves. A lock ends with its transaction.
"""

from collections.abc import Collection
from hashlib import blake2b

from sqlalchemy import func, select

from slotgraph.core import tables as t
from slotgraph.core.store.database import Transaction


async def lock_company(connection: Transaction, company_id: str) -> None:
    """Be the only one who changes what stands in a company's row, behind all who share it (rule T3)."""
    if _is_needed(connection):
        await connection.execute(select(func.pg_advisory_xact_lock(_key("company", company_id))))
        row = select(t.company.c.id).where(t.company.c.id == company_id)
        await connection.execute(row.with_for_update(key_share=True))


async def share_companies(
    connection: Transaction, company_ids: Collection[str], *, waiting_for: str | None = None
) -> str | None:
    """Share companies: nobody changes their rows until the transaction ends. None, or the first one that cannot be had at once.

    Only `waiting_for` is waited for, so that nobody's share is held while another's is waited for: end the transaction, and try again
    with what was in the way. The rows alone would do, but whoever waits to change one would be starved by those who share it.
    """
    if not _is_needed(connection):
        return None
    if waiting_for is not None:
        await connection.execute(select(func.pg_advisory_xact_lock_shared(_key("company", waiting_for))))
    for company_id in sorted({*company_ids} - {waiting_for}):
        attempt = select(func.pg_try_advisory_xact_lock_shared(_key("company", company_id)))
        if not (await connection.execute(attempt)).scalar_one():
            return company_id
    rows = select(t.company.c.id).where(t.company.c.id.in_(company_ids)).order_by(t.company.c.id)
    await connection.execute(rows.with_for_update(read=True))
    return None


async def lock_name(connection: Transaction, *words: str) -> None:
    """Be the only one who works under a name, such as a slug that nobody may have yet; no row needs to stand for it."""
    if _is_needed(connection):
        await connection.execute(select(func.pg_advisory_xact_lock(_key("name", *words))))


async def lock_employees(connection: Transaction, company_id: str, employee_ids: Collection[str]) -> None:
    """Be the only one who books employees or changes their times (rule K1). Take all of them at once."""
    if _is_needed(connection) and employee_ids:
        e = t.employee.c
        rows = select(e.id).where(e.company_id == company_id, e.id.in_(employee_ids)).order_by(e.id)
        await connection.execute(rows.with_for_update(key_share=True))


async def lock_everybody(connection: Transaction, company_id: str) -> None:
    """Be the only one who books anybody of a company: for changes of its services and of the days that all have off."""
    if _is_needed(connection):
        e = t.employee.c
        rows = select(e.id).where(e.company_id == company_id).order_by(e.id)
        await connection.execute(rows.with_for_update(key_share=True))


async def lock_booking(connection: Transaction, company_id: str, booking_id: str) -> None:
    """Be the only one who moves or cancels a booking: whoever attends may have changed while its attendants were waited for."""
    if _is_needed(connection):
        row = select(t.booking.c.id).where(t.booking.c.company_id == company_id, t.booking.c.id == booking_id)
        await connection.execute(row.with_for_update(key_share=True))


def _is_needed(connection: Transaction) -> bool:
    return connection.dialect.name == "postgresql"


def _key(*words: str) -> int:
    """A number for an advisory lock: 64 bits, signed."""
    return int.from_bytes(blake2b("\0".join(words).encode(), digest_size=8).digest(), signed=True)
