"""A hold token lets whoever has it use one hold, and no other kind of token does (rule K2)."""

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slotgraph.core import manage_token
from slotgraph.core.hold_token import HeldSlot, read, source_mark, token_for, verify

KEY = b"k" * 32
COMPANY, HOLD = "0123456789abcdef" * 2, "fedcba9876543210" * 2
TOKEN = token_for(KEY, COMPANY, hold_id=HOLD)


def _flipped(token, bit):
    raw = bytearray(base64.urlsafe_b64decode(token + "=="))
    raw[bit // 8] ^= 1 << bit % 8
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def test_a_token_tells_its_hold_and_verifies():
    assert read(TOKEN) == HeldSlot(COMPANY, HOLD)
    assert verify(KEY, TOKEN)
    code = hmac.new(KEY, f"hold|{COMPANY}|{HOLD}".encode(), hashlib.sha256).digest()
    assert base64.urlsafe_b64decode(TOKEN + "==")[32:] == code


def test_every_flipped_bit_is_noticed():
    assert not any(verify(KEY, _flipped(TOKEN, bit)) for bit in range(64 * 8))


def test_another_key_does_not_verify_it():
    assert not verify(b"x" * 32, TOKEN)


@pytest.mark.parametrize("generation", [0, 1, 7])
def test_manage_tokens_and_hold_tokens_are_none_of_each_other(generation):
    """Both are derived with one key, for the same ids."""
    managing = manage_token.token_for(KEY, COMPANY, booking_id=HOLD, generation=generation)
    assert not verify(KEY, managing)
    assert not manage_token.verify(KEY, TOKEN, generation=generation)


@given(st.text(max_size=100))
def test_no_text_makes_reading_fail(text):
    assert read(text) is None
    assert not verify(KEY, text)


def test_a_source_is_counted_by_a_mark_of_its_own_for_each_company():
    marks = {
        source_mark(key, company, source)
        for key in (KEY, b"x" * 32)
        for company in (COMPANY, HOLD)
        for source in ("", "a")
    }
    assert len(marks) == 8
    assert all(len(mark) == 64 and set(mark) <= set("0123456789abcdef") for mark in marks)
