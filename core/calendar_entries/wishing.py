"""Wishing entries in external calendars, in the transaction of what they are for; whoever wishes has the lease, and tries at once (K3)."""

import uuid
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from slotgraph.core.outbox import wishes
from slotgraph.core.records import Booking, CalendarEntry, OutboxAction, OutboxRow
from slotgraph.core.store import accounts
from slotgraph.core.store.database import Transaction

LEASE = timedelta(seconds=15)
"""How long whoever took a wish may be at it; who is not heard of by then has lost it."""


async def wish_entries(
    connection: Transaction, booking: Booking, employee_ids: Collection[str], *, at: datetime
) -> list[OutboxRow]:
    """Wish an entry in the default calendar of each of some attendants who has one (rules K3, K4)."""
    company_id = booking.company_id
    defaults = await accounts.default_calendars(connection, company_id, employee_ids)
    return [
        await wishes.add_wish(
            connection,
            company_id,
            entry_id=uuid.uuid4().hex,
            booking_id=booking.id,
            employee_id=employee_id,
            calendar_id=calendar_id,
            at=at,
            lease_until=at + LEASE,
        )
        for employee_id, calendar_id in defaults.items()
    ]


async def wish_change(
    connection: Transaction, entries: Iterable[CalendarEntry], action: OutboxAction, *, at: datetime
) -> list[OutboxRow]:
    """Wish something else of some entries; those that are to be tried at once. The others have their turn when it comes."""
    return await wish_changes(connection, [(entry, action) for entry in entries], at=at)


async def wish_changes(
    connection: Transaction, changes: Iterable[tuple[CalendarEntry, OutboxAction]], *, at: datetime
) -> list[OutboxRow]:
    """Wish something else of each of some entries, as `wish_change` does of all."""
    leased = []
    # In the order in which letting an account go locks them, lest the two wait for each other.
    for entry, action in sorted(changes, key=lambda change: change[0].id):
        row = await wishes.change_wish(
            connection, entry.company_id, entry.id, action=action, at=at, lease_until=at + LEASE
        )
        if row is not None:
            leased.append(row)
    return leased
