import asyncio
import ipaddress
import itertools
import socket

import pytest

from slotgraph.core.addresses import AddressPolicy, SystemResolver
from slotgraph.core.clock import SystemClock
from slotgraph.core.errors import AddressRefused, ProviderFailure
from slotgraph.core.transport import Deadline, HttpTransport

EVERYTHING = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))

# {p} is the canary's port.
REFUSED_URLS = [
    *"""\
https://127.0.0.1:{p}/
https://127.0.0.1:{p}/.well-known/caldav
https://127.255.255.254:{p}/
https://127.1:{p}/
https://127.0.1:{p}/
https://0127.0.0.1:{p}/
https://0177.0.0.1:{p}/
https://0177.0.0.01:{p}/
https://0x7f.0.0.1:{p}/
https://0x7f.1:{p}/
https://0x7f000001:{p}/
https://0X7F000001:{p}/
https://2130706433:{p}/
https://017700000001:{p}/
https://127.0.0.1.:{p}/
https://%31%32%37.0.0.1:{p}/
https://127%2e0%2e0%2e1:{p}/
https://１２７.０.０.１:{p}/
https://①②⑦.⓪.⓪.①:{p}/
https://127。0。0。1:{p}/
https://localhost:{p}/
https://LOCALHOST:{p}/
https://localhost.:{p}/
https://ⓛocalhost:{p}/
https://calendar.localhost:{p}/
https://0.0.0.0:{p}/
https://0:{p}/
https://0x0:{p}/
https://[::1]:{p}/
https://[0:0:0:0:0:0:0:1]:{p}/
https://[0000::0001]:{p}/
https://[::]:{p}/
https://[::1%25lo]:{p}/
https://[::ffff:127.0.0.1]:{p}/
https://[::ffff:7f00:1]:{p}/
https://[0:0:0:0:0:ffff:127.0.0.1]:{p}/
https://[::ffff:10.0.0.1]:{p}/
https://[::127.0.0.1]:{p}/
https://[64:ff9b::127.0.0.1]:{p}/
https://[64:ff9b::a00:1]:{p}/
https://[64:ff9b:1::7f00:1]:{p}/
https://[2002:7f00:1::]:{p}/
https://[2001:0:7f00:1::80ff:fffe]:{p}/
https://[fe80::1]:{p}/
https://[fec0::1]:{p}/
https://[fc00::1]:{p}/
https://[fd00:ec2::254]:{p}/latest/meta-data/
https://[ff02::1]:{p}/
https://[2001:db8::1]:{p}/
https://[100::1]:{p}/
https://10.0.0.1:{p}/
https://172.16.0.1:{p}/
https://172.31.255.255:{p}/
https://192.168.1.1:{p}/
https://169.254.169.254:{p}/latest/meta-data/
https://169.254.1.1:{p}/
https://168.63.129.16:{p}/
https://100.64.0.1:{p}/
https://100.100.100.200:{p}/
https://192.0.0.192:{p}/
https://192.0.2.1:{p}/
https://198.18.0.1:{p}/
https://198.51.100.7:{p}/
https://203.0.113.9:{p}/
https://224.0.0.1:{p}/
https://240.0.0.1:{p}/
https://255.255.255.255:{p}/
https://loopback.example:{p}/
https://loopback6.example:{p}/
https://mapped.example:{p}/
https://one-good-one-bad.example:{p}/
https://metadata.example:{p}/
https://scoped.example:{p}/
https://octal.example:{p}/
https://user@127.0.0.1:{p}/
https://user:word@good.example:{p}/
https://good.example@127.0.0.1:{p}/
https://good.example%40127.0.0.1:{p}/
https://good.example\\@127.0.0.1:{p}/
https://good.example#@127.0.0.1:{p}/
https://@127.0.0.1:{p}/
https://127.0.0.1:{p}#@good.example/
https://localhost%00.example:{p}/
https://[127.0.0.1]:{p}/
https://[::1].example:{p}/
http://127.0.0.1:{p}/
http://localhost:{p}/
http://loopback.example:{p}/
ftp://127.0.0.1:{p}/
file:///etc/passwd
gopher://127.0.0.1:{p}/
ws://127.0.0.1:{p}/
//127.0.0.1:{p}/
127.0.0.1:{p}
https:127.0.0.1:{p}
https:///127.0.0.1:{p}
https://:{p}/
""".splitlines(),
    "https://127.0.0.1\t:{p}/",
    "https://127.0.0.1\n:{p}/",
    "https://127.0.0.1 :{p}/",
    "\thttps://127.0.0.1:{p}/",
    "https://127.0.0.1:{p}/" + "a" * 10_000,
]

NAMES = {
    "loopback.example": ("127.0.0.1",),
    "loopback6.example": ("::1",),
    "mapped.example": ("::ffff:127.0.0.1",),
    "one-good-one-bad.example": ("93.184.215.14", "127.0.0.1"),
    "metadata.example": ("169.254.169.254",),
    "scoped.example": ("fe80::1%lo",),
    "octal.example": ("0177.0.0.1",),
}


