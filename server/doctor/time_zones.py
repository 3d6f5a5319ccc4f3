"""The time: data of time zones, and the clock of this machine."""

import re
import zoneinfo
from collections.abc import Iterator, Sequence
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from slotgraph.core.clock import is_zone_name
from slotgraph.server.doctor.findings import Finding, fail, ok, warn

ZONES = "time zones"
CLOCK = "clock"
EARLIEST_YEAR = 2026
ONE_OF_EACH = (
    *("Africa/Cairo", "America/New_York", "Antarctica/Troll", "Asia/Tokyo", "Atlantic/Azores"),
    *("Australia/Sydney", "Europe/Zurich", "Indian/Maldives", "Pacific/Auckland"),
)
_UPDATE = "Update the operating system's time zones (its package tzdata), or run with PYTHONTZPATH= to take Python's."


def check_time_zones() -> Iterator[Finding]:
    """Whether zones of every part of the world load, and how old their data are."""
    missing = [name for name in ONE_OF_EACH if not is_zone_name(name)]
    yield zones_finding(missing, systems=_systems_release(zoneinfo.TZPATH), package=_packages_release())


def zones_finding(missing: Sequence[str], *, systems: str | None, package: str | None) -> Finding:
    """What there is to say of zones that do not load, and of the releases (2026a) of the system's data and the package's."""
    if missing:
        return fail(ZONES, f"There are no data of {', '.join(missing)}.", cure="pip install --upgrade tzdata")
    used = f"the operating system's data ({systems})" if systems else f"the package tzdata ({package})"
    if systems and package and systems < package:
        return warn(ZONES, f"Zones of every continent load, from {used}; {package} is out.", cure=_UPDATE)
    return ok(ZONES, f"Zones of every continent load, from {used}.")


def _systems_release(folders: Sequence[str]) -> str | None:
    """The release of the data that Python takes from the system, which come first; None if it has none that say."""
    folder = next((Path(one) for one in folders if (Path(one) / ONE_OF_EACH[0]).exists()), None)
    stamps = [folder / "tzdata.zi", folder / "+VERSION"] if folder else []
    text = next((_first_line(stamp) for stamp in stamps if stamp.exists()), "")
    found = re.search(r"\d{4}[a-z]", text)
    return found[0] if found else None


def _first_line(file: Path) -> str:
    with file.open(encoding="ascii", errors="replace") as text:
        return text.readline()


def _packages_release() -> str | None:
    """The release of the package tzdata: 2026.6 holds 2026f."""
    try:
        year, _, number = version("tzdata").partition(".")
    except PackageNotFoundError:
        return None
    return f"{year}{chr(ord('a') + int(number) - 1)}" if number.isdecimal() and 1 <= int(number) <= 26 else None


def check_clock(now: datetime) -> Iterator[Finding]:
    """Whether the machine's clock was ever set."""
    if now.year < EARLIEST_YEAR:
        yield fail(CLOCK, f"This machine thinks it is {now:%Y-%m-%d}.", cure="Set its clock, best by NTP.")
    else:
        yield ok(CLOCK, f"It is {now:%Y-%m-%d %H:%M} UTC.")
