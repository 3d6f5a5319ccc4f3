"""A server on loopback that answers as badly as a test wishes, and a transport that may ask it."""

import asyncio
import ipaddress
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from slotgraph.core.addresses import AddressPolicy
from slotgraph.core.clock import SystemClock
from slotgraph.core.transport import Deadline, HttpTransport

LOOPBACK = AddressPolicy(
    allowed_networks=(ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")), allow_http=True
)
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"

Habit = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class NastyServer:
    """Reads a request's head, then lets the habit of its turn do as it likes; the last habit is kept."""

    def __init__(self, *habits: bytes | Habit) -> None:
        self._habits = list(habits)
        self.requests: list[bytes] = []
        self.connections = 0
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.requests.append(head)
                habit = self._habits.pop(0) if len(self._habits) > 1 else self._habits[0]
                if isinstance(habit, bytes):
                    writer.write(habit)
                    await writer.drain()
                    if b"connection: close" in habit:
                        return
                else:
                    await habit(reader, writer)
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(
    *habits: bytes | Habit, tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[NastyServer, HttpTransport]]:
    nasty = NastyServer(*habits)
    server = await asyncio.start_server(nasty.serve, "127.0.0.1", 0, ssl=tls)
    nasty.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/dav/"
    transport = HttpTransport(SystemClock(), LOOPBACK, jitter=lambda: 0.0)
    try:
        yield nasty, transport
    finally:
        await transport.close()
        server.close()
        await server.wait_closed()


def soon(seconds: float = 5) -> Deadline:
    return Deadline(SystemClock(), seconds)


def elapsed(start: float) -> float:
    return asyncio.get_running_loop().time() - start


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
    while not reader.at_eof():
        writer.write(b".")
        await writer.drain()
        try:
            await asyncio.wait_for(reader.read(1), 0.02)
        except TimeoutError:
            continue


async def never_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


async def never_end_header(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nx: ")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


def answer(body: bytes, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    fields = b"".join(header + b"\r\n" for header in headers)
    return b"HTTP/1.1 %s\r\ncontent-length: %d\r\n%s\r\n%s" % (status, len(body), fields, body)