class Canary:
    """Listens on loopback and counts who comes."""

    def __init__(self) -> None:
        self.connections = 0
        self.port = 0

    async def __aenter__(self) -> "Canary":
        self._servers = [await asyncio.start_server(self._sing, "127.0.0.1", 0)]
        self.port = self._servers[0].sockets[0].getsockname()[1]
        if socket.has_ipv6:
            self._servers.append(await asyncio.start_server(self._sing, "::1", self.port))
        return self

    async def __aexit__(self, *_: object) -> None:
        for server in self._servers:
            server.close()
            await server.wait_closed()

    async def _sing(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\nconnection: close\r\n\r\ncanary")
        writer.close()


async def resolve(host: str) -> tuple[str, ...]:
    if host in NAMES:
        return NAMES[host]
    system = SystemResolver()
    try:
        return tuple(await system(host))
    finally:
        system.close()


async def attempt(transport: HttpTransport, url: str, *, seconds: float = 0.25) -> ProviderFailure | None:
    try:
        await transport.request("GET", url, deadline=Deadline(SystemClock(), seconds), idempotent=False)
    except ProviderFailure as failure:
        return failure
    return None


async def test_no_form_of_a_closed_address_reaches_the_canary() -> None:
    async with Canary() as canary:
        policy = AddressPolicy(allow_http=True, ports=frozenset({canary.port}))
        transport = HttpTransport(SystemClock(), policy, resolve=resolve)
        urls = [form.replace("{p}", str(canary.port)) for form in REFUSED_URLS]
        outcomes = {url: await attempt(transport, url) for url in urls}
        await transport.close()
    assert len(urls) >= 60
    assert canary.connections == 0
    assert {url: failure for url, failure in outcomes.items() if not isinstance(failure, AddressRefused)} == {}


async def test_the_table_bites_a_guard_that_lets_all_addresses_through() -> None:
    async with Canary() as canary:
        everywhere = AddressPolicy(allowed_networks=EVERYTHING, allow_http=True)
        transport = HttpTransport(SystemClock(), everywhere, resolve=resolve)
        for form in REFUSED_URLS:
            if any(part in form for part in ("127.", "local", "::1", "loopback")):
                await attempt(transport, form.replace("{p}", str(canary.port)))
        await transport.close()
    assert canary.connections >= 10


async def test_rebinding_name_never_leads_to_the_closed_address() -> None:
    answers = itertools.cycle([("127.0.0.2",), ("127.0.0.1",), ("127.0.0.2", "127.0.0.1"), ("127.0.0.1", "127.0.0.2")])
    lookups = 0

    async def rebind(host: str) -> tuple[str, ...]:
        nonlocal lookups
        lookups += 1
        return next(answers)

    async with Canary() as canary:
        allowed = await asyncio.start_server(_answer_and_close, "127.0.0.2", canary.port)
        policy = AddressPolicy(allowed_networks=(ipaddress.ip_network("127.0.0.2/32"),), allow_http=True)
        transport = HttpTransport(SystemClock(), policy, resolve=rebind)
        url = f"http://rebind.example:{canary.port}/"
        outcomes = [await attempt(transport, url, seconds=10) for _ in range(1000)]
        await transport.close()
        allowed.close()
        await allowed.wait_closed()
    assert canary.connections == 0
    assert lookups == 1000
    assert outcomes.count(None) == 250
    assert sum(isinstance(outcome, AddressRefused) for outcome in outcomes) == 750


async def _answer_and_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
    writer.close()


@pytest.mark.parametrize(
    "url",
    [
        "https://calendar.example/",
        "https://calendar.example:8443/dav/",
        "https://93.184.215.14/",
        "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/",
        "https://[64:ff9b::5db8:d70e]/",
        "https://münchen.example/",
        "https://my_server.example/",
        "https://1.calendar.example/",
    ],
)
def test_public_address_is_let_through(url: str) -> None:
    AddressPolicy().check_url(url)


@pytest.mark.parametrize(
    "url", ["http://calendar.example/", "https://calendar.example:22/", "https://93.184.215.14:8080/"]
)
def test_plain_http_and_odd_ports_are_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        AddressPolicy().check_url(url)


def test_allowed_network_opens_its_addresses_on_any_port_and_no_others() -> None:
    policy = AddressPolicy(allowed_networks=(ipaddress.ip_network("10.1.0.0/16"),))
    policy.check_addresses(["10.1.2.3", "::ffff:10.1.2.3"], 5232)
    policy.check_addresses(["93.184.215.14"], 443)
    for addresses, port in ((["10.2.0.1"], 443), (["10.1.2.3", "10.2.0.1"], 443), (["93.184.215.14"], 5232)):
        with pytest.raises(AddressRefused):
            policy.check_addresses(addresses, port)


def test_allowed_network_does_not_allow_http() -> None:
    policy = AddressPolicy(allowed_networks=(ipaddress.ip_network("10.1.0.0/16"),))
    with pytest.raises(AddressRefused):
        policy.check_url("http://10.1.0.1/")


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("https://h.example", "https://h.example/"),
        ("https://h.example?x=1", "https://h.example/?x=1"),
        ("https://h.example/a%40b%2Bc%3Ad%2Fe%20f/?q=%41+b#part", "https://h.example/a%40b%2Bc%3Ad%2Fe%20f/?q=%41+b"),
        ("https://H.example:443/A", "https://h.example/A"),
        ("https://h.example/a b/ü", "https://h.example/a%20b/%C3%BC"),
    ],
)
def test_path_and_query_are_asked_for_as_written(written: str, asked: str) -> None:
    assert str(AddressPolicy().check_url(written)) == asked


def test_refusal_says_nothing_of_the_address() -> None:
    with pytest.raises(AddressRefused) as refusal:
        AddressPolicy().check_url("https://alice:hunter2@10.0.0.1/")
    assert not any(part in str(refusal.value) for part in ("alice", "hunter2", "10.0"))
