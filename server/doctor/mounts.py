"""Which file system a path lies on, by what Linux says of its mounts."""

import re
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
_REMOTE = re.compile(
    r"nfs\d?|cifs|smb\w*|9p|afs|ncpfs|ceph|lustre|glusterfs|fuse\.(sshfs|glusterfs|rclone|s3fs|ceph\w*)"
)
_ESCAPED = re.compile(r"\\([0-7]{3})")


def is_remote(path: Path, mounts: str) -> bool:
    """Whether a path lies on another machine's disk, where locks cannot be relied on. `mounts` is the text of `mountinfo`."""
    kind = _kind(path, mounts)
    return kind is not None and _REMOTE.fullmatch(kind) is not None


def _kind(path: Path, mounts: str) -> str | None:
    """The file system of the deepest mount that holds the path; of two at one place the later one covers the other."""
    found: tuple[int, str] | None = None
    for line in mounts.splitlines():
        before, separator, after = line.partition(" - ")
        if separator:
            place = Path(_ESCAPED.sub(lambda code: chr(int(code[1], 8)), before.split()[4]))
            depth = len(place.parts)
            if path.is_relative_to(place) and (found is None or depth >= found[0]):
                found = depth, after.split()[0]
    return found[1] if found else None
