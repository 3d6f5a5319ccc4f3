"""What the doctor says of the port."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from slotgraph_tests_server_doctor_looking import only

from slotgraph.server.doctor.port import check_port


@pytest.fixture
def server():
    """Makes servers on loopback that answer any path so."""
    running = []

    def make(status, body):
        class Answer(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        running.append(HTTPServer(("127.0.0.1", 0), Answer))
        threading.Thread(target=running[-1].serve_forever, args=(0.01,), daemon=True).start()
        return running[-1].server_port

    yield make
    for one in running:
        one.shutdown()
        one.server_close()


def test_a_free_port_is_well_and_stays_free(free_port):
    for _ in range(2):
        assert only(check_port("127.0.0.1", free_port)) == ("ok", f"Port {free_port} on 127.0.0.1 is free.", "")


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_port_served_by_slotgraph_is_well(server, host):
    state, sentence, _ = only(check_port(host, server(200, b"ok\n")))
    assert state == "ok"
    assert "/healthz" in sentence


@pytest.mark.parametrize(("status", "body"), [(404, b"ok\n"), (200, b"<html>"), (200, b"ok\n" * 9)])
def test_a_port_that_another_server_has_is_a_failure(server, status, body):
    state, sentence, cure = only(check_port("127.0.0.1", server(status, body)))
    assert state == "fail"
    assert "another program" in sentence
    assert "another port" in cure


def test_a_program_that_speaks_no_http_has_the_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        def answer():
            with taken.accept()[0] as client:
                client.sendall(b"220 mail\r\n")

        threading.Thread(target=answer, daemon=True).start()
        assert only(check_port("127.0.0.1", taken.getsockname()[1]))[0] == "fail"


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host", "x" * 300])
def test_an_address_that_is_not_ours_is_a_failure(host, free_port):
    state, sentence, cure = only(check_port(host, free_port))
    assert state == "fail"
    assert "Nothing can listen" in sentence
    assert "host" in cure
