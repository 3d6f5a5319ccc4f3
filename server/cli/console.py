"""What the commands share: one sentence for what is wrong, the settings, a loop to run in, passwords."""

import asyncio
import sys
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, TextIO

import click
import uvloop

from slotgraph.core.errors import BadInput, SlotGraphError
from slotgraph.core.values import Secret
from slotgraph.server.logs import configure_logs
from slotgraph.server.settings import Settings, read_settings

if TYPE_CHECKING:
    from slotgraph.server.joining import Joined


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


def settings_of(context: click.Context) -> Settings:
    """The settings a command was called with; logs are written as they say from here on. Raises SettingError."""
    settings = read_settings(context.obj)
    configure_logs(level=settings.log_level, output_format=settings.log_format)
    return settings


def opened(settings: Settings) -> AbstractAsyncContextManager["Joined"]:
    """An installation, as `opening.opened` opens it; imported by those who need it, for it brings the whole house along."""
    from slotgraph.server import opening

    return opening.opened(settings)


def run(what: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine to its end, in the loop that the server runs in."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(what)


password_file_option = click.option(
    "--password-file",
    type=click.File("r", encoding="utf-8"),
    help="File with the password in its first line, - for standard input; asked for if omitted.",
)


def password_from(file: TextIO | None) -> Secret:
    """The password in the first line of a file; without one it is asked for, twice. Raises BadInput."""
    return Secret(_first_line(file) if file else _typed_password())


def _first_line(file: TextIO) -> str:
    try:
        return file.readline().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise BadInput(("password-file",), "this is no text in UTF-8.") from error


def _typed_password() -> str:
    typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return typed
