"""docs/busy.md shows the known errors as they are expected."""

import slotgraph_tests_scenarios_page as page


def test_page_shows_the_known_errors_of_the_versions_tried() -> None:
    assert page.PAGE.read_text(encoding="utf-8") == page.page(), "run .venv/bin/python tests/scenarios/page.py"
