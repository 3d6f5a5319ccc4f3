"""The command line: what each command does, and that whatever is wrong is told in one sentence."""

import contextlib
import logging
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner

from slotgraph.core.store.engine import ServeLock
from slotgraph.core.store.migrate import current_revision, head_revision
from slotgraph.schema.build import sdl
from slotgraph.server.cli import main
from slotgraph.server.settings import describe_settings

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "correct-horse-battery"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An installation of this test's own, named by the environment."""
    folder = tmp_path / "data"
    monkeypatch.setenv("SLOTGRAPH_DATA_FOLDER", str(folder))
    return folder


@pytest.fixture(autouse=True)
def logs_as_before():
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = before
    structlog.reset_defaults()


def slotgraph(*arguments, given=None):
    """What a command printed, on both streams, and its exit code."""
    with ThreadPoolExecutor(1) as thread:  # asyncio.run in this thread would close the loop of other tests
        result = thread.submit(CliRunner().invoke, main, arguments, input=given).result()
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def done(*arguments, given=None):
    code, printed = slotgraph(*arguments, given=given)
    assert code == 0, printed
    return printed


def refused(*arguments, given=None):
    """The one sentence of a command that could not do it."""
    code, printed = slotgraph(*arguments, given=given)
    assert code not in (0, None)
    assert "Traceback" not in printed
    (line,) = [line for line in printed.splitlines() if line.startswith("Error: ")]
    assert printed.strip().endswith(line)
    return line.removeprefix("Error: ")


def company(slug="salon"):
    return done("create-company", slug, "--name", "Salon", "--time-zone", "Europe/Zurich")


def user(*arguments, password=PASSWORD):
    return ("create-user", *arguments, "--password-file", "-"), f"{password}\n"


def make_user(*arguments, password=PASSWORD):
    arguments, given = user(*arguments, password=password)
    return done(*arguments, given=given)


def refused_user(*arguments, password=PASSWORD):
    arguments, given = user(*arguments, password=password)
    return refused(*arguments, given=given)


def test_a_company_and_its_logins_are_made(folder):
    assert "salon" in company()
    for role in ("OWNER", "admin", "Staff"):
        assert "can log in" in make_user(f"{role}@salon.example", "--company", "salon", "--role", role)
    assert "agent@slotgraph.example can log in" in make_user("Agent@slotgraph.example", "--support")
    assert (folder / "slotgraph.key").stat().st_mode & 0o077 == 0
    assert (folder / "slotgraph.db").stat().st_mode & 0o077 == 0
    assert PASSWORD.encode() not in (folder / "slotgraph.db").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("Salon!", "--name", "S", "--time-zone", "Europe/Zurich"), "slug: "),
        (("-salon", "--name", "S", "--time-zone", "Europe/Zurich"), ""),
        (("x" * 64, "--name", "S", "--time-zone", "Europe/Zurich"), "slug: "),
        (("salon", "--name", " ", "--time-zone", "Europe/Zurich"), "name: "),
        (("salon", "--name", "S\x00", "--time-zone", "Europe/Zurich"), "name: "),
        (("salon", "--name", "S", "--time-zone", "Zurich"), "time-zone: "),
        (("salon", "--name", "S", "--time-zone", "Europe/Zurich", "--locale", "German"), "locale: "),
        (("salon", "--name", "S"), "--time-zone"),
    ],
)
def test_a_company_that_makes_no_sense_is_not_made(folder, arguments, said):
    assert said in refused("create-company", *arguments)


def test_two_companies_of_one_name_are_refused(folder):
    company()
    assert "already" in refused("create-company", "salon", "--name", "Two", "--time-zone", "Europe/Zurich")


def test_a_login_that_makes_no_sense_is_not_made(folder):
    company()
    place = ("--company", "salon")
    assert "no e-mail address" in refused_user("nobody", *place)
    assert "between 8 and 1000" in refused_user("a@b.example", *place, password="short")
    assert "between 8 and 1000" in refused_user("a@b.example", *place, password="x" * 1001)
    assert "between 8 and 1000" in refused_user("a@b.example", *place, password="")
    assert "'boss' is not one of" in refused_user("a@b.example", *place, "--role", "boss")
    assert "either --support or --company" in refused_user("a@b.example")
    assert "either --support or --company" in refused_user("a@b.example", *place, "--support")
    make_user("a@b.example", *place)
    assert "already" in refused_user("A@B.example", *place)
    assert "already" in refused_user("a@b.example", "--support")


