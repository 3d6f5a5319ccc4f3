"""Random histories of booking against a model of the rules (K1-K6, S3-S5, B4, B6), down to what stands outside in the end.

A history that goes wrong is printed as a program. The long test makes it as short as it can, which takes minutes: to have one of the
short test's made shorter, add `Phase.shrink` to its phases.
"""

import asyncio
import faulthandler
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

UNHURRIED = settings(deadline=None, database=None, print_blob=True, suppress_health_check=list(HealthCheck))
SEEDS = (1, 2, 3)
STEPS = 30
EXAMPLES = 9
SOAKED = range(100, 125)
SOAKED_STEPS = 50
SOAKED_EXAMPLES = 40


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


@pytest.mark.sqlite
@pytest.mark.parametrize("chosen", SEEDS)
def test_booking_is_as_the_model_says(machine: type, chosen: int) -> None:
    """The same histories in every run; on PostgreSQL in the long run only."""
    seed(chosen)(machine)
    short = settings(UNHURRIED, max_examples=EXAMPLES, stateful_step_count=STEPS, phases=[Phase.generate])
    run_state_machine_as_test(machine, settings=short)


@pytest.mark.soak
@pytest.mark.parametrize("chosen", SOAKED)
def test_booking_is_as_the_model_says_at_length(machine: type, chosen: int) -> None:
    """Longer histories, and many of them."""
    faulthandler.cancel_dump_traceback_later()  # making a history shorter takes longer than a test may hang
    seed(chosen)(machine)
    long = settings(UNHURRIED, max_examples=SOAKED_EXAMPLES, stateful_step_count=SOAKED_STEPS)
    run_state_machine_as_test(machine, settings=long)
