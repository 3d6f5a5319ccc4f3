"""The doctor's round: every check is made, one that breaks costs no other, and nothing is touched or told."""

import os

import pytest
from slotgraph_tests_server_doctor_looking import states

from slotgraph.core.clock import SystemClock
from slotgraph.core.errors import SettingError
from slotgraph.server.doctor import diagnosis
from slotgraph.server.doctor.diagnosis import diagnose
from slotgraph.server.doctor.findings import State
from slotgraph.server.settings import read_sourced

NAMES = [
    "settings",
    "data folder",
    "disk space",
    "database",
    "migrations",
    "keys",
    "time zones",
    "clock",
    "plugins",
    "port",
]


@pytest.fixture
def read(monkeypatch, free_port):
    """Lets the doctor read these variables instead of the real ones."""

    def set_variables(**settings):
        environ = {f"SLOTGRAPH_{name.upper()}": str(value) for name, value in ({"port": free_port} | settings).items()}
        monkeypatch.setattr(diagnosis, "read_sourced", lambda config: read_sourced(config, environ=environ))

    return set_variables


def named(findings):
    """The names of what was checked, in order, each once."""
    return list(dict.fromkeys(finding.name for finding in findings))


def found():
    return list(diagnose(None, clock=SystemClock()))


def test_a_new_installation_is_well_and_nothing_is_made(read, tmp_path):
    read(data_folder=tmp_path / "data")
    findings = found()
    assert named(findings) == NAMES
    assert "fail" not in states(findings)
    assert list(tmp_path.iterdir()) == []


def test_wrong_settings_are_a_failure_and_what_needs_none_is_still_checked(read):
    read(port="0")
    findings = found()
    assert named(findings) == ["settings", "time zones", "clock", "plugins"]
    assert findings[0].state.value == "fail"
    assert "SLOTGRAPH_PORT is 0." in findings[0].sentence
    assert findings[0].cure == "Allowed: a number from 1 to 65535."


def test_a_check_that_breaks_is_a_failure_and_the_others_still_run(read, tmp_path, monkeypatch):
    def breaks(*_):
        raise RuntimeError("hunter2")

    for module, function in [
        (diagnosis.settings, "check_settings"),
        (diagnosis.folders, "check_disk_space"),
        (diagnosis.database, "look_into"),
        (diagnosis.time_zones, "check_time_zones"),
        (diagnosis.Registry, "discover"),
        (diagnosis.port, "check_port"),
    ]:
        monkeypatch.setattr(module, function, breaks)
    read(data_folder=tmp_path / "data")
    findings = found()
    assert named(findings) == [name for name in NAMES if name != "migrations"]  # it has nothing to look at
    broken = [finding.name for finding in findings if finding.sentence == "This check broke: RuntimeError."]
    assert broken == ["settings", "disk space", "database", "time zones", "plugins", "port"]
    assert "hunter2" not in str(findings)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (PermissionError(13, "hunter2"), "This user may not look there."),
        (SettingError("The setting data_folder is odd."), "The setting data_folder is odd."),
    ],
)
def test_what_the_operator_can_cure_is_not_called_an_error_of_ours(read, tmp_path, monkeypatch, error, sentence):
    def breaks(*_args):
        raise error

    monkeypatch.setattr(diagnosis.folders, "check_data_folder", breaks)
    monkeypatch.setattr(diagnosis.database, "look_into", breaks)
    read(data_folder=tmp_path / "data")
    broken = [finding for finding in found() if finding.state is State.FAIL]
    assert [(one.name, one.sentence) for one in broken] == [("data folder", sentence), ("database", sentence)]
    assert not any("report" in one.cure for one in broken)


def test_a_database_that_is_away_costs_neither_keys_nor_the_rest(read, tmp_path, free_port):
    read(data_folder=tmp_path, database=f"postgresql://me@127.0.0.1:{free_port}/x")
    by_name = {finding.name: finding.state.value for finding in found()}
    assert by_name["database"] == "fail"
    assert "migrations" not in by_name
    assert by_name["keys"] == "warn"
    assert by_name["port"] == "ok"


def test_a_real_installation_is_well_after_its_first_start(installation, read):
    settings = installation()
    read(data_folder=settings.data_folder, database=settings.database)
    findings = [finding for finding in found() if finding.name in {"database", "migrations", "keys", "data folder"}]
    assert set(states(findings)) <= {"ok", "warn"}
    assert os.listdir(settings.data_folder) == []
