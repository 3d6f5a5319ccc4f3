"""Web origins: what browsers send is kept, anything more or less is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slotgraph.core.errors import BadInput
from slotgraph.core.origins import is_url, origin_of


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://www.example.org", "https://www.example.org"),
        ("HTTPS://WWW.Example.ORG/", "https://www.example.org"),
        ("https://www.example.org:443", "https://www.example.org"),
        ("https://www.example.org:8443", "https://www.example.org:8443"),
        ("https://müller.example", "https://xn--mller-kva.example"),
        ("https://192.0.2.1", "https://192.0.2.1"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("http://[::1]:3000", "http://[::1]:3000"),
    ],
)
def test_an_origin_is_written_as_browsers_send_it(text, origin):
    assert is_url(text)
    assert origin_of(text) == origin == origin_of(origin)


@pytest.mark.parametrize(
    "text",
    [
        "http://www.example.org",
        "http://localhost.example.org",
        "https://www.example.org/booking",
        "https://www.example.org/?a",
        "https://www.example.org/?a=b",
        "https://www.example.org/#a",
    ],
)
def test_more_than_an_origin_and_http_elsewhere_are_refused(text):
    assert is_url(text)
    with pytest.raises(BadInput, match="name an origin such as https://www"):
        origin_of(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "null", "*", "www.example.org", "//www.example.org", "https:", "https://", "https:///a", "https:a"),
        *("ftp://www.example.org", "javascript:alert(1)", "file:///etc/passwd", "data:text/html,a"),
        *("https://me@www.example.org", "https://me:secret@www.example.org", "https://:@www.example.org"),
        *(
            "https://*.example.org",
            "https://www..example.org",
            "https://-a.example",
            "https://a.example.",
            "https://a_b",
        ),
        *("https://www.example.org:0", "https://www.example.org:99999", "https://www.example.org:x"),
        *(" https://www.example.org", "https://www.example.org\n", "https://www.\u202eexample.org", "https://a\\b"),
        *("https://exa%6dple.org", "https://[::1", "https://[fe80::1%25eth0]", "https://" + "a" * 2000),
    ],
)
def test_what_is_no_address_on_the_web_is_refused(text):
    assert not is_url(text)
    with pytest.raises(BadInput):
        origin_of(text)


@given(st.text(max_size=30) | st.text(max_size=30).map("https://".__add__))
def test_whatever_comes_is_an_origin_or_refused(text):
    try:
        origin = origin_of(text)
    except BadInput:
        return
    assert origin.isascii()
    assert origin == origin.lower() == origin_of(origin)
    assert origin.count("/") == 2
