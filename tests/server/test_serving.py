"""The server as a process: it takes a place to listen at, says when it is up, and ends when told."""

import asyncio
import os
import signal
import socket
import sys

import httpx
import pytest

from slotgraph.core.errors import SettingError
from slotgraph.core.founding import create_member, found_company
from slotgraph.core.policy import Role
from slotgraph.core.registry import Registry
from slotgraph.core.store.serve_lock import ServeLock
from slotgraph.core.values import Secret
from slotgraph.server.opening import opened
from slotgraph.server.serving import bound_socket, serve_app
from slotgraph.server.settings import Settings

UP_SECONDS = 30
LOGIN = (
    'mutation { login(input: {email: "o@salon.example", password: "correct-horse"}) { ... on Viewer { kind role } } }'
)


async def serve(folder, port):
    """`slotgraph serve` as a process of its own, with these settings and no others."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith("SLOTGRAPH_")}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "slotgraph.server", "serve"),
        env=environment | {"SLOTGRAPH_DATA_FOLDER": str(folder), "SLOTGRAPH_PORT": str(port)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def ended(process):
    async with asyncio.timeout(UP_SECONDS):
        printed = (await process.stdout.read()).decode()
        return await process.wait(), printed


async def test_serve_answers_and_ends_when_told(tmp_path, free_port):
    async with opened(Settings(data_folder=str(tmp_path)), registry=Registry()) as joined:
        database, passwords, now = joined.parts.database, joined.parts.passwords, joined.parts.clock.now()
        await found_company(database, "salon", name="Salon", time_zone="Europe/Zurich", locale="de", now=now)
        password, role = Secret("correct-horse"), Role.OWNER
        await create_member(
            database, passwords, "o@salon.example", password=password, company="salon", role=role, now=now
        )
    process = await serve(tmp_path, free_port)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{free_port}") as client:
            async with asyncio.timeout(UP_SECONDS):
                while not await is_up(client):
                    await asyncio.sleep(0.05)
            answer = await client.post("/graphql", json={"query": LOGIN})
            assert answer.json() == {"data": {"login": {"kind": "MEMBER", "role": "OWNER"}}}
            assert (await client.get("/readyz")).text == "ready\n"
            assert (await client.get("/graphiql/")).status_code == 404
            with pytest.raises(SettingError, match="PostgreSQL"):
                ServeLock(tmp_path / "slotgraph.db").take()
        process.send_signal(signal.SIGTERM)
        code, printed = await ended(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert code == 0
    assert f"http://127.0.0.1:{free_port}/graphql" in printed
    assert "Traceback" not in printed
    assert "correct-horse" not in printed


async def is_up(client):
    try:
        return (await client.get("/healthz")).status_code == 200
    except httpx.TransportError:
        return False


def test_a_place_to_listen_at_is_not_listened_at_before_it_is_served():
    with bound_socket("127.0.0.1", 0) as place, socket.socket() as client, pytest.raises(ConnectionRefusedError):
        client.connect(place.getsockname())


async def test_whoever_was_faster_to_listen_is_told_of_in_one_sentence():
    async def nothing(scope, receive, send):
        raise AssertionError

    with bound_socket("127.0.0.1", 0) as place:
        port = place.getsockname()[1]
        with bound_socket("127.0.0.1", port) as faster:
            faster.listen()
            with pytest.raises(SettingError, match=f"Port {port} on 127.0.0.1 is taken"):
                await serve_app(nothing, place)


async def test_an_application_that_cannot_start_is_not_served():
    async def broken(scope, receive, send):
        assert scope["type"] == "lifespan"
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no"})

    with bound_socket("127.0.0.1", 0) as place:
        async with asyncio.timeout(5):
            with pytest.raises(SystemExit):
                await serve_app(broken, place)
