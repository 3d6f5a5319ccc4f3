"""What the doctor says of keys (rule F3) and second factors, on either database."""

from datetime import UTC, datetime

import pytest
from slotgraph_tests_server_doctor_looking import looked, only
from sqlalchemy import insert

from slotgraph.core import tables
from slotgraph.core.founding import found_company
from slotgraph.core.store.database import Database
from slotgraph.core.vault import Vault
from slotgraph.server.doctor.database import Absent
from slotgraph.server.doctor.keys import check_keys
from slotgraph.server.doctor.logins import check_second_factor

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def finding(settings):
    return only(check_keys(looked(settings), settings))


async def with_database(settings, do):
    database = await Database.open(settings.database_url)
    try:
        return await do(database)
    finally:
        await database.close()


async def found(settings):
    """Make a company, so that the database is in use."""

    async def do(database):
        await found_company(database, "demo", name="Demo", time_zone="Europe/Zurich", locale="en", now=NOW)

    await with_database(settings, do)


async def add_users(settings, *users):
    """Each (is_support, role in the company or None, key id of a confirmed second factor or None)."""

    async def do(database):
        async with database.write() as connection:
            company = (await connection.execute(tables.company.select())).first()
            for number, (is_support, role, key_id) in enumerate(users):
                user = f"{number:032x}"
                sealed = {"totp_key_id": key_id, "totp_sealed": b"sealed", "totp_confirmed_at": NOW} if key_id else {}
                row = {"id": user, "email": f"u{number}@demo.example", "password_hash": "", "is_support": is_support}
                await connection.execute(insert(tables.user).values(**row, created_at=NOW, **sealed))
                if role:
                    member = {"company_id": company.id, "id": user, "user_id": user, "role": role}
                    await connection.execute(insert(tables.member).values(**member))

    await with_database(settings, do)


def test_no_key_and_nothing_in_use_is_well_and_none_is_made(installation):
    settings = installation()
    assert finding(settings) == ("ok", f"{settings.key_path} is made at the first start.", "")
    assert only(check_keys(Absent.NOT_MADE, settings))[0] == "ok"
    assert not settings.key_path.exists()


async def test_no_key_for_a_database_in_use_is_a_failure(installation):
    settings = installation()
    await found(settings)
    state, sentence, cure = finding(settings)
    assert state == "fail"
    assert "is missing" in sentence
    assert "Put back a copy" in cure


async def test_no_key_over_sealed_rows_is_a_failure(installation):
    settings = installation()
    await add_users(settings, (True, None, "kabc"))
    assert finding(settings)[0] == "fail"


def test_no_key_while_the_database_is_away_is_a_warning(installation):
    assert only(check_keys(Absent.NOT_REACHED, installation()))[0] == "warn"


async def test_a_key_file_that_has_every_key_in_use_is_well(installation):
    settings = installation()
    key_id = Vault.create(settings.key_path).seal("c", "a", {}).key_id
    await add_users(settings, (True, None, key_id))
    state, sentence, _ = finding(settings)
    assert state == "ok"
    assert "every key in use" in sentence


async def test_a_key_in_use_that_is_not_in_the_file_is_a_failure(installation):
    settings = installation()
    Vault.create(settings.key_path)
    await add_users(settings, (True, None, "kabc"))
    state, sentence, cure = finding(settings)
    assert state == "fail"
    assert "kabc" in sentence
    assert "Put back a copy" in cure


@pytest.mark.parametrize(
    ("content", "mode", "said"),
    [("k1:AAAA\n", 0o600, "wrong in line 1"), ("", 0o600, "lacks a key"), ("", 0o640, "open to others")],
)
def test_a_key_file_that_is_damaged_or_open_is_a_failure(installation, content, mode, said):
    settings = installation()
    settings.key_path.write_text(content)
    settings.key_path.chmod(mode)
    state, sentence, _ = finding(settings)
    assert state == "fail"
    assert said in sentence
    assert "AAAA" not in sentence


USERS = [
    (False, "OWNER", None),
    (False, "OWNER", "kabc"),
    (True, None, None),
    (False, "ADMIN", None),
    (False, "STAFF", None),
]


async def test_owners_and_agents_without_a_second_factor_are_counted(installation):
    settings = installation(require_second_factor=True)
    await found(settings)
    await add_users(settings, *USERS)
    state, sentence, _ = only(check_second_factor(looked(settings), settings))
    assert (state, sentence) == ("warn", "2 owners and support agents have no second factor.")


async def test_a_second_factor_for_everybody_who_must_is_well(installation):
    settings = installation(require_second_factor=True)
    await found(settings)
    await add_users(settings, USERS[1], USERS[3])
    assert only(check_second_factor(looked(settings), settings))[0] == "ok"


async def test_where_nobody_must_nobody_is_counted(installation):
    settings = installation()
    await found(settings)
    await add_users(settings, *USERS)
    assert list(check_second_factor(looked(settings), settings)) == []
