"""Hold tokens: what lets whoever held a slot book it or give it back (rule K2). Derived like manage tokens, never stored."""

import hmac
from typing import NamedTuple

from slotgraph.core.derived_token import Claim, claim_from_text, text_from_claim


class HeldSlot(NamedTuple):
    """The hold a token claims to be for. Believed only after `verify`."""

    company_id: str
    hold_id: str


def token_for(manage_key: bytes, company_id: str, *, hold_id: str) -> str:
    """The token of a hold, in 86 characters of base64url. Ids are 32 hexadecimal digits."""
    return text_from_claim(Claim(company_id, hold_id, _code(manage_key, HeldSlot(company_id, hold_id))))


def read(token: str) -> HeldSlot | None:
    """What a token claims to be for, or None if it is no token at all."""
    claim = claim_from_text(token)
    return HeldSlot(claim.company_id, claim.id) if claim else None


def verify(manage_key: bytes, token: str) -> bool:
    """Whether a token is the one of its hold; another kind of token is none. Takes the same time for every wrong code."""
    claim = claim_from_text(token)
    if claim is None:
        return False
    return hmac.compare_digest(claim.code, _code(manage_key, HeldSlot(claim.company_id, claim.id)))


def source_mark(manage_key: bytes, company_id: str, source: str) -> str:
    """What a stranger's holds are counted by: 64 hexadecimal digits that tell nobody without the key where they came from."""
    return hmac.new(manage_key, f"source of holds|{company_id}|{source}".encode(), "sha256").hexdigest()


def _code(manage_key: bytes, held: HeldSlot) -> bytes:
    # No manage token begins with this word: its code begins with an id.
    return hmac.digest(manage_key, f"hold|{held.company_id}|{held.hold_id}".encode(), "sha256")
