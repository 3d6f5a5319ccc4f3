"""The migrated database is the one that `tables` describes, and nothing is migrated by halves."""

import logging
import re
import sqlite3
import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from slotgraph.core import tables
from slotgraph.core.errors import SettingError
from slotgraph.core.store.migrate import current_revision, head_revision, migrate


@pytest.fixture(scope="module")
def migrated(tmp_path_factory):
    path = tmp_path_factory.mktemp("migrated") / "100% ours" / "slotgraph.db"
    migrate(path)
    return path


_BREAK = re.compile(r"\n|, (?=\w)(?![^()]*\))")
"""A line's end, and the comma before a column that SQLite added within a line."""


def _catalogue(path, kind):
    """The objects of a kind by name, each as the sorted lines of its statement."""
    connection = sqlite3.connect(path)
    rows = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = ? AND sql IS NOT NULL", (kind,)
    ).fetchall()
    connection.close()
    return {name: sorted(line.strip(" \t,") for line in _BREAK.split(sql)) for name, sql in rows}


def _columns(path, table):
    connection = sqlite3.connect(path)
    rows = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
    connection.close()
    return rows


def _created(path):
    engine = create_engine(f"sqlite:///{path}")
    tables.metadata.create_all(engine)
    engine.dispose()
    return path


def test_alembic_finds_no_difference_to_the_tables(migrated):
    engine = create_engine(f"sqlite:///{migrated}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, tables.metadata) == []
    engine.dispose()


def test_tables_keys_checks_and_indexes_are_the_same_to_the_letter(migrated, tmp_path):
    created = _created(tmp_path / "created.db")
    made = _catalogue(migrated, "table")
    assert made.pop("alembic_version")
    assert made == _catalogue(created, "table")
    assert _catalogue(migrated, "index") == _catalogue(created, "index")
    for table in made:
        assert _columns(migrated, table) == _columns(created, table)


def test_the_triggers_against_overlaps_are_there_without_a_condition_to_escape(migrated):
    triggers = {name: " ".join(lines) for name, lines in _catalogue(migrated, "trigger").items()}
    assert triggers.keys() == {"block_no_overlap_insert", "block_no_overlap_update"}
    for name, occasion in (("block_no_overlap_insert", "INSERT"), ("block_no_overlap_update", "UPDATE")):
        assert f"BEFORE {occasion} ON block WHEN" in triggers[name]
        assert f"RAISE(ABORT, '{tables.BLOCK_OVERLAPS}')" in triggers[name]


def test_every_company_owned_key_begins_with_the_company():
    owned = [table for table in tables.metadata.sorted_tables if table.name not in tables.GLOBAL_TABLES]
    assert owned
    assert {next(iter(table.primary_key)).name for table in owned} == {"company_id"}


def test_a_migrated_database_is_at_the_head_and_stays_there(tmp_path):
    path = tmp_path / "slotgraph.db"
    assert current_revision(path) is None
    assert not path.exists()
    migrate(f"sqlite:///{path}")
    before = path.read_bytes()
    migrate(path)
    assert current_revision(path) == head_revision() == "0003"
    assert path.read_bytes() == before
    assert path.stat().st_mode & 0o777 == 0o600


def test_two_that_migrate_at_once_both_find_it_done(tmp_path):
    path, failures = tmp_path / "slotgraph.db", []

    def run():
        try:
            migrate(path)
        except SettingError as error:
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert current_revision(path) == head_revision()


def test_a_newer_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "slotgraph.db"
    migrate(path)
    _run(path, "UPDATE alembic_version SET version_num = '9999'")
    before = path.read_bytes()
    with pytest.raises(SettingError, match="newer SlotGraph"):
        migrate(path)
    assert path.read_bytes() == before


def test_another_programs_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "wordpress.db"
    _run(path, "CREATE TABLE user (id INTEGER)")
    before = path.read_bytes()
    with pytest.raises(SettingError, match="another program's"):
        migrate(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused(tmp_path):
    path = tmp_path / "letter.txt"
    path.write_bytes(b"Dear reader, " * 400)
    for ask in (migrate, current_revision):
        with pytest.raises(SettingError, match="not a SQLite database"):
            ask(path)


def test_a_migration_that_fails_half_way_leaves_nothing(tmp_path):
    path = tmp_path / "slotgraph.db"
    _run(path, "CREATE VIEW outbox AS SELECT 1")  # in the way of a table that is made late
    with pytest.raises(Exception, match="outbox"):
        migrate(path)
    assert _catalogue(path, "table") == {}


def test_migrating_says_nothing(tmp_path, caplog, capfd):
    caplog.set_level(logging.DEBUG, logger="")
    migrate(tmp_path / "slotgraph.db")
    assert [record for record in caplog.records if record.name.startswith("alembic")] == []
    assert capfd.readouterr() == ("", "")


def _run(path, statement):
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()
