"""Whether there is a port to listen on, or who has it."""

import errno
import http.client
from collections.abc import Iterator

from slotgraph.core.errors import SettingError
from slotgraph.server.doctor.findings import Finding, fail, failed, ok
from slotgraph.server.serving import bound_socket

NAME = "port"
ANSWER_SECONDS = 1.0
_ON_THIS_MACHINE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what is listened on, read from the settings


def check_port(host: str, port: int) -> Iterator[Finding]:
    """Whether the port is free, or SlotGraph has it already."""
    try:
        bound_socket(host, port).close()
    except SettingError as error:
        if getattr(error.__cause__, "errno", None) != errno.EADDRINUSE:
            yield failed(NAME, error, cure="Set host and port to an address of this machine.")
        elif _is_slotgraph(_ON_THIS_MACHINE.get(host, host), port):
            yield ok(NAME, f"A server answers /healthz at port {port} on {host} as SlotGraph does.")
        else:
            yield fail(
                NAME, f"Port {port} on {host} is taken by another program.", cure="Stop that, or choose another port."
            )
    else:
        yield ok(NAME, f"Port {port} on {host} is free.")


def _is_slotgraph(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        return answer.status == 200 and answer.read(10) == b"ok\n"
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
