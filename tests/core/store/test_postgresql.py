"""What is PostgreSQL's own: writers side by side, waits that end, connections that break, refusals in one sentence."""

import asyncio

import pytest
from slotgraph_tests_core_store_shop import EMPLOYEE, insert_block
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from slotgraph.core import tables
from slotgraph.core.errors import DatabaseBusy, DatabaseUnreachable, SettingError
from slotgraph.core.store.database import Database
from slotgraph.core.store.migrate import current_revision, migrate
from slotgraph.core.store.postgresql import READERS, WRITERS, check_release, is_address, url_from_address
from slotgraph.core.values import Secret

pytestmark = pytest.mark.postgresql


async def scalar(connection, statement):
    return (await connection.execute(text(statement))).scalar_one()


# Addresses and refusals


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_addresses_are_told_from_files(scheme):
    assert is_address(f"{scheme}://me@db/x")
    assert not is_address("sqlite:///postgresql.db")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("postgresql://root:hunter2@db:port/x", "no URL that can be read"),
        ("postgresql://root:hunter2@db", "lacks a host or a name"),
        ("postgresql://root:hunter2@/x", "lacks a host or a name"),
        ("postgresql://root:hunter2@db/x?passfile=hunter2", "not known here"),
        ("postgresql://root:hunter2@db/x?options=-chunter2", "not known here"),
    ],
)
def test_an_address_that_makes_no_sense_is_refused_without_repeating_it(address, words):
    with pytest.raises(SettingError, match=words) as refusal:
        url_from_address(address)
    assert "hunter2" not in str(refusal.value)
    assert refusal.value.__cause__ is None


@pytest.fixture
def locked(cluster):
    """A user who needs a password."""
    cluster.run("CREATE ROLE locked LOGIN PASSWORD 'open sesame'")
    yield "locked"
    cluster.run("DROP ROLE locked")


async def test_a_password_from_elsewhere_opens(cluster, address, locked):
    name = address.partition("?")[0].rpartition("/")[2]
    database = await Database.open(cluster.url(name, user=locked), password=Secret("open sesame"))
    await database.close()


@pytest.mark.parametrize("migrating", [False, True])
@pytest.mark.parametrize(
    ("user", "name", "words"),
    [
        ("locked:hunter2", "postgres", "refuses the user locked or the password"),
        ("locked", "postgres", "refuses the user locked or the password"),
        ("nobody_known:hunter2", "postgres", "refuses the user nobody_known"),
        ("slotgraph:hunter2", "nowhere", "no database nowhere"),
    ],
)
async def test_who_is_not_let_in_reads_why_in_one_sentence(cluster, locked, user, name, words, migrating):
    url = cluster.url(name, user=user)
    with pytest.raises(SettingError, match=words) as refusal:
        await (asyncio.to_thread(migrate, url) if migrating else Database.open(url))
    assert "hunter2" not in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("place", ["127.0.0.1:{port}", "[::1]:{port}", "nowhere.invalid"])
async def test_a_server_that_is_not_there_is_named_without_the_password(free_port, place):
    url = f"postgresql://me:hunter2@{place.format(port=free_port)}/x"
    with pytest.raises(SettingError, match="cannot be reached") as refusal:
        await Database.open(url)
    assert "hunter2" not in str(refusal.value)


def test_a_server_that_is_too_old_is_refused():
    check_release(140_000)
    with pytest.raises(SettingError, match="PostgreSQL 13 is too old; 14 or newer"):
        check_release(130_018)


def test_without_rights_or_the_extension_migrating_says_what_to_do(cluster, new_database):
    url = new_database("new")
    name = url.partition("?")[0].rpartition("/")[2]
    cluster.run("CREATE ROLE guest LOGIN")
    try:
        with pytest.raises(SettingError, match="make it the owner of the database"):
            migrate(cluster.url(name, user="guest"))
        cluster.run(f"ALTER DATABASE {name} SET search_path TO guest")
        cluster.run(f"GRANT CREATE ON DATABASE {name} TO guest")
        cluster.run(f"REVOKE ALL ON DATABASE {name} FROM guest")
        assert current_revision(cluster.url(name)) is None
    finally:
        cluster.run(f"DROP DATABASE {name} WITH (FORCE)")
        cluster.run("DROP ROLE guest")


# Transactions


async def test_a_reader_is_read_only_at_one_snapshot_and_a_writer_reads_what_is_committed(database):
    async with database.read() as reader, database.write() as writer:
        assert await scalar(reader, "SHOW transaction_isolation") == "repeatable read"
        assert await scalar(reader, "SHOW transaction_read_only") == "on"
        assert await scalar(writer, "SHOW transaction_isolation") == "read committed"
        assert await scalar(writer, "SHOW transaction_read_only") == "off"


async def test_a_write_on_the_reader_stays_a_bug_and_is_not_called_a_setting(shop):
    with pytest.raises(DBAPIError, match="read-only"):
        async with shop.read() as connection:
            await connection.execute(update(tables.company).values(name="Mine"))


