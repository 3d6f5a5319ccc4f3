"""Manage tokens: what a customer's link carries to move or cancel one booking (rule K5). Derived, never stored.

What the token then permits is decided by `policy`.
"""

import base64
import binascii
import hmac
import re
from typing import NamedTuple

_ID = re.compile(r"[0-9a-f]{32}")
_ID_BYTES = 16
_TOKEN_BYTES = 2 * _ID_BYTES + 32


class ManagedBooking(NamedTuple):
    """The booking a token claims to be for. Believed only after `verify`."""

    company_id: str
    booking_id: str


def token_for(manage_key: bytes, company_id: str, *, booking_id: str, generation: int) -> str:
    """The token of a booking in its generation, in 86 characters of base64url. Ids are 32 hexadecimal digits."""
    if not _ID.fullmatch(company_id) or not _ID.fullmatch(booking_id):
        raise ValueError("ids are 32 lower-case hexadecimal digits")
    ids = bytes.fromhex(company_id + booking_id)
    return _text(ids + _code(manage_key, ManagedBooking(company_id, booking_id), generation=generation))


def read(token: str) -> ManagedBooking | None:
    """What a token claims to be for, or None if it is no token at all."""
    raw = _bytes(token)
    if raw is None:
        return None
    return ManagedBooking(raw[:_ID_BYTES].hex(), raw[_ID_BYTES : 2 * _ID_BYTES].hex())


def verify(manage_key: bytes, token: str, *, generation: int) -> bool:
    """Whether a token is the one of its booking in this generation. Takes the same time for every wrong code."""
    raw, booking = _bytes(token), read(token)
    if raw is None or booking is None:
        return False
    return hmac.compare_digest(raw[2 * _ID_BYTES :], _code(manage_key, booking, generation=generation))


def _code(manage_key: bytes, booking: ManagedBooking, *, generation: int) -> bytes:
    # The ids have a fixed length, so the bar cannot be moved.
    return hmac.digest(manage_key, f"{booking.company_id}|{booking.booking_id}|{generation}".encode(), "sha256")


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(token: str) -> bytes | None:
    try:
        raw = base64.urlsafe_b64decode(token + "==")
    except (binascii.Error, ValueError):
        return None
    # The decoder skips foreign characters and ignores the last bits: only the one right spelling counts.
    return raw if len(raw) == _TOKEN_BYTES and _text(raw) == token else None
