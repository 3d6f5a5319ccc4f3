"""Each scenario stored in real servers and read by the connector: right when read exactly, else off by the known errors (rules B3, B8)."""

import pytest
from slotgraph_tests_scenarios_scenario import Scenario, scenarios

from slotgraph.core.plugin import ReadMode

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda scenario: scenario.name)
async def test_server_and_connector_together_say_what_is_expected(desk, scenario: Scenario) -> None:
    calendar, refusal = desk.store(scenario.resources())
    assert refusal == scenario.refused_by(desk.name)
    if refusal is None:
        exact = await desk.read(calendar, scenario, ReadMode.EXACT)
        served = scenario.in_window(await desk.read(calendar, scenario, ReadMode.FREE_BUSY_ONLY))
        assert scenario.shown(exact) == scenario.shown(scenario.exact_at(desk.name))
        assert scenario.shown(served) == scenario.shown(scenario.served_by(desk.name))


async def test_series_are_asked_for_in_the_narrowest_way(desk) -> None:
    """What linking found, and every test above relies on."""
    assert (desk.flags["ladder"], desk.flags["series"]) == ("free-busy", "works")


async def test_radicale_goes_by_the_first_definition_of_a_zone_from_any_calendar(desks) -> None:
    """As docs/busy.md says. The zone's name is used nowhere else, for it stays spoilt."""
    by_name = {scenario.name: scenario for scenario in scenarios()}
    wrong, right = (by_name[name] for name in ("definition-contradicts-the-name", "plain-event"))
    desks["radicale"].store([body.replace(b"Europe/Oslo", b"Our zone") for body in wrong.resources()])
    calendar, _ = desks["radicale"].store([body.replace(b"Europe/Berlin", b"Our zone") for body in right.resources()])
    served = await desks["radicale"].read(calendar, right, ReadMode.FREE_BUSY_ONLY)
    assert right.shown(served) == ["Tue 2027-03-16 15:00 +01:00 to 16:00 +01:00"]
    assert await desks["radicale"].read(calendar, right, ReadMode.EXACT) == right.exact
