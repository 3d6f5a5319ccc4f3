"""`slotgraph serve` of a build that neither locks the employees nor judges once more before it stores: what the constraint is there for.

    python -P unsafe_serve.py

Standard input is the tether, as of demo/tethered.py.
"""

import pkgutil
import threading
from importlib import import_module
from typing import Any

import slotgraph.core.booking as booking
from slotgraph.core.store import locks
from slotgraph.server.cli import main
from slotgraph.server.demo.tethered import follow_parent


async def _no_lock(*_arguments: Any) -> None:
    return None


async def _unjudged(_connection: Any, attempt: Any, employees: Any) -> list[tuple[Any, ...]]:
    return [tuple(employees)] if attempt.who.together else [(one,) for one in employees]


def spoil() -> None:
    """Take the lock and the second look away, wherever they are used."""
    locks.lock_employees = _no_lock
    modules = [import_module(f"{booking.__name__}.{found.name}") for found in pkgutil.iter_modules(booking.__path__)]
    judging = [module for module in modules if hasattr(module, "takers")]
    assert judging
    for module in judging:
        module.takers = _unjudged  # type: ignore[attr-defined]


if __name__ == "__main__":
    threading.Thread(target=follow_parent, daemon=True).start()
    spoil()
    main(["serve"])
