"""Codes of an authenticator app, by the test vectors of RFC 6238 appendix B."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from slotgraph.core.totp import SECRET_BYTES, matching_step, new_secret, provisioning_uri, step_at

SECRET = b"12345678901234567890"
VECTORS = [
    (59, "94287082"),
    (1111111109, "07081804"),
    (1111111111, "14050471"),
    (1234567890, "89005924"),
    (2000000000, "69279037"),
    (20000000000, "65353130"),
]
"""Seconds, and the code of eight digits; one of six is its last six."""


def at(seconds):
    return datetime.fromtimestamp(seconds, UTC)


@pytest.mark.parametrize(("seconds", "code"), VECTORS)
def test_the_vectors_of_the_rfc(seconds, code):
    assert matching_step(SECRET, code[2:], now=at(seconds)) == seconds // 30
    assert matching_step(SECRET, code, now=at(seconds)) is None


@pytest.mark.parametrize(
    ("later", "is_good"), [(-31, False), (-30, True), (-1, True), (0, True), (29, True), (59, True), (60, False)]
)
def test_a_code_is_good_in_its_step_and_the_one_before_and_after(later, is_good):
    begin = at(1111111110)  # the first second of the third vector's step
    now = begin + timedelta(seconds=later)
    assert matching_step(SECRET, "050471", now=now) == (step_at(begin) if is_good else None)


@pytest.mark.parametrize("after", [1, 2])
def test_a_step_that_was_taken_is_taken_and_so_are_those_before(after):
    seconds, code = VECTORS[0]
    assert matching_step(SECRET, code[2:], now=at(seconds), after=0) == 1
    assert matching_step(SECRET, code[2:], now=at(seconds), after=after) is None


@pytest.mark.parametrize("typed", ["", "28708", "2870822", "287 082", "\ud800", "٢٨٧٠٨٢", "0x2870"])
def test_what_is_no_code_matches_nothing(typed):
    assert matching_step(SECRET, typed, now=at(59)) is None


def test_secrets_are_as_long_as_the_hash_and_never_the_same():
    made = {new_secret() for _ in range(100)}
    assert len(made) == 100
    assert {len(secret) for secret in made} == {SECRET_BYTES}


def test_the_address_for_the_app_names_issuer_and_account():
    uri = urlsplit(provisioning_uri(SECRET, "anna+1@demo.example"))
    assert (uri.scheme, uri.netloc, uri.path) == ("otpauth", "totp", "/SlotGraph:anna%2B1%40demo.example")
    facts = {name: values[0] for name, values in parse_qs(uri.query).items()}
    assert facts == {
        "secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        "issuer": "SlotGraph",
        "algorithm": "SHA1",
        "digits": "6",
        "period": "30",
    }
