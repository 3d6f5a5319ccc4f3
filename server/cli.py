"""The command `slotgraph`. Wrong settings and taken ports end in one sentence, never in a traceback."""

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from socket import socket
from typing import Any, TextIO

import click
import uvloop

from slotgraph.core.clock import SystemClock
from slotgraph.core.errors import BadInput, SettingError, SlotGraphError
from slotgraph.core.founding import create_agent, create_member, found_company
from slotgraph.core.policy import Role
from slotgraph.core.registry import Registry
from slotgraph.core.store.engine import ServeLock
from slotgraph.core.store.migrate import migrate
from slotgraph.core.values import Secret
from slotgraph.schema.build import sdl
from slotgraph.server.app import create_app
from slotgraph.server.logs import configure_logs
from slotgraph.server.opening import opened
from slotgraph.server.serving import bound_socket, serve_app
from slotgraph.server.settings import Settings, describe_settings, read_settings


class OneSentence(click.Group):
    """Shows our own errors as one sentence."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BadInput as error:
            raise click.ClickException(f"{'.'.join(error.path)}: {error.reason}") from None
        except SlotGraphError as error:
            raise click.ClickException(str(error)) from None
        except KeyboardInterrupt:
            click.echo("")
            sys.exit(130)


@click.group(cls=OneSentence, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="slotgraph")
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="TOML file with settings; SLOTGRAPH_* variables win over it.",
)
@click.pass_context
def main(context: click.Context, config: Path | None) -> None:
    """SlotGraph asks calendars live and keeps nothing of them."""
    context.obj = config


def _settings(context: click.Context) -> Settings:
    settings = read_settings(context.obj)
    configure_logs(level=settings.log_level, output_format=settings.log_format)
    return settings


def _first_line(file: TextIO) -> str:
    try:
        return file.readline().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise BadInput(("password-file",), "this is no text in UTF-8.") from error


def _typed_password() -> str:
    typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return typed


def _run(what: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(what)


@main.command()
@click.pass_context
def serve(context: click.Context) -> None:
    """Serve the API, and write bookings into calendars."""
    settings = _settings(context)

    async def run(listening: socket) -> None:
        async with opened(settings) as joined:
            click.echo(f"SlotGraph answers at {settings.public_url}/graphql")
            await serve_app(create_app(joined, settings), listening, trusted_proxies=settings.trusted_proxies)

    with ServeLock(settings.database_path), bound_socket(settings.host, settings.port) as listening:
        _run(run(listening))


@main.command(name="migrate")
@click.pass_context
def migrate_command(context: click.Context) -> None:
    """Bring the database up to this version."""
    settings = _settings(context)
    migrate(settings.database_url)
    click.echo(f"{settings.database_path} is up to date.")


@main.command()
def plugins() -> None:
    """List the plugins that were found, and those that were skipped and why."""
    found = Registry.discover().plugins
    if not found:
        click.echo("No plugin is installed.")
    for plugin in found:
        what = f"skipped: {plugin.skipped}" if plugin.skipped else f"provides {', '.join(plugin.providers)}"
        click.echo(f"{plugin.name} ({plugin.distribution} {plugin.version}): {what}")


@main.command()
def settings() -> None:
    """Show every setting, its default and what is allowed."""
    click.echo(describe_settings(), nl=False)


@main.command()
@click.option("--check", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Compare with this file.")
def export_schema(check: Path | None) -> None:
    """Print the GraphQL schema, or compare it with a file."""
    if check is None:
        click.echo(sdl(), nl=False)
    elif check.read_text(encoding="utf-8") != sdl():
        raise SettingError(f"{check} is not the schema of this code: `slotgraph export-schema > {check}` renews it.")


@main.command()
@click.argument("slug")
@click.option("--name", required=True, help="Name for people.")
@click.option("--time-zone", required=True, help="IANA time zone, for example Europe/Zurich.")
@click.option("--locale", default="en", show_default=True, help="Language of messages to customers.")
@click.pass_context
def create_company(context: click.Context, slug: str, name: str, time_zone: str, locale: str) -> None:
    """Make a company. SLUG is its name in addresses."""
    settings = _settings(context)

    async def run() -> None:
        async with opened(settings) as joined:
            parts = joined.parts
            now = parts.clock.now()
            await found_company(parts.database, slug, name=name, time_zone=time_zone, locale=locale, now=now)
            click.echo(f"Company {slug} is there. Its first login: slotgraph create-user EMAIL --company {slug}")

    _run(run())


@main.command(name="create-user")
@click.argument("email")
@click.option("--support", is_flag=True, help="A support agent, of no company.")
@click.option("--company", help="Slug of the company the login belongs to.")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role], case_sensitive=False),
    default=Role.OWNER.value,
    show_default=True,
)
@click.option(
    "--password-file",
    type=click.File("r", encoding="utf-8"),
    help="File with the password in its first line, - for standard input; asked for if omitted.",
)
@click.pass_context
def create_user_command(
    context: click.Context, email: str, support: bool, company: str | None, role: str, password_file: TextIO | None
) -> None:
    """Make a login."""
    if support == (company is not None):
        raise click.UsageError("Give either --support or --company SLUG.")
    settings = _settings(context)
    password = Secret(_first_line(password_file) if password_file else _typed_password())

    async def run() -> None:
        async with opened(settings) as joined:
            parts = joined.parts
            now = parts.clock.now()
            if company is None:
                await create_agent(parts.database, parts.passwords, email, password=password, now=now)
            else:
                place = Role(role.upper())
                await create_member(
                    parts.database, parts.passwords, email, password=password, company=company, role=place, now=now
                )
            click.echo(f"{email.lower()} can log in.")

    _run(run())


@main.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Port of the API.")
@click.option("--password", help="Password of the demo's logins; made up if omitted.", envvar="DEMO_PASSWORD")
@click.option("--reset", is_flag=True, help="Start over: forget the demo's data.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".demo"),
    show_default=True,
    help="Where the demo keeps its data.",
)
def demo(port: int, password: str | None, reset: bool, folder: Path) -> None:
    """Run a demo company beside a real calendar server, on loopback."""
    try:
        from slotgraph.server.demo.run import run_demo
    except ModuleNotFoundError as error:
        raise SettingError(f"The demo needs slotgraph[demo]: {error.name} is not installed.") from error
    configure_logs(level="warning", output_format="console")
    _run(run_demo(port=port, password=password, reset=reset, folder=folder, clock=SystemClock()))
