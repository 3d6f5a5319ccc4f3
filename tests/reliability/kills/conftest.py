"""Shows what the checker found, as the tests under load do."""

from slotgraph_tests_reliability_load_conftest import seed, show

__all__ = ["seed", "show"]
