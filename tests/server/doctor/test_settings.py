"""What the doctor says of settings."""

import pytest
from slotgraph_tests_server_doctor_looking import only, states

from slotgraph.server.doctor.settings import check_settings
from slotgraph.server.settings import read_sourced


def findings(environ, config=None):
    return list(check_settings(read_sourced(config, environ=environ)))


def unwise(**settings):
    """The sentences and cures of warnings."""
    found = findings({f"SLOTGRAPH_{name.upper()}": text for name, text in settings.items()})
    assert states(found) == ["ok"] + ["warn"] * (len(found) - 1)
    return [f"{finding.sentence} {finding.cure}" for finding in found[1:]]


def test_defaults_are_well():
    assert only(findings({})) == ("ok", "Readable. Everything is the default.", "")


def test_what_is_not_the_default_is_named_with_its_source_and_without_its_value(tmp_path):
    config = tmp_path / "slotgraph.toml"
    config.write_text('session_hours = 7\nport = 8000\nlog_level = "debug"\n')
    config.chmod(0o600)
    _, sentence, _ = only(findings({"SLOTGRAPH_SESSION_HOURS": "9"}, config))
    assert sentence == f"Readable. Not the default: log_level ({config}), session_hours (SLOTGRAPH_SESSION_HOURS)."


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_file_that_others_may_change_is_a_warning(tmp_path, mode):
    config = tmp_path / "slotgraph.toml"
    config.write_text("")
    config.chmod(mode)
    good, bad = findings({}, config)
    assert states([good, bad]) == ["ok", "warn"]
    assert "changed by others" in bad.sentence
    assert bad.cure == f"chmod go-w {config}"


@pytest.mark.parametrize(
    "settings",
    [
        {"host": "127.0.0.2", "development": "yes"},
        {"host": "::1", "base_url": "http://localhost:8000", "development": "yes"},
        {"host": "0.0.0.0", "base_url": "https://book.example"},
        {"base_url": "https://book.example", "trusted_proxies": "10.0.0.0/8,::1"},
    ],
)
def test_what_stays_on_the_machine_or_behind_https_is_well(settings):
    assert unwise(**settings) == []


@pytest.mark.parametrize(
    "settings",
    [{"host": "0.0.0.0"}, {"host": "::"}, {"host": "book.example"}, {"base_url": "http://book.example"}],
)
def test_a_server_that_others_reach_without_https_is_a_warning(settings):
    (said,) = unwise(**settings)
    assert "base_url" in said
    assert "HTTPS" in said


@pytest.mark.parametrize("settings", [{"host": "0.0.0.0"}, {}])
def test_development_where_others_reach_it_is_a_warning(settings):
    (said,) = unwise(**settings, base_url="https://book.example", development="true")
    assert "development" in said


@pytest.mark.parametrize("proxies", ["0.0.0.0/0", "127.0.0.1,::/0"])
def test_everybody_as_a_trusted_proxy_is_a_warning(proxies):
    (said,) = unwise(trusted_proxies=proxies)
    assert "trusted_proxies" in said
