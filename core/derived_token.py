"""What derived tokens look like: two ids and a code that only we can make for them, in 86 characters of base64url. Never stored.

What one is good for, and what its code is made from, stands in a module for each kind: a code of one kind proves nothing of another.
"""

import base64
import binascii
import re
from typing import NamedTuple

_ID = re.compile(r"[0-9a-f]{32}")
_ID_BYTES = 16
_CODE_BYTES = 32
_TOKEN_BYTES = 2 * _ID_BYTES + _CODE_BYTES


class Claim(NamedTuple):
    """What a token claims to be for, and the code of 32 bytes that is to prove it."""

    company_id: str
    id: str
    code: bytes


def text_from_claim(claim: Claim) -> str:
    """The token. Ids are 32 hexadecimal digits."""
    if not _ID.fullmatch(claim.company_id) or not _ID.fullmatch(claim.id):
        raise ValueError("ids are 32 lower-case hexadecimal digits")
    return _text(bytes.fromhex(claim.company_id + claim.id) + claim.code)


def claim_from_text(token: str) -> Claim | None:
    """What a token claims, or None if it is no token at all."""
    raw = _bytes(token)
    if raw is None:
        return None
    ids = raw[: 2 * _ID_BYTES]
    return Claim(ids[:_ID_BYTES].hex(), ids[_ID_BYTES:].hex(), raw[2 * _ID_BYTES :])


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(token: str) -> bytes | None:
    try:
        raw = base64.urlsafe_b64decode(token + "==")
    except (binascii.Error, ValueError):
        return None
    # The decoder skips foreign characters and ignores the last bits: only the one right spelling counts.
    return raw if len(raw) == _TOKEN_BYTES and _text(raw) == token else None
