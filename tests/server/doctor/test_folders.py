"""What the doctor says of the data folder and of room on the disk."""

import os
from pathlib import Path

import pytest
from slotgraph_tests_server_doctor_looking import only

from slotgraph.server.doctor.folders import GIB, MIB, check_data_folder, check_disk_space, space_finding
from slotgraph.server.settings import Settings


def folder_finding(folder):
    return only(check_data_folder(Settings(data_folder=str(folder))))


def test_a_folder_of_ones_own_is_well(tmp_path):
    tmp_path.chmod(0o700)
    assert folder_finding(tmp_path) == ("ok", f"{tmp_path} is this user's alone.", "")


def test_a_folder_that_is_not_there_is_not_made(tmp_path):
    folder = tmp_path / "deep" / "data"
    assert folder_finding(folder) == ("ok", f"{folder} is made at the first start.", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", [0o750, 0o705])
def test_a_folder_open_to_others_is_a_warning(tmp_path, mode):
    tmp_path.chmod(mode)
    state, _, cure = folder_finding(tmp_path)
    assert (state, cure) == ("warn", f"chmod 700 {tmp_path}")


def test_a_file_in_the_way_is_a_failure(tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "data"):
        state, sentence, _ = folder_finding(folder)
        assert (state, sentence) == ("fail", f"{tmp_path / 'file'} is no folder.")


def test_a_folder_that_may_not_be_written_is_a_failure(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root, as whom some run this, may write anywhere
    for folder in (tmp_path, tmp_path / "data"):
        state, sentence, _ = folder_finding(folder)
        assert state == "fail"
        assert f"{tmp_path} may not be written" in sentence


@pytest.mark.parametrize(
    ("free", "state", "said"),
    [
        (GIB, "ok", "1.0 GiB"),
        (GIB - 1, "warn", "1023 MiB"),
        (100 * MIB, "warn", "100 MiB"),
        (100 * MIB - 1, "fail", "99 MiB"),
        (0, "fail", "0 MiB"),
    ],
)
def test_little_room_warns_and_hardly_any_fails(free, state, said):
    finding = space_finding(Path("/srv"), free)
    assert (finding.state.value, finding.sentence) == (state, f"{said} are free at /srv.")


def test_room_is_looked_up_where_folder_and_database_will_lie(tmp_path):
    settings = Settings(data_folder=str(tmp_path / "a"), database=f"sqlite:///{tmp_path}/b/c.db")
    _, sentence, _ = only(check_disk_space(settings))
    assert f"are free at {tmp_path}." in sentence
