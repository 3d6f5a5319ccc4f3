"""Builds that go wrong when they are killed, each in one place: what the proof must find (rules K2, K3)."""

import uuid
from typing import Any

from slotgraph_tests_reliability_kills_orders import Orders
from sqlalchemy import delete

from slotgraph.core import tables as t
from slotgraph.core.booking.idempotency import Call
from slotgraph.core.booking.making import Bookings
from slotgraph.core.calendar_entries.jobs import job_of
from slotgraph.core.outbox import wishes
from slotgraph.core.plugin import Deadline
from slotgraph.core.wall import Wall

WRITES_FIRST = "writes outside before it commits"
KEEPS_NO_WISH = "has no outbox"
CHOOSES_ANEW = "writes under another id each time"
FORGETS_KEYS = "does not remember keys"


def install(orders: Orders) -> None:
    """Go wrong as the orders say, for as long as they do."""
    _write_first(orders)
    _keep_no_wish(orders)
    _choose_anew(orders)
    _forget_keys(orders)


def _write_first(orders: Orders) -> None:
    store = Bookings._store

    async def stored(self: Bookings, connection: Any, *positional: Any, wishes: list[Any], **named: Any) -> Any:
        outcome = await store(self, connection, *positional, wishes=wishes, **named)
        if orders.is_wrong(WRITES_FIRST):
            writer = self._writer
            for row in wishes:
                job = await job_of(connection, row, writer._texts)
                await writer._outside.write(job, Deadline(writer._clock, 5))
        return outcome

    Bookings._store = stored  # type: ignore[method-assign]


def _keep_no_wish(orders: Orders) -> None:
    add_wish = wishes.add_wish

    async def added(connection: Any, company_id: str, **named: Any) -> Any:
        row = await add_wish(connection, company_id, **named)
        if orders.is_wrong(KEEPS_NO_WISH):
            await connection.execute(delete(t.outbox).where(t.outbox.c.entry_id == row.entry_id))
        return row

    wishes.add_wish = added


def _choose_anew(orders: Orders) -> None:
    write = Wall.write

    async def written(self: Wall, *positional: Any, **named: Any) -> Any:
        if orders.is_wrong(CHOOSES_ANEW):
            named["idempotency"] = uuid.uuid4().hex
        return await write(self, *positional, **named)

    Wall.write = written  # type: ignore[method-assign]


def _forget_keys(orders: Orders) -> None:
    remember = Call.remember

    async def remembered(self: Call, *positional: Any, **named: Any) -> None:
        if not orders.is_wrong(FORGETS_KEYS):
            await remember(self, *positional, **named)

    Call.remember = remembered  # type: ignore[method-assign]
