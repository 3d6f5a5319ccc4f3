"""XML from servers nobody vouches for."""

import pytest

from slotgraph.core.plugin import AnswerMalformed, AnswerTooLarge
from slotgraph.plugins.caldav.multistatus import multistatus, path_of, resolved

BASE = "https://dav.example/home/"
OPEN = b'<D:multistatus xmlns:D="DAV:">'
RESPONSE = (
    b"<D:response><D:href>/home/a</D:href><D:propstat><D:prop><D:x>1</D:x></D:prop>"
    b"<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
)
CLOSE = b"</D:multistatus>"


def test_properties_are_told_from_those_that_failed() -> None:
    more = RESPONSE.replace(b"/home/a", b"b").replace(b"<D:x>1</D:x>", b"<D:y/>").replace(b"200 OK", b"404 Not Found")
    first, second = multistatus(OPEN + RESPONSE + more + CLOSE, BASE)
    assert (first.url, first.text("{DAV:}x"), second.url) == (
        "https://dav.example/home/a",
        "1",
        "https://dav.example/home/b",
    )
    assert second.failed == {"{DAV:}y": 404}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>log in</body></html>",
        b"BEGIN:VCALENDAR",
        OPEN + RESPONSE,
        b"<multistatus/>",
        b'<!DOCTYPE x [<!ENTITY a "a">]>' + OPEN + RESPONSE + CLOSE,
        b'<!DOCTYPE x SYSTEM "http://127.0.0.1/x">' + OPEN + CLOSE,
        (OPEN + RESPONSE + CLOSE).decode().encode("utf-16"),
        b'<?xml version="1.0" encoding="utf-7"?>+ADwAIQ-DOCTYPE x>',
        OPEN + b"<D:a>" * 5_000 + b"</D:a>" * 5_000 + CLOSE,
        OPEN + b"<D:a>" * 40 + b"</D:a>" * 40 + CLOSE,
        OPEN + b"<D:response/>" + CLOSE,
        OPEN + b"<D:response><D:href>/a</D:href><D:status>fine</D:status></D:response>" + CLOSE,
    ],
)
def test_anything_else_is_malformed(body: bytes) -> None:
    with pytest.raises(AnswerMalformed):
        list(multistatus(body, BASE))


def test_claimed_encoding_cannot_hide_a_document_type() -> None:
    hidden = '<?xml version="1.0" encoding="utf-16le"?><!DOCTYPE x [<!ENTITY a "a">]><x>&a;</x>'.encode("utf-16le")
    with pytest.raises(AnswerMalformed):
        list(multistatus(hidden, BASE))


def test_answer_cut_short_by_the_server_is_too_large() -> None:
    cut = b"<D:response><D:href>/home/</D:href><D:status>HTTP/1.1 507 Insufficient Storage</D:status></D:response>"
    with pytest.raises(AnswerTooLarge):
        list(multistatus(OPEN + RESPONSE + cut + CLOSE, BASE))


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("a%20b", "https://dav.example/home/a%20b"),
        ("/x/", "https://dav.example/x/"),
        ("https://DAV.example:443/x", "https://DAV.example:443/x"),
        ("http://dav.example/x?y", "https://dav.example/x?y"),  # a server behind a proxy that ends TLS
    ],
)
def test_href_on_the_same_server_is_resolved(href: str, url: str) -> None:
    assert resolved(href, BASE) == url


@pytest.mark.parametrize(
    "href",
    [
        "https://evil.example/x",
        "//evil.example/x",
        "http://dav.example:8080/x",
        "https://dav.example:8443/x",
        "https://user:pw@dav.example/x",
        "https://dav.example@evil.example/",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "https://[dav.example/",
        "https://dav.example:notaport/",
    ],
)
def test_href_elsewhere_is_refused(href: str) -> None:
    with pytest.raises(AnswerMalformed):
        resolved(href, BASE)


def test_http_server_is_not_taken_to_be_https() -> None:
    with pytest.raises(AnswerMalformed):
        resolved("https://dav.example/x", "http://dav.example/")


def test_paths_compare_without_quoting() -> None:
    assert path_of("https://dav.example/a%40b/c.ics") == path_of("/a@b/c.ics")
