"""`slotgraph serve`, started again whenever it dies, as service managers do; made ready for dying at a step (steps.py).

    python -P restarting_serve.py

Everything is imported once, and each server is forked off, so that it is up in a moment. SIGUSR1 kills the server as nothing can be
caught; SIGTERM ends it as an operator does, and this process with it. Standard input is the tether, as of demo/tethered.py.
"""

import gc
import os
import select
import signal
import sys
import threading
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import NoReturn

TESTS = Path(__file__).parents[2]
MODULES = (
    *("slotgraph_tests_reliability_kills_naive", "slotgraph_tests_reliability_kills_steps"),
    *("slotgraph.server.app", "slotgraph.server.opening", "slotgraph.server.cli.serve"),
    *("uvicorn.lifespan.on", "uvicorn.protocols.http.httptools_impl"),
    *("aiosqlite", "psycopg", "caldav.config", "tzdata"),
)
"""What a server imports, some of it late."""

OURS = (signal.SIGCHLD, signal.SIGTERM, signal.SIGUSR1)


def import_all() -> None:
    """What every server needs, and would import anew."""
    spec = spec_from_file_location("conftest_of_the_suite", TESTS / "conftest.py")
    assert spec is not None
    assert spec.loader is not None
    spec.loader.exec_module(module_from_spec(spec))  # it makes what tests share importable
    for name in MODULES:
        import_module(name)
    from slotgraph.core.registry import Registry
    from slotgraph.schema.build import build

    Registry.discover()
    build()


def save_time() -> None:
    """What takes a server long at its start, and has nothing to do with what is proved here."""
    from slotgraph.core.retention import Retention

    async def nothing(_: Retention) -> int:
        return 0

    Retention.sweep = nothing  # type: ignore[method-assign]
    os.environ["SSL_CERT_FILE"] = os.devnull  # instead of the system's authorities


class Restarting:
    """Keeps one server running."""

    def __init__(self) -> None:
        self._told, telling = os.pipe()
        os.set_blocking(telling, False)
        self._tether, self._end_of_tether = os.pipe()
        signal.set_wakeup_fd(telling)
        for number in OURS:
            signal.signal(number, lambda *_: None)
        self._server = 0

    def run(self) -> int:
        """Until SIGTERM, or until standard input ends: the server's exit code."""
        self._start()
        ending = False
        while True:
            readable, _, _ = select.select([self._told] if ending else [self._told, 0], [], [])
            if 0 in readable:
                os.kill(self._server, signal.SIGKILL)
                return 1
            for number in os.read(self._told, 100):
                match signal.Signals(number):
                    case signal.SIGTERM:
                        ending = True
                        os.kill(self._server, signal.SIGTERM)
                    case signal.SIGUSR1:
                        os.kill(self._server, signal.SIGKILL)
                    case signal.SIGCHLD:
                        process, status = os.waitpid(self._server, os.WNOHANG)
                        if process and ending:
                            return os.waitstatus_to_exitcode(status)
                        if process:
                            self._start()

    def _start(self) -> None:
        self._server = os.fork()
        if self._server == 0:
            self._serve()

    def _serve(self) -> NoReturn:
        signal.set_wakeup_fd(-1)
        for number in OURS:
            signal.signal(number, signal.SIG_DFL)
        os.close(self._end_of_tether)
        os.dup2(self._tether, 0)
        serve()


def serve() -> NoReturn:
    """Be the server."""
    import slotgraph_tests_reliability_kills_naive as naive
    import slotgraph_tests_reliability_kills_steps as steps
    from slotgraph_tests_reliability_kills_orders import Orders

    from slotgraph.server.cli import main
    from slotgraph.server.demo.tethered import follow_parent

    threading.Thread(target=follow_parent, daemon=True).start()
    orders = Orders(Path(os.environ["SLOTGRAPH_DATA_FOLDER"]), int(os.environ["SLOTGRAPH_PORT"]))
    naive.install(orders)
    steps.install(orders)
    main(["serve"])
    sys.exit()


if __name__ == "__main__":
    import_all()
    save_time()
    gc.collect()
    gc.freeze()
    sys.exit(Restarting().run())
