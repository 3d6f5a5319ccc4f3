"""Settings: where they come from, what is refused and how, and that their page is current."""

from pathlib import Path

import pytest

from slotgraph.core.errors import SettingError
from slotgraph.server.settings import Settings, describe_settings, read_settings, read_sourced

ROOT = Path(__file__).parents[2]


def refusal(variables: dict[str, str] | None = None, *, config: Path | None = None) -> str:
    with pytest.raises(SettingError) as caught:
        read_settings(config, environ=variables or {})
    return str(caught.value)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "slotgraph.toml"


def test_nothing_set_gives_the_defaults() -> None:
    assert read_settings(environ={"PATH": "/bin"}) == Settings()


def test_environment_wins_over_file(config: Path) -> None:
    config.write_text('port = 8123\nlog_format = "json"\n')
    settings = read_settings(config, environ={"SLOTGRAPH_PORT": "9000"})
    assert (settings.port, settings.log_format) == (9000, "json")


def test_file_is_named_by_variable_and_option_wins(config: Path, tmp_path: Path) -> None:
    config.write_text("port = 8123\n")
    other = tmp_path / "other.toml"
    other.write_text("port = 8124\n")
    environ = {"SLOTGRAPH_CONFIG": str(config)}
    assert read_settings(environ=environ).port == 8123
    assert read_settings(other, environ=environ).port == 8124


