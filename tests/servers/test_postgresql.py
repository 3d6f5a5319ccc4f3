"""The throw-away PostgreSQL ends with whoever started it."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.postgresql

START = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from postgresql import Cluster
print(Cluster.start(Path(sys.argv[2])).folder, flush=True)
sys.stdin.read()
"""


def test_it_is_gone_with_its_data_when_the_suite_is_killed(quick_folder: Path) -> None:
    command = [sys.executable, "-c", START, str(Path(__file__).parent), str(quick_folder.parent)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as suite:
        folder = Path(suite.stdout.readline().strip())
        server = Path("/proc", (folder / "data" / "postmaster.pid").read_text().split("\n")[0])
        assert server.exists()
        suite.kill()
    until = time.monotonic() + 20
    while (server.exists() or folder.exists()) and time.monotonic() < until:
        time.sleep(0.05)
    assert not server.exists()
    assert not folder.exists()
