"""What the doctor says of time zones and of the clock."""

from datetime import UTC, datetime

import pytest
from slotgraph_tests_server_doctor_looking import only

from slotgraph.server.doctor.time_zones import check_clock, check_time_zones, zones_finding


def test_zones_of_every_continent_load_here():
    state, sentence, _ = only(check_time_zones())
    assert state in {"ok", "warn"}  # the system's data may be older than the package's
    assert sentence.startswith("Zones of every continent load, from ")


@pytest.mark.parametrize(
    ("missing", "systems", "package", "state", "said"),
    [
        ([], None, "2026f", "ok", "from the package tzdata (2026f)"),
        ([], "2026f", "2026f", "ok", "from the operating system's data (2026f)"),
        ([], "2027a", "2026f", "ok", "from the operating system's data (2027a)"),
        ([], "2025b", "2026f", "warn", "(2025b); 2026f is out"),
        (["Asia/Tokyo"], "2026f", "2026f", "fail", "no data of Asia/Tokyo"),
    ],
)
def test_missing_zones_fail_and_old_ones_warn(missing, systems, package, state, said):
    finding = zones_finding(missing, systems=systems, package=package)
    assert finding.state.value == state
    assert said in finding.sentence


def test_zones_that_are_not_known_are_missed(monkeypatch):
    monkeypatch.setattr("slotgraph.server.doctor.time_zones.ONE_OF_EACH", ("Europe/Zurich", "Mars/Olympus"))
    state, sentence, cure = only(check_time_zones())
    assert (state, cure) == ("fail", "pip install --upgrade tzdata")
    assert "Mars/Olympus" in sentence
    assert "Zurich" not in sentence


@pytest.mark.parametrize(("year", "state"), [(1970, "fail"), (2025, "fail"), (2026, "ok"), (2031, "ok")])
def test_a_clock_that_was_never_set_fails(year, state):
    assert only(check_clock(datetime(year, 12, 31, 23, 59, tzinfo=UTC)))[0] == state
