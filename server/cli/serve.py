"""`slotgraph serve`."""

from contextlib import AbstractContextManager, nullcontext
from socket import socket

import click

from slotgraph.core.store.serve_lock import ServeLock
from slotgraph.server.cli.console import opened, run, settings_of
from slotgraph.server.serving import bound_socket, serve_app
from slotgraph.server.settings import Settings


@click.command()
@click.pass_context
def serve(context: click.Context) -> None:
    """Serve the API, and write bookings into calendars."""
    settings = settings_of(context)

    from slotgraph.server.app import create_app

    async def serve_on(listening: socket) -> None:
        async with opened(settings) as joined:
            click.echo(f"SlotGraph answers at {settings.public_url}/graphql")
            await serve_app(create_app(joined, settings), listening, trusted_proxies=settings.trusted_proxies)

    with _alone(settings), bound_socket(settings.host, settings.port) as listening:
        run(serve_on(listening))


def _alone(settings: Settings) -> AbstractContextManager[object]:
    """One process serves a SQLite file; any number serve one PostgreSQL."""
    return ServeLock(settings.database_path) if settings.database_path else nullcontext()
