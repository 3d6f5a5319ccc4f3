"""The web folder: vendored files are what the manifest says, and no page of ours speaks to anybody else."""

import hashlib
import json
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
WEB = ROOT / "server" / "web"
MANIFEST = json.loads((WEB / "vendor.json").read_text())
FOREIGN_HOST = re.compile(r"(?:https?:|wss?:)?//(?!\s)[a-z0-9.-]+\.[a-z]{2,}", re.IGNORECASE)


def vendored() -> list[Path]:
    return [file for file in WEB.rglob("*") if file.is_file() and "vendor" in file.relative_to(WEB).parts[:-1]]


def own(suffix: str) -> list[Path]:
    return [file for file in WEB.rglob(f"*{suffix}") if file not in vendored()]


def test_every_vendored_file_is_in_the_manifest_and_the_other_way_round() -> None:
    assert sorted(entry["file"] for entry in MANIFEST) == sorted(f.relative_to(WEB).as_posix() for f in vendored())


def test_vendored_files_are_unchanged() -> None:
    for entry in MANIFEST:
        content = (WEB / entry["file"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (entry["size"], entry["sha256"]), entry["file"]


def test_every_vendored_package_has_a_licence_beside_it() -> None:
    for entry in MANIFEST:
        assert entry["licence"]
        assert (WEB / entry["file"]).with_name("LICENSE").is_file(), entry["file"]


def test_no_page_of_ours_names_another_host() -> None:
    pages = [*own(".html"), *own(".js"), *own(".css")]
    assert pages
    for page in pages:
        assert FOREIGN_HOST.findall(page.read_text()) == [], page


def test_pages_are_strict_and_hold_no_inline_script() -> None:
    for page in own(".html"):
        text = page.read_text()
        (policy,) = re.findall(r'http-equiv="Content-Security-Policy"\s+content="([^"]+)"', text)
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';"), page
        assert "unsafe" not in policy
        assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", text) == [], page


def test_everything_a_page_names_is_there() -> None:
    for page in own(".html"):
        for name in re.findall(r'(?:src|href)="([^":]+)"', page.read_text()):
            assert (page.parent / name).is_file(), f"{page}: {name}"


def test_web_folder_is_part_of_the_wheel() -> None:
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    assert "web/**/*" in tools["setuptools"]["package-data"]["slotgraph.server"]
