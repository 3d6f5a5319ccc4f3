"""Run another module as `__main__`, but only as long as the parent lives. No word here of which module that is.

    python -m slotgraph.server.demo.tethered radicale --some-option

The parent keeps the other end of our standard input; the system closes it however the parent ends, SIGKILL included.
PR_SET_PDEATHSIG would be Linux only, and fires already when the forking *thread* ends.
"""

import os
import runpy
import signal
import sys
import threading

GRACE_SECONDS = 2.0


def follow_parent() -> None:
    """Block until standard input ends, then end this process: politely first, at once after the grace."""
    while os.read(0, 1024):  # not sys.stdin: its lock, held by a daemon thread, aborts the interpreter's shutdown
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(GRACE_SECONDS)
    os._exit(1)


def main() -> None:
    """Run the module named first on the command line with the rest as its arguments."""
    threading.Thread(target=follow_parent, name="follow-parent", daemon=True).start()
    module, sys.argv[1:] = sys.argv[1], sys.argv[2:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
