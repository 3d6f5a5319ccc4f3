"""The engine's promises: one writer, readers that see only what is committed, bounded waits, plain sentences."""

import asyncio
import gc
import os
import sqlite3
import subprocess
import sys
import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from slotgraph.core import tables
from slotgraph.core.errors import DatabaseBusy, SettingError
from slotgraph.core.store.engine import Database, ServeLock, database_path, is_overlap
from slotgraph.core.store.migrate import migrate

COMPANY, SERVICE, EMPLOYEE, OTHER_EMPLOYEE = ("c" * 32, "5" * 32, "e" * 32, "f" * 32)
AT = datetime(2026, 3, 1, tzinfo=UTC)


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
        await connection.execute(insert(tables.company).values(**_company()))
        for employee in (EMPLOYEE, OTHER_EMPLOYEE):
            await connection.execute(insert(tables.employee).values(**_employee(employee)))
        await connection.execute(insert(tables.service).values(**_service()))
    return database


def _company():
    return {
        "id": COMPANY,
        "slug": "demo",
        "name": "Demo",
        "time_zone": "Europe/Berlin",
        "locale": "de",
        "booking_interval_minutes": 15,
        "exclude_support": False,
        "created_at": AT,
    }


def _employee(employee_id):
    return {
        "company_id": COMPANY,
        "id": employee_id,
        "name": "Room",
        "kind": "RESOURCE",
        "time_zone": "Europe/Berlin",
        "active": True,
        "show_appointments": True,
    }


def _service():
    numbers = dict.fromkeys(
        ("buffer_before_minutes", "buffer_after_minutes", "minimum_notice_minutes", "cancellation_limit_hours"), 0
    )
    names = {"company_id": COMPANY, "id": SERVICE, "name": "Cut", "description": ""}
    return names | numbers | {"duration_minutes": 30, "horizon_days": 60, "active": True}


async def _insert_block(connection, number, *, start, end, employee_id=EMPLOYEE):
    key = {"company_id": COMPANY, "id": f"{number:032x}"}
    booking = {"service_id": SERVICE, "start_minute": start, "end_minute": end, "state": "CONFIRMED"}
    fixed = {"cancellation_limit_hours": 0, "generation": 0, "created_at": AT}
    await connection.execute(insert(tables.booking).values(**key, **booking, **fixed))
    block = {"employee_id": employee_id, "start_minute": start, "end_minute": end, "booking_id": key["id"]}
    await connection.execute(insert(tables.block).values(**key, **block))


async def _is_free(connection, *, start, end):
    block = tables.block.c
    taken = select(block.id).where(block.employee_id == EMPLOYEE, block.start_minute < end, block.end_minute > start)
    return (await connection.execute(taken)).first() is None


async def _count(database, table):
    async with database.read() as connection:
        return (await connection.execute(select(func.count()).select_from(table))).scalar_one()


# Opening


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
        ("postgresql://root:hunter2@db/x", "PostgreSQL comes with a later release"),
        ("postgresql+psycopg://root:hunter2@db:port/x", "PostgreSQL comes with a later release"),
        ("postgres://root:hunter2@db/x", "PostgreSQL comes with a later release"),
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
    await asyncio.gather(
        *(_count(database, tables.metadata.tables["company"]) for _ in range(3)), return_exceptions=True
    )
    await database.close()
    del database
    gc.collect()  # a connection left open would warn here, and warnings are errors
    assert [entry.name for entry in tmp_path.iterdir()] == ["slotgraph.db"]


# Transactions


async def test_a_reader_cannot_write(shop):
    async with shop.read() as connection:
        with pytest.raises(DBAPIError, match="readonly"):
            await connection.execute(update(tables.company).values(name="Mine"))


async def test_a_write_on_the_reader_stays_a_bug_and_is_not_called_a_setting(shop):
    with pytest.raises(DBAPIError, match="readonly"):
        async with shop.read() as connection:
            await connection.execute(update(tables.company).values(name="Mine"))


