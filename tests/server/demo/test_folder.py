"""The demo's folder: what is the demo's is kept or started over, what is not is left alone."""

import pytest

from slotgraph.core.errors import SettingError
from slotgraph.server.demo.folder import (
    CALENDARS,
    DATABASE,
    DemoState,
    forget,
    is_founded,
    load_state,
    note_founded,
    prepare,
    save_state,
)

STATE = DemoState(5232, {"anna": "secret"}, "password")


@pytest.fixture
def folder(tmp_path):
    """A demo's folder after a run."""
    folder = tmp_path / "demo"
    prepare(folder)
    save_state(folder, STATE)
    for name in (DATABASE, f"{DATABASE}-wal", f"{DATABASE}.lock", "slotgraph.key"):
        (folder / name).write_text("x")
    (folder / CALENDARS).mkdir()
    (folder / CALENDARS / "event.ics").write_text("x")
    note_founded(folder)
    return folder


def test_a_second_run_finds_what_the_first_left(folder):
    before = sorted(folder.rglob("*"))
    prepare(folder)
    forget(folder, everything=False)
    assert sorted(folder.rglob("*")) == before
    assert load_state(folder) == STATE
    assert is_founded(folder)
    assert (folder / "demo.json").stat().st_mode & 0o077 == 0


def test_starting_over_leaves_the_lock_and_what_others_put_there(folder):
    """The lock is held by whoever starts over: a new file of its name would let a second one in."""
    (folder / "notes.txt").write_text("mine")
    forget(folder, everything=True)
    assert {entry.name for entry in folder.iterdir()} == {f"{DATABASE}.lock", "notes.txt"}
    assert load_state(folder) is None


def test_a_founding_that_was_interrupted_begins_anew_with_the_same_calendars(folder):
    (folder / "founded").unlink()
    forget(folder, everything=False)
    assert not list(folder.glob(f"{DATABASE}-*"))
    assert not (folder / DATABASE).exists()
    assert (folder / CALENDARS / "event.ics").exists()
    assert load_state(folder) == STATE


def test_a_folder_of_somebody_elses_is_refused(tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(SettingError, match="is not a demo's folder"):
        prepare(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["letter.txt"]


def test_a_first_run_that_got_nowhere_leaves_a_folder_that_can_be_used(tmp_path):
    (tmp_path / f"{DATABASE}.lock").touch()
    prepare(tmp_path)


def test_a_file_in_the_place_of_the_folder_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("no folder")
    for folder in (tmp_path / "file", tmp_path / "file" / "demo"):
        with pytest.raises(SettingError, match="cannot be used"):
            prepare(folder)


def test_a_state_that_cannot_be_read_says_how_to_start_over(folder):
    for text in ("{", "[]", '{"password": "x"}', "\x00"):
        (folder / "demo.json").write_text(text)
        with pytest.raises(SettingError, match="RESET=1"):
            load_state(folder)
