"""`slotgraph doctor`: how findings are shown, and with what it ends."""

import json

import pytest
from slotgraph_tests_server_cli_commands import PASSWORD, company, done, make_user, slotgraph


@pytest.fixture(autouse=True)
def on_a_free_port(monkeypatch, free_port):
    monkeypatch.setenv("SLOTGRAPH_PORT", str(free_port))


def test_a_new_installation_is_looked_at_and_not_made(folder):
    printed = done("doctor")
    assert "ok    settings: Readable. Not the default: " in printed
    assert "ok    keys: " in printed
    assert "fail" not in printed
    assert not folder.exists()


def test_an_installation_in_use_is_well(folder):
    company()
    make_user("owner@salon.example", "--company", "salon")
    printed = done("doctor")
    assert "ok    migrations: The tables are those of this release" in printed
    assert "and has every key in use." in printed
    assert "owner@" not in printed
    assert PASSWORD not in printed


def test_a_failure_ends_with_one_and_its_cure_stands_below(folder):
    company()
    (folder / "slotgraph.key").unlink()
    code, printed = slotgraph("doctor")
    assert code == 1
    lines = printed.splitlines()
    (at,) = [number for number, line in enumerate(lines) if line.startswith("fail  keys: ")]
    assert lines[at + 1].startswith("      Put back a copy")


def test_wrong_settings_are_a_finding_like_others(folder, monkeypatch):
    monkeypatch.setenv("SLOTGRAPH_PROT", "8000")
    code, printed = slotgraph("doctor")
    assert code == 1
    assert printed.startswith("fail  settings: ")
    assert "ok    clock: " in printed


def test_findings_come_as_json_too(folder, monkeypatch):
    monkeypatch.setenv("SLOTGRAPH_HOST", "192.0.2.1")
    code, printed = slotgraph("doctor", "--json")
    assert code == 1
    findings = json.loads(printed)["findings"]
    assert {tuple(finding) for finding in findings} == {("name", "state", "sentence", "cure")}
    by_name = {finding["name"]: finding for finding in findings}
    assert by_name["port"]["state"] == "fail"
    assert by_name["clock"] == by_name["clock"] | {"state": "ok", "cure": None}
