"""What the doctor says of the tables' revision, on either database."""

import pytest
from slotgraph_tests_server_doctor_looking import looked, only
from sqlalchemy import text

from slotgraph.core.store.database import Database
from slotgraph.server.doctor.database import Absent
from slotgraph.server.doctor.migrations import check_migrations


async def run(settings, *statements):
    database = await Database.open(settings.database_url)
    try:
        async with database.write() as connection:
            for statement in statements:
                await connection.execute(text(statement))
    finally:
        await database.close()


def finding(settings):
    return only(check_migrations(looked(settings)))


def test_tables_of_this_release_are_well(installation):
    assert finding(installation())[0] == "ok"


def test_an_empty_database_is_well(installation):
    settings = installation("new")
    found = check_migrations(looked(settings))
    assert only(found)[0] == "ok"


def test_no_database_is_well_and_one_that_was_not_reached_is_told_once():
    assert only(check_migrations(Absent.NOT_MADE))[0] == "ok"
    assert list(check_migrations(Absent.NOT_REACHED)) == []


async def test_tables_of_an_earlier_release_are_a_warning(installation):
    settings = installation()
    gone = [f'ALTER TABLE "user" DROP COLUMN {name}' for name in ("totp_key_id", "totp_confirmed_at")]
    await run(settings, *gone, "UPDATE alembic_version SET version_num = '0001'")
    state, sentence, cure = finding(settings)
    assert state == "warn"
    assert "0001" in sentence
    assert "slotgraph migrate" in cure


async def test_tables_of_a_newer_release_are_a_failure(installation):
    settings = installation()
    await run(settings, "UPDATE alembic_version SET version_num = '9999'")
    state, sentence, _ = finding(settings)
    assert state == "fail"
    assert "newer release (9999" in sentence


@pytest.mark.parametrize("table", ["diary", "company"])
async def test_tables_of_another_program_are_a_failure(installation, table):
    settings = installation("new")
    await run(settings, f"CREATE TABLE {table} (day text)")
    state, sentence, _ = finding(settings)
    assert state == "fail"
    assert "another program's" in sentence
