"""The demo as a newcomer meets it: a process of its own, started twice, started over, and refused with one sentence."""

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import stat
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx

SLOTGRAPH = (sys.executable, "-P", "-m", "slotgraph.server")
UP_SECONDS = 60


async def _spawn(folder: Path, *options: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *SLOTGRAPH,
        "demo",
        "--folder",
        str(folder),
        *options,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


@contextlib.asynccontextmanager
async def _demo(folder: Path, *options: str) -> AsyncIterator[str]:
    """A running demo, and all that it printed until it was up. Ends by Ctrl-C, with 0 and without a traceback."""
    process = await _spawn(folder, *options)
    assert process.stdout is not None
    try:
        printed = []
        async with asyncio.timeout(UP_SECONDS):
            while not printed or "Ctrl-C" not in printed[-1]:
                line = await process.stdout.readline()
                assert line, "".join(printed)
                printed.append(line.decode())
        yield "".join(printed)
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(20):
            rest = (await process.stdout.read()).decode()
            assert await process.wait() == 0, rest
        assert "Traceback" not in rest
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _refused(folder: Path, *options: str) -> str:
    """What a demo prints that cannot start: one sentence."""
    process = await _spawn(folder, *options)
    async with asyncio.timeout(UP_SECONDS):
        printed, _ = await process.communicate()
    assert process.returncode not in (0, None)
    assert b"Traceback" not in printed
    return printed.decode().strip()


async def _until_up(url: str) -> None:
    async with httpx.AsyncClient() as client, asyncio.timeout(UP_SECONDS):
        while True:
            with contextlib.suppress(httpx.TransportError):
                if (await client.get(f"{url}/healthz")).status_code == 200:
                    return
            await asyncio.sleep(0.05)


async def test_the_printed_query_works_and_a_second_run_keeps_the_data(tmp_path, free_port):
    url, folder = f"http://127.0.0.1:{free_port}", tmp_path / "demo"
    options = ("--port", str(free_port), "--password", "demo-password")
    slugs = """{ company(slug: "demo") { id services { id } employees { id } } }"""
    async with _demo(folder, *options) as printed, httpx.AsyncClient(base_url=url) as client:
        await _until_up(url)
        for login in ("owner@demo.example", "staff@demo.example", "support@slotgraph.example", "demo-password"):
            assert login in printed
        pasted = json.loads(re.search(r"-d '(.*)'", printed)[1])
        answer = (await client.post("/graphql", json=pasted)).json()
        assert answer["data"]["slots"]["complete"] is True
        assert any(day["slots"] for day in answer["data"]["slots"]["days"])
        first = (await client.post("/graphql", json={"query": slugs})).json()["data"]["company"]
        assert len(first["services"]) == 3
        assert len(first["employees"]) == 5
        page = await client.get("/graphiql/")
        assert page.status_code == 200
        assert page.headers["content-security-policy"] == "frame-ancestors 'none'"
        start = (await client.get("/graphiql/start.json")).json()
        assert start["variables"] == pasted["variables"]
    async with _demo(folder, *options), httpx.AsyncClient(base_url=url) as client:
        await _until_up(url)
        again = (await client.post("/graphql", json={"query": slugs})).json()["data"]["company"]
        assert again == first
    async with _demo(folder, *options, "--reset"), httpx.AsyncClient(base_url=url) as client:
        await _until_up(url)
        anew = (await client.post("/graphql", json={"query": slugs})).json()["data"]["company"]
        assert anew["id"] != first["id"]


async def test_a_taken_port_is_one_sentence(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        printed = await _refused(tmp_path / "demo", "--port", str(port))
    assert printed.startswith(f"Error: Port {port} on 127.0.0.1 is taken")
    assert "\n" not in printed


async def test_a_folder_without_rights_is_one_sentence(tmp_path, free_port):
    closed = tmp_path / "closed"
    closed.mkdir()
    closed.chmod(stat.S_IRUSR | stat.S_IXUSR)
    # Root may write anywhere: a file in the place of a folder refuses root too.
    (tmp_path / "file").write_text("no folder")
    folder = closed / "demo" if os.geteuid() != 0 else tmp_path / "file" / "demo"
    printed = await _refused(folder.absolute(), "--port", str(free_port))
    closed.chmod(stat.S_IRWXU)
    assert "cannot be used" in printed
    assert "\n" not in printed


async def test_a_reset_leaves_a_folder_alone_that_is_not_the_demos(tmp_path, free_port):
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "letter.txt").write_text("dear")
    printed = await _refused(folder, "--port", str(free_port), "--reset")
    assert "is not a demo's folder" in printed
    assert (folder / "letter.txt").read_text() == "dear"
