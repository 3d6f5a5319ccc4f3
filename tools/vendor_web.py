"""Fetch the web pages' foreign files from npm and write their manifest, `server/web/vendor.json`. Runs on a developer's machine only.

    python tools/vendor_web.py

Needs `npm`, which checks each package against the registry's checksum. To raise a version, change it here and run this again.
"""

import hashlib
import json
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

WEB = Path(__file__).resolve().parents[1] / "server" / "web"
MANIFEST = WEB / "vendor.json"


@dataclass(frozen=True, slots=True)
class Package:
    """An npm package, the files taken of it, and the folder under `server/web` they go to."""

    name: str
    version: str
    licence: str
    folder: str
    files: tuple[str, ...]
    note: str = ""


PACKAGES = (
    Package(
        "graphiql",
        "3.8.3",
        "MIT",
        "graphiql/vendor/graphiql",
        ("graphiql.min.js", "graphiql.min.css", "LICENSE"),
        "The bundle carries its own dependencies and the fonts Roboto (Apache-2.0) and Fira Code (OFL-1.1).",
    ),
    Package("react", "18.3.1", "MIT", "graphiql/vendor/react", ("umd/react.production.min.js", "LICENSE")),
    Package("react-dom", "18.3.1", "MIT", "graphiql/vendor/react-dom", ("umd/react-dom.production.min.js", "LICENSE")),
)


def main() -> None:
    """Replace every vendored folder, then the manifest."""
    entries = [entry for package in PACKAGES for entry in vendor(package)]
    MANIFEST.write_text(json.dumps(entries, indent=2) + "\n")


def vendor(package: Package) -> Iterator[dict[str, str | int]]:
    """Put a package's files in place; yield their entries in the manifest."""
    target = WEB / package.folder
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder, tarfile.open(fetch(package, folder=Path(folder))) as archive:
        for name in package.files:
            file = target / Path(name).name
            file.write_bytes(member(archive, name))
            yield entry(package, file)


def fetch(package: Package, *, folder: Path) -> Path:
    """The package's archive, in `folder`."""
    command = ["npm", "pack", "--silent", "--pack-destination", str(folder), f"{package.name}@{package.version}"]
    subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL)
    (archive,) = folder.glob("*.tgz")
    return archive


def member(archive: tarfile.TarFile, name: str) -> bytes:
    """The bytes of one file. Raises KeyError if the package lacks it."""
    file = archive.extractfile(f"package/{name}")
    if file is None:
        raise KeyError(name)
    return file.read()


def entry(package: Package, file: Path) -> dict[str, str | int]:
    """What the manifest says of a file."""
    content = file.read_bytes()
    facts: dict[str, str | int] = {
        "package": package.name,
        "version": package.version,
        "licence": package.licence,
        "file": file.relative_to(WEB).as_posix(),
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
    }
    return facts | ({"note": package.note} if package.note and file.name != "LICENSE" else {})


if __name__ == "__main__":
    main()
