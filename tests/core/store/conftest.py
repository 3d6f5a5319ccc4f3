"""A migrated database for each test, empty or with a shop in it: see shop.py."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
from sqlalchemy import insert

from slotgraph.core import tables
from slotgraph.core.store.engine import Database
from slotgraph.core.store.migrate import migrate

NAME = "slotgraph_tests_store_shop"


def _loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location(NAME, Path(__file__).with_name("shop.py"))
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[NAME] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


shop_rows = _loaded()


@pytest.fixture(scope="module")
def migrated(tmp_path_factory):
    path = tmp_path_factory.mktemp("migrated") / "slotgraph.db"
    migrate(path)
    return path.read_bytes()


@pytest.fixture
async def database(tmp_path, migrated):
    path = tmp_path / "slotgraph.db"
    path.write_bytes(migrated)
    database = await Database.open(path)
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
