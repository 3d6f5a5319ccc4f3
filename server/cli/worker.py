"""`slotgraph worker`."""

import asyncio
import logging
import signal

import click

from slotgraph.core.errors import SettingError
from slotgraph.server.cli.console import opened, run, settings_of
from slotgraph.server.settings import Settings

_log = logging.getLogger("slotgraph.worker")


@click.command()
@click.pass_context
def worker(context: click.Context) -> None:
    """Write bookings into calendars, apart from the servers.

    For PostgreSQL only; any number may run. Set worker to "apart", and the servers leave it to them. Ends at SIGINT and SIGTERM:
    what is under way has a few seconds to end, the rest is given back for others to go on with.
    """
    settings = settings_of(context)
    if settings.database_path is not None:
        raise SettingError(
            "SQLite takes one process, and `slotgraph serve` does this work itself: use PostgreSQL for more."
        )
    run(_work(settings))


async def _work(settings: Settings) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    async with opened(settings) as joined:
        _log.info("works")
        async with joined.worker.working():
            await ended.wait()
            _log.info("gives back what is not done, and ends")
    _log.info("ended")
