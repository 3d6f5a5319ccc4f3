"""All checks in their order. One that breaks is a finding itself, and the others still run."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from slotgraph.core.clock import Clock
from slotgraph.core.errors import SettingError
from slotgraph.core.registry import Registry
from slotgraph.core.store.examining import Examined
from slotgraph.server.doctor import (
    calendar_entries,
    database,
    folders,
    keys,
    logins,
    migrations,
    plugins,
    port,
    settings,
    time_zones,
)
from slotgraph.server.doctor.database import Absent
from slotgraph.server.doctor.findings import Finding, fail, failed
from slotgraph.server.settings import Settings, Sourced, read_sourced


def diagnose(config: Path | None, *, clock: Clock) -> Iterator[Finding]:
    """What is found, check by check."""
    sourced = _read(config)
    if isinstance(sourced, Finding):
        yield sourced
    else:
        yield from _guarded(settings.NAME, lambda: settings.check_settings(sourced))
        yield from _of_installation(sourced.settings, clock)
    yield from _guarded(time_zones.ZONES, time_zones.check_time_zones)
    yield from _guarded(time_zones.CLOCK, lambda: time_zones.check_clock(clock.now()))
    yield from _guarded(plugins.NAME, lambda: plugins.check_plugins(Registry.discover().plugins))
    if not isinstance(sourced, Finding):
        yield from _guarded(port.NAME, lambda: port.check_port(sourced.settings.host, sourced.settings.port))


def _read(config: Path | None) -> Sourced | Finding:
    try:
        return read_sourced(config)
    except SettingError as error:
        return failed(settings.NAME, error, cure="`slotgraph settings` lists what is allowed.")


def _of_installation(chosen: Settings, clock: Clock) -> Iterator[Finding]:
    yield from _guarded(folders.FOLDER, lambda: folders.check_data_folder(chosen))
    yield from _guarded(folders.DISK, lambda: folders.check_disk_space(chosen))
    looked = _look(chosen, clock)
    if isinstance(looked, Finding):
        yield looked
    else:
        yield from _guarded(database.NAME, lambda: database.check_database(looked, chosen))
    found = Absent.NOT_REACHED if isinstance(looked, Finding) else looked
    yield from _guarded(migrations.NAME, lambda: migrations.check_migrations(found))
    yield from _guarded(keys.NAME, lambda: keys.check_keys(found, chosen))
    yield from _guarded(logins.NAME, lambda: logins.check_second_factor(found, chosen))
    yield from _guarded(calendar_entries.NAME, lambda: calendar_entries.check_calendar_entries(found, now=clock.now()))


def _look(chosen: Settings, clock: Clock) -> Examined | Absent | Finding:
    try:
        return database.look_into(chosen, clock)
    except Exception as error:  # noqa: BLE001 - as below
        return _broken(database.NAME, error)


def _guarded(name: str, check: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    try:
        yield from check()
    # Whatever breaks here is what the doctor is asked about.
    except Exception as error:  # noqa: BLE001 - one check must not cost the others
        yield _broken(name, error)


def _broken(name: str, error: Exception) -> Finding:
    """Of what is not our own only the class is told: a message may hold anything."""
    if isinstance(error, SettingError):
        return failed(name, error, cure="`slotgraph settings` lists what is allowed.")
    if isinstance(error, PermissionError):
        return fail(name, "This user may not look there.", cure="Ask the doctor as the user that SlotGraph runs as.")
    return fail(
        name,
        f"This check broke: {type(error).__name__}.",
        cure="The others are not affected; please report this as an error of SlotGraph.",
    )
