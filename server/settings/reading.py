"""Reading the settings of a file and of the environment: the only reader of the environment."""

import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from slotgraph.core.errors import SettingError
from slotgraph.server.settings.declared import Settings, annotation, expanded, kinds, wrong

PREFIX = "SLOTGRAPH_"
CONFIG_VARIABLE = "SLOTGRAPH_CONFIG"
_TRUTH = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


@dataclass(frozen=True, slots=True)
class Sourced:
    """The settings, the TOML file if one was named, and by setting the variable or the file that a value came from."""

    settings: Settings
    file: Path | None
    sources: Mapping[str, str]


def read_settings(config: Path | None = None, *, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of the TOML file, if there is one, and of the environment, which wins.

    `config` comes before SLOTGRAPH_CONFIG. Raises SettingError, a sentence that names the setting, what came and what is allowed.
    """
    return read_sourced(config, environ=environ).settings


def read_sourced(config: Path | None = None, *, environ: Mapping[str, str] = os.environ) -> Sourced:
    """The settings as `read_settings` gives them, with where each came from that is not left to its default."""
    named = environ.get(CONFIG_VARIABLE)
    file = config or (expanded(CONFIG_VARIABLE, named) if named else None)
    in_file = _file_values(file) if file else {}
    in_environment = _environment_values(environ)
    sources = dict.fromkeys(in_file, str(file)) | {name: PREFIX + name.upper() for name in in_environment}
    return Sourced(msgspec.convert(in_file | in_environment, Settings), file, sources)


def _file_values(file: Path) -> dict[str, object]:
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as err:
        raise SettingError(f"The configuration file {file} cannot be read: {err.strerror}.") from err
    except UnicodeDecodeError as err:
        raise SettingError(f"The configuration file {file} is no UTF-8 text.") from err
    except tomllib.TOMLDecodeError as err:
        raise SettingError(f"The configuration file {file} is no TOML: {err}.") from err
    for name in raw:
        if name not in Settings.__struct_fields__:
            raise _unknown(f"The configuration file {file}", name)
    return {name: _checked(name, value, source=f"{name} in {file}") for name, value in raw.items()}


def _environment_values(environ: Mapping[str, str]) -> dict[str, object]:
    variables = {PREFIX + name.upper(): name for name in Settings.__struct_fields__}
    values = {}
    for variable, text in environ.items():
        if not variable.startswith(PREFIX) or variable == CONFIG_VARIABLE:
            continue
        if variable not in variables:
            raise _unknown("The environment", variable, prefix=PREFIX)
        name = variables[variable]
        values[name] = _checked(name, _typed(name, text.strip()), source=variable)
    return values


def _unknown(source: str, name: str, *, prefix: str = "") -> SettingError:
    close = difflib.get_close_matches(name.removeprefix(prefix).lower(), Settings.__struct_fields__, n=1)
    meant = prefix + (close[0].upper() if prefix else close[0]) if close else ""
    hint = f"Did you mean {meant}?" if meant else "`slotgraph settings` lists them all."
    return SettingError(f"{source} has the setting {name}, which does not exist. {hint}")


def _typed(name: str, text: str) -> object:
    """The text of a variable as the type of its setting; as it came if that is impossible."""
    if bool in kinds(name) and text.lower() in _TRUTH:
        return _TRUTH[text.lower()]
    if tuple in kinds(name):
        return [part.strip() for part in text.split(",") if part.strip()]
    if int in kinds(name) and text.isdecimal():
        return int(text)
    return text


def _checked(name: str, value: object, *, source: str) -> object:
    if isinstance(value, str) and value.lower() in kinds(name):
        value = value.lower()
    try:
        return msgspec.convert(value, annotation(name))
    except msgspec.ValidationError as err:
        raise wrong(name, value, source=source) from err
