"""Manage tokens: what a customer's link carries to move or cancel one booking (rule K5). Derived, never stored.

What the token then permits is decided by `policy`.
"""

import hmac
from typing import NamedTuple

from slotgraph.core.derived_token import Claim, claim_from_text, text_from_claim


class ManagedBooking(NamedTuple):
    """The booking a token claims to be for. Believed only after `verify`."""

    company_id: str
    booking_id: str


def token_for(manage_key: bytes, company_id: str, *, booking_id: str, generation: int) -> str:
    """The token of a booking in its generation, in 86 characters of base64url. Ids are 32 hexadecimal digits."""
    code = _code(manage_key, ManagedBooking(company_id, booking_id), generation=generation)
    return text_from_claim(Claim(company_id, booking_id, code))


def read(token: str) -> ManagedBooking | None:
    """What a token claims to be for, or None if it is no token at all."""
    claim = claim_from_text(token)
    return ManagedBooking(claim.company_id, claim.id) if claim else None


def verify(manage_key: bytes, token: str, *, generation: int) -> bool:
    """Whether a token is the one of its booking in this generation. Takes the same time for every wrong code."""
    claim = claim_from_text(token)
    if claim is None:
        return False
    booking = ManagedBooking(claim.company_id, claim.id)
    return hmac.compare_digest(claim.code, _code(manage_key, booking, generation=generation))


def _code(manage_key: bytes, booking: ManagedBooking, *, generation: int) -> bytes:
    # The ids have a fixed length, so the bar cannot be moved.
    return hmac.digest(manage_key, f"{booking.company_id}|{booking.booking_id}|{generation}".encode(), "sha256")
