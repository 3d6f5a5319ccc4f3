"""What is SQLite's own: one file for its owner only, durable connections, one writer, plain sentences about files and disks."""

import asyncio
import gc
import os
import sqlite3
import subprocess
import sys
import threading

import pytest
from slotgraph_tests_core_store_shop import count
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from slotgraph.core import tables
from slotgraph.core.errors import DatabaseBusy, SettingError
from slotgraph.core.store.database import Database
from slotgraph.core.store.sqlite import database_path

pytestmark = pytest.mark.sqlite


@pytest.mark.parametrize("prefix", ["", "sqlite:///", "sqlite+aiosqlite:///"])
async def test_a_missing_folder_and_file_are_made_for_their_owner_only(tmp_path, prefix):
    path = tmp_path / "new folder" / "100%.db"
    database = await Database.open(f"{prefix}{path}")
    async with database.write() as connection:
        await connection.exec_driver_sql("CREATE TABLE thing (id INTEGER)")
    modes = {entry.name: entry.stat().st_mode & 0o777 for entry in path.parent.iterdir()}
    assert modes == {"100%.db": 0o600, "100%.db-wal": 0o600, "100%.db-shm": 0o600}
    assert path.parent.stat().st_mode & 0o777 == 0o700
    await database.close()


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (":memory:", "in memory"),
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("", "in memory"),
        ("sqlite:///file:x?mode=memory&uri=true", "without options"),
        ("file:x?mode=memory", "sqlite:///path"),
        ("sqlite:x.db", "sqlite:///path"),
        ("mysql://root:hunter2@db/x", "SQLite file"),
        ("mysql://root:hunter2@db:port/x", "sqlite:///path"),
    ],
)
def test_anything_but_a_sqlite_file_is_refused_without_repeating_it(address, words):
    with pytest.raises(SettingError, match=words) as refusal:
        database_path(address)
    assert "hunter2" not in str(refusal.value)


async def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "letter.txt"
    path.write_bytes(b"Dear reader, " * 400)
    with pytest.raises(SettingError, match="is not a SQLite database"):
        await Database.open(path)
    assert path.read_bytes() == b"Dear reader, " * 400


async def test_a_place_that_cannot_be_written_is_named_in_one_sentence(tmp_path):
    file = tmp_path / "file"
    file.touch()
    for path in (file / "below.db", tmp_path):
        with pytest.raises(SettingError, match="cannot be opened for writing") as refusal:
            await Database.open(path)
        assert str(path) in str(refusal.value)
        assert "\n" not in str(refusal.value)


@pytest.fixture
def closed_folder(tmp_path):
    """A folder this process may not write into, root or not."""
    tmp_path.chmod(0o500)
    was_root = os.geteuid() == 0
    if was_root:
        os.seteuid(65534)
    yield tmp_path
    if was_root:
        os.seteuid(0)
    tmp_path.chmod(0o700)


async def test_a_folder_without_rights_is_named_in_one_sentence(closed_folder):
    with pytest.raises(SettingError, match="Permission denied"):
        await Database.open(closed_folder / "slotgraph.db")


async def test_connections_are_durable_and_keep_references(database):
    async def pragma(connection, name):
        return (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar_one()

    async with database.write() as writer, database.read() as reader:
        assert await pragma(writer, "synchronous") == 2
        assert await pragma(writer, "journal_mode") == "wal"
        for connection, query_only in ((writer, 0), (reader, 1)):
            assert await pragma(connection, "query_only") == query_only
            assert await pragma(connection, "foreign_keys") == 1
            assert await pragma(connection, "busy_timeout") == 5000


async def test_closing_leaves_one_file_and_no_open_connection(tmp_path):
    path = tmp_path / "slotgraph.db"
    database = await Database.open(path)
    async with database.write() as connection:
        await connection.exec_driver_sql("CREATE TABLE thing (id INTEGER)")
    await asyncio.gather(*(count(database, tables.company) for _ in range(3)), return_exceptions=True)
    await database.close()
    del database
    gc.collect()  # a connection left open would warn here, and warnings are errors
    assert [entry.name for entry in tmp_path.iterdir()] == ["slotgraph.db"]


async def test_a_write_on_the_reader_stays_a_bug_and_is_not_called_a_setting(shop):
    with pytest.raises(DBAPIError, match="readonly"):
        async with shop.read() as connection:
            await connection.execute(update(tables.company).values(name="Mine"))


@pytest.mark.parametrize("cancels", [1, 2])
async def test_a_cancelled_write_rolls_back_and_frees_the_writer(shop, cancels):
    running, go_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def wait_inside():
        loop.call_soon_threadsafe(running.set)
        return go_on.wait(10)

    async def write():
        async with shop.write() as connection:
            await connection.execute(update(tables.company).values(name="New"))
            driver = (await connection.get_raw_connection()).driver_connection
            await driver.create_function("wait_inside", 0, wait_inside)
            await connection.exec_driver_sql("SELECT wait_inside()")

    task = asyncio.create_task(write())
    await running.wait()
    for _ in range(cancels):
        task.cancel()
        await asyncio.wait([task], timeout=0.01)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with shop.write() as connection:
        assert (await connection.execute(select(tables.company.c.name))).scalar_one() == "Demo"


async def test_waiting_for_the_one_writer_is_bounded(tmp_path):
    database = await Database.open(tmp_path / "slotgraph.db", wait_seconds=0.05)
    async with database.write(), asyncio.timeout(5):
        with pytest.raises(DatabaseBusy):
            async with database.write():
                pass
    async with database.write():
        pass
    await database.close()


async def test_waiting_for_another_process_is_bounded(tmp_path):
    path = tmp_path / "slotgraph.db"
    database = await Database.open(path, wait_seconds=0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseBusy):
        async with database.write():
            pass
    other.execute("ROLLBACK")
    other.close()
    async with database.write():
        pass
    await database.close()


async def test_a_full_disk_refuses_writes_in_one_sentence_and_keeps_reads(shop):
    async def write_much():
        async with shop.write() as connection:
            await connection.exec_driver_sql("PRAGMA max_page_count = 1")  # SQLite takes the present size instead
            await connection.execute(update(tables.company).values(name="x" * 200_000))

    with pytest.raises(SettingError, match="no room left"):
        await write_much()
    async with shop.read() as connection:
        assert (await connection.execute(select(tables.company.c.name))).scalar_one() == "Demo"


WITHOUT_PSYCOPG = """
import asyncio, sys
from slotgraph.core.errors import SettingError
from slotgraph.core.store.database import Database
assert "psycopg" not in sys.modules
sys.modules["psycopg"] = None
try:
    asyncio.run(Database.open("postgresql://me:hunter2@db/x"))
except SettingError as error:
    print(error)
"""


def test_postgresql_is_an_extra_that_is_loaded_when_it_is_asked_for_and_named_when_it_is_missing():
    done = subprocess.run([sys.executable, "-c", WITHOUT_PSYCOPG], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("PostgreSQL needs an extra: pip install slotgraph[postgresql].\n", "")
