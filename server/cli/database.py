"""`slotgraph migrate`."""

import click

from slotgraph.core.store import migrate as migrations
from slotgraph.server.cli.console import settings_of
from slotgraph.server.settings import database_password


@click.command()
@click.pass_context
def migrate(context: click.Context) -> None:
    """Bring the database up to this version."""
    settings = settings_of(context)
    migrations.migrate(settings.database_url, password=database_password(settings))
    click.echo(f"{settings.database_path or settings.database_url} is up to date.")
