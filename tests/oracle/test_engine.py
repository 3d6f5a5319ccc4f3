"""The engine against the oracle, on random scenarios: no difference (rules A1, A2, S1-S5, S7, B4).

A difference is printed as a vector, ready for docs/vectors/. Who is wrong is a question for the rules, not for the majority.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from slotgraph_tests_oracle_engine import judged, offered
from slotgraph_tests_oracle_oracle import minute_up, text_of, wall_at
from slotgraph_tests_oracle_oracle import offered as offered_by_oracle
from slotgraph_tests_oracle_strategies import ZONES, scenarios
from slotgraph_tests_oracle_vectors import text_of_vector, vector

Json = dict[str, Any]

SOAKED = 20_000
SEEDS = (1, 2)
UNHURRIED = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}
LEAST_SHARE_WITH_SLOTS = 0.45


def check(scenario: Json) -> list[Json]:
    """Ask both what is offered, and the engine how it judges some of these starts and their neighbours; return what they agree on."""
    expected = offered_by_oracle(scenario)
    found = "the oracle says:\n" + text_of_vector(vector("found", [], scenario, expected))
    assert offered(scenario) == expected, found
    employees = {minute_up(slot["start"]): slot["employees"] for slot in expected}
    for start in judged_starts(scenario, list(employees)):
        assert judged(scenario, start) == employees.get(start, []), f"judging {text_of(start)}, {found}"
    return expected


def judged_starts(scenario: Json, starts: list[int]) -> list[int]:
    """Some twelve minutes of the window: offered starts, a minute and a step beside them, and any."""
    step = scenario["service"]["bookingIntervalMinutes"] or scenario["company"]["bookingIntervalMinutes"]
    beside = {start + away for start in starts for away in (-step, -1, 0, step)}
    window = window_of(scenario)
    minutes = sorted(beside.union(window[::307]).intersection(window))
    return minutes[:: max(1, len(minutes) // 12)]


@settings(max_examples=300, **UNHURRIED)
@given(scenarios())
def test_engine_offers_what_the_oracle_offers_and_judges_alike(scenario: Json) -> None:
    """What the search offers is what booking lets pass when it judges a start once more (K1), and nothing else is."""
    check(scenario)


@pytest.mark.soak
@pytest.mark.parametrize("chosen", SEEDS)
@pytest.mark.parametrize("zone", ZONES)
def test_engine_and_oracle_agree_at_length(
    zone: str, chosen: int, record_property: Callable[[str, object], None]
) -> None:
    counts: Counter[str] = Counter(examples=0)

    @seed(chosen)
    @settings(max_examples=-(-SOAKED // (len(ZONES) * len(SEEDS))), database=None, **UNHURRIED)
    @given(scenarios(zone))
    def agree(scenario: Json) -> None:
        slots = check(scenario)
        counts.update(
            {
                "examples": 1,
                "with slots": bool(slots),
                "slots": len(slots),
                "with several employees": len(scenario["employees"]) > 1,
                "with a clock change inside": has_change_inside(scenario),
            }
        )

    agree()
    for name, found in {"zone": zone, **counts}.items():
        record_property(name, found)
    assert counts["with slots"] >= LEAST_SHARE_WITH_SLOTS * counts["examples"], "agreeing on nothing proves nothing"


def has_change_inside(scenario: Json) -> bool:
    """Whether some employee's clocks change inside the window."""
    window = window_of(scenario)
    zones = {employee["timeZone"] for employee in scenario["employees"]}
    return any(len({wall_at(at, zone) - at for at in (*window[::30], window[-1])}) > 1 for zone in zones)


def window_of(scenario: Json) -> range:
    return range(minute_up(scenario["window"]["from"]), minute_up(scenario["window"]["to"]))