@pytest.mark.parametrize(
    ("variable", "text", "name", "value"),
    [
        ("SLOTGRAPH_DEVELOPMENT", "Yes", "development", True),
        ("SLOTGRAPH_DEVELOPMENT", "0", "development", False),
        ("SLOTGRAPH_LOG_LEVEL", "WARNING", "log_level", "warning"),
        ("SLOTGRAPH_ALLOW_PRIVATE_ADDRESSES", "true", "allow_private_addresses", True),
        ("SLOTGRAPH_ALLOW_PRIVATE_ADDRESSES", "10.0.0.0/8, ::1", "allow_private_addresses", ("10.0.0.0/8", "::1")),
        ("SLOTGRAPH_TRUSTED_PROXIES", "10.0.0.0/8, ::1", "trusted_proxies", ("10.0.0.0/8", "::1")),
        ("SLOTGRAPH_TRUSTED_PROXIES", "", "trusted_proxies", ()),
        ("SLOTGRAPH_BASE_URL", "https://book.example/", "base_url", "https://book.example/"),
    ],
)
def test_variable_is_read_as_its_type(variable: str, text: str, name: str, value: object) -> None:
    assert getattr(read_settings(environ={variable: text}), name) == value


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"SLOTGRAPH_PORT": "abc"}, ["SLOTGRAPH_PORT", "'abc'", "1 to 65535"]),
        ({"SLOTGRAPH_PORT": "70000"}, ["SLOTGRAPH_PORT", "70000", "1 to 65535"]),
        ({"SLOTGRAPH_PORT": ""}, ["SLOTGRAPH_PORT", "''"]),
        ({"SLOTGRAPH_DATABASE_POOL": "1"}, ["SLOTGRAPH_DATABASE_POOL", "1", "2 to 100"]),
        ({"SLOTGRAPH_DATABASE_POOL": "101"}, ["SLOTGRAPH_DATABASE_POOL", "101", "2 to 100"]),
        ({"SLOTGRAPH_REQUIRE_SECOND_FACTOR": "owners"}, ["SLOTGRAPH_REQUIRE_SECOND_FACTOR", "true or false"]),
        ({"SLOTGRAPH_DEVELOPMENT": "perhaps"}, ["SLOTGRAPH_DEVELOPMENT", "'perhaps'", "true or false"]),
        ({"SLOTGRAPH_LOG_FORMAT": "xml"}, ["SLOTGRAPH_LOG_FORMAT", "'xml'", "console or json"]),
        ({"SLOTGRAPH_ALLOW_PRIVATE_ADDRESSES": "10.0.0.0/8,lan"}, ["allow_private_addresses", "'lan'", "10.0.0.0/8"]),
        ({"SLOTGRAPH_BASE_URL": "book.example"}, ["base_url", "http or https"]),
        ({"SLOTGRAPH_PROT": "8123"}, ["SLOTGRAPH_PROT", "Did you mean SLOTGRAPH_PORT?"]),
        ({"SLOTGRAPH_XYZZY": "1"}, ["SLOTGRAPH_XYZZY", "slotgraph settings"]),
        ({"SLOTGRAPH_CONFIG": "/nowhere/slotgraph.toml"}, ["/nowhere/slotgraph.toml", "cannot be read"]),
    ],
)
def test_wrong_variable_is_named_with_what_came_and_what_is_allowed(
    variables: dict[str, str], words: list[str]
) -> None:
    message = refusal(variables)
    assert all(word in message for word in words), message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("port = true", ["port in ", "True", "1 to 65535"]),
        ('port = "8000"', ["port in ", "'8000'"]),
        ("prot = 8000", ["setting prot", "Did you mean port?"]),
        ("[server]\nport = 8000", ["setting server"]),
        ("port = [}", ["no TOML", "line 1"]),
    ],
)
def test_wrong_file_is_named_with_what_came_and_what_is_allowed(config: Path, text: str, words: list[str]) -> None:
    config.write_text(text)
    message = refusal(config=config)
    assert all(word in message for word in [*words, str(config)]), message


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me@db:5432/slotgraph",
        "postgresql://me@db/slotgraph?sslmode=verify-full",
        "postgresql://me@[::1]/slotgraph",
        "postgresql:///slotgraph?host=/var/run/postgresql",
        "postgresql://me@/slotgraph?host=/var/run/postgresql&port=5433",
    ],
)
def test_postgresql_is_named_by_its_address(url: str) -> None:
    settings = read_settings(environ={"SLOTGRAPH_DATABASE": url})
    assert settings.database_url == url
    assert settings.database_path is None


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hunter2@db/slotgraph",
        "postgresql://me:@db/slotgraph",
        "postgresql://me:hunter%402@db:5432/slotgraph?sslmode=require",
        "postgresql://me@db/slotgraph?password=hunter2",
        "postgresql://me@db/slotgraph?pass%77ord=hunter2",
        "postgresql://me@db/slotgraph?password=",
    ],
)
def test_a_password_in_the_address_is_refused_and_the_file_for_it_named(url: str) -> None:
    message = refusal({"SLOTGRAPH_DATABASE": url})
    assert "database_password_file" in message
    assert "hunter" not in message


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///",
        "sqlite:///a.db?mode=hunter2",
        "mysql://me@db/hunter2",
        "postgres://me@db/hunter2",
        "postgresql://me@db/",
        "postgresql://me@db",
        "postgresql:///hunter2",
        "postgresql://me@db/hunter2/x",
        "postgresql://me@db/hunter2#x",
        "postgresql://me@db:0/hunter2",
        "postgresql://me:hun/ter2@db/x",
        "postgresql://me:12/hunter2@db/x",
        "postgresql://me:1?hunter2@db/x",
        "postgresql://me:1#hunter2@db/x",
        "postgresql://me@db/x?hunter2",
        "hunter2",
        "",
    ],
)
def test_refused_database_is_not_repeated(url: str) -> None:
    message = refusal({"SLOTGRAPH_DATABASE": url})
    assert "hun" not in message
    assert "allowed: sqlite:/// and the path of a file, or postgresql://user@host:5432/name" in message


def test_refused_database_of_a_wrong_type_is_not_repeated(config: Path) -> None:
    config.write_text('database = ["postgresql://me:hunter2@db/slotgraph"]')
    assert "hunter2" not in refusal(config=config)


@pytest.mark.parametrize("name", ["SLOTGRAPH_DATABASE_PASSWORD", "SLOTGRAPH_PASSWORD"])
def test_a_secret_in_a_variable_is_refused_and_not_repeated(name: str) -> None:
    message = refusal({name: "hunter2"})
    assert name in message
    assert "hunter2" not in message


