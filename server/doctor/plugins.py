"""The plugins that bring calendar providers."""

from collections.abc import Iterator, Sequence

from slotgraph.core.registry import FoundPlugin
from slotgraph.server.doctor.findings import Finding, ok, warn

NAME = "plugins"


def check_plugins(found: Sequence[FoundPlugin]) -> Iterator[Finding]:
    """Each plugin: what it provides, or why it was skipped."""
    if not found:
        yield warn(NAME, "No plugin is installed: no calendar can be linked.", cure="pip install 'slotgraph[caldav]'")
    for plugin in found:
        named = f"{plugin.name} ({plugin.distribution} {plugin.version})"
        if plugin.skipped:
            yield warn(NAME, f"{named} was skipped: {plugin.skipped}.", cure=_cure(plugin))
        else:
            yield ok(NAME, f"{named} provides {', '.join(plugin.providers) or 'nothing'}.")


def _cure(plugin: FoundPlugin) -> str:
    if plugin.distribution == "slotgraph":
        return f"pip install 'slotgraph[{plugin.name}]'"
    return f"Install what it lacks, or a version that works, or: pip uninstall {plugin.distribution}"
