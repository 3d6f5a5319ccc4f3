"""What stands in a database, read behind everybody's back: all rows of all tables, and whether it is sound."""

import shutil
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

import psycopg

from slotgraph.core import tables

NAMES = sorted(table.name for table in tables.metadata.tables.values())
HOW_OFTEN = {"attempts", "fence", "lease", "lease_until", "unsure"}
"""Columns of the outbox that tell by whom and how often a wish was tried: that is no part of what is wished, and of how it stands."""


def _columns(name: str) -> str:
    if name != "outbox":
        return "*"
    # What was looked at once more was removed like what was not.
    told = (column.name for column in tables.outbox.columns if column.name not in HOW_OFTEN)
    return ", ".join("replace(action, '_AGAIN', '')" if column == "action" else column for column in told)


def rows(address: str) -> list[str]:
    """Every row, as a line that names its table; in one order whatever the database's is."""
    connection: Any = psycopg.connect(address) if is_postgresql(address) else sqlite3.connect(address)
    try:
        found = (
            (name, row)
            for name in NAMES
            for row in connection.execute(f'SELECT {_columns(name)} FROM "{name}"').fetchall()
        )
        return sorted(f"{name}: {row!r}" for name, row in found)
    finally:
        connection.close()


def is_postgresql(address: str) -> bool:
    """Whether an address names a database of a server, not a file."""
    return address.startswith("postgresql:")


def rows_after_a_crash(address: str) -> list[str]:
    """The rows that a killed process left behind. A SQLite file is looked at in a copy, so that its next user must recover it."""
    if is_postgresql(address):
        return rows(address)
    path = Path(address)
    with tempfile.TemporaryDirectory(dir=path.parent.parent) as folder:
        for file in path.parent.iterdir():
            shutil.copy(file, folder)
        copied = str(Path(folder) / path.name)
        assert faults(copied) == []
        return rows(copied)


def faults(path: str) -> list[object]:
    """What SQLite finds wrong with a file and its references."""
    connection = sqlite3.connect(path)
    try:
        broken = connection.execute("PRAGMA integrity_check").fetchall()
        return [row for row in broken if row != ("ok",)] + connection.execute("PRAGMA foreign_key_check").fetchall()
    finally:
        connection.close()
