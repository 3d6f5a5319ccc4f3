"""`make bench` hides nothing: not a missed target, and not what could not be measured."""

import json
import re
from pathlib import Path

import pytest

from benchmarks import bench, fan_out, loop_hold, slot_speed
from benchmarks.report import Row, rows, table

PAGE = (Path(__file__).parents[2] / "docs" / "speed.md").read_text()


@pytest.mark.parametrize(("figure", "verdict"), [(9.9, "met"), (10.0, "met"), (10.1, "MISSED")])
def test_a_figure_above_its_target_is_missed(figure, verdict):
    row = Row("slots", figure, "x", 10)
    assert row.verdict == verdict
    assert verdict in table([row])


def test_a_figure_without_target_has_no_verdict():
    assert Row("slots", 1e9, "x").verdict == ""


def test_every_number_of_employees_has_its_own_verdict():
    held = {
        "median_hold_ms": 1.0,
        "wall_ms": 30.0,
        "worst_wall_ms": 50.0,
        "search_ms": 9.0,
        "searches": 7,
        "complete": 6,
    }
    found = {"loop": {"target": 20, "employees": {"1": held | {"hold_ms": 3.0}, "200": held | {"hold_ms": 40.0}}}}
    assert [row.verdict for row in rows(found)] == ["met", "MISSED"]


def test_a_graphql_figure_is_held_to_the_target_of_its_name():
    cost = {"ratio": 3.0, "microseconds": 900}
    found = {
        "graphql": {"slots_1000": cost, "viewer": cost, "targets": {"slots_1000": 2.5}, "baseline": "said in words"}
    }
    assert [(row.figure, row.verdict) for row in rows(found)] == [(3.0, "MISSED"), (3.0, "")]


def test_without_a_compiler_it_says_what_to_install_and_fails(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert bench.main(["--only", "slots"], folder=tmp_path) == 1
    assert "install" in capsys.readouterr().out
    assert "slots" not in json.loads((tmp_path / "bench.json").read_text())


@pytest.mark.parametrize(("name", "target"), slot_speed.TARGETS.items())
def test_the_page_names_the_target_of_each_workload(name, target):
    assert re.search(rf"^\| {name} \|.*\| {target} x \|$", PAGE, re.MULTILINE)


def test_the_page_names_the_other_targets():
    assert f"{fan_out.TARGET} x" in PAGE
    assert f"{loop_hold.TARGET_MS} ms" in PAGE
    assert all(f"--only {part}" in PAGE for part in bench.PARTS)
