"""Random histories of booking against a model of the rules (K1-K6, S3-S5, B4, B6), down to what stands outside in the end.

A history that goes wrong is shrunk and printed as a program, with what reproduces it.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

UNHURRIED = settings(deadline=None, database=None, print_blob=True, suppress_health_check=list(HealthCheck))
SEEDS = (1, 2, 3)
STEPS = 30
EXAMPLES = {"sqlite": 14, "postgresql": 4}
SOAKED_STEPS = 50
SOAKED = {"sqlite": 1000, "postgresql": 400}


@pytest.fixture
def machine(new_database: Callable[[str], str], databases: Any) -> type:
    """The machine, on databases of the kind this run is for."""
    from slotgraph_tests_reliability_model_machine import Machine, furnish

    template = new_database("world")
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        runner.run(furnish(template))

    class Here(Machine):
        address = staticmethod(lambda: databases.make(like=template))
        drop = staticmethod(databases.drop)

    return Here


@pytest.mark.parametrize("chosen", SEEDS)
def test_booking_is_as_the_model_says(machine: type, chosen: int, request: pytest.FixtureRequest) -> None:
    """The same histories in every run."""
    examples = EXAMPLES[request.config.getoption("--database")]
    seed(chosen)(machine)
    run_state_machine_as_test(machine, settings=settings(UNHURRIED, max_examples=examples, stateful_step_count=STEPS))


@pytest.mark.soak
@pytest.mark.parametrize("chosen", SEEDS)
def test_booking_is_as_the_model_says_at_length(machine: type, chosen: int, request: pytest.FixtureRequest) -> None:
    """Longer histories, and many of them."""
    examples = SOAKED[request.config.getoption("--database")]
    seed(100 + chosen)(machine)
    run_state_machine_as_test(
        machine, settings=settings(UNHURRIED, max_examples=examples, stateful_step_count=SOAKED_STEPS)
    )
