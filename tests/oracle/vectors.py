"""The files in docs/vectors/: how they are read and written. Their shape is told in docs/vectors/README.md."""

import json
from pathlib import Path
from typing import Any

Json = dict[str, Any]

FOLDER = Path(__file__).parents[2] / "docs" / "vectors"
SCENARIO = ("company", "service", "employees", "companyAbsences", "choice", "now", "window")


def vectors_in(file: Path) -> list[Json]:
    return json.loads(file.read_text())["vectors"]


def vector(name: str, rules: list[str], scenario: Json, slots: list[Json]) -> Json:
    return {"name": name, "rules": rules, **{key: scenario[key] for key in SCENARIO}, "expected": {"slots": slots}}


def scenario_of(vector: Json) -> Json:
    return {key: vector[key] for key in SCENARIO}


def text_of_file(about: str, vectors: list[Json]) -> str:
    """A vector is a block of lines, one for each of its keys and for each employee."""
    return f'{{"about": {_line(about)},\n"vectors": [\n\n' + ",\n\n".join(map(text_of_vector, vectors)) + "\n\n]}\n"


def text_of_vector(vector: Json) -> str:
    lines = [f'"name": {_line(vector["name"])}, "rules": {_line(vector["rules"])}']
    for key in (*SCENARIO, "expected"):
        value = _line(vector[key])
        if key == "employees":
            value = "[\n  " + ",\n  ".join(map(_line, vector[key])) + "]"
        lines.append(f'"{key}": {value}')
    return "{" + ",\n ".join(lines) + "}"


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
