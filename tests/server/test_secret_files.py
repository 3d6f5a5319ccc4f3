"""PostgreSQL's password in a file: what is read of it, and what is refused without repeating it."""

from pathlib import Path

import pytest

from slotgraph.core.errors import SettingError
from slotgraph.core.values import Secret
from slotgraph.server.settings import Settings, database_password

ADDRESS = "postgresql://me@db/slotgraph"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_folder=str(tmp_path), database=ADDRESS, database_password_file="password")


def written(settings: Settings, content: bytes, *, mode: int = 0o600) -> Settings:
    path = settings.database_password_path
    assert path is not None
    path.write_bytes(content)
    path.chmod(mode)
    return settings


def refusal(settings: Settings) -> str:
    with pytest.raises(SettingError) as caught:
        database_password(settings)
    assert caught.value.__cause__ is None
    assert "database_password_file" in str(caught.value)
    return str(caught.value)


def test_no_file_is_no_password() -> None:
    assert database_password(Settings(database=ADDRESS)) is None


@pytest.mark.parametrize(
    ("content", "password"),
    [
        (b"open sesame", "open sesame"),
        (b"open sesame\n", "open sesame"),
        (b"open sesame\r\nsecond line\r\n", "open sesame"),
        (b"\xef\xbb\xbfopen sesame\r\n", "open sesame"),
        (b" spaces \n", " spaces "),
        ("Schlüssel\n".encode(), "Schlüssel"),
        (b"x" * 1000 + b"\r\n", "x" * 1000),
    ],
)
def test_the_first_line_is_the_password(settings: Settings, content: bytes, password: str) -> None:
    assert database_password(written(settings, content)) == Secret(password)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty in its first line"),
        (b"\nhunter2\n", "is empty in its first line"),
        (b"\r\nhunter2", "is empty in its first line"),
        (b"\xef\xbb\xbf\r\n", "is empty in its first line"),
        (b"hunter2" * 200, "more than 1000 bytes"),
        (b"x" * 1001 + b"\n", "more than 1000 bytes"),
        (b"hunter2\xff\n", "no text in UTF-8"),
        (b"hunter2\0\n", "a NUL"),
    ],
)
def test_a_line_that_is_no_password_is_refused_and_not_repeated(settings: Settings, content: bytes, words: str) -> None:
    message = refusal(written(settings, content))
    assert words in message
    assert "hunter2" not in message


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644])
def test_a_file_that_others_have_rights_on_is_refused(settings: Settings, mode: int) -> None:
    assert "chmod 600" in refusal(written(settings, b"hunter2\n", mode=mode))


@pytest.mark.parametrize("named", ["hunter2", "/nowhere/hunter2", "hunter\0002"])
def test_a_file_that_is_not_there_is_named_by_its_setting(tmp_path: Path, named: str) -> None:
    """Some write the password itself where its file should be named."""
    settings = Settings(data_folder=str(tmp_path), database=ADDRESS, database_password_file=named)
    message = refusal(settings)
    assert "cannot be read" in message
    assert "hunter" not in message


def test_a_folder_is_no_password(tmp_path: Path) -> None:
    assert "cannot be read" in refusal(
        Settings(data_folder=str(tmp_path), database=ADDRESS, database_password_file=str(tmp_path))
    )
