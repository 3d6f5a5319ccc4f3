"""Holds among the blocked spans: they live until they lapse, and block until they are taken away (rule K1)."""

import uuid
from datetime import timedelta

import pytest
from slotgraph_tests_core_store_shop import AT, COMPANY, EMPLOYEE, OTHER_EMPLOYEE, count, insert_block
from sqlalchemy import event, insert, update
from sqlalchemy.exc import IntegrityError

from slotgraph.core import tables
from slotgraph.core.errors import SpanTaken
from slotgraph.core.store import blocks
from slotgraph.core.store.blocks import Blocked
from slotgraph.core.values import Span

SECOND = timedelta(seconds=1)
BOTH = (EMPLOYEE, OTHER_EMPLOYEE)


async def hold(connection, *, start, end, lapses=AT + SECOND, employee_id=EMPLOYEE):
    await blocks.insert_hold(
        connection,
        COMPANY,
        block_id=uuid.uuid4().hex,
        employee_id=employee_id,
        span=Span(start, end),
        expires_at=lapses,
    )


async def blocked(shop, *, start=0, end=1000, now=AT):
    async with shop.read() as connection:
        return await blocks.blocked_spans(connection, COMPANY, BOTH, window=Span(start, end), now=now)


async def test_bookings_and_live_holds_are_told_apart_in_one_statement(shop):
    async with shop.write() as connection:
        await insert_block(connection, 1, start=100, end=120)
        await hold(connection, start=120, end=140)
        await hold(connection, start=200, end=230, employee_id=OTHER_EMPLOYEE)
    statements = []
    async with shop.read() as connection:
        event.listen(connection.sync_connection, "before_cursor_execute", lambda *seen: statements.append(seen[2]))
        found = await blocks.blocked_spans(connection, COMPANY, BOTH, window=Span(0, 1000), now=AT)
    assert found[EMPLOYEE] == Blocked([Span(100, 120)], [Span(120, 140)])
    assert found[OTHER_EMPLOYEE] == Blocked([], [Span(200, 230)])
    assert len([statement for statement in statements if not statement.startswith("BEGIN")]) == 1


async def test_of_somebody_without_blocks_there_are_none(shop):
    assert await blocked(shop) == dict.fromkeys(BOTH, Blocked([], []))


async def test_a_hold_counts_until_the_moment_it_lapses(shop):
    async with shop.write() as connection:
        await hold(connection, start=100, end=120)
    assert (await blocked(shop, now=AT))[EMPLOYEE].held == [Span(100, 120)]
    assert (await blocked(shop, now=AT + SECOND))[EMPLOYEE].held == []


async def test_only_what_touches_the_window_is_told(shop):
    async with shop.write() as connection:
        await insert_block(connection, 1, start=100, end=120)
        await hold(connection, start=120, end=140)
    assert (await blocked(shop, start=120, end=121))[EMPLOYEE] == Blocked([], [Span(120, 140)])
    assert (await blocked(shop, start=119, end=120))[EMPLOYEE] == Blocked([Span(100, 120)], [])


@pytest.mark.parametrize("lapses", [AT + SECOND, AT - SECOND], ids=["live", "lapsed"])
async def test_a_hold_blocks_like_a_booking_even_lapsed(shop, lapses):
    async with shop.write() as connection:
        await hold(connection, start=100, end=120, lapses=lapses)
    with pytest.raises(SpanTaken):
        async with shop.write() as connection:
            await hold(connection, start=119, end=130)
    with pytest.raises(IntegrityError, match="block_overlaps"):
        async with shop.write() as connection:
            await insert_block(connection, 1, start=90, end=101)
    assert await count(shop, tables.block) == 1


async def test_only_lapsed_holds_in_the_way_of_somebody_are_taken_away(shop):
    async with shop.write() as connection:
        await insert_block(connection, 1, start=100, end=120)
        await hold(connection, start=120, end=140, lapses=AT)  # the one to go: it lapses at this moment
        await hold(connection, start=140, end=160, lapses=AT + SECOND)
        await hold(connection, start=80, end=100, lapses=AT)
        await hold(connection, start=160, end=180, lapses=AT)
        await hold(connection, start=120, end=140, lapses=AT, employee_id=OTHER_EMPLOYEE)
        await blocks.delete_expired_holds(connection, COMPANY, [EMPLOYEE], span=Span(100, 160), now=AT)
    found = await blocked(shop, now=AT - SECOND)
    assert found[EMPLOYEE].booked == [Span(100, 120)]
    assert sorted(found[EMPLOYEE].held) == [Span(80, 100), Span(140, 160), Span(160, 180)]
    assert found[OTHER_EMPLOYEE].held == [Span(120, 140)]


async def test_a_block_stands_for_a_booking_or_a_hold_and_never_for_both_or_nothing(shop):
    row = {"company_id": COMPANY, "id": "9" * 32, "employee_id": EMPLOYEE, "start_minute": 500, "end_minute": 510}
    async with shop.write() as connection:
        await insert_block(connection, 1, start=100, end=120)
        await hold(connection, start=200, end=220)
    changes = (
        insert(tables.block).values(row),
        insert(tables.block).values(row | {"booking_id": f"{1:032x}", "expires_at": AT}),
        update(tables.block).values(expires_at=AT).where(tables.block.c.start_minute == 100),
        update(tables.block).values(booking_id=None, expires_at=None),
    )
    for change in changes:
        with pytest.raises(IntegrityError, match="ck_block_booking_or_hold"):
            async with shop.write() as connection:
                await connection.execute(change)
    async with shop.write() as connection:  # a hold becomes a booking by UPDATE
        became = update(tables.block).values(booking_id=f"{1:032x}", expires_at=None)
        await connection.execute(became.where(tables.block.c.start_minute == 200))
    assert (await blocked(shop))[EMPLOYEE] == Blocked([Span(100, 120), Span(200, 220)], [])
