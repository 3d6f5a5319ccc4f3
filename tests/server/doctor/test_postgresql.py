"""What the doctor says of a PostgreSQL server."""

from dataclasses import replace

import pytest
from slotgraph_tests_server_doctor_looking import looked, only, states

from slotgraph.core.store.examining import PostgresqlServer
from slotgraph.server.doctor.database import check_database, check_server
from slotgraph.server.doctor.findings import Finding
from slotgraph.server.settings import Settings

GOOD = PostgresqlServer(
    release=15,
    version="15.6",
    encoding="UTF8",
    has_btree_gist=True,
    may_install_btree_gist=True,
    may_make_tables=True,
    clock_ahead_seconds=0.1,
)


@pytest.mark.parametrize(
    ("found", "state", "said"),
    [
        ({"release": 13}, "fail", "PostgreSQL 13 is too old"),
        ({"encoding": "SQL_ASCII"}, "fail", "SQL_ASCII"),
        ({"has_btree_gist": False, "may_install_btree_gist": False}, "fail", "btree_gist"),
        ({"may_make_tables": False}, "fail", "may make no tables"),
        ({"clock_ahead_seconds": 5.4}, "warn", "5 s apart"),
        ({"clock_ahead_seconds": -61.0}, "warn", "61 s apart"),
    ],
)
def test_what_would_hurt_is_told_one_by_one(found, state, said):
    good, bad = check_server(replace(GOOD, **found))
    assert states([good, bad]) == ["ok", state]
    assert said in bad.sentence


@pytest.mark.parametrize("found", [{"has_btree_gist": False}, {"clock_ahead_seconds": -5.0}, {"release": 14}])
def test_what_does_not_hurt_is_well(found):
    assert states(check_server(replace(GOOD, **found))) == ["ok"]


@pytest.mark.postgresql
def test_a_real_server_is_well(installation):
    for kind in ("new", "empty"):
        settings = installation(kind)
        found = looked(settings)
        assert states(check_database(found, settings)) == ["ok"]
        assert abs(found.kind.clock_ahead_seconds) < 5
        assert found.kind.has_btree_gist is (kind == "empty")


@pytest.mark.postgresql
def test_rights_are_those_of_the_user(cluster, installation):
    name = installation("new").database.partition("?")[0].rpartition("/")[2]
    cluster.run("CREATE ROLE visitor LOGIN")
    try:
        settings = Settings(database=cluster.url(name, user="visitor"))
        found = looked(settings)
        assert not found.kind.may_make_tables
        assert not found.kind.may_install_btree_gist
        assert states(check_database(found, settings)) == ["ok", "fail", "fail"]
    finally:
        cluster.run("DROP ROLE visitor")


@pytest.mark.postgresql
def test_an_encoding_that_holds_not_every_name_is_a_failure(cluster, installation):
    installation("new")
    cluster.run("CREATE DATABASE ascii TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C'")
    try:
        settings = Settings(database=cluster.url("ascii"))
        good, bad = check_database(looked(settings), settings)
        assert states([good, bad]) == ["ok", "fail"]
        assert "SQL_ASCII" in bad.sentence
    finally:
        cluster.run("DROP DATABASE ascii WITH (FORCE)")


@pytest.mark.postgresql
def test_looking_changes_nothing_and_waits_for_nobody_long(cluster, installation):
    """It reads beside those who migrate, and its transaction could not write."""
    settings = installation("empty")
    before = counted(cluster, settings)
    looked(settings)
    assert counted(cluster, settings) == before


def counted(cluster, settings):
    """How many objects the database has."""
    import psycopg

    name = settings.database.partition("?")[0].rpartition("/")[2]
    with psycopg.connect(host=cluster.folder, user="slotgraph", dbname=name) as connection:
        return connection.execute("SELECT count(*) FROM pg_class").fetchone()


@pytest.mark.postgresql
def test_a_refused_login_is_a_failure_without_the_password(cluster, installation, tmp_path):
    name = installation("new").database.partition("?")[0].rpartition("/")[2]
    file = tmp_path / "password"
    file.touch(mode=0o600)
    file.write_text("hunter2\n")
    cluster.run("CREATE ROLE locked LOGIN PASSWORD 'open sesame'")
    settings = Settings(database=cluster.url(name, user="locked"), database_password_file=str(file))
    try:
        found = looked(settings)
        assert isinstance(found, Finding)
        state, sentence, cure = only([found])
        assert state == "fail"
        assert "refuses the user locked or the password" in sentence
        assert "hunter2" not in sentence + cure
        file.write_text("open sesame\r\n")
        assert not isinstance(looked(settings), Finding)
    finally:
        cluster.run("DROP ROLE locked")
