"""Every setting, where it comes from and what is allowed: the only reader of the environment. No secret: those stand in files."""

import difflib
import ipaddress
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints
from urllib.parse import SplitResult, urlsplit

import msgspec
from msgspec import Meta

from slotgraph.core.errors import SettingError

PREFIX = "SLOTGRAPH_"
CONFIG_VARIABLE = "SLOTGRAPH_CONFIG"
SQLITE = "sqlite:///"

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_EVERY_NETWORK: tuple[Network, ...] = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))
_TRUTH = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an operator may set. Read them with `read_settings`; a value made by hand is checked for its meaning, not for its types."""

    data_folder: Annotated[
        str,
        Meta(
            description="Where relative paths of the other settings begin. Made at the first start, for its owner only.",
            extra={"allowed": "a folder"},
            min_length=1,
        ),
    ] = "~/.local/share/slotgraph"
    database: Annotated[
        str,
        Meta(
            description="The database. A relative path begins in data_folder.",
            extra={"allowed": f"{SQLITE} and the path of a file; PostgreSQL comes with a later release"},
        ),
    ] = f"{SQLITE}slotgraph.db"
    key_file: Annotated[
        str,
        Meta(
            description="The file of the keys that seal credentials. Keep a copy of it, apart from the database.",
            extra={"allowed": "the path of a file"},
            min_length=1,
        ),
    ] = "slotgraph.key"
    host: Annotated[
        str,
        Meta(
            description="The address to listen on. Anything but loopback belongs behind a proxy that speaks HTTPS.",
            extra={"allowed": "an IP address or a host name"},
            min_length=1,
        ),
    ] = "127.0.0.1"
    port: Annotated[
        int,
        Meta(description="The port to listen on.", extra={"allowed": "a number from 1 to 65535"}, ge=1, le=65535),
    ] = 8000
    base_url: Annotated[
        str | None,
        Meta(
            description="How people reach this server from outside; links are made of it. Without it: http, host and port.",
            extra={"allowed": "an http or https URL without login, query and fragment"},
        ),
    ] = None
    development: Annotated[
        bool,
        Meta(
            description="Introspection for everybody, and GraphiQL at /graphiql/. Not for a server on the internet.",
            extra={"allowed": "true or false"},
        ),
    ] = False
    allow_private_addresses: Annotated[
        bool | tuple[str, ...],
        Meta(
            description="Whether calendar servers may live at private addresses: never, always, or in these networks only.",
            extra={"allowed": "true, false, or networks such as 10.0.0.0/8 (in a variable: separated by commas)"},
        ),
    ] = False
    allow_http_calendars: Annotated[
        bool,
        Meta(
            description="Whether calendar servers may be asked without TLS. Passwords then travel in the clear.",
            extra={"allowed": "true or false"},
        ),
    ] = False
    session_hours: Annotated[
        int,
        Meta(
            description="How long a login lasts, in hours.",
            extra={"allowed": "a number from 1 to 8760"},
            ge=1,
            le=8760,
        ),
    ] = 12
    stranger_searches_per_minute: Annotated[
        int,
        Meta(
            description="How many slot searches a minute are taken from one address without a login. 0: as many as come.",
            extra={"allowed": "a number from 0 to 1000000"},
            ge=0,
            le=1_000_000,
        ),
    ] = 120
    trusted_proxies: Annotated[
        tuple[str, ...],
        Meta(
            description="Proxies whose X-Forwarded-For says where a request comes from. From anybody else it is not believed.",
            extra={"allowed": "addresses or networks such as 10.0.0.0/8 (in a variable: separated by commas)"},
        ),
    ] = ("127.0.0.1", "::1")
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Meta(description="The least level that is logged.", extra={"allowed": "debug, info, warning or error"}),
    ] = "info"
    log_format: Annotated[
        Literal["console", "json"],
        Meta(description="Logs for people, or one JSON object a line.", extra={"allowed": "console or json"}),
    ] = "console"

    def __post_init__(self) -> None:
        """Raise SettingError for a value of the right type that makes no sense."""
        if not self.database.startswith(SQLITE) or self.database == SQLITE or "?" in self.database:
            raise _wrong("database", None)  # not shown: database URLs may hold a password
        if self.base_url is not None and not _is_base_url(self.base_url):
            raise _wrong("base_url", None)
        networks = {"allow_private_addresses": self.allow_private_addresses, "trusted_proxies": self.trusted_proxies}
        for name, listed in networks.items():
            for text in listed if isinstance(listed, tuple) else ():
                if not _is_network(text):
                    raise _wrong(name, text)

    @property
    def data_path(self) -> Path:
        """`data_folder`, absolute."""
        return Path(self.data_folder).expanduser().absolute()

    @property
    def database_path(self) -> Path:
        """The SQLite file, absolute."""
        return self.data_path / Path(self.database.removeprefix(SQLITE)).expanduser()

    @property
    def database_url(self) -> str:
        """`database` with its path absolute."""
        return f"{SQLITE}{self.database_path}"

    @property
    def key_path(self) -> Path:
        """The key file, absolute."""
        return self.data_path / Path(self.key_file).expanduser()

    @property
    def public_url(self) -> str:
        """How people reach this server, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (self.base_url or f"http://{host}:{self.port}").rstrip("/")

    @property
    def allowed_networks(self) -> tuple[Network, ...]:
        """Networks of private addresses in which calendar servers may live: none, all, or those listed."""
        allowed = self.allow_private_addresses
        if isinstance(allowed, bool):
            return _EVERY_NETWORK if allowed else ()
        return tuple(ipaddress.ip_network(text) for text in allowed)


