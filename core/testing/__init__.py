"""For plugin authors: a provider in memory, and the contract every provider keeps. Production code imports nothing of it.

The contract itself needs pytest and pytest-asyncio: `from slotgraph.core.testing.contract import ProviderContract`.
"""

from slotgraph.core.testing.in_memory import InMemoryProvider
from slotgraph.core.testing.outside import Changed, OutsideEvent, ShownAs

__all__ = ["Changed", "InMemoryProvider", "OutsideEvent", "ShownAs"]
