"""A migrated database for each test, empty or with a shop in it: see shop.py."""

import pytest
import slotgraph_tests_core_store_shop as shop_rows
from sqlalchemy import insert

from slotgraph.core import tables
from slotgraph.core.store.database import Database


@pytest.fixture
def address(new_database):
    """Where the database of this test is."""
    return new_database("empty")


@pytest.fixture
async def database(address):
    database = await Database.open(address)
    yield database
    await database.close()


@pytest.fixture
async def shop(database):
    async with database.write() as connection:
        await connection.execute(insert(tables.company).values(**shop_rows.company_row()))
        for employee in (shop_rows.EMPLOYEE, shop_rows.OTHER_EMPLOYEE):
            await connection.execute(insert(tables.employee).values(**shop_rows.employee_row(employee)))
        await connection.execute(insert(tables.service).values(**shop_rows.service_row()))
    return database
