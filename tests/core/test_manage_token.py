"""A manage token opens one booking in one generation, and nothing else is a token (rule K5)."""

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slotgraph.core.manage_token import ManagedBooking, read, token_for, verify

KEY = b"k" * 32
COMPANY, BOOKING = "0123456789abcdef" * 2, "fedcba9876543210" * 2
TOKEN = token_for(KEY, COMPANY, booking_id=BOOKING, generation=3)


def _flipped(token, bit):
    raw = bytearray(base64.urlsafe_b64decode(token + "=="))
    raw[bit // 8] ^= 1 << bit % 8
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def test_a_token_tells_its_booking_and_verifies():
    assert read(TOKEN) == ManagedBooking(COMPANY, BOOKING)
    assert verify(KEY, TOKEN, generation=3)


def test_a_token_is_the_hmac_of_company_booking_and_generation():
    code = hmac.new(KEY, f"{COMPANY}|{BOOKING}|3".encode(), hashlib.sha256).digest()
    assert base64.urlsafe_b64decode(TOKEN + "==")[32:] == code
    assert len(TOKEN) == 86
    assert set(TOKEN) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@pytest.mark.parametrize("generation", [0, 2, 4, 33])
def test_another_generation_revokes_it(generation):
    assert not verify(KEY, TOKEN, generation=generation)


def test_another_key_does_not_verify_it():
    assert not verify(b"x" * 32, TOKEN, generation=3)


def test_every_flipped_bit_is_noticed():
    assert not any(verify(KEY, _flipped(TOKEN, bit), generation=3) for bit in range(64 * 8))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "=",
        "a",
        TOKEN[:-1],
        TOKEN + "A",
        TOKEN + "==",
        TOKEN + "\n",
        " " + TOKEN,
        TOKEN[:40] + "*" + TOKEN[40:],
        TOKEN[:-1] + chr(ord(TOKEN[-1]) + 1),  # differs in bits that base64 ignores
        TOKEN.replace("-", "+").replace("_", "/") + "+",
        "é" * 86,
        "\ud800" * 86,
        TOKEN * 1000,
    ],
)
def test_anything_else_is_no_token(text):
    assert read(text) is None
    assert not verify(KEY, text, generation=3)


@given(st.text(max_size=100))
def test_no_text_makes_reading_fail(text):
    assert read(text) is None
    assert not verify(KEY, text, generation=3)


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16), st.integers(0, 10**6))
def test_every_booking_has_its_own_token(company, booking, generation):
    token = token_for(KEY, company.hex(), booking_id=booking.hex(), generation=generation)
    assert read(token) == (company.hex(), booking.hex())
    assert verify(KEY, token, generation=generation)
    assert not verify(KEY, token, generation=generation + 1)


@pytest.mark.parametrize(
    ("company", "booking"), [("", COMPANY + BOOKING), (COMPANY.upper(), BOOKING), (COMPANY, "z" * 32)]
)
def test_ids_that_are_none_are_a_bug(company, booking):
    with pytest.raises(ValueError, match="hexadecimal"):
        token_for(KEY, company, booking_id=booking, generation=0)
