"""What stands in a database made by an earlier release survives the migration to this one, and is as well guarded."""

import sqlite3
from contextlib import closing

import pytest
from alembic import command
from alembic.config import Config
from slotgraph_tests_store_shop import COMPANY, EMPLOYEE, SERVICE, company_row, employee_row, service_row
from sqlalchemy import create_engine

from slotgraph.core.store.migrate import migrate

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
    "created_at": "2026-03-01 00:00:00.000000",
}
BLOCK = {
    "company_id": COMPANY,
    "id": "1" * 32,
    "employee_id": EMPLOYEE,
    "start_minute": 90,
    "end_minute": 140,
    "booking_id": BOOKED,
}


def _made_by(revision, path):
    """A database as the release with this revision left it."""
    config = Config()
    config.set_main_option("script_location", "slotgraph.core:migrations")
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()
    return path


def _insert(connection, table, row):
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(map(str, row.values())))


@pytest.fixture
def old(tmp_path):
    path = _made_by("0001", tmp_path / "slotgraph.db")
    with closing(sqlite3.connect(path)) as connection, connection:
        rows = {"company": company_row(), "employee": employee_row(EMPLOYEE), "service": service_row()}
        for table, row in (rows | {"booking": BOOKING, "block": BLOCK}).items():
            _insert(connection, table, row)
    return path


@pytest.fixture
def connection(old):
    migrate(old)
    with closing(sqlite3.connect(old)) as connection, connection:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        yield connection


def test_companies_bookings_and_blocks_of_0001_are_all_there_after_0002(connection):
    (company,) = connection.execute("SELECT * FROM company")
    assert (company["slug"], company["grid_anchor"]) == ("demo", "AVAILABILITY_START")
    assert [dict(row) for row in connection.execute("SELECT * FROM block")] == [BLOCK | {"expires_at": None}]
    assert BOOKING.items() <= dict(*connection.execute("SELECT * FROM booking")).items()
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_block_of_0001_still_refuses_overlaps_after_0002(connection):
    other = {"id": "2" * 32, "start_minute": 139, "end_minute": 150}
    with pytest.raises(sqlite3.IntegrityError, match=r"^block_overlaps$"):
        _insert(connection, "block", BLOCK | other)
    _insert(connection, "block", BLOCK | other | {"start_minute": 140})
    with pytest.raises(sqlite3.IntegrityError, match=r"^block_overlaps$"):
        connection.execute("UPDATE block SET end_minute = 141 WHERE start_minute = 90")


def test_what_blocks_of_0001_refer_to_is_still_referred_to_after_0002(connection):
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        connection.execute("DELETE FROM booking")
