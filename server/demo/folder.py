"""Where the demo keeps its data between runs: the database, the keys, the calendar server's port and passwords."""

import contextlib
import json
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from slotgraph.core.errors import SettingError
from slotgraph.server.demo.process import open_private

_MARK = "demo.json"
_FOUNDED = "founded"
DATABASE = "slotgraph.db"
CALENDARS = "radicale"
_KEY = "slotgraph.key"
_LOCK = f"{DATABASE}.lock"
_DATABASE_FILES = (DATABASE, *(f"{DATABASE}-{ending}" for ending in ("wal", "shm", "journal")))
_OURS = frozenset({_MARK, _FOUNDED, _KEY, _LOCK, CALENDARS, *_DATABASE_FILES})


@dataclass(frozen=True, slots=True)
class DemoState:
    """What must be the same in the next run: the linked accounts know it."""

    calendar_port: int
    calendar_passwords: dict[str, str]
    password: str


def prepare(folder: Path) -> None:
    """Make the folder. Raises SettingError if that cannot be, or if it is somebody else's."""
    with _one_sentence(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (folder / _MARK).exists() and any(entry.name not in _OURS for entry in folder.iterdir()):
            raise SettingError(f"{folder} is not a demo's folder, so it is left alone; name another with --folder.")
        (folder / ".writable").touch()
        (folder / ".writable").unlink()


def forget(folder: Path, *, everything: bool) -> None:
    """Remove what a first run left that was interrupted, or `everything` of the demo's; never what others put there.

    To be called under the serve lock, whose file stays: whoever serves these files would lose them.
    """
    files = () if is_founded(folder) else _DATABASE_FILES
    with _one_sentence(folder):
        for name in (*_DATABASE_FILES, _KEY, _FOUNDED, _MARK) if everything else files:
            (folder / name).unlink(missing_ok=True)
        if everything and (folder / CALENDARS).exists():
            shutil.rmtree(folder / CALENDARS)


@contextlib.contextmanager
def _one_sentence(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SettingError(f"The demo's folder {folder} cannot be used: {error.strerror}.") from error


def load_state(folder: Path) -> DemoState | None:
    """The state of the last run; None if there was none. Raises SettingError if it cannot be read."""
    try:
        values = json.loads((folder / _MARK).read_text(encoding="utf-8"))
        return DemoState(**values)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise SettingError(f"The demo's data in {folder} cannot be read; `make run RESET=1` starts over.") from error


def save_state(folder: Path, state: DemoState) -> None:
    """Keep the state for the next run, for its owner only."""
    with open(folder / _MARK, "w", encoding="utf-8", opener=open_private) as file:
        json.dump(asdict(state), file, indent=1)


def is_founded(folder: Path) -> bool:
    """Whether an earlier run made the demo company to the end."""
    return (folder / _FOUNDED).exists()


def note_founded(folder: Path) -> None:
    """Note that the demo company was made to the end."""
    (folder / _FOUNDED).touch()


def made_up_password() -> str:
    """A password that can be typed."""
    return "-".join(secrets.token_hex(2) for _ in range(3))