def read_settings(config: Path | None = None, *, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of the TOML file, if there is one, and of the environment, which wins.

    `config` comes before SLOTGRAPH_CONFIG. Raises SettingError, a sentence that names the setting, what came and what is allowed.
    """
    named = environ.get(CONFIG_VARIABLE)
    file = config or (Path(named).expanduser() if named else None)
    values = _file_values(file) if file else {}
    values |= _environment_values(environ)
    return msgspec.convert(values, Settings)


def describe_settings() -> str:
    """All settings as a page of Markdown, made from the code."""
    return _PAGE_HEAD + "\n".join(_setting_section(name) for name in Settings.__struct_fields__)


_PAGE_HEAD = f"""# Settings

Made by `slotgraph settings`; do not edit.

Settings are read from a TOML file, named by `--config` or `{CONFIG_VARIABLE}`, and from variables, which win.
`port` in the file is `{PREFIX}PORT` in the environment. A wrong or unknown setting refuses to start and says why.
Secrets are no settings: they stand in files.

"""


def _setting_section(name: str) -> str:
    default = getattr(Settings(), name)
    about = f"Variable `{PREFIX}{name.upper()}`. Allowed: {_allowed(name)}. Default: {_shown(default)}."
    return f"## {name}\n\n{_meta(name).description}\n{about}\n"


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


def _annotation(name: str) -> Any:
    return get_type_hints(Settings, include_extras=True)[name]


def _meta(name: str) -> Meta:
    meta: Meta = _annotation(name).__metadata__[0]
    return meta


def _kinds(name: str) -> set[object]:
    """What a setting's value may be: bool, int, str, tuple, or the texts of its choice."""
    bare = _annotation(name).__origin__
    return {get_origin(part) or part for part in get_args(bare) or (bare,)}


def _allowed(name: str) -> str:
    return str((_meta(name).extra or {})["allowed"])


def _wrong(name: str, came: object, *, source: str | None = None) -> SettingError:
    shown = "makes no sense" if came is None else f"is {came!r}"
    return SettingError(f"{source or f'The setting {name}'} {shown}; allowed: {_allowed(name)}.")


def _unknown(source: str, name: str, *, prefix: str = "") -> SettingError:
    close = difflib.get_close_matches(name.removeprefix(prefix).lower(), Settings.__struct_fields__, n=1)
    meant = prefix + (close[0].upper() if prefix else close[0]) if close else ""
    hint = f"Did you mean {meant}?" if meant else "`slotgraph settings` lists them all."
    return SettingError(f"{source} has the setting {name}, which does not exist. {hint}")


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


def _typed(name: str, text: str) -> object:
    """The text of a variable as the type of its setting; as it came if that is impossible."""
    kinds = _kinds(name)
    if bool in kinds and text.lower() in _TRUTH:
        return _TRUTH[text.lower()]
    if tuple in kinds:
        return [part.strip() for part in text.split(",") if part.strip()]
    if int in kinds and text.isdecimal():
        return int(text)
    return text


def _checked(name: str, value: object, *, source: str) -> object:
    if isinstance(value, str) and value.lower() in _kinds(name):
        value = value.lower()
    try:
        return msgspec.convert(value, _annotation(name))
    except msgspec.ValidationError as err:
        # A database or base URL may hold a password, whatever else is wrong with it.
        raise _wrong(name, None if name in {"database", "base_url"} else value, source=source) from err


def _is_base_url(text: str) -> bool:
    try:
        url = urlsplit(text)
        return url.scheme in {"http", "https"} and bool(url.hostname) and url.port != 0 and not _extras(url)
    except ValueError:
        return False


def _extras(url: SplitResult) -> bool:
    return "@" in url.netloc or bool(url.query or url.fragment)


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True
