"""`slotgraph serve`: what keeps it from starting is told in one sentence."""

import contextlib
import socket
from datetime import UTC, datetime

import pytest
from slotgraph_tests_server_cli_commands import company, done, refused
from sqlalchemy import insert

from slotgraph.core import tables
from slotgraph.core.store.database import Database
from slotgraph.core.store.serve_lock import ServeLock
from slotgraph.server.settings import read_settings


def test_a_missing_key_over_sealed_rows_would_refuse_and_a_damaged_one_does(folder):
    company()
    (folder / "slotgraph.key").write_text("k1:AAAA\n")
    said = refused("serve")
    assert "slotgraph.key" in said
    assert "AAAA" not in said


async def test_a_missing_key_over_a_sealed_second_factor_refuses_and_makes_none(folder):
    """Rule F3, also where no company is founded yet."""
    done("migrate")
    await add_agent_with_second_factor()
    assert "slotgraph.key is missing" in refused("serve")
    assert not (folder / "slotgraph.key").exists()


async def add_agent_with_second_factor():
    now = datetime(2026, 11, 20, tzinfo=UTC)
    row = {"id": "a" * 32, "email": "agent@slotgraph.example", "password_hash": "", "is_support": True}
    sealed = {"totp_key_id": "kabc", "totp_sealed": b"sealed", "totp_confirmed_at": now}
    database = await Database.open(read_settings().database_url)
    try:
        async with database.write() as connection:
            await connection.execute(insert(tables.user).values(**row, **sealed, created_at=now))
    finally:
        await database.close()


@pytest.mark.parametrize(
    ("variable", "text", "said"),
    [
        ("SLOTGRAPH_PORT", "0", "SLOTGRAPH_PORT is 0; allowed"),
        ("SLOTGRAPH_PROT", "8000", "Did you mean SLOTGRAPH_PORT?"),
        ("SLOTGRAPH_DATABASE", "postgresql://me:hunter2@db/x", "The setting database"),
        ("SLOTGRAPH_CONFIG", "/nowhere/slotgraph.toml", "cannot be read"),
        ("SLOTGRAPH_DATA_FOLDER", "/proc/nowhere", "cannot be "),
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


@pytest.mark.sqlite
def test_a_second_serve_on_the_file_is_refused_and_names_postgresql(folder):
    done("migrate")
    with ServeLock(folder / "slotgraph.db"):
        assert "PostgreSQL" in refused("serve")
        assert "up to date" in done("migrate")  # what only visits may come in
