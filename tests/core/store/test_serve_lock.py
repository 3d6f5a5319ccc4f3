"""The lock of `serve`: one process on a SQLite file."""

import subprocess
import sys

import pytest

from slotgraph.core.errors import SettingError
from slotgraph.core.store.serve_lock import ServeLock


def test_a_second_server_on_one_file_is_refused_with_a_way_out(tmp_path):
    path = tmp_path / "slotgraph.db"
    with ServeLock(path):
        with pytest.raises(SettingError, match="PostgreSQL"):
            ServeLock(f"sqlite:///{path}").take()
        with ServeLock(tmp_path / "other.db"):
            pass
    with ServeLock(path):
        pass
    assert (tmp_path / "slotgraph.db.lock").stat().st_mode & 0o777 == 0o600


def test_the_lock_ends_with_its_process(tmp_path):
    path = tmp_path / "slotgraph.db"
    holder = "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.flock(f, fcntl.LOCK_EX); print('held', flush=True); input()"
    command = [sys.executable, "-IS", "-c", holder, f"{path}.lock"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(SettingError, match="PostgreSQL"):
            ServeLock(path).take()
        process.kill()
        process.wait()
        with ServeLock(path):
            pass
