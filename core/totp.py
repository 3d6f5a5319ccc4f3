"""Codes of an authenticator app: RFC 6238 with SHA-1, six digits, steps of 30 s. Where secrets lie and who may try is not known here."""

import hmac
import secrets
from datetime import datetime

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

SECRET_BYTES = 20
STEP_SECONDS = 30
DIGITS = 6
ISSUER = "SlotGraph"
NEIGHBOURS = 1
"""Steps before and after the current one that count too: clocks differ, and typing takes a moment (RFC 6238 section 5.2)."""


def new_secret() -> bytes:
    """A fresh secret, as long as the hash it is for (RFC 4226 section 4)."""
    return secrets.token_bytes(SECRET_BYTES)


def step_at(now: datetime) -> int:
    """The number of the step that an instant lies in."""
    return int(now.timestamp()) // STEP_SECONDS


def matching_step(secret: bytes, code: str, *, now: datetime, after: int | None = None) -> int | None:
    """The first step whose code this is, of those that count now and come later than `after`; None if there is none.

    Keep it as the next `after`: so each step is good once. All steps are compared, each in constant time.
    """
    app = _app(secret)
    typed = code.encode("utf-8", "surrogatepass")
    current = step_at(now)
    matching = [
        step
        for step in range(current - NEIGHBOURS, current + NEIGHBOURS + 1)
        if hmac.compare_digest(app.generate(step * STEP_SECONDS), typed)
    ]
    return next((step for step in matching if after is None or step > after), None)


def provisioning_uri(secret: bytes, account: str) -> str:
    """The otpauth address that an authenticator app reads from a QR code. It holds the secret."""
    return _app(secret).get_provisioning_uri(account, ISSUER)


def _app(secret: bytes) -> TOTP:
    return TOTP(secret, DIGITS, SHA1(), STEP_SECONDS)  # noqa: S303 - what the apps compute; HMAC needs no more of it
