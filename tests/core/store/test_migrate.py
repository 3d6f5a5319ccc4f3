"""The migrated database is the one that `tables` describes, and nothing is migrated by halves."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest
from slotgraph_tests_core_store_catalogue import create, differences, names, revision, run
from slotgraph_tests_databases import stored

from slotgraph.core import tables
from slotgraph.core.errors import SettingError
from slotgraph.core.store.migrate import current_revision, head_revision, migrate

DAMAGES = {
    "a rule against overlaps": (
        "DROP TRIGGER block_no_overlap_update",
        "ALTER TABLE block DROP CONSTRAINT block_overlaps",
    ),
    "a rule against overlaps with a way out": (
        "CREATE TRIGGER block_no_overlap_insert BEFORE INSERT ON block WHEN NEW.booking_id IS NULL BEGIN SELECT 1; END",
        "ALTER TABLE block ADD CONSTRAINT block_overlaps EXCLUDE USING gist (company_id WITH =, employee_id WITH =, "
        "int8range(start_minute, end_minute) WITH &&) WHERE (booking_id IS NOT NULL)",
    ),
    "a check": (
        "CONSTRAINT ck_block_booking_or_hold CHECK ((booking_id IS NULL) <> (expires_at IS NULL))",
        "ALTER TABLE block DROP CONSTRAINT ck_block_booking_or_hold",
    ),
    "a reference": (
        "CONSTRAINT fk_attendance_company_id_booking_id FOREIGN KEY(company_id, booking_id) "
        "REFERENCES booking (company_id, id)",
        "ALTER TABLE attendance DROP CONSTRAINT fk_attendance_company_id_booking_id",
    ),
    "what happens to a reference": (
        " ON DELETE CASCADE",
        "ALTER TABLE availability DROP CONSTRAINT fk_availability_company_id_employee_id; "
        "ALTER TABLE availability ADD CONSTRAINT fk_availability_company_id_employee_id FOREIGN KEY (company_id, employee_id) "
        "REFERENCES employee (company_id, id)",
    ),
    "uniqueness": (
        "CREATE UNIQUE INDEX uq_company_name ON company (name)",  # SQLite has no way to take one out of a table
        'ALTER TABLE "user" DROP CONSTRAINT uq_user_email',
    ),
    "an index": ("DROP INDEX ix_outbox_due", "DROP INDEX ix_outbox_due"),
    "the columns of an index": (
        "CREATE INDEX ix_outbox_due ON outbox (next_attempt_at, state)",
        "CREATE INDEX ix_outbox_due ON outbox (next_attempt_at, state)",
    ),
    "a default": (
        " DEFAULT 'AVAILABILITY_START'",
        "ALTER TABLE company ALTER COLUMN grid_anchor DROP DEFAULT",
    ),
}
REMOVED_BEFORE = {
    "a rule against overlaps with a way out": (
        "DROP TRIGGER block_no_overlap_insert",
        "ALTER TABLE block DROP CONSTRAINT block_overlaps",
    ),
    "the columns of an index": ("DROP INDEX ix_outbox_due", "DROP INDEX ix_outbox_due"),
}


@pytest.fixture
def address(new_database):
    """A migrated database."""
    return new_database("empty")


@pytest.fixture
def created(new_database):
    """A database made from `tables` as they are."""
    return create(new_database("new"))


def test_models_migrations_and_the_live_catalogue_are_the_same_to_the_letter(address, created):
    assert differences(address, created) == []


def _damage(address, on_sqlite, on_postgresql):
    if address.startswith("postgresql:"):
        run(address, *on_postgresql.split("; "))
    elif on_sqlite.split()[0] in ("DROP", "CREATE"):
        run(address, on_sqlite)
    else:  # SQLite cannot drop a constraint: it is taken out of the statement that made the table
        run(
            address,
            "PRAGMA writable_schema = ON",
            f"""UPDATE sqlite_master SET sql = replace(replace(sql, ', ' || char(10) || char(9) || '{_quoted(on_sqlite)}', ''),
            '{_quoted(on_sqlite)}', '') WHERE type = 'table'""",
        )


def _quoted(words):
    return words.replace("'", "''")


@pytest.mark.parametrize("what", DAMAGES)
def test_what_is_missing_or_other_is_found(address, created, what):
    for damages in (REMOVED_BEFORE, DAMAGES):
        if what in damages:
            _damage(address, *damages[what])
    assert differences(address, created) != []


def test_every_company_owned_key_begins_with_the_company():
    owned = [table for table in tables.metadata.sorted_tables if table.name not in tables.GLOBAL_TABLES]
    assert owned
    assert {next(iter(table.primary_key)).name for table in owned} == {"company_id"}


def test_a_migrated_database_is_at_the_head_and_stays_there(new_database):
    address = new_database("new")
    assert current_revision(address) is None
    migrate(address)
    before = stored(address)
    migrate(address)
    assert current_revision(address) == head_revision() == revision(address) == "0004"
    assert stored(address) == before


@pytest.mark.sqlite
def test_a_new_file_is_for_its_owner_only_and_asking_for_the_revision_makes_none(tmp_path):
    path = tmp_path / "100% ours" / "slotgraph.db"
    assert current_revision(path) is None
    assert not path.exists()
    migrate(f"sqlite:///{path}")
    assert path.stat().st_mode & 0o777 == 0o600


MIGRATING = """
import sys
from slotgraph.core.store.migrate import head_revision, migrate
print(head_revision(), flush=True)  # everything is loaded
sys.stdin.read()
migrate(sys.argv[1])
"""


def test_three_processes_that_migrate_at_once_all_find_it_done(new_database):
    address = new_database("new")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    running = [subprocess.Popen([sys.executable, "-c", MIGRATING, address], **pipes) for _ in range(3)]
    for process in running:
        assert process.stdout.readline().decode().strip() == head_revision()
    for process in running:
        process.stdin.close()
    said = [(process.stdout.read().decode(), process.wait(60)) for process in running]
    for process in running:
        process.stdout.close()
    assert said == [("", 0)] * 3
    assert current_revision(address) == head_revision()


def test_a_newer_database_is_refused_and_left_alone(address):
    revision(address, "9999")
    before = stored(address)
    with pytest.raises(SettingError, match="newer SlotGraph"):
        migrate(address)
    assert stored(address) == before


def test_another_programs_database_is_refused_and_left_alone(new_database):
    address = new_database("new")
    run(address, 'CREATE TABLE "user" (id INTEGER)')
    with pytest.raises(SettingError, match="another program's"):
        migrate(address)
    assert names(address) == {"user"}


@pytest.mark.postgresql
def test_another_programs_tables_in_a_schema_of_their_own_are_none_of_our_business(new_database):
    address = new_database("new")
    run(address, "CREATE SCHEMA blog", "CREATE TABLE blog.user (id INTEGER)")
    migrate(address)
    assert current_revision(address) == head_revision()


@pytest.mark.sqlite
def test_a_file_that_is_no_database_is_refused(tmp_path):
    path = tmp_path / "letter.txt"
    path.write_bytes(b"Dear reader, " * 400)
    for ask in (migrate, current_revision):
        with pytest.raises(SettingError, match="not a SQLite database"):
            ask(path)


def test_a_migration_that_fails_half_way_leaves_nothing(new_database):
    address = new_database("new")
    run(address, "CREATE VIEW outbox AS SELECT 1 AS x")  # in the way of a table that is made late
    with pytest.raises(Exception, match="outbox"):
        migrate(address)
    assert names(address) == {"outbox"}


def test_migrating_says_nothing(new_database, caplog, capfd):
    address = new_database("new")
    caplog.set_level(logging.DEBUG, logger="")
    migrate(address)
    assert [record for record in caplog.records if record.name.startswith(("alembic", "psycopg"))] == []
    assert capfd.readouterr() == ("", "")


def test_released_migrations_are_numbered_in_one_line():
    versions = Path(tables.__file__).parents[1] / "migrations" / "versions"
    numbers = sorted(path.name[:4] for path in versions.glob("0*.py"))
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]
