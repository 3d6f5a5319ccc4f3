"""`slotgraph doctor`, `plugins`, `settings` and `export-schema`: they look, and change nothing."""

import json
from pathlib import Path

import click

from slotgraph.core.clock import SystemClock
from slotgraph.core.errors import SettingError
from slotgraph.core.registry import Registry
from slotgraph.server.doctor.diagnosis import diagnose
from slotgraph.server.doctor.findings import Finding, State
from slotgraph.server.logs import configure_logs
from slotgraph.server.settings import describe_settings


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of lines for people.")
@click.pass_context
def doctor(context: click.Context, as_json: bool) -> None:
    """Look at settings, disk, database, keys, time zones, plugins and port; say what is wrong, and the cure.

    Changes nothing. Ends with 1 if anything fails, with 0 if there are warnings at most.
    """
    configure_logs(level="error", output_format="console")
    findings = []
    for finding in diagnose(context.obj, clock=SystemClock()):
        findings.append(finding)
        if not as_json:
            click.echo(_lines(finding))
    if as_json:
        click.echo(json.dumps({"findings": [_plain(finding) for finding in findings]}, indent=2))
    if any(finding.state is State.FAIL for finding in findings):
        context.exit(1)


def _lines(finding: Finding) -> str:
    line = f"{finding.state.value:<5} {finding.name}: {finding.sentence}"
    return f"{line}\n      {finding.cure}" if finding.cure else line


def _plain(finding: Finding) -> dict[str, str | None]:
    return {
        "name": finding.name,
        "state": finding.state.value,
        "sentence": finding.sentence,
        "cure": finding.cure,
    }


@click.command()
def plugins() -> None:
    """List the plugins that were found, and those that were skipped and why."""
    found = Registry.discover().plugins
    if not found:
        click.echo("No plugin is installed.")
    for plugin in found:
        what = f"skipped: {plugin.skipped}" if plugin.skipped else f"provides {', '.join(plugin.providers)}"
        click.echo(f"{plugin.name} ({plugin.distribution} {plugin.version}): {what}")


@click.command()
def settings() -> None:
    """Show every setting, its default and what is allowed."""
    click.echo(describe_settings(), nl=False)


@click.command()
@click.option("--check", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Compare with this file.")
def export_schema(check: Path | None) -> None:
    """Print the GraphQL schema, or compare it with a file."""
    from slotgraph.schema.build import sdl

    if check is None:
        click.echo(sdl(), nl=False)
    elif check.read_text(encoding="utf-8") != sdl():
        raise SettingError(f"{check} is not the schema of this code: `slotgraph export-schema > {check}` renews it.")
