"""Which file systems are another machine's."""

from pathlib import Path

import pytest

from slotgraph.server.doctor.mounts import is_remote

MOUNTS = r"""
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:50 / /srv/far rw - nfs4 server:/export rw
31 30 8:2 / /srv/far/near rw - xfs /dev/sdb1 rw
32 22 0:51 / /srv/with\040space rw - fuse.sshfs me@server: rw
33 22 0:52 / /mnt/old rw - ext4 /dev/sdc1 rw
34 22 0:53 / /mnt/old rw - cifs //server/share rw
nonsense
"""


@pytest.mark.parametrize(
    ("path", "remote"),
    [
        ("/data/slotgraph.db", False),
        ("/srv/far/slotgraph.db", True),
        ("/srv/farther/slotgraph.db", False),
        ("/srv/far/near/slotgraph.db", False),
        ("/srv/with space/slotgraph.db", True),
        ("/mnt/old/slotgraph.db", True),
    ],
)
def test_the_deepest_and_latest_mount_counts(path, remote):
    assert is_remote(Path(path), MOUNTS) is remote


def test_where_mounts_are_not_told_nothing_is_remote():
    assert not is_remote(Path("/srv/far/slotgraph.db"), "")
