"""For plugin authors: a provider in memory, a clock that stands, and the contract every provider keeps.

Production code imports nothing of it. The contract itself needs pytest and pytest-asyncio:
`from slotgraph.core.testing.contract import ProviderContract`.
"""

from slotgraph.core.testing.clock import FixedClock
from slotgraph.core.testing.in_memory import InMemoryProvider
from slotgraph.core.testing.outside import Changed, OutsideEvent, ShownAs

__all__ = ["Changed", "FixedClock", "InMemoryProvider", "OutsideEvent", "ShownAs"]
