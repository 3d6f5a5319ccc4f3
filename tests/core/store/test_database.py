"""What both kinds of database promise: readers that see only what is committed, writes whole or not at all, no values in errors."""

import logging
from datetime import UTC, datetime, timedelta, timezone

import pytest
from slotgraph_tests_core_store_shop import COMPANY, SERVICE, company_row, employee_row, service_row
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from slotgraph.core import tables
from slotgraph.core.errors import UnfitText
from slotgraph.core.store.database import is_overlap


async def name(connection):
    return (await connection.execute(select(tables.company.c.name))).scalar_one()


async def test_a_reader_cannot_write(shop):
    async with shop.read() as connection:
        with pytest.raises(DBAPIError, match=r"readonly|read-only"):
            await connection.execute(update(tables.company).values(name="Mine"))


async def test_a_reader_sees_committed_data_only_and_one_state_of_it(shop):
    async with shop.read() as early:
        async with shop.write() as writer:
            await writer.execute(update(tables.company).values(name="New"))
            async with shop.read() as other:
                assert await name(other) == "Demo"
            assert await name(early) == "Demo"
        assert await name(early) == "Demo"
    async with shop.read() as late:
        assert await name(late) == "New"


async def test_an_exception_rolls_everything_back(shop):
    async def fail():
        async with shop.write() as connection:
            await connection.execute(update(tables.company).values(name="New"))
            await connection.execute(text("CREATE TABLE thing (id INTEGER)"))
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    async with shop.read() as connection:
        assert await name(connection) == "Demo"
        with pytest.raises(DBAPIError, match="thing"):
            await connection.execute(text("SELECT id FROM thing"))


async def test_a_failed_reference_is_refused(shop):
    with pytest.raises(IntegrityError) as refusal:
        async with shop.write() as connection:
            await connection.execute(
                insert(tables.employee).values(**employee_row("a" * 32) | {"company_id": "0" * 32})
            )
    assert not is_overlap(refusal.value)


@pytest.mark.parametrize(
    "row",
    [
        pytest.param({"name": "hunter2"}, id="another column of the row"),
        pytest.param({"id": "1" * 32, "slug": "demo", "name": "hunter2"}, id="a row with a value that must be unique"),
        pytest.param({"id": "1" * 32, "slug": "hunter2", "name": None}, id="a row that lacks a value"),
    ],
)
async def test_errors_do_not_quote_values(shop, row):
    with pytest.raises(IntegrityError) as refusal:
        async with shop.write() as connection:
            await connection.execute(insert(tables.company).values(**company_row() | row))
    for error in (refusal.value, refusal.value.orig):
        assert "hunter2" not in f"{error}{error!r}"
        assert "demo" not in f"{error}{error!r}"


async def test_the_driver_does_not_log_values(shop, caplog):
    caplog.set_level(logging.DEBUG)
    async with shop.write() as connection:
        await connection.execute(update(tables.company).values(name="hunter2"))
    assert "hunter2" not in caplog.text


async def test_instants_keep_their_microseconds_and_come_back_in_utc(shop):
    at = datetime(2026, 10, 25, 2, 30, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    async with shop.write() as connection:
        await connection.execute(update(tables.company).values(created_at=at))
        found = (await connection.execute(select(tables.company.c.created_at))).scalar_one()
    assert (found, found.tzinfo) == (at, UTC)


async def test_a_naive_instant_is_refused_before_it_reaches_the_database(shop):
    with pytest.raises(StatementError, match="naive"):
        async with shop.write() as connection:
            await connection.execute(update(tables.company).values(created_at=datetime(2026, 1, 1)))


async def test_instants_are_compared_to_the_microsecond(shop):
    at = datetime(2026, 1, 1, tzinfo=UTC)
    created = tables.company.c.created_at
    async with shop.write() as connection:
        await connection.execute(update(tables.company).values(created_at=at))
        for limit, found in ((at, 1), (at + timedelta(microseconds=1), 1), (at - timedelta(microseconds=1), 0)):
            rows = (await connection.execute(select(created).where(created <= limit))).all()
            assert len(rows) == found


async def test_ids_come_in_one_order_everywhere(shop):
    ids = [f"{number:x}".rjust(32, digit) for number in (0, 9, 10, 255) for digit in "09af"]
    async with shop.write() as connection:
        for id_ in ids:
            await connection.execute(insert(tables.service).values(**service_row() | {"id": id_}))
        found = list(await connection.scalars(select(tables.service.c.id).order_by(tables.service.c.id)))
    assert found == sorted({*ids, SERVICE})


async def test_texts_are_kept_to_the_letter(shop):
    told = "Zürich \u202e‘’ 👩🏽‍🎨 e\u0301 \t\n %s :name ?"
    async with shop.write() as connection:
        await connection.execute(update(tables.service).values(description=told))
        statement = select(tables.service.c.company_id).where(tables.service.c.description == told)
        assert (await connection.execute(statement)).scalar_one() == COMPANY


@pytest.mark.parametrize("told", ["\0", "in\0side", "half a pair: \ud800"])
async def test_a_text_that_cannot_be_kept_is_refused_before_it_reaches_the_database(shop, told):
    statements = (
        update(tables.company).values(name=told),
        select(tables.company).where(tables.company.c.slug == told),
        select(tables.company).where(tables.company.c.slug.in_(["a", told])),
        insert(tables.service).values([service_row() | {"id": "1" * 32, "name": told}]),
    )
    for statement in statements:
        with pytest.raises(UnfitText):
            async with shop.write() as connection:
                await connection.execute(statement)
    async with shop.read() as connection:
        assert await name(connection) == "Demo"
