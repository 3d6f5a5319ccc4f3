"""The data folder, its rights, and room on the disk."""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from slotgraph.server.doctor.findings import Finding, fail, ok, warn
from slotgraph.server.settings import Settings

FOLDER = "data folder"
DISK = "disk space"
GIB = 1 << 30
MIB = 1 << 20
WARN_BELOW = GIB
FAIL_BELOW = 100 * MIB


def check_data_folder(settings: Settings) -> Iterator[Finding]:
    """Whether the folder is there, or can be made, and is its owner's alone."""
    folder = settings.data_path
    there = _nearest(folder)
    if not there.is_dir():
        yield fail(FOLDER, f"{there} is no folder.", cure="Name another data_folder, or move that away.")
    elif not os.access(there, os.W_OK | os.X_OK):
        yield fail(
            FOLDER, f"{there} may not be written by this user.", cure=f"chown or chmod {there}, or run as its owner."
        )
    elif there != folder:
        yield ok(FOLDER, f"{folder} is made at the first start.")
    elif stat.S_IMODE(folder.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO):
        yield warn(FOLDER, f"{folder} is open to others.", cure=f"chmod 700 {folder}")
    else:
        yield ok(FOLDER, f"{folder} is this user's alone.")


def check_disk_space(settings: Settings) -> Iterator[Finding]:
    """Whether there is room where the data folder and a SQLite file lie."""
    database = settings.database_path
    folders = {_nearest(settings.data_path), _nearest(database.parent) if database else _nearest(settings.data_path)}
    folder, free = min(((one, shutil.disk_usage(one).free) for one in folders), key=lambda found: found[1])
    yield space_finding(folder, free)


def space_finding(folder: Path, free: int) -> Finding:
    """How much room there is, in bytes, and whether that is enough."""
    sentence = (
        f"{free / GIB:.1f} GiB are free at {folder}." if free >= GIB else f"{free // MIB} MiB are free at {folder}."
    )
    cure = "Make room: a full disk refuses bookings."
    if free < FAIL_BELOW:
        return fail(DISK, sentence, cure=cure)
    return warn(DISK, sentence, cure=cure) if free < WARN_BELOW else ok(DISK, sentence)


def _nearest(path: Path) -> Path:
    """The path itself, or the nearest of its parents that is there."""
    return next(one for one in (path, *path.parents) if one.exists())
