"""The public test vectors: oracle and engine give the answers they promise, and the page beside them names every file."""

import json
from pathlib import Path
from typing import Any

import pytest
from slotgraph_tests_oracle_engine import offered
from slotgraph_tests_oracle_oracle import offered as offered_by_oracle
from slotgraph_tests_oracle_vectors import FOLDER, scenario_of, text_of_file, vectors_in

FILES = sorted(FOLDER.glob("*.json"))
VECTORS = [pytest.param(one, id=f"{file.stem}: {one['name']}") for file in FILES for one in vectors_in(file)]


@pytest.mark.parametrize("vector", VECTORS)
def test_engine_and_oracle_give_the_answer_of_the_vector(vector: dict[str, Any]) -> None:
    scenario, expected = scenario_of(vector), vector["expected"]["slots"]
    assert offered(scenario) == expected, "the engine"
    assert offered_by_oracle(scenario) == expected, "the oracle"


def test_vectors_are_many_and_mostly_offer_something() -> None:
    answers = [param.values[0]["expected"]["slots"] for param in VECTORS]
    assert len(answers) >= 60
    assert sum(bool(slots) for slots in answers) >= 0.6 * len(answers)


def test_names_are_used_once() -> None:
    names = [param.id for param in VECTORS]
    assert sorted(names) == sorted(set(names))


def test_page_names_each_file() -> None:
    page = (FOLDER / "README.md").read_text()
    assert [file.name for file in FILES if f"`{file.name}`" not in page] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_file_has_the_common_form(file: Path) -> None:
    assert file.read_text() == text_of_file(json.loads(file.read_text())["about"], vectors_in(file))
