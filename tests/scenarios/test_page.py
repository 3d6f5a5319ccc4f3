"""docs/busy.md shows the known errors as they are expected."""

import importlib.util
from pathlib import Path

_spec = importlib.util.spec_from_file_location("slotgraph_scenarios_page", Path(__file__).parent / "page.py")
assert _spec is not None
assert _spec.loader is not None
page = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(page)


def test_page_shows_the_known_errors_of_the_versions_tried() -> None:
    assert page.PAGE.read_text(encoding="utf-8") == page.page(), "run .venv/bin/python tests/scenarios/page.py"
