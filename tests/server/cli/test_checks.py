"""Commands that only look: settings, schema, plugins, help."""

import sys
from pathlib import Path

from slotgraph_tests_server_cli_commands import done, refused

from slotgraph.schema.build import sdl
from slotgraph.server.settings import describe_settings

ROOT = Path(__file__).resolve().parents[3]


def test_settings_are_described_without_any(monkeypatch):
    monkeypatch.setenv("SLOTGRAPH_PORT", "wrong")
    assert done("settings") == describe_settings()


def test_the_schema_is_printed_and_compared(tmp_path):
    assert done("export-schema") == sdl()
    assert done("export-schema", "--check", str(ROOT / "schema" / "schema.graphql")) == ""
    other = tmp_path / "other.graphql"
    other.write_text("type Query { nothing: Int }\n")
    assert f"{other} is not the schema" in refused("export-schema", "--check", str(other))
    assert "does not exist" in refused("export-schema", "--check", str(tmp_path / "none"))


def install(folder, name, entry_point, module=None):
    """Put a distribution into a folder, as pip would."""
    info = folder / f"{name}-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(f"[slotgraph.plugins]\n{entry_point}\n")
    if module is not None:
        (folder / f"{entry_point.split(' = ')[1]}.py").write_text(module)


def test_plugins_are_listed_and_broken_ones_with_their_reason(tmp_path, monkeypatch):
    install(tmp_path, "broken-guest", "broken = broken_guest", "raise RuntimeError('no licence\\nsecond line')\n")
    install(tmp_path, "leaving-guest", "leaving = leaving_guest", "raise SystemExit(3)\n")
    install(tmp_path, "missing-guest", "missing = missing_guest")
    install(tmp_path, "mute-guest", "mute = mute_guest", "def register_providers():\n    return []\n")
    monkeypatch.syspath_prepend(tmp_path)
    lines = {line.split(" ")[0]: line for line in done("plugins").splitlines()}
    assert lines["caldav"].startswith("caldav (slotgraph ")
    assert lines["caldav"].endswith(": provides caldav")
    assert lines["broken"] == "broken (broken-guest 1.2): skipped: RuntimeError: no licence"
    assert lines["leaving"].startswith("leaving (leaving-guest 1.2): skipped: SystemExit")
    assert "missing_guest" in lines["missing"]
    assert "register_providers" in lines["mute"]
    assert len(lines) == 5
    for name in ("broken_guest", "leaving_guest", "mute_guest"):
        sys.modules.pop(name, None)


def test_help_and_version_need_no_settings(monkeypatch):
    monkeypatch.setenv("SLOTGRAPH_PORT", "wrong")
    for command in ("serve", "migrate", "plugins", "create-company", "create-user", "demo"):
        assert command in done("--help")
        assert "Usage: " in done(command, "-h")
    assert "version 0." in done("--version")
