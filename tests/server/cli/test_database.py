"""`slotgraph migrate`."""

import pytest
from slotgraph_tests_server_cli_commands import company, done, refused

from slotgraph.core.store.migrate import current_revision, head_revision
from slotgraph.server.settings import read_settings


def test_a_database_is_brought_up_to_this_version_and_again(folder):
    for _ in range(2):
        assert "up to date" in done("migrate")
        assert current_revision(read_settings().database_url) == head_revision()


@pytest.mark.sqlite
def test_a_file_that_is_no_database_is_one_sentence(folder):
    folder.mkdir()
    (folder / "slotgraph.db").write_text("dear diary" * 1000)
    assert "not a SQLite database" in refused("migrate")
    assert "not a SQLite database" in refused("serve")


@pytest.mark.postgresql
def test_the_password_of_a_file_opens_postgresql_for_every_command(folder, cluster, tmp_path, monkeypatch):
    name = read_settings().database.partition("?")[0].rpartition("/")[2]
    file = tmp_path / "password"
    file.touch(mode=0o600)
    file.write_text("wrong\n")
    monkeypatch.setenv("SLOTGRAPH_DATABASE", cluster.url(name, user="locked"))
    monkeypatch.setenv("SLOTGRAPH_DATABASE_PASSWORD_FILE", str(file))
    monkeypatch.setenv("SLOTGRAPH_DATABASE_POOL", "2")
    cluster.run("CREATE ROLE locked LOGIN PASSWORD 'open sesame'")
    cluster.run(f"ALTER DATABASE {name} OWNER TO locked")
    try:
        assert "refuses the user locked or the password" in refused("migrate")
        file.write_text("open sesame\r\n")
        assert "sesame" not in done("migrate")
        assert "salon" in company()
        assert "sesame" not in done("doctor")
    finally:
        cluster.run(f"DROP DATABASE {name} WITH (FORCE)")
        cluster.run("DROP ROLE locked")
