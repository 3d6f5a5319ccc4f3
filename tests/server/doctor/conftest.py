"""Installations to be looked at, on the kind of database this run is for."""

from pathlib import Path

import pytest

from slotgraph.server.settings import Settings


@pytest.fixture
def installation(tmp_path, new_database):
    """Makes settings of an installation whose database is `new` or `empty` (migrated), in a folder that its owner alone may enter."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)

    def make(kind="empty", **more):
        address = new_database(kind)
        database = address if address.startswith("postgresql") else f"sqlite:///{address}"
        if Path(address).exists():
            Path(address).chmod(0o600)  # as `migrate` makes it
        return Settings(**{"data_folder": str(folder), "database": database} | more)

    return make
