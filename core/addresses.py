"""Which addresses the process may speak to: a pure decision on URLs and IP addresses, and the resolver. Opens no connection."""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from yarl import URL

from slotgraph.core.errors import AddressRefused

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

Resolve = Callable[[str], Awaitable[Sequence[str]]]
"""Takes a host name, returns its IP addresses as text; raises OSError if there are none."""

_MAX_URL_CHARACTERS = 8000
_MAX_NAME_CHARACTERS = 253
_LOOKUPS_AT_A_TIME = 16

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?:{_LABEL}\.)*{_LABEL}")
# A last label of digits, or of a 0x number, is what inet_aton() takes for an address: 127.1, 0x7f.1, 017700000001.
_NUMERIC_LABEL = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)")
_VISIBLE_ASCII = re.compile(r"[!-~]*")
_TROUBLE = re.compile(r"[\x00-\x1f\x7f\\]")

# IANA IPv4 Special-Purpose Address Registry, multicast, and one public address that only a cloud's own machines see.
_CLOSED_V4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT, and Alibaba's metadata
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's wire server
        "169.254.0.0/16",  # link-local, and most clouds' metadata
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# IPv6 by allowance: only global unicast is open, less the special-purpose blocks inside it. So ::1, fe80::/10, fc00::/7,
# ff00::/8, ::/96 and everything not yet assigned are closed without being named.
_OPEN_V6 = ipaddress.IPv6Network("2000::/3")
_CLOSED_V6 = tuple(
    ipaddress.IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments; Teredo, which carries an IPv4 address, among them
        "2001:db8::/32",
        "2002::/16",  # 6to4 carries an IPv4 address
        "3fff::/20",
    )
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """What the operator allows beyond https to public addresses on `ports`.

    Addresses in `allowed_networks` may be reached although they are not public, and on any port. `allow_http` permits http,
    in practice to those networks only: port 80 of others stays closed.

        >>> AddressPolicy().check_url("https://[::1]/")
        Traceback (most recent call last):
        ...
        slotgraph.core.errors.AddressRefused: The server's address is not a public one.
    """

    allowed_networks: tuple[IPNetwork, ...] = ()
    allow_http: bool = False
    ports: frozenset[int] = frozenset({443, 8443})

    def check_url(self, text: str) -> URL:
        """Return the URL to ask, its path and query as written. Raises AddressRefused.

        A host given as an IP address is decided here; a name only once it is resolved, by `check_addresses`.
        """
        url = _parsed(text)
        if url.scheme != "https" and not (url.scheme == "http" and self.allow_http):
            raise AddressRefused("Only https addresses are allowed.")
        host, port = url.raw_host or "", url.port or 0
        literal = _literal(host)
        if literal is not None:
            self._check_address(literal, port)
        else:
            self._check_name(host, port)
        return _as_written(url, text)

    def check_addresses(self, addresses: Iterable[str], port: int) -> None:
        """Raise AddressRefused unless every address of a host may be reached on this port: one bad one spoils the host."""
        for text in addresses:
            literal = _literal(text)
            if literal is None:
                raise AddressRefused("The server's name does not lead to an address.")
            self._check_address(literal, port)

    def _check_name(self, host: str, port: int) -> None:
        if len(host) > _MAX_NAME_CHARACTERS or not _NAME.fullmatch(host):
            raise AddressRefused("The address has no valid server name.")
        labels = host.split(".")
        if _NUMERIC_LABEL.fullmatch(labels[-1]):
            raise AddressRefused("An IP address must be written as four decimal numbers.")
        if self.allowed_networks:
            return
        if labels[-1] == "localhost":
            raise AddressRefused("The server's address is not a public one.")
        self._check_port(port)

    def _check_address(self, address: IPAddress, port: int) -> None:
        plain = _unwrapped(address)
        if any(plain.version == network.version and plain in network for network in self.allowed_networks):
            return
        if not _is_public(plain):
            raise AddressRefused("The server's address is not a public one.")
        self._check_port(port)

    def _check_port(self, port: int) -> None:
        if port not in self.ports:
            raise AddressRefused("This port is not allowed.")


class SystemResolver:
    """Resolves names as the operating system does, in threads of its own, so that a slow name server holds up nothing else."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_LOOKUPS_AT_A_TIME, thread_name_prefix="resolver")

    async def __call__(self, host: str) -> Sequence[str]:
        """Return all addresses of a name. Raises OSError if there are none."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, _look_up, host)

    def close(self) -> None:
        """Take no more names; lookups under way are not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _look_up(host: str) -> Sequence[str]:
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))


def _parsed(text: str) -> URL:
    """Parse once, with the parser that the request is made with: two parsers that disagree are how guards are passed."""
    if len(text) > _MAX_URL_CHARACTERS or _TROUBLE.search(text):
        raise AddressRefused("The address holds characters that do not belong there, or is too long.")
    try:
        url = URL(text)
        host = url.raw_host
    except ValueError:
        raise AddressRefused("This is not a web address.") from None
    if not host:
        raise AddressRefused("The address names no server.")
    if "@" in url.raw_authority or "@" in text.partition("://")[2].partition("/")[0].partition("?")[0]:
        raise AddressRefused("A login or password does not belong into the address.")
    return url


def _as_written(url: URL, text: str) -> URL:
    """The checked URL with path and query untouched: to a calendar server `%40` and `@` may be different names."""
    raw = URL(text, encoded=True)
    if not _VISIBLE_ASCII.fullmatch(raw.raw_path + raw.raw_query_string):
        return url.with_fragment(None)
    return URL.build(
        scheme=url.scheme,
        authority=url.raw_authority,
        path=raw.raw_path or "/",
        query_string=raw.raw_query_string,
        encoded=True,
    )


def _literal(host: str) -> IPAddress | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return address


def _unwrapped(address: IPAddress) -> IPAddress:
    """The IPv4 address inside an IPv4-mapped (RFC 4291) or NAT64 (RFC 6052) one; others as they are."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _is_public(address: IPAddress) -> bool:
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _CLOSED_V4)
    if address.scope_id is not None:
        return False
    return address in _OPEN_V6 and not any(address in network for network in _CLOSED_V6)