def test_a_file_of_a_password_must_be_a_path(config: Path) -> None:
    assert "database_password_file makes no sense" in refusal({"SLOTGRAPH_DATABASE_PASSWORD_FILE": " "})
    config.write_text('database_password_file = ["hunter2"]')
    assert "hunter2" not in refusal(config=config)


def test_each_value_says_where_it_came_from(config: Path) -> None:
    config.write_text('port = 8123\nlog_format = "json"\n')
    sourced = read_sourced(config, environ={"SLOTGRAPH_PORT": "9000", "PATH": "/bin"})
    assert sourced.sources == {"port": "SLOTGRAPH_PORT", "log_format": str(config)}
    assert sourced.file == config
    assert read_sourced(environ={}).sources == {}


@pytest.mark.parametrize("url", ["https://me:hunter2@book.example", "https://book.example/?a=hunter2", "https://[::1"])
def test_refused_base_url_is_not_repeated(url: str) -> None:
    assert "hunter2" not in refusal({"SLOTGRAPH_BASE_URL": url})


def test_relative_paths_begin_in_the_data_folder() -> None:
    settings = Settings(data_folder="/srv/slotgraph", key_file="/etc/slotgraph.key")
    assert settings.database_path == Path("/srv/slotgraph/slotgraph.db")
    assert settings.database_url == "sqlite:////srv/slotgraph/slotgraph.db"
    assert settings.key_path == Path("/etc/slotgraph.key")
    assert Settings(database="sqlite:////var/a.db").database_path == Path("/var/a.db")


@pytest.mark.parametrize(
    ("name", "value", "path"),
    [
        ("data_folder", "~nobody-here/x", "data_path"),
        ("key_file", "~nobody-here/x", "key_path"),
        ("database", "sqlite:///~nobody-here/x", "database_path"),
        ("database_password_file", "~nobody-here/x", "database_password_path"),
    ],
)
def test_a_home_folder_that_is_not_known_is_said_in_a_sentence(name: str, value: str, path: str) -> None:
    settings = read_settings(environ={f"SLOTGRAPH_{name.upper()}": value})
    with pytest.raises(SettingError, match=rf"^The setting {name} begins in a home folder .*\.$"):
        getattr(settings, path)


def test_the_configuration_file_too() -> None:
    assert refusal({"SLOTGRAPH_CONFIG": "~nobody-here/x"}).startswith("SLOTGRAPH_CONFIG begins in a home folder")


@pytest.mark.parametrize("name", ["data_folder", "key_file", "database"])
def test_no_path_holds_a_nul(config: Path, name: str) -> None:
    config.write_text(f'{name} = "sqlite:///a\\u0000b"\n')
    assert refusal(config=config).startswith(f"The setting {name} ")


def test_public_url_is_made_of_host_and_port_unless_set() -> None:
    assert Settings(host="::1", port=8123).public_url == "http://[::1]:8123"
    assert Settings(base_url="https://book.example/").public_url == "https://book.example"


def test_allowed_networks_are_none_all_or_those_listed() -> None:
    assert Settings().allowed_networks == ()
    assert [str(network) for network in Settings(allow_private_addresses=True).allowed_networks] == [
        "0.0.0.0/0",
        "::/0",
    ]
    assert [str(network) for network in Settings(allow_private_addresses=("10.0.0.0/8",)).allowed_networks] == [
        "10.0.0.0/8"
    ]


def test_page_of_settings_is_current() -> None:
    """If not: `slotgraph settings > docs/settings.md`."""
    assert (ROOT / "docs" / "settings.md").read_text() == describe_settings()


def test_every_setting_is_on_the_page_with_what_is_allowed() -> None:
    page = describe_settings()
    for name in Settings.__struct_fields__:
        section = page.partition(f"## {name}\n")[2].partition("\n## ")[0]
        assert f"SLOTGRAPH_{name.upper()}" in section
        assert "Allowed: " in section
