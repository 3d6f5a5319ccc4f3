"""The page of the house names every room, and none that is not there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
TABLE = PAGE[PAGE.index("| room |") : PAGE.index("## A slot query")]
NAMED = {name.removesuffix("/") for code in re.findall(r"`([^`]+)`", TABLE) for name in code.split()}


def rooms(folder):
    files = {file.stem for file in (ROOT / folder).glob("*.py") if not file.stem.startswith("__")}
    return files | {inner.parent.name for inner in (ROOT / folder).glob("*/__init__.py")}


@pytest.mark.parametrize("folder", ["core", "schema", "server", "plugins/caldav"])
def test_every_room_is_named(folder):
    assert rooms(folder) - NAMED == set()


def test_no_room_is_named_that_is_not_there():
    there = rooms("core") | rooms("schema") | rooms("server") | rooms("plugins/caldav") | {"web"}
    prose = {"core", "schema", "plugins/caldav", "server"}
    names = {name for name in NAMED if re.fullmatch(r"[a-z_/]+", name)}
    assert names - there - prose == set()