async def test_a_reader_sees_committed_data_only_and_one_state_of_it(shop):
    async def name(connection):
        return (await connection.execute(select(tables.company.c.name))).scalar_one()

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
            await connection.exec_driver_sql("CREATE TABLE thing (id INTEGER)")
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    async with shop.read() as connection:
        assert (await connection.execute(select(tables.company.c.name))).scalar_one() == "Demo"
        assert (await connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'thing'")).first() is None


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


async def test_a_failed_reference_is_refused(shop):
    with pytest.raises(IntegrityError) as refusal:
        async with shop.write() as connection:
            await connection.execute(insert(tables.employee).values(**_employee("a" * 32) | {"company_id": "0" * 32}))
    assert not is_overlap(refusal.value)


async def test_errors_do_not_quote_parameters(shop):
    with pytest.raises(IntegrityError) as refusal:
        async with shop.write() as connection:
            await connection.execute(insert(tables.company).values(**_company() | {"name": "hunter2"}))
    assert "hunter2" not in str(refusal.value)


# Waiting and trouble


async def test_waiting_for_the_writer_is_bounded(tmp_path):
    database = await Database.open(tmp_path / "slotgraph.db", wait_seconds=0.05)
    async with database.write(), asyncio.timeout(5):
        with pytest.raises(DatabaseBusy):
            async with database.write():
                pass
    async with database.write():
        pass
    await database.close()


async def test_waiting_for_another_process_is_bounded(tmp_path):
    database = await Database.open(tmp_path / "slotgraph.db", wait_seconds=0.05)
    other = sqlite3.connect(database.path, isolation_level=None)
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


async def test_the_driver_does_not_log_parameters(shop, caplog):
    caplog.set_level("DEBUG")
    async with shop.write() as connection:
        await connection.execute(update(tables.company).values(name="hunter2"))
    assert "hunter2" not in caplog.text


# Overlaps (rule K1)


@pytest.mark.parametrize(("start", "end"), [(90, 110), (110, 130), (100, 120), (90, 130), (105, 106)])
async def test_an_overlapping_block_is_refused_and_recognised(shop, start, end):
    async with shop.write() as connection:
        await _insert_block(connection, 1, start=100, end=120)
    with pytest.raises(IntegrityError) as refusal:
        async with shop.write() as connection:
            await _insert_block(connection, 2, start=start, end=end)
    assert is_overlap(refusal.value)
    assert await _count(shop, tables.booking) == 1


async def test_blocks_may_meet_and_other_employees_are_free(shop):
    async with shop.write() as connection:
        await _insert_block(connection, 1, start=100, end=120)
        await _insert_block(connection, 2, start=120, end=140)
        await _insert_block(connection, 3, start=80, end=100)
        await _insert_block(connection, 4, start=100, end=120, employee_id=OTHER_EMPLOYEE)
    assert await _count(shop, tables.block) == 4


async def test_a_block_may_move_over_its_own_place_but_not_over_another(shop):
    def move(number, **values):
        return update(tables.block).where(tables.block.c.id == f"{number:032x}").values(**values)

    async with shop.write() as connection:
        await _insert_block(connection, 1, start=100, end=120)
        await _insert_block(connection, 2, start=140, end=160)
        await _insert_block(connection, 3, start=140, end=160, employee_id=OTHER_EMPLOYEE)
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
            await _insert_block(connection, 1, start=100, end=100)
    assert not is_overlap(refusal.value)


async def _race(database, *, racer):
    """Twelve racers for overlapping spans; how many got in, and what the others were told."""
    outcomes = await asyncio.gather(*(racer(database, number) for number in range(1, 13)), return_exceptions=True)
    failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert all(isinstance(failure, IntegrityError) and is_overlap(failure) for failure in failures)
    return await _count(database, tables.block)


async def _check_then_insert(database, number):
    async with database.write() as connection:
        if await _is_free(connection, start=100 + number, end=130 + number):
            await _insert_block(connection, number, start=100 + number, end=130 + number)


async def _check_on_the_reader_then_insert(database, number):
    async with database.read() as connection:
        free = await _is_free(connection, start=100 + number, end=130 + number)
    if free:
        async with database.write() as connection:
            await _insert_block(connection, number, start=100 + number, end=130 + number)


@pytest.mark.parametrize("racer", [_check_then_insert, _check_on_the_reader_then_insert])
async def test_of_twelve_racers_exactly_one_gets_the_time(shop, racer):
    assert await _race(shop, racer=racer) == 1


async def test_racers_on_two_databases_of_one_file_share_the_one_time(shop):
    twin = await Database.open(shop.path)
    try:

        async def racer(database, number):
            await _check_then_insert(twin if number % 2 else database, number)

        assert await _race(shop, racer=racer) == 1
    finally:
        await twin.close()


async def test_without_the_trigger_a_stale_check_lets_several_in(shop):
    """The mutant: it shows that the race above is one."""
    async with shop.write() as connection:
        await connection.exec_driver_sql("DROP TRIGGER block_no_overlap_insert")
    assert await _race(shop, racer=_check_on_the_reader_then_insert) > 1


# The lock of serve


def test_a_second_server_on_one_file_is_refused_with_a_way_out(tmp_path):
    path = tmp_path / "slotgraph.db"
    with ServeLock(path):
        with pytest.raises(SettingError, match="PostgreSQL"):
            ServeLock(f"sqlite:///{path}").take()
        with ServeLock(tmp_path / "other.db"):
            pass
    with ServeLock(path):
        pass
    assert (tmp_path / "slotgraph.db.lock").stat().st_mode & 0o777 == 0o600


def test_the_lock_ends_with_its_process(tmp_path):
    path = tmp_path / "slotgraph.db"
    holder = "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.flock(f, fcntl.LOCK_EX); print('held', flush=True); input()"
    command = [sys.executable, "-IS", "-c", holder, f"{path}.lock"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(SettingError, match="PostgreSQL"):
            ServeLock(path).take()
        process.kill()
        process.wait()
        with ServeLock(path):
            pass
