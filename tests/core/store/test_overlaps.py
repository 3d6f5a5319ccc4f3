"""Rule K1: the table of blocks itself refuses an overlap, whatever the code checked before."""

import asyncio

import pytest
from slotgraph_tests_core_store_shop import EMPLOYEE, OTHER_EMPLOYEE, count, insert_block, is_free, let_overlap
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from slotgraph.core import tables
from slotgraph.core.store.database import Database, is_overlap


@pytest.mark.parametrize(("start", "end"), [(90, 110), (110, 130), (100, 120), (90, 130), (105, 106)])
async def test_an_overlapping_block_is_refused_and_recognised(shop, start, end):
    async with shop.write() as connection:
        await insert_block(connection, 1, start=100, end=120)
    with pytest.raises(IntegrityError) as refusal:
        async with shop.write() as connection:
            await insert_block(connection, 2, start=start, end=end)
    assert is_overlap(refusal.value)
    assert await count(shop, tables.booking) == 1


async def test_blocks_may_meet_and_other_employees_are_free(shop):
    async with shop.write() as connection:
        await insert_block(connection, 1, start=100, end=120)
        await insert_block(connection, 2, start=120, end=140)
        await insert_block(connection, 3, start=80, end=100)
        await insert_block(connection, 4, start=100, end=120, employee_id=OTHER_EMPLOYEE)
    assert await count(shop, tables.block) == 4


async def test_a_block_may_move_over_its_own_place_but_not_over_another(shop):
    def move(number, **values):
        return update(tables.block).where(tables.block.c.id == f"{number:032x}").values(**values)

    async with shop.write() as connection:
        await insert_block(connection, 1, start=100, end=120)
        await insert_block(connection, 2, start=140, end=160)
        await insert_block(connection, 3, start=140, end=160, employee_id=OTHER_EMPLOYEE)
        await connection.execute(move(1, start_minute=110, end_minute=130))
    overlapping = (move(1, end_minute=141), move(1, start_minute=159, end_minute=170), move(3, employee_id=EMPLOYEE))
    for statement in overlapping:
        with pytest.raises(IntegrityError) as refusal:
            async with shop.write() as connection:
                await connection.execute(statement)
        assert is_overlap(refusal.value)


async def test_an_empty_block_is_refused(shop):
    with pytest.raises(IntegrityError) as refusal:
        async with shop.write() as connection:
            await insert_block(connection, 1, start=100, end=100)
    assert not is_overlap(refusal.value)


async def _race(database, *, racer):
    """Twelve racers for overlapping spans; how many got in, and what the others were told."""
    outcomes = await asyncio.gather(*(racer(database, number) for number in range(1, 13)), return_exceptions=True)
    failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert all(isinstance(failure, IntegrityError) and is_overlap(failure) for failure in failures)
    return await count(database, tables.block)


async def _check_then_insert(database, number):
    async with database.write() as connection:
        if await is_free(connection, start=100 + number, end=130 + number):
            await insert_block(connection, number, start=100 + number, end=130 + number)


async def _check_on_the_reader_then_insert(database, number):
    async with database.read() as connection:
        free = await is_free(connection, start=100 + number, end=130 + number)
    if free:
        async with database.write() as connection:
            await insert_block(connection, number, start=100 + number, end=130 + number)


@pytest.mark.parametrize("racer", [_check_then_insert, _check_on_the_reader_then_insert])
async def test_of_twelve_racers_exactly_one_gets_the_time(shop, racer):
    assert await _race(shop, racer=racer) == 1


async def test_racers_on_two_pools_of_one_database_share_the_one_time(shop, address):
    twin = await Database.open(address)
    try:

        async def racer(database, number):
            await _check_then_insert(twin if number % 2 else database, number)

        assert await _race(shop, racer=racer) == 1
    finally:
        await twin.close()


async def test_without_the_constraint_a_stale_check_lets_several_in(shop):
    """The mutant: it shows that the race above is one."""
    async with shop.write() as connection:
        await let_overlap(connection)
    assert await _race(shop, racer=_check_on_the_reader_then_insert) > 1
