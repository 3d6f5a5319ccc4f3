"""CPU of the server per GraphQL request over HTTP, against bare Starlette + orjson saying the same bytes (DESIGN.md section 9).

`measure()` gives the ratios; `python benchmarks/graphql_lists.py` prints them. Servers run in processes of their own on loopback,
and tell the CPU time they have used so far at /cpu.
"""

import asyncio
import contextlib
import dataclasses
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from slotgraph.core import records
from slotgraph.core.candidates import EmployeeChoice, ServiceRef
from slotgraph.core.clock import MINUTES_PER_DAY, SystemClock, instant_from_minute
from slotgraph.core.operation import Operation
from slotgraph.core.plugin import Deadline
from slotgraph.core.registry import Registry
from slotgraph.core.search import SlotQuery
from slotgraph.core.searched import Slot, SlotSearch
from slotgraph.core.slots import Shape
from slotgraph.core.store.directory import Directory
from slotgraph.core.values import Span
from slotgraph.schema import ids
from slotgraph.server.app import create_app
from slotgraph.server.opening import opened
from slotgraph.server.serving import bound_socket, serve_app
from slotgraph.server.settings import Settings

COMPANY, ANNA, BEN, CUT = "c" * 32, "a" * 32, "b" * 32, "d" * 32
FIRST = 30_000_000
"""A minute in January 2027."""

_SEARCH = "query ($input: SlotSearchInput!) { slots(input: $input) { %s } }"
QUERIES = {
    "slots": _SEARCH % "slots { start end }",
    "starts": _SEARCH % "starts",
    "days": _SEARCH % "days { date complete slots { start end } }",
    "employees": _SEARCH % "slots { start end employees { id name } }",
    "services": _SEARCH % "slots { start employees { services { id } } }",
    "tiny": "{ __typename }",
    "viewer": "{ viewer { kind } }",
}
HEAD = b"%b %b HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
CPU = HEAD % (b"GET", b"/cpu", 0)
CONNECTIONS = 8
WARM_UP = 104
TARGETS = {"slots_1000": 2.5, "slots_100": 4.0, "tiny": 6.0}


@dataclass(frozen=True)
class Case:
    """One request, and which server answers it: ours, or a bare one with ready-made `text` or with `datetimes`."""

    query: str
    count: int = 0
    kind: str = "ours"


class FixedSearch:
    """Stands for the search: finds the same every time."""

    def __init__(self, count: int) -> None:
        employees = [
            records.Employee(
                COMPANY, id_, name, records.EmployeeKind.PERSON, "UTC", active=True, show_appointments=False
            )
            for id_, name in ((ANNA, "Anna"), (BEN, "Ben"))
        ]
        company = _any(records.Company, id=COMPANY, time_zone="UTC")
        self._directory = Directory(company, {one.id: one for one in employees}, {}, {}, {}, {}, {})
        self.found = found(count)

    async def slots(self, operation: Operation, query: SlotQuery) -> SlotSearch:
        """What is found. The operation has the directory read, as a real search leaves it."""
        operation._directories[COMPANY] = self._directory  # noqa: SLF001
        return self.found


def _any(kind: Any, **known: object) -> Any:
    """A record of which nobody asks more than this."""
    return kind(**{field.name: None for field in dataclasses.fields(kind)} | known)


