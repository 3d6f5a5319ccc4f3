"""Secrets that stand in files which settings name."""

import os
import stat
from pathlib import Path

from slotgraph.core.errors import SettingError
from slotgraph.core.values import Secret
from slotgraph.server.settings.declared import Settings

LONGEST_BYTES = 1000


def database_password(settings: Settings) -> Secret | None:
    """PostgreSQL's password; None if no file is named. Raises SettingError, which repeats nothing of the file."""
    path = settings.database_password_path
    return _secret_of(path, setting="database_password_file") if path else None


def _secret_of(path: Path, *, setting: str) -> Secret:
    """The first line of a file that only its owner may read. The path is not shown: some write the secret itself there."""
    named = f"The file named by {setting}"
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            line = file.readline(LONGEST_BYTES + 3).rstrip(b"\r\n")
    except (OSError, ValueError) as error:  # ValueError: NUL in the path
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise SettingError(f"{named} cannot be read: {reason}. A relative path begins in data_folder.") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SettingError(f"{named} is open to others; take their rights away (chmod 600).")
    if len(line) > LONGEST_BYTES:
        raise SettingError(f"{named} has more than {LONGEST_BYTES} bytes in its first line: this is no password.")
    return Secret(_text_of(line, named))


def _text_of(line: bytes, named: str) -> str:
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError:
        # `from None`: the cause quotes the line.
        raise SettingError(f"{named} is no text in UTF-8.") from None
    if not text:
        raise SettingError(f"{named} is empty in its first line, where the password should stand.")
    if "\0" in text:
        raise SettingError(f"{named} has a NUL in its first line, which no password can hold.")
    return text
