"""What the process does by itself, again and again beside the requests: each in a task of its own, at start and then every so often."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

_log = logging.getLogger("slotgraph.server")


@dataclass(frozen=True, slots=True)
class Round:
    """A piece of work, what it is called in the log, and how long it rests between two times."""

    name: str
    work: Callable[[], Awaitable[object]]
    every_seconds: float


@contextlib.asynccontextmanager
async def going_round(*rounds: Round) -> AsyncIterator[None]:
    """Go all rounds until the end; what one of them runs into is logged and concerns no other."""
    tasks = [asyncio.create_task(_for_ever(one)) for one in rounds]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def _for_ever(one: Round) -> None:
    while True:
        try:
            await one.work()
        # The worker loop: one bad round must not end all later ones.
        except Exception as error:  # noqa: BLE001 - the worker loop
            _log.error("a round of %s failed: %s", one.name, type(error).__name__)
        await asyncio.sleep(one.every_seconds)
