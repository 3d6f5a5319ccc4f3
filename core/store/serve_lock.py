"""A lock of the operating system beside a SQLite file: one process serves it."""

import fcntl
import os
from pathlib import Path
from typing import Self

from slotgraph.core.errors import SettingError
from slotgraph.core.store.sqlite import database_path, prepare_file


class ServeLock:
    """The lock of one process on a database file. Ends with the process."""

    def __init__(self, address: str | Path) -> None:
        path = database_path(address)
        self.path = path.with_name(path.name + ".lock")
        self._descriptor: int | None = None

    def take(self) -> None:
        """Take the lock or raise SettingError, at once."""
        prepare_file(self.path)
        descriptor = os.open(self.path, os.O_RDWR)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            raise SettingError(_cannot_lock(self.path, error)) from error
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lock back. The file stays: removing it would let two takers lock two files of one name."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        self.take()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.release()


def _cannot_lock(path: Path, error: OSError) -> str:
    if isinstance(error, BlockingIOError):
        return "Another process serves this SQLite file already; more than one at a time need PostgreSQL."
    return f"The file {path} cannot be locked: {error.strerror or type(error).__name__}."
