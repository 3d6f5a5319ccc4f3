"""The table of expectations is whole, and no known error in it is one that is none."""

import pytest
from slotgraph_tests_scenarios_scenario import HERE, KnownError, Scenario, scenarios

SCENARIOS = scenarios()


def test_every_calendar_is_expected_to_mean_something() -> None:
    assert {file.stem for file in (HERE / "calendars").glob("*.ics")} == {scenario.calendar for scenario in SCENARIOS}


ERRORS = [
    pytest.param(scenario, error, id=f"{scenario.name}-{server}")
    for scenario in SCENARIOS
    for server, error in scenario.errors.items()
]


@pytest.mark.parametrize(("scenario", "error"), ERRORS)
def test_known_error_is_one(scenario: Scenario, error: KnownError) -> None:
    assert error.exact != scenario.exact
    assert error.server is None or error.server != scenario.in_window(scenario.exact)
    assert (error.refused is None) is (error.server is not None or error.exact is not None)


@pytest.mark.parametrize(("scenario", "error"), ERRORS)
def test_known_error_is_told_clipped_and_joined(scenario: Scenario, error: KnownError) -> None:
    assert error.server is None or error.server == scenario.in_window(error.server)
