"""Runs a throw-away PostgreSQL for as long as whoever started this keeps our standard input open; alone, without the suite.

    python -I postgresql_process.py <folder of the programs> <folder to make it in>

Prints its socket folder as soon as it takes connections. However the parent ends, SIGKILL included, the system closes the pipe;
then the server is killed and its folder removed: nobody will want these data. PostgreSQL refuses to run as root, so that root
starts it as another user.
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

OPTIONS = {
    "listen_addresses": "",
    "dynamic_shared_memory_type": "mmap",  # in the folder, so that nothing stays behind in /dev/shm
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "32MB",
    "max_connections": "150",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "1GB",
}
LOGINS = "local all locked scram-sha-256\nlocal all all trust\n"
SECONDS = 30


def user() -> dict[str, Any]:
    """As whom the server runs, for subprocess."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = names.get("postgres") or names["nobody"]
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def main() -> None:
    """Make, start, wait for the end of standard input, kill, remove."""
    programs, parent = map(Path, sys.argv[1:])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the suite; it closes the pipe in its own time
    folder = Path(tempfile.mkdtemp(prefix="slotgraph-postgresql-", dir=parent))
    try:
        server = start(programs, folder)
        try:
            sys.stdout.write(f"{folder}\n")
            sys.stdout.flush()
            sys.stdin.buffer.read()
        finally:
            stop(server)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def start(programs: Path, folder: Path) -> "subprocess.Popen[bytes]":
    """The running server."""
    as_user: dict[str, Any] = {"cwd": "/", "env": {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}} | user()
    if "user" in as_user:
        os.chown(folder, as_user["user"], as_user["group"])
    data = folder / "data"
    make = [programs / "initdb", "-D", data, "-U", "slotgraph", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    # Texts in another order than SQLite's, as on most servers: nothing may rest on it.
    in_english = ["--locale-provider=icu", "--icu-locale=en"]
    if subprocess.run([*make, *in_english], capture_output=True, check=False, **as_user).returncode:
        subprocess.run(make, capture_output=True, check=True, **as_user)
    (data / "pg_hba.conf").write_text(LOGINS)
    options = OPTIONS | {"unix_socket_directories": folder}
    given = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([programs / "postgres", "-D", data, *given], stderr=log, **as_user)
    ready = folder / ".s.PGSQL.5432"
    until = time.monotonic() + SECONDS
    while not ready.exists():
        if server.poll() is not None or time.monotonic() > until:
            raise SystemExit((folder / "log").read_text())
        time.sleep(0.01)
    return server


def stop(server: "subprocess.Popen[bytes]") -> None:
    """End it at once; SIGKILL alone would leave its shared memory behind."""
    server.send_signal(signal.SIGQUIT)
    try:
        server.wait(5)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


if __name__ == "__main__":
    main()