async def test_nothing_of_a_transaction_outlives_it_on_the_server(database):
    """A pooler may give the connection to somebody else."""
    for _ in range(7):
        async with database.write() as connection:
            assert await scalar(connection, "SHOW lock_timeout") == "5s"
            assert await scalar(connection, "SELECT count(*) FROM pg_prepared_statements") == 0
    async with database.engines.writers.connect() as connection:
        raw = (await connection.get_raw_connection()).driver_connection
        (shown,) = await (await raw.execute("SHOW lock_timeout")).fetchone()
    assert shown == "0"


async def test_writers_run_side_by_side(shop):
    async with shop.write() as one, shop.write() as other:
        await insert_block(one, 1, start=100, end=120)
        await insert_block(other, 2, start=120, end=140)


async def test_waiting_for_anothers_lock_is_bounded(address, shop):
    hurried = await Database.open(address, wait_seconds=0.05)
    change = update(tables.company).values(name="Mine")
    async with shop.write() as first, asyncio.timeout(5):
        await first.execute(change)
        with pytest.raises(DatabaseBusy):
            async with hurried.write() as second:
                await second.execute(change)
    async with hurried.write() as connection:
        await connection.execute(change)
    await hurried.close()


@pytest.mark.parametrize(("side", "size"), [("read", READERS), ("write", WRITERS)])
async def test_waiting_for_a_connection_is_bounded(address, side, size):
    database = await Database.open(address, wait_seconds=0.05)
    begin = getattr(database, side)
    entered = [begin() for _ in range(size)]
    for transaction in entered:
        await transaction.__aenter__()
    with pytest.raises(DatabaseBusy):
        async with begin():
            pass
    for transaction in entered:
        await transaction.__aexit__(None, None, None)
    async with begin():
        pass
    await database.close()


async def test_a_statement_that_takes_too_long_is_ended(database):
    async def sleep():
        async with database.write() as connection:
            await connection.execute(text("SET LOCAL statement_timeout = 20"))
            await connection.execute(text("SELECT pg_sleep(10)"))

    with pytest.raises(DatabaseBusy):
        await sleep()


@pytest.mark.parametrize("cancels", [1, 2])
async def test_a_cancelled_write_rolls_back_and_frees_its_locks(shop, cancels):
    running = asyncio.Event()

    async def write():
        async with shop.write() as connection:
            await connection.execute(update(tables.company).values(name="New"))
            running.set()
            await connection.execute(text("SELECT pg_sleep(20)"))

    task = asyncio.create_task(write())
    await running.wait()
    for _ in range(cancels):
        task.cancel()
        await asyncio.wait([task], timeout=0.01)
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(5), shop.write() as connection:
        await connection.execute(text("SET LOCAL lock_timeout = '4s'"))
        await connection.execute(update(tables.company).values(locale="en"))
        assert (await connection.execute(select(tables.company.c.name))).scalar_one() == "Demo"


# Trouble


async def test_connections_dropped_while_idle_are_replaced(shop, cluster):
    async with shop.read() as reader, shop.write() as writer:
        gone = [await scalar(connection, "SELECT pg_backend_pid()") for connection in (reader, writer)]
    for pid in gone:
        cluster.run("SELECT pg_terminate_backend(%(pid)s, 5000)", {"pid": pid})
    async with shop.read() as reader, shop.write() as writer:
        now = {await scalar(connection, "SELECT pg_backend_pid()") for connection in (reader, writer)}
    assert now.isdisjoint(gone)


async def test_a_connection_that_breaks_inside_a_transaction_is_a_typed_error(shop, cluster):
    async def write():
        async with shop.write() as connection:
            pid = await scalar(connection, "SELECT pg_backend_pid()")
            await connection.execute(update(tables.company).values(name="New"))
            cluster.run("SELECT pg_terminate_backend(%(pid)s, 5000)", {"pid": pid})
            await connection.execute(update(tables.company).values(name="Newer"))

    with pytest.raises(DatabaseUnreachable):
        await write()
    async with shop.read() as connection:
        assert (await connection.execute(select(tables.company.c.name))).scalar_one() == "Demo"


@pytest.mark.parametrize(
    ("state", "error", "words"),
    [
        ("53100", SettingError, "no room left on the disk"),
        ("42501", SettingError, "make it the owner"),
        ("53300", DatabaseBusy, "busy"),
        ("40P01", DatabaseBusy, "busy"),
        ("57P01", DatabaseUnreachable, "cannot be reached"),
    ],
)
async def test_trouble_of_the_server_is_told_in_one_sentence(database, state, error, words):
    raising = f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{state}', MESSAGE = 'hunter2'; END $$"
    with pytest.raises(error, match=words) as refusal:
        async with database.write() as connection:
            await connection.execute(text(raising))
    assert "hunter2" not in str(refusal.value)


async def test_a_block_that_overlaps_leaves_the_rest_of_its_transaction_alive_within_a_savepoint(shop):
    async with shop.write() as connection:
        await insert_block(connection, 1, start=100, end=120)
        with pytest.raises(DBAPIError, match="block_overlaps"):
            async with connection.begin_nested():
                await insert_block(connection, 2, start=110, end=130)
        await insert_block(connection, 3, start=120, end=130)
    async with shop.read() as connection:
        kept = select(tables.block.c.start_minute).where(tables.block.c.employee_id == EMPLOYEE)
        assert sorted(await connection.scalars(kept)) == [100, 120]
