"""The page of all settings, made from the code."""

from slotgraph.server.settings.declared import Settings, allowed, description
from slotgraph.server.settings.reading import CONFIG_VARIABLE, PREFIX

_HEAD = f"""# Settings

Made by `slotgraph settings`; do not edit.

Settings are read from a TOML file, named by `--config` or `{CONFIG_VARIABLE}`, and from variables, which win.
`port` in the file is `{PREFIX}PORT` in the environment. A wrong or unknown setting refuses to start and says why.
Secrets are no settings: they stand in files, and settings name the files.

"""


def describe_settings() -> str:
    """All settings as a page of Markdown."""
    return _HEAD + "\n".join(_section(name) for name in Settings.__struct_fields__)


def _section(name: str) -> str:
    default = getattr(Settings(), name)
    about = f"Variable `{PREFIX}{name.upper()}`. Allowed: {allowed(name)}. Default: {_shown(default)}."
    return f"## {name}\n\n{description(name)}\n{about}\n"


def _shown(default: object) -> str:
    match default:
        case None:
            return "none"
        case bool():
            return f"`{str(default).lower()}`"
        case tuple():
            return f"`{','.join(default)}`"
        case _:
            return f"`{default}`"
