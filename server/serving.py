"""Running the application with uvicorn on a socket of our own, so that a taken port is one sentence and not a traceback."""

import asyncio
import contextlib
import errno
import gc
import ipaddress
import signal
import socket
from collections.abc import Iterator, Sequence

import uvicorn
from starlette.types import ASGIApp

from slotgraph.core.errors import SettingError

_BACKLOG = 2048


def bound_socket(host: str, port: int) -> socket.socket:
    """A place of our own to listen at. Raises SettingError if it is taken or not ours to take."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with _one_sentence(host, port), contextlib.ExitStack() as half_made:
        listening = half_made.enter_context(socket.socket(family, socket.SOCK_STREAM))
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        half_made.pop_all()
    return listening


@contextlib.contextmanager
def _one_sentence(host: str, port: int) -> Iterator[None]:
    try:
        yield
    except UnicodeError as error:
        raise SettingError(f"Nothing can listen on {host!r}: this is no host name.") from error
    except OSError as error:
        raise SettingError(_sentence(host, port, error)) from error


def _sentence(host: str, port: int, error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"Port {port} on {host} is taken by another program: stop that, or choose another port."
        case errno.EACCES:
            return f"Port {port} may not be opened by this user: choose one above 1023."
        case _:
            return f"Nothing can listen on {host} port {port}: {error.strerror}."


class _Server(uvicorn.Server):
    """Ends at SIGINT and SIGTERM by itself, and tells nobody: Ctrl-C is the ordinary end, not a failure."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)


async def serve_app(app: ASGIApp, listening: socket.socket, *, trusted_proxies: Sequence[str] = ()) -> None:
    """Serve until a signal comes; requests under way are finished first. Raises SettingError if somebody was faster.

    Where a request comes from is what trusted proxies say in X-Forwarded-For, else who connected.
    Only now does the socket listen: up to here a client is refused, and does not wait for an answer.
    """
    with _one_sentence(*listening.getsockname()[:2]):
        listening.listen(_BACKLOG)
    config = uvicorn.Config(
        app,
        access_log=False,
        log_level="warning",
        log_config=None,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=[*trusted_proxies, *_as_ipv6(trusted_proxies)],
        timeout_graceful_shutdown=10,
        backlog=_BACKLOG,
        # "auto" would take a failing start for an application without one, and serve on.
        lifespan="on",
        ws="none",
    )
    collect_in_small_portions()
    await _Server(config).serve(sockets=[listening])


def _as_ipv6(networks: Sequence[str]) -> Iterator[str]:
    """What IPv4 addresses are called at a socket that listens on IPv6 and takes both."""
    for network in map(ipaddress.ip_network, networks):
        if network.version == 4:
            yield f"::ffff:{network.network_address}/{96 + network.prefixlen}"


def collect_in_small_portions() -> None:
    """Keep the garbage collector from holding the event loop: it walks through all it knows, tens of milliseconds a time.

    What is loaded by now lives as long as the process, so it need not look there. A large search makes a hundred thousand objects
    that go by themselves when it is done: it looks at few of them often, at all of them seldom.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 5, 100)
