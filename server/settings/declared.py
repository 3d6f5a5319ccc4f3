"""What an operator may set, each with its type, its default and what is allowed. Where values come from stands in `reading`."""

import ipaddress
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from slotgraph.core.errors import SettingError
from slotgraph.server.settings.addresses import SQLITE, Network, database_fault, is_base_url, is_network

_EVERY_NETWORK: tuple[Network, ...] = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))
_NOT_SHOWN = frozenset({"database", "base_url", "database_password_file"})
"""Where people put passwords, whatever else is wrong with the value."""


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
            description="The database. A relative path begins in data_folder. A password stands in a file of its own, never here.",
            extra={
                "allowed": f"{SQLITE} and the path of a file, or postgresql://user@host:5432/name "
                "(through a socket: postgresql:///name?host=/var/run/postgresql)"
            },
        ),
    ] = f"{SQLITE}slotgraph.db"
    database_password_file: Annotated[
        str | None,
        Meta(
            description="The file with PostgreSQL's password in its first line. Only its owner may have rights on it.",
            extra={"allowed": "the path of a file"},
        ),
    ] = None
    database_pool: Annotated[
        int,
        Meta(
            description="How many connections to PostgreSQL a process holds at most for its work: half to read, half to write.",
            extra={"allowed": "a number from 2 to 100"},
            ge=2,
            le=100,
        ),
    ] = 10
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
    require_second_factor: Annotated[
        bool,
        Meta(
            description="Whether owners and support agents need a second factor (TOTP). Without one they can only set one up.",
            extra={"allowed": "true or false"},
        ),
    ] = False
    stranger_searches_per_minute: Annotated[
        int,
        Meta(
            description="How many slot searches a minute are taken from one address without a login. 0: as many as come.",
            extra={"allowed": "a number from 0 to 1000000"},
            ge=0,
            le=1_000_000,
        ),
    ] = 120
    stranger_holds: Annotated[
        int,
        Meta(
            description="How many slots of a company one address may hold at a time without a login. 0: as many as it likes.",
            extra={"allowed": "a number from 0 to 1000"},
            ge=0,
            le=1000,
        ),
    ] = 5
    worker: Annotated[
        Literal["embedded", "apart"],
        Meta(
            description="Who writes into calendars what could not be written at once: `serve` itself, or `slotgraph worker`.",
            extra={"allowed": "embedded, or apart (on PostgreSQL only)"},
        ),
    ] = "embedded"
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
        if fault := database_fault(self.database):
            raise SettingError(fault.format(setting="The setting database", allowed=allowed("database")))
        if self.database_password_file == "":
            raise wrong("database_password_file", "")
        for name in ("data_folder", "database", "key_file"):
            if "\0" in getattr(self, name):
                raise wrong(name, getattr(self, name))
        if self.worker == "apart" and self.database.startswith(SQLITE):
            raise SettingError(
                "The setting worker is 'apart', and on SQLite nobody else can work: use PostgreSQL, or 'embedded'."
            )
        if self.base_url is not None and not is_base_url(self.base_url):
            raise wrong("base_url", self.base_url)
        networks = {"allow_private_addresses": self.allow_private_addresses, "trusted_proxies": self.trusted_proxies}
        for name, listed in networks.items():
            for text in listed if isinstance(listed, tuple) else ():
                if not is_network(text):
                    raise wrong(name, text)

    @property
    def data_path(self) -> Path:
        """`data_folder`, absolute."""
        return expanded("The setting data_folder", self.data_folder).absolute()

    @property
    def database_path(self) -> Path | None:
        """The SQLite file, absolute; None if the database is PostgreSQL."""
        if not self.database.startswith(SQLITE):
            return None
        return self.data_path / expanded("The setting database", self.database.removeprefix(SQLITE))

    @property
    def database_url(self) -> str:
        """`database`, the path of a file absolute. There is no password in it."""
        return f"{SQLITE}{self.database_path}" if self.database_path else self.database

    @property
    def database_password_path(self) -> Path | None:
        """The file with PostgreSQL's password, absolute."""
        named = self.database_password_file
        return self.data_path / expanded("The setting database_password_file", named) if named else None

    @property
    def key_path(self) -> Path:
        """The key file, absolute."""
        return self.data_path / expanded("The setting key_file", self.key_file)

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


def expanded(source: str, text: str) -> Path:
    """A path with the home folder that it begins in. Raises SettingError where there is none."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        # `from None`, and no path: it may be a secret.
        raise SettingError(
            f"{source} begins in a home folder (~) that is not known here; write the path out from / on."
        ) from None


def annotation(name: str) -> Any:
    """The type of a setting with its Meta, for msgspec."""
    return get_type_hints(Settings, include_extras=True)[name]


def kinds(name: str) -> set[object]:
    """What a setting's value may be: bool, int, str, tuple, or the texts of its choice."""
    bare = annotation(name).__origin__
    parts = get_args(bare) if get_origin(bare) in {UnionType, Literal} else (bare,)
    return {get_origin(part) or part for part in parts}


def description(name: str) -> str:
    """What a setting is for."""
    return str(_meta(name).description)


def allowed(name: str) -> str:
    """What a setting may be, in words."""
    return str((_meta(name).extra or {})["allowed"])


def wrong(name: str, came: object, *, source: str | None = None) -> SettingError:
    """The sentence on a value that is not allowed: where it came from, what came unless it may be a secret, what is allowed."""
    shown = "makes no sense" if name in _NOT_SHOWN else f"is {came!r}"
    return SettingError(f"{source or f'The setting {name}'} {shown}; allowed: {allowed(name)}.")


def _meta(name: str) -> Meta:
    meta: Meta = annotation(name).__metadata__[0]
    return meta
