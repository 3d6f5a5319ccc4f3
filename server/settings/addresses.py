"""Whether addresses that an operator wrote make sense: of the database, of this server, of networks."""

import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import SplitResult, parse_qs, urlsplit

SQLITE = "sqlite:///"

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NO_SENSE = "{setting} makes no sense; allowed: {allowed}."
_NOT_HERE = "{setting} holds a password; write that into a file of its own, and its path into database_password_file."
_DATABASE_NAME = re.compile(r"/[^/@:]+")


def database_fault(text: str) -> str | None:
    """What is wrong with the address of a database, a sentence with `{setting}` and `{allowed}` to fill in; None if nothing is."""
    if text.startswith(SQLITE):
        return _NO_SENSE if text == SQLITE or "?" in text else None
    try:
        url = urlsplit(text)
        return _postgresql_fault(url, parse_qs(url.query, keep_blank_values=True, strict_parsing=bool(url.query)))
    except ValueError:
        return _NO_SENSE


def _postgresql_fault(url: SplitResult, options: Mapping[str, list[str]]) -> str | None:
    """Which options there are is the driver's business; a password among them is ours."""
    if url.password is not None or "password" in options:
        return _NOT_HERE
    is_named = _DATABASE_NAME.fullmatch(url.path) and not url.fragment
    is_somewhere = (url.hostname or "host" in options) and url.port != 0
    return None if url.scheme == "postgresql" and is_named and is_somewhere else _NO_SENSE


def is_base_url(text: str) -> bool:
    """Whether people can reach a server by it: http or https, a host, nothing behind the path."""
    try:
        url = urlsplit(text)
        return url.scheme in {"http", "https"} and bool(url.hostname) and url.port != 0 and not _extras(url)
    except ValueError:
        return False


def _extras(url: SplitResult) -> bool:
    return "@" in url.netloc or bool(url.query or url.fragment)


def is_network(text: str) -> bool:
    """Whether this is an address or a network."""
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True
