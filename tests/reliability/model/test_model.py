"""Random histories of booking against a model of the rules (K1-K6, S3-S5, B4, B6), down to what stands outside in the end.

A history that goes wrong is shrunk and printed as a program, with what reproduces it.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

UNHURRIED = settings(
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
SHORT = {"sqlite": (60, 30), "postgresql": (20, 30)}
LONG = {"sqlite": (3000, 60), "postgresql": (1000, 60)}


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


def test_booking_is_as_the_model_says(machine: type, request: pytest.FixtureRequest) -> None:
    """The same histories in every run."""
    examples, steps = SHORT[request.config.getoption("--database")]
    run_state_machine_as_test(
        machine, settings=settings(UNHURRIED, max_examples=examples, stateful_step_count=steps, derandomize=True)
    )


@pytest.mark.soak
def test_booking_is_as_the_model_says_at_length(machine: type, request: pytest.FixtureRequest) -> None:
    """Other histories in every run."""
    examples, steps = LONG[request.config.getoption("--database")]
    run_state_machine_as_test(machine, settings=settings(UNHURRIED, max_examples=examples, stateful_step_count=steps))
