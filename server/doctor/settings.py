"""Whether the settings fit each other and the place."""

import ipaddress
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from slotgraph.server.doctor.findings import Finding, ok, warn
from slotgraph.server.settings import Settings, Sourced

NAME = "settings"


def check_settings(sourced: Sourced) -> Iterator[Finding]:
    """Where each setting comes from that differs from its default, and what is unwise on a server that others reach."""
    settings = sourced.settings
    yield ok(NAME, _origins(sourced))
    if sourced.file and _others_may_write(sourced.file):
        yield warn(
            NAME, f"The configuration file {sourced.file} may be changed by others.", cure=f"chmod go-w {sourced.file}"
        )
    if _is_open(settings):
        if not settings.public_url.startswith("https://"):
            yield warn(
                NAME,
                "Others reach this server, and base_url is no https address: cookies and passwords travel in the clear.",
                cure="Put a proxy that speaks HTTPS before it, and set base_url to the https address people use.",
            )
        if settings.development:
            yield warn(
                NAME,
                "Others reach this server, and development is on: it shows its whole schema to everybody.",
                cure="Set development to false.",
            )
    if any(ipaddress.ip_network(text).prefixlen == 0 for text in settings.trusted_proxies):
        yield warn(
            NAME,
            "Everybody is a trusted proxy: strangers choose the address they seem to come from, and so their budget.",
            cure="List in trusted_proxies the addresses of your proxies only.",
        )


def _origins(sourced: Sourced) -> str:
    default = Settings()
    differing = [name for name in sourced.sources if getattr(sourced.settings, name) != getattr(default, name)]
    listed = ", ".join(f"{name} ({sourced.sources[name]})" for name in sorted(differing))
    return f"Readable. Not the default: {listed}." if listed else "Readable. Everything is the default."


def _others_may_write(file: Path) -> bool:
    return bool(file.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH))


def _is_open(settings: Settings) -> bool:
    """Whether anybody but this machine can reach the server: by its own address, or by the one people use."""
    reached = urlsplit(settings.base_url).hostname if settings.base_url else settings.host
    return not (_is_loopback(settings.host) and _is_loopback(reached or ""))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