def test_a_login_for_an_unknown_company_leaves_nothing_behind(folder):
    """Else the address would be taken by a login that belongs nowhere."""
    company()
    assert "no company 'saloon'" in refused_user("a@b.example", "--company", "saloon")
    make_user("a@b.example", "--company", "salon")


def test_a_password_is_asked_for_twice_and_never_shown(folder):
    company()
    twice = f"{PASSWORD}\n{PASSWORD}\n"
    printed = done("create-user", "a@b.example", "--company", "salon", given=twice)
    assert PASSWORD not in printed
    code, printed = slotgraph("create-user", "c@b.example", "--company", "salon", given=f"{PASSWORD}\nother-one\n")
    assert code != 0
    assert PASSWORD not in printed


def test_a_password_file_that_is_no_text_is_one_sentence(folder, tmp_path):
    company()
    file = tmp_path / "password"
    file.write_bytes(b"\xff\xfe\x00\n")
    said = refused("create-user", "a@b.example", "--company", "salon", "--password-file", str(file))
    assert "UTF-8" in said
    assert "password" in refused(
        "create-user", "a@b.example", "--company", "salon", "--password-file", str(tmp_path / "none")
    )


def test_a_database_is_brought_up_to_this_version_and_again(folder):
    for _ in range(2):
        assert "up to date" in done("migrate")
        assert current_revision(folder / "slotgraph.db") == head_revision()


def test_a_file_that_is_no_database_is_one_sentence(folder):
    folder.mkdir()
    (folder / "slotgraph.db").write_text("dear diary" * 1000)
    assert "not a SQLite database" in refused("migrate")
    assert "not a SQLite database" in refused("serve")


def test_a_missing_key_over_sealed_rows_would_refuse_and_a_damaged_one_does(folder):
    company()
    (folder / "slotgraph.key").write_text("k1:AAAA\n")
    said = refused("serve")
    assert "slotgraph.key" in said
    assert "AAAA" not in said


@pytest.mark.parametrize(
    ("variable", "text", "said"),
    [
        ("SLOTGRAPH_PORT", "0", "SLOTGRAPH_PORT is 0; allowed"),
        ("SLOTGRAPH_PROT", "8000", "Did you mean SLOTGRAPH_PORT?"),
        ("SLOTGRAPH_DATABASE", "postgresql://me:hunter2@db/x", "The setting database"),
        ("SLOTGRAPH_CONFIG", "/nowhere/slotgraph.toml", "cannot be read"),
        ("SLOTGRAPH_DATA_FOLDER", "/proc/nowhere", "cannot be opened"),
        ("SLOTGRAPH_HOST", "no such host", "Nothing can listen"),
        ("SLOTGRAPH_HOST", "x" * 300, "Nothing can listen"),
        ("SLOTGRAPH_HOST", "192.0.2.1", "Nothing can listen"),
    ],
)
def test_a_wrong_setting_is_one_sentence(folder, monkeypatch, variable, text, said):
    monkeypatch.setenv(variable, text)
    printed = refused("serve")
    assert said in printed
    assert "hunter2" not in printed


@contextlib.contextmanager
def listening():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


def test_a_taken_port_is_one_sentence(folder, monkeypatch):
    with listening() as port:
        monkeypatch.setenv("SLOTGRAPH_PORT", str(port))
        assert refused("serve").startswith(f"Port {port} on 127.0.0.1 is taken")


def test_a_second_serve_on_the_file_is_refused_and_names_postgresql(folder):
    done("migrate")
    with ServeLock(folder / "slotgraph.db"):
        assert "PostgreSQL" in refused("serve")
        assert "up to date" in done("migrate")  # what only visits may come in


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


def test_a_demo_password_is_judged_before_anything_is_made(tmp_path):
    folder = tmp_path / "demo"
    said = refused("demo", "--folder", str(folder), "--password", "short")
    assert "between 8 and 1000" in said
    assert not folder.exists()


def test_help_and_version_need_no_settings(monkeypatch):
    monkeypatch.setenv("SLOTGRAPH_PORT", "wrong")
    for command in ("serve", "migrate", "plugins", "create-company", "create-user", "demo"):
        assert command in done("--help")
        assert "Usage: " in done(command, "-h")
    assert "version 0." in done("--version")
