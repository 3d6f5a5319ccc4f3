"""Statements on linked accounts and their calendars."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from slotgraph.core import tables as t
from slotgraph.core.records import Account, Calendar, Health
from slotgraph.core.store.rows import each
from slotgraph.core.values import BusyStatus, FailureCause, Purpose, ReadMode
from slotgraph.core.vault import Sealed


def _health_from_row(row: Row[Any]) -> Health:
    cause = FailureCause(row.last_cause) if row.last_cause else None
    return Health(row.failing, row.last_success_at, row.last_failure_at, cause)


def _account_from_row(row: Row[Any]) -> Account:
    return Account(
        row.company_id,
        row.id,
        row.employee_id,
        row.provider,
        row.label,
        frozenset(Purpose(name) for name in row.granted),
        tuple(row.capabilities),
        _health_from_row(row),
    )


def _calendar_from_row(row: Row[Any]) -> Calendar:
    return Calendar(
        company_id=row.company_id,
        id=row.id,
        account_id=row.account_id,
        employee_id=row.employee_id,
        provider_calendar_id=row.provider_calendar_id,
        name=row.name,
        time_zone=row.time_zone,
        writable=row.writable,
        is_primary=row.is_primary,
        checked=row.checked,
        is_default=row.is_default,
        status_policy=frozenset(BusyStatus(name) for name in row.status_policy),
        ignore_unverified_until=row.ignore_unverified_until,
        read_mode=ReadMode(row.read_mode),
        titles_on_wire=row.titles_on_wire,
        flags=row.flags,
        health=_health_from_row(row),
    )


async def default_calendars(
    connection: AsyncConnection, company_id: str, employee_ids: Collection[str]
) -> Mapping[str, str]:
    """The id of the calendar into which each employee's bookings are written; whoever has none is missing.

    For writers: until they commit nobody unlinks them. All are taken at once, in the order in which an account's are locked.
    """
    c = t.calendar.c
    statement = (
        select(c.id, c.employee_id)
        .where(c.company_id == company_id, c.employee_id.in_(employee_ids), c.is_default)
        .order_by(c.id)
        .with_for_update(read=True, key_share=True)
    )
    return {row.employee_id: row.id for row in await connection.execute(statement)}


_PUBLIC_ACCOUNT = [column for column in t.account.c if column.name not in ("sealed_credentials", "key_id")]


async def accounts_of(connection: AsyncConnection, company_id: str) -> list[Account]:
    """All accounts of a company by label, credentials left where they are."""
    statement = select(*_PUBLIC_ACCOUNT).where(t.account.c.company_id == company_id)
    listed = await each(await connection.execute(statement), _account_from_row)
    return sorted(listed, key=lambda account: (account.label.casefold(), account.id))


async def account_by_id(connection: AsyncConnection, company_id: str, account_id: str) -> Account | None:
    """One account, credentials left where they are."""
    a = t.account.c
    statement = select(*_PUBLIC_ACCOUNT).where(a.company_id == company_id, a.id == account_id)
    row = (await connection.execute(statement)).first()
    return _account_from_row(row) if row else None


async def calendars_of(connection: AsyncConnection, company_id: str) -> list[Calendar]:
    """All calendars of a company, by account, the primary one first."""
    listed = await each(
        await connection.execute(select(t.calendar).where(t.calendar.c.company_id == company_id)), _calendar_from_row
    )
    return sorted(listed, key=lambda one: (one.account_id, not one.is_primary, one.name.casefold(), one.id))


async def calendars_of_account(connection: AsyncConnection, company_id: str, account_id: str) -> list[Calendar]:
    """The calendars of one account, in no order."""
    c = t.calendar.c
    statement = select(t.calendar).where(c.company_id == company_id, c.account_id == account_id)
    return await each(await connection.execute(statement), _calendar_from_row)


async def sealed_credentials(connection: AsyncConnection, company_id: str, account_id: str) -> Sealed | None:
    """The sealed credentials of an account."""
    a = t.account.c
    statement = select(a.key_id, a.sealed_credentials).where(a.company_id == company_id, a.id == account_id)
    row = (await connection.execute(statement)).first()
    return Sealed(row.key_id, row.sealed_credentials) if row else None


async def sealing_keys(connection: AsyncConnection) -> list[str]:
    """The ids of the keys under which credentials lie sealed; if there are any, a missing key is no reason for a new one (F3)."""
    rows = await connection.execute(select(t.account.c.key_id).distinct())
    return [row.key_id for row in rows]


async def store_credentials(connection: AsyncConnection, company_id: str, account_id: str, *, sealed: Sealed) -> None:
    """Replace the sealed credentials of an account."""
    a = t.account.c
    await connection.execute(
        update(t.account)
        .where(a.company_id == company_id, a.id == account_id)
        .values(key_id=sealed.key_id, sealed_credentials=sealed.blob)
    )


async def renew_account(connection: AsyncConnection, account: Account, *, sealed: Sealed) -> None:
    """Store what linking an account again has told of it."""
    a = t.account.c
    await connection.execute(
        update(t.account)
        .where(a.company_id == account.company_id, a.id == account.id)
        .values(key_id=sealed.key_id, sealed_credentials=sealed.blob, **_told(account))
    )


async def lock_account(connection: AsyncConnection, company_id: str, account_id: str) -> list[str] | None:
    """The ids of an account's calendars, locked with it against others until the transaction ends; None if there is none."""
    a, c = t.account.c, t.calendar.c
    account = select(a.id).where(a.company_id == company_id, a.id == account_id).with_for_update()
    if (await connection.execute(account)).scalar() is None:
        return None
    calendars = select(c.id).where(c.company_id == company_id, c.account_id == account_id).order_by(c.id)
    return list((await connection.execute(calendars.with_for_update())).scalars())


