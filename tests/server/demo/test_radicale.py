"""The demo's Radicale starts, refuses, ends, and never outlives us."""

import asyncio
import os
import signal
import socket
import stat
import subprocess
import sys

import pytest

from slotgraph.core.errors import SettingError
from slotgraph.server.demo.radicale import RadicaleServer

PARENT = """
import asyncio, sys
from pathlib import Path
from slotgraph.server.demo.radicale import RadicaleServer

async def main():
    async with RadicaleServer(Path(sys.argv[1]), port=int(sys.argv[2]), users={"alice": "secret"}):
        print("up", flush=True)
        await asyncio.Event().wait()

try:
    asyncio.run(main())
except KeyboardInterrupt:
    pass
"""


@pytest.fixture
def port(free_port):
    return free_port


@pytest.fixture
def parent(tmp_path, port):
    """A process that runs a Radicale, up, in a session of its own."""
    command = [sys.executable, "-c", PARENT, str(tmp_path / "radicale"), str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout.readline() == b"up\n"
        yield process
        process.kill()


def closed_by_the_server(connection):
    connection.settimeout(10)
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


async def test_server_keeps_its_data_and_starts_again_after_a_stop(tmp_path, port):
    server = RadicaleServer(tmp_path / "made" / "here", port=port, users={"alice": "secret"})
    async with server:
        assert server.url == f"http://127.0.0.1:{port}/"
        with socket.create_connection(("127.0.0.1", port)):
            pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
    async with server:
        with socket.create_connection(("127.0.0.1", port)):
            pass


async def test_passwords_and_log_are_for_our_eyes_only(tmp_path, port):
    (tmp_path / "users.htpasswd").touch(mode=0o644)
    async with RadicaleServer(tmp_path, port=port, users={"alice": "secret"}):
        for name in ("users.htpasswd", "radicale.log"):
            assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
        assert "secret" not in (tmp_path / "radicale.log").read_text()


async def test_taken_port_is_one_clear_error(tmp_path, port):
    with socket.create_server(("127.0.0.1", port)), pytest.raises(SettingError, match=f"port {port} is taken"):
        await RadicaleServer(tmp_path, port=port, users={"alice": "secret"}).start()


async def test_impossible_port_is_one_clear_error(tmp_path):
    with pytest.raises(SettingError, match="port 70000"):
        await RadicaleServer(tmp_path, port=70000, users={"alice": "secret"}).start()


async def test_unusable_folder_is_one_clear_error(tmp_path, port):
    (tmp_path / "file").touch()
    with pytest.raises(SettingError, match=r"folder .* cannot be used"):
        await RadicaleServer(tmp_path / "file" / "folder", port=port, users={"alice": "secret"}).start()


@pytest.mark.parametrize("password", ["", "two\nlines"])
async def test_password_that_the_file_cannot_hold_is_refused(tmp_path, port, password):
    with pytest.raises(SettingError, match="password"):
        await RadicaleServer(tmp_path, port=port, users={"alice": password}).start()


async def test_cancelled_start_leaves_nothing_running(tmp_path, port):
    server = RadicaleServer(tmp_path, port=port, users={"alice": "secret"})
    start = asyncio.create_task(server.start())
    await asyncio.sleep(0)
    start.cancel()
    with pytest.raises(asyncio.CancelledError):
        await start
    async with server:
        pass


def test_server_dies_with_a_killed_parent(parent, port):
    with socket.create_connection(("127.0.0.1", port)) as connection:
        parent.kill()
        assert closed_by_the_server(connection)


def test_interrupt_ends_both_without_a_traceback(parent, port):
    with socket.create_connection(("127.0.0.1", port)) as connection:
        os.killpg(parent.pid, signal.SIGINT)
        assert closed_by_the_server(connection)
    assert parent.wait(10) == 0
    assert parent.stderr.read() == b""


def test_interrupt_writes_no_traceback_into_the_log(parent, tmp_path):
    os.killpg(parent.pid, signal.SIGINT)
    assert parent.wait(10) == 0
    assert "Traceback" not in (tmp_path / "radicale" / "radicale.log").read_text()