class Takers:
    """Anna, Ben, both, in turn."""

    def takers(self, start: int) -> tuple[str, ...]:
        """Who can take a start."""
        return _WHO[start // 15 % len(_WHO)]


_WHO = ((ANNA,), (BEN,), (ANNA, BEN))


def found(count: int) -> SlotSearch:
    """So many slots, 24 a day, 15 minutes apart."""
    starts = [FIRST + at // 24 * MINUTES_PER_DAY + at % 24 * 15 for at in range(count)]
    window = Span(FIRST, FIRST + 60 * MINUTES_PER_DAY)
    return SlotSearch(
        service=ServiceRef(COMPANY, CUT),
        employees=EmployeeChoice(),
        window=window,
        searched=window,
        slots=[Slot(start, start + 30, Takers()) for start in starts],
        complete=True,
        sources=(),
        unverified=(),
        shape=Shape(30, 0, 0, 15),
        time_zone="UTC",
        deadline=Deadline(SystemClock(), 10.0),
    )


def request_of(query: str) -> bytes:
    """A request as it goes over the wire."""
    start = instant_from_minute(FIRST)
    window = {"from": start.isoformat(), "to": (start + timedelta(days=60)).isoformat()}
    search = {"service": ids.encode("Service", COMPANY, CUT)} | window
    variables = {"input": search} if "$input" in QUERIES[query] else None
    body = orjson.dumps({"query": QUERIES[query], "variables": variables})
    return HEAD % (b"POST", b"/graphql", len(body)) + body


# --- servers ---


def counted(app: ASGIApp) -> ASGIApp:
    """The application, and the CPU time of its process in nanoseconds at /cpu."""

    async def counting(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/cpu":
            await Response(str(time.process_time_ns()))(scope, receive, send)
        else:
            await app(scope, receive, send)

    return counting


async def serve(case: Case) -> None:
    """Serve a case on a free port, which is printed."""
    with bound_socket("127.0.0.1", 0) as listening, tempfile.TemporaryDirectory() as folder:
        print(listening.getsockname()[1], flush=True)
        if case.kind != "ours":
            await serve_app(
                counted(bare(json.loads(sys.stdin.readline()), datetimes=case.kind == "datetimes")), listening
            )
            return
        settings = Settings(data_folder=folder)
        async with opened(settings, registry=Registry()) as joined:
            use_cases = dataclasses.replace(joined.use_cases, search=FixedSearch(case.count))  # type: ignore[arg-type]
            app = create_app(dataclasses.replace(joined, use_cases=use_cases), settings)
            await serve_app(counted(app), listening)


def bare(answer: Any, *, datetimes: bool) -> ASGIApp:
    """Starlette that reads the request and says this answer, from ready-made dicts."""
    option = orjson.OPT_UTC_Z if datetimes else 0
    data = _with_datetimes(answer) if datetimes else answer

    async def say(request: Request) -> Response:
        orjson.loads(await request.body())
        return Response(orjson.dumps(data, option=option), media_type="application/json")

    return Starlette(routes=[Route("/graphql", say, methods=["POST"])])


def _with_datetimes(part: Any) -> Any:
    if isinstance(part, dict):
        return {key: _with_datetimes(value) for key, value in part.items()}
    if isinstance(part, list):
        return [_with_datetimes(value) for value in part]
    if isinstance(part, str) and part.endswith(":00Z"):
        return datetime.fromisoformat(part)
    return part


# --- client ---


class Connection:
    """A connection that is kept."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)

    def ask(self, request: bytes) -> None:
        """Send a request."""
        self.socket.sendall(request)

    def answer(self) -> bytes:
        """The body of the answer."""
        seen = b""
        while b"\r\n\r\n" not in seen:
            seen += self._more()
        head, _, body = seen.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        while len(body) < length:
            body += self._more()
        return body

    def _more(self) -> bytes:
        part = self.socket.recv(1 << 18)
        if not part:
            raise ConnectionError("the server ended the connection")
        return part


class Server:
    """A server process."""

    def __init__(self, case: Case, answer: bytes | None = None) -> None:
        command = [sys.executable, __file__, "serve", json.dumps(dataclasses.asdict(case))]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._port = int(self._process.stdout.readline())
        self._process.stdin.write((answer or b"") + b"\n")
        self._process.stdin.flush()

    def _connected(self) -> Connection:
        until = time.monotonic() + 30
        while True:
            try:
                return Connection(self._port)
            except ConnectionRefusedError:
                if time.monotonic() > until or self._process.poll() is not None:
                    raise
                time.sleep(0.05)

    def send(self, request: bytes) -> bytes:
        """The body of the answer to a request."""
        connection = self._connected()
        connection.ask(request)
        with contextlib.closing(connection.socket):
            return connection.answer()

    def microseconds(self, request: bytes, requests: int) -> float:
        """CPU of one request, over so many, some on their way at a time: a server that waits for each is a cold one."""
        connections = [self._connected() for _ in range(CONNECTIONS)]
        before = int(self.send(CPU))
        for _ in range(requests // CONNECTIONS):
            for connection in connections:
                connection.ask(request)
            for connection in connections:
                connection.answer()
        spent = int(self.send(CPU)) - before
        for connection in connections:
            connection.socket.close()
        return spent / (requests // CONNECTIONS * CONNECTIONS) / 1000

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.communicate(timeout=30)


@contextlib.contextmanager
def servers(query: str, count: int) -> Iterator[dict[str, Server]]:
    """Our server and the bare ones, which say the same."""
    with contextlib.ExitStack() as stack:

        def started(kind: str, answer: bytes | None = None) -> Server:
            server = Server(Case(query, count, kind), answer)
            stack.callback(server.close)
            return server

        ours = started("ours")
        answer = ours.send(request_of(query))
        assert "errors" not in orjson.loads(answer), answer[:500]
        bare_ones = {kind: started(kind, answer) for kind in ("text", "datetimes")}
        for kind, server in bare_ones.items():
            assert server.send(request_of(query)) == answer, kind
        yield {"ours": ours} | bare_ones


def compare(query: str, count: int = 0, *, rounds: int = 5) -> dict[str, float]:
    """Microseconds of CPU per request, median of alternating rounds, and how many times the bare ones that is."""
    request = request_of(query)
    seen: dict[str, list[float]] = {"ours": [], "text": [], "datetimes": []}
    with servers(query, count) as running:
        for server in running.values():
            server.microseconds(request, WARM_UP)
        # Three hundred requests a round, fewer where one takes milliseconds.
        requests = int(min(304, max(24, 1e6 / running["ours"].microseconds(request, 24))))
        for _ in range(rounds):
            for kind, server in running.items():
                seen[kind].append(server.microseconds(request, requests))
    spent = {kind: statistics.median(times) for kind, times in seen.items()}
    return {
        "ratio": round(spent["ours"] / spent["datetimes"], 2),
        "ratio_to_text": round(spent["ours"] / spent["text"], 2),
        "microseconds": round(spent["ours"]),
        "bare_microseconds": round(spent["datetimes"]),
        "bare_microseconds_with_text": round(spent["text"]),
    }


def measure() -> dict[str, Any]:
    """The ratios that have targets, those of other shapes, and what they are compared with."""
    return {
        "slots_1000": compare("slots", 1000),
        "slots_100": compare("slots", 100),
        "tiny": compare("tiny"),
        "viewer": compare("viewer"),
        "starts_1000": compare("starts", 1000),
        "days_1000": compare("days", 1000),
        "employees_1000": compare("employees", 1000),
        "services_1000": compare("services", 1000),
        "targets": TARGETS,
        "baseline": "bare Starlette + orjson.dumps of ready-made dicts of datetimes; `ratio_to_text`: of ready-made text",
    }


def main(arguments: Sequence[str]) -> None:
    """Serve a case, or measure (all of it, or the query and count that are named)."""
    match arguments:
        case ["serve", text]:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(serve(Case(**json.loads(text))))
        case [query, count]:
            print(query, count, compare(query, int(count)))
        case _:
            print(json.dumps(measure(), indent=2))


if __name__ == "__main__":
    main(sys.argv[1:])