async def lock_choices(
    connection: AsyncConnection, company_id: str, calendar_id: str, *, employee_id: str | None
) -> None:
    """Lock a calendar, and an employee's default one beside it, against others who change them until the transaction ends."""
    c = t.calendar.c
    default = and_(c.employee_id == employee_id, c.is_default)
    calendars = select(c.id).where(c.company_id == company_id, or_(c.id == calendar_id, default)).order_by(c.id)
    await connection.execute(calendars.with_for_update(key_share=True))


async def delete_account(connection: AsyncConnection, company_id: str, account_id: str) -> None:
    """Wipe an account's credentials and forget it with its calendars, which no entry of ours may name any more."""
    a = t.account.c
    await connection.execute(delete(t.account).where(a.company_id == company_id, a.id == account_id))


def _told(account: Account) -> dict[str, Any]:
    """The columns a provider tells of a login."""
    return {
        "label": account.label,
        "granted": sorted(purpose.value for purpose in account.granted),
        "capabilities": list(account.capabilities),
        "last_success_at": account.health.last_success_at,
        "failing": account.health.failing,
    }


async def insert_account(connection: AsyncConnection, account: Account, *, sealed: Sealed) -> None:
    """Add an account that has just been tried."""
    await connection.execute(
        insert(t.account).values(
            company_id=account.company_id,
            id=account.id,
            employee_id=account.employee_id,
            provider=account.provider,
            key_id=sealed.key_id,
            sealed_credentials=sealed.blob,
            **_told(account),
        )
    )


async def insert_calendars(connection: AsyncConnection, calendars: Iterable[Calendar]) -> None:
    """Add calendars."""
    for calendar in calendars:
        await connection.execute(
            insert(t.calendar).values(
                company_id=calendar.company_id,
                id=calendar.id,
                account_id=calendar.account_id,
                provider_calendar_id=calendar.provider_calendar_id,
                **_found(calendar),
                **_choices(calendar),
            )
        )


def _found(calendar: Calendar) -> dict[str, Any]:
    """The columns a provider tells of a calendar."""
    return {
        "name": calendar.name,
        "time_zone": calendar.time_zone,
        "writable": calendar.writable,
        "is_primary": calendar.is_primary,
        "titles_on_wire": calendar.titles_on_wire,
        "flags": dict(calendar.flags),
        "last_success_at": calendar.health.last_success_at,
        "failing": calendar.health.failing,
    }


def _choices(calendar: Calendar) -> dict[str, Any]:
    """The columns a holder may choose."""
    return {
        "employee_id": calendar.employee_id,
        "checked": calendar.checked,
        "is_default": calendar.is_default,
        "status_policy": sorted(status.value for status in calendar.status_policy),
        "ignore_unverified_until": calendar.ignore_unverified_until,
        "read_mode": calendar.read_mode.value,
    }


async def update_choices(connection: AsyncConnection, calendar: Calendar) -> None:
    """Store what the holder chose for a calendar."""
    c = t.calendar.c
    await connection.execute(
        update(t.calendar).where(c.company_id == calendar.company_id, c.id == calendar.id).values(**_choices(calendar))
    )


async def renew_calendar(connection: AsyncConnection, calendar: Calendar) -> None:
    """Store what linking its account again has told of a calendar."""
    c = t.calendar.c
    await connection.execute(
        update(t.calendar)
        .where(c.company_id == calendar.company_id, c.id == calendar.id)
        .values(is_default=calendar.is_default, **_found(calendar))
    )


async def clear_default(connection: AsyncConnection, company_id: str, employee_id: str, *, but: str) -> None:
    """Leave an employee one default calendar at most: this one."""
    c = t.calendar.c
    await connection.execute(
        update(t.calendar)
        .where(c.company_id == company_id, c.employee_id == employee_id, c.id != but, c.is_default)
        .values(is_default=False)
    )


async def note_health(
    connection: AsyncConnection,
    company_id: str,
    *,
    account_ids: Collection[str] = (),
    calendar_ids: Collection[str] = (),
    at: datetime,
    cause: FailureCause | None,
) -> None:
    """Note a success (no cause) or failure of accounts and calendars."""
    values: dict[str, Any] = {"failing": cause is not None}
    values |= {"last_success_at": at} if cause is None else {"last_failure_at": at, "last_cause": cause.value}
    for table, ids in ((t.account, account_ids), (t.calendar, calendar_ids)):
        if ids:
            where = (table.c.company_id == company_id, table.c.id.in_(ids))
            await connection.execute(update(table).where(*where).values(**values))
