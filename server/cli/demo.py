"""`slotgraph demo`."""

from pathlib import Path

import click

from slotgraph.core.clock import SystemClock
from slotgraph.core.errors import SettingError
from slotgraph.server.cli.console import run
from slotgraph.server.logs import configure_logs


@click.command()
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
    run(run_demo(port=port, password=password, reset=reset, folder=folder, clock=SystemClock()))
