"""What the doctor says of the database: SQLite files as they may lie there. It never makes, changes or locks one."""

import sqlite3
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from slotgraph_tests_server_doctor_looking import looked, only, states

from slotgraph.core.clock import SystemClock
from slotgraph.core.founding import found_company
from slotgraph.core.store.database import Database
from slotgraph.server.doctor.database import Absent, check_database, check_file_system, look_into
from slotgraph.server.doctor.findings import Finding, State
from slotgraph.server.settings import Settings


def findings(settings):
    found = looked(settings)
    return [found] if isinstance(found, Finding) else list(check_database(found, settings))


@pytest.fixture(autouse=True)
def on_a_local_disk(monkeypatch, tmp_path):
    """Wherever the suite runs."""
    monkeypatch.setattr("slotgraph.server.doctor.database.MOUNTS", tmp_path / "none")


def test_a_database_of_this_release_is_well(installation):
    assert states(findings(installation())) == ["ok"]


@pytest.mark.sqlite
def test_a_file_that_is_not_there_is_not_made(tmp_path):
    settings = Settings(data_folder=str(tmp_path / "data"))
    assert looked(settings) is Absent.NOT_MADE
    assert only(findings(settings)) == ("ok", f"{settings.database_path} is made at the first start.", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.sqlite
async def test_looking_leaves_nothing_behind(installation):
    """Nor does it take away the journal of those who have the file open."""
    settings = installation()
    path = settings.database_path
    assert path is not None

    def beside():
        return {one.name: one.read_bytes() for one in path.parent.iterdir()}

    before = beside()
    findings(settings)
    assert beside() == before
    database = await Database.open(settings.database_url)
    try:
        before = beside()
        assert f"{path.name}-wal" in before
        findings(settings)
        assert beside().keys() == before.keys()
    finally:
        await database.close()
    before = beside()
    assert only(findings(settings))[1].endswith(": write-ahead log, intact.")
    assert beside() == before


@pytest.mark.sqlite
async def test_what_stands_in_the_journal_only_is_seen(installation):
    settings = installation()
    database = await Database.open(settings.database_url)
    try:
        assert not looked(settings).is_in_use
        now = datetime(2026, 11, 20, tzinfo=UTC)
        await found_company(database, "demo", name="Demo", time_zone="Europe/Zurich", locale="en", now=now)
        assert looked(settings).is_in_use
    finally:
        await database.close()


@pytest.mark.sqlite
async def test_somebody_who_writes_is_not_in_the_way(installation):
    settings = installation()
    database = await Database.open(settings.database_url)
    try:
        async with database.write():
            assert states(findings(settings)) == ["ok"]
    finally:
        await database.close()


@pytest.mark.sqlite
def test_a_file_open_to_others_is_a_warning(installation):
    settings = installation()
    settings.database_path.chmod(0o644)
    good, bad = findings(settings)
    assert states([good, bad]) == ["ok", "warn"]
    assert "chmod 600" in bad.cure


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("content", "said"),
    [(b"dear diary" * 1000, "is not a SQLite database"), (b"SQLite format 3\0" * 9, "not a SQLite")],
)
def test_a_file_that_is_no_database_is_a_failure(tmp_path, content, said):
    (tmp_path / "slotgraph.db").write_bytes(content)
    state, sentence, cure = only(findings(Settings(data_folder=str(tmp_path))))
    assert state == "fail"
    assert said in sentence
    assert cure == "Name another file or move it away."


@pytest.mark.sqlite
def test_a_damaged_file_is_a_failure(installation):
    settings = installation()
    path = settings.database_path
    with sqlite3.connect(path) as connection:
        page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'booking'").fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    connection.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    state, sentence, cure = only(findings(settings))
    assert state == "fail"
    assert "is damaged" in sentence
    assert "put back a copy" in cure


@pytest.mark.sqlite
def test_a_large_file_is_not_read_to_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr("slotgraph.core.store.examining.PATIENCE_SECONDS", 0.0)
    with sqlite3.connect(tmp_path / "slotgraph.db") as connection:
        connection.execute(
            "CREATE TABLE t AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n LIMIT 99999) SELECT i FROM n"
        )
    connection.close()
    (tmp_path / "slotgraph.db").chmod(0o600)
    state, sentence, _ = only(findings(Settings(data_folder=str(tmp_path))))
    assert state == "ok"
    assert "not read to its end" in sentence


def test_a_disk_of_another_machine_is_a_warning():
    mounts = "1 0 8:1 / / rw - nfs4 server:/ rw"
    state, _, cure = only(check_file_system(Path("/srv/slotgraph.db"), mounts))
    assert state == "warn"
    assert "PostgreSQL" in cure


def test_postgresql_without_its_driver_is_a_failure_with_the_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    found = look_into(Settings(database="postgresql://me@db/x"), SystemClock())
    assert isinstance(found, Finding)
    assert (found.state, found.cure) == (State.FAIL, "pip install 'slotgraph[postgresql]'")


def test_a_password_file_that_cannot_be_read_is_a_failure(tmp_path):
    settings = Settings(
        data_folder=str(tmp_path), database="postgresql://me@127.0.0.1/x", database_password_file="hunter2"
    )
    state, sentence, _ = only(findings(settings))
    assert state == "fail"
    assert "database_password_file" in sentence
    assert "hunter2" not in sentence


def test_a_server_that_is_not_there_is_a_failure(tmp_path, free_port):
    settings = Settings(data_folder=str(tmp_path), database=f"postgresql://me@127.0.0.1:{free_port}/x")
    state, sentence, cure = only(findings(settings))
    assert state == "fail"
    assert "cannot be reached" in sentence
    assert cure
