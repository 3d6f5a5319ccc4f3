"""The fault proxy does what each fault is called, and nothing else: before a server that counts what it hears."""

import asyncio
import http.client
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from slotgraph_tests_reliability_load_fault_proxy import HOST, Fault, FaultProxy

BODY = b"what the server says" * 50


@pytest.fixture
def heard():
    return []


@pytest.fixture
def server(heard):
    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self):
            heard.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(201)
            self.send_header("Content-Length", str(len(BODY)))
            self.end_headers()
            self.wfile.write(BODY)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer((HOST, 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def proxy(server):
    with FaultProxy(server.server_port, seed=1, seconds=0.05) as proxy:
        yield proxy


def put(proxy, *, timeout=5.0):
    """Status, body and Retry-After of a call, or what became of it."""
    connection = http.client.HTTPConnection(HOST, proxy.port, timeout=timeout)
    try:
        connection.request("PUT", "/a", body=b"asked")
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers["Retry-After"]
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__
    finally:
        connection.close()


PASSED = (201, BODY, None)


def test_it_passes_on_what_it_is_not_told_to_spoil(proxy, heard):
    assert [put(proxy) for _ in range(5)] == [PASSED] * 5
    assert (heard, proxy.counts, proxy.periods) == ([b"asked"] * 5, {}, [])


@pytest.mark.parametrize(
    ("fault", "outcome", "reaches"),
    [
        (Fault.REFUSED, "ConnectionResetError", 0),
        (Fault.RESET_BEFORE, "ConnectionResetError", 0),
        (Fault.RESET_AFTER, "ConnectionResetError", 1),
        (Fault.TRUNCATED, "IncompleteRead", 1),
        (Fault.THROTTLED, (429, b"", "1"), 0),
        (Fault.THROTTLED_SILENTLY, (429, b"", None), 0),
        (Fault.FAILED, (500, b"", None), 0),
        (Fault.SLOW, PASSED, 1),
        (Fault.HALF_OPEN, "TimeoutError", 0),
    ],
)
def test_a_fault_is_what_it_is_called(proxy, heard, fault, outcome, reaches):
    proxy.spoil(1.0, faults=[fault])
    assert put(proxy, timeout=0.5) == outcome
    assert (len(heard), proxy.counts) == (reaches, {fault: 1})
    proxy.behave()
    until = time.monotonic() + 5
    while put(proxy) != PASSED:
        assert time.monotonic() < until
    assert proxy.periods[0].start < proxy.periods[0].end < float("inf")


def test_what_is_late_is_heard_after_its_client_has_gone(proxy, heard):
    proxy.spoil(1.0, faults=[Fault.LATE])
    assert put(proxy) == "ConnectionResetError"
    until = time.monotonic() + 5
    while not heard:
        assert time.monotonic() < until
    assert heard == [b"asked"]


def test_while_it_refuses_nobody_listens(proxy):
    proxy.refuse()
    assert put(proxy) == "ConnectionRefusedError"
    proxy.listen()
    assert put(proxy) == PASSED


def test_a_share_of_some_methods_is_spoilt(proxy):
    proxy.spoil(1.0, faults=[Fault.FAILED], methods=["DELETE"])
    assert put(proxy) == PASSED
    proxy.spoil(0.5, faults=[Fault.FAILED], methods=["PUT"])
    outcomes = [put(proxy)[0] for _ in range(60)]
    assert 15 < outcomes.count(500) < 45
    assert outcomes.count(500) + outcomes.count(201) == 60


def test_who_waits_in_vain_is_let_go_when_it_behaves(proxy):
    proxy.spoil(1.0, faults=[Fault.HALF_OPEN])
    waiting = threading.Thread(target=put, args=(proxy,))
    waiting.start()
    while not proxy.counts:
        pass
    proxy.behave()
    waiting.join(2)
    assert not waiting.is_alive()


async def test_it_needs_no_loop_of_the_test(proxy):
    assert put(proxy) == PASSED  # this loop stands still meanwhile
    assert await asyncio.to_thread(put, proxy) == PASSED
