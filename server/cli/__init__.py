"""The command `slotgraph`: one file per topic. Whatever is wrong ends in one sentence, never in a traceback.

What joins the whole house is imported inside the commands that need it: the doctor must come also where it fails to load.
"""

from pathlib import Path

import click

from slotgraph.server.cli.checks import doctor, export_schema, plugins, settings
from slotgraph.server.cli.console import OneSentence
from slotgraph.server.cli.database import migrate
from slotgraph.server.cli.demo import demo
from slotgraph.server.cli.holidays import holidays
from slotgraph.server.cli.people import create_company, create_user, reset_password
from slotgraph.server.cli.serve import serve
from slotgraph.server.cli.worker import worker


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


for command in (
    create_company,
    create_user,
    demo,
    doctor,
    export_schema,
    holidays,
    migrate,
    plugins,
    reset_password,
    serve,
    settings,
    worker,
):
    main.add_command(command)
