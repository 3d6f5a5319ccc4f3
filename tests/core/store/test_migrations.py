"""What stands in a database made by an earlier release survives the migration to this one, and is as well guarded."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from slotgraph_tests_core_store_catalogue import create, differences
from slotgraph_tests_core_store_shop import AT, COMPANY, EMPLOYEE, SERVICE, company_row, employee_row, service_row
from slotgraph_tests_databases import engine_of
from sqlalchemy import MetaData, insert, select, text
from sqlalchemy.exc import IntegrityError

from slotgraph.core import tables
from slotgraph.core.store.migrate import migrate

FIRST_RELEASE = Path(__file__).with_name("first_release.sql")
BOOKED = "b" * 32
BOOKING = {
    "company_id": COMPANY,
    "id": BOOKED,
    "service_id": SERVICE,
    "start_minute": 100,
    "end_minute": 130,
    "state": "CONFIRMED",
    "cancellation_limit_hours": 24,
    "generation": 0,
    "customer_email": "Mia.MÜLLER@Example.org",
    "created_at": AT,
}
BLOCK = {
    "company_id": COMPANY,
    "id": "1" * 32,
    "employee_id": EMPLOYEE,
    "start_minute": 90,
    "end_minute": 140,
    "booking_id": BOOKED,
}


# The first release


@pytest.fixture
def first_release(tmp_path):
    """Its database, with rows in all its tables."""
    path = tmp_path / "slotgraph.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(FIRST_RELEASE.read_text(encoding="utf-8"))
    return path


def _rows(path):
    """The rows of all tables by name, each as a mapping."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        listed = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'alembic_version'")
        return {name: [dict(row) for row in connection.execute(f'SELECT * FROM "{name}"')] for (name,) in listed}


@pytest.mark.sqlite
def test_a_database_of_the_first_release_keeps_every_value_it_holds(first_release):
    before = _rows(first_release)
    assert len(before) == 21
    assert all(before.values())
    migrate(first_release)
    after = _rows(first_release)
    for table, rows in before.items():
        assert len(after[table]) == len(rows)
        for row, then in zip(rows, after[table], strict=True):
            assert row.items() <= then.items()
    with closing(sqlite3.connect(first_release)) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.sqlite
def test_a_database_of_the_first_release_becomes_one_of_this_release(first_release, new_database):
    migrate(first_release)
    assert differences(str(first_release), create(new_database("new"))) == []


# Rule K1 on the way


def _insert(connection, table, row):
    names, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
    connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), row)


@pytest.fixture
def old(new_database):
    """A database as the release with revision 0001 left it, with a booking."""
    config = Config()
    config.set_main_option("script_location", "slotgraph.core:migrations")
    address = new_database("new")
    engine = engine_of(address)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        then = MetaData()
        then.reflect(connection)
        rows = {"company": company_row(), "employee": employee_row(EMPLOYEE), "service": service_row()}
        for table, row in (rows | {"booking": BOOKING, "block": BLOCK}).items():
            connection.execute(insert(then.tables[table]).values(row))
    engine.dispose()
    return address


@pytest.fixture
def connection(old):
    migrate(old)
    engine = engine_of(old)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.execute(text("PRAGMA foreign_keys = ON"))
        yield connection
    engine.dispose()


def test_companies_bookings_and_blocks_of_0001_are_all_there(connection):
    (company,) = connection.execute(select(tables.company)).mappings()
    assert (company["slug"], company["grid_anchor"]) == ("demo", "AVAILABILITY_START")
    (block,) = connection.execute(select(tables.block)).mappings()
    assert dict(block) == BLOCK | {"expires_at": None, "hold_id": None}
    (booking,) = connection.execute(select(tables.booking)).mappings()
    assert BOOKING.items() <= dict(booking).items()


def test_customers_of_0001_are_found_by_their_address_without_regard_to_case(connection):
    """Rule F4."""
    assert connection.execute(select(tables.booking.c.customer_email_key)).scalar_one() == "mia.müller@example.org"


@pytest.mark.parametrize(("start", "is_free"), [(139, False), (140, True), (80, False)])
def test_a_block_of_0001_still_refuses_overlaps(connection, start, is_free):
    other = BLOCK | {"id": "2" * 32, "start_minute": start, "end_minute": start + 11}
    if is_free:
        _insert(connection, "block", other)
        return
    with pytest.raises(IntegrityError, match="block_overlaps"):
        _insert(connection, "block", other)


def test_a_block_of_0001_cannot_be_moved_over_another(connection):
    _insert(connection, "block", BLOCK | {"id": "2" * 32, "start_minute": 140, "end_minute": 150})
    with pytest.raises(IntegrityError, match="block_overlaps"):
        connection.execute(text("UPDATE block SET end_minute = 141 WHERE start_minute = 90"))


def test_what_blocks_of_0001_refer_to_is_still_referred_to(connection):
    with pytest.raises(IntegrityError, match=r"FOREIGN KEY|foreign key"):
        connection.execute(text("DELETE FROM booking"))
