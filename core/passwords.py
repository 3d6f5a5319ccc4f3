"""What people and programs log in with: password hashes, and tokens of sessions, programs and invitations. Roles are kept elsewhere."""

import asyncio
import base64
import hashlib
import re
import secrets
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MEMORY_KIB = 65536
AT_ONCE = 2
_SALT_BYTES = 16
_HASH_BYTES = 32
_API_TOKEN = re.compile(r"sg_([0-9a-f]{32})_([A-Za-z0-9_-]{43})")
_INVITATION_TOKEN = re.compile(r"sgi_([0-9a-f]{32})_([A-Za-z0-9_-]{43})")


class Passwords:
    """Argon2id (RFC 9106) off the event loop, `AT_ONCE` at a time: each takes `memory_kib` of memory while it runs."""

    def __init__(self, *, time_cost: int = 3, memory_kib: int = MEMORY_KIB, parallelism: int = 4) -> None:
        self._hasher = PasswordHasher(time_cost, memory_kib, parallelism, hash_len=_HASH_BYTES, salt_len=_SALT_BYTES)
        # Threads of its own instead of a semaphore: a cancelled caller would free its place while its thread still hashes.
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="argon2")
        self._dummy = _dummy_hash(time_cost, memory_kib, parallelism=parallelism)

    async def hash(self, password: str) -> str:
        """Hash a password for storage, in the encoded form that names its own parameters."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._hasher.hash, _bytes(password))

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether the password is the one stored. None (no such user) takes as long as a wrong password, and is False."""
        hashed = self._dummy if stored is None else stored
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._is_match, hashed, _bytes(password))

    def needs_rehash(self, stored: str) -> bool:
        """Whether a stored hash was made with other parameters; hash anew at the next right password."""
        return self._hasher.check_needs_rehash(stored)

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _is_match(self, hashed: str, password: bytes) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False


def _dummy_hash(time_cost: int, memory_kib: int, *, parallelism: int) -> str:
    """A hash that no password is known for, made without the work of hashing."""
    salt, digest = (
        base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (_SALT_BYTES, _HASH_BYTES)
    )
    return f"$argon2id$v=19$m={memory_kib},t={time_cost},p={parallelism}${salt}${digest}"


def _bytes(password: str) -> bytes:
    # RFC 8265 section 4.2: keyboards compose accents differently. A lone surrogate from JSON must not raise.
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


class TokenKey(NamedTuple):
    """How a token that carries its company is found: the company, and the hash of its secret."""

    company_id: str
    secret_hash: str


def new_token() -> str:
    """32 random bytes in 43 characters of base64url: a session token, a reset token, or the secret of one that carries its company."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """The SHA-256 of a token in hexadecimal: what is stored. A random token needs no salt and no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def api_token(company_id: str, secret: str) -> str:
    """The text of an API token, `sg_<company_id>_<secret>`: it carries its company, so that lookups stay in one shard."""
    return f"sg_{company_id}_{secret}"


def read_api_token(text: str) -> TokenKey | None:
    """What an API token is found by, or None if it is none."""
    return _key(_API_TOKEN.fullmatch(text))


def invitation_token(company_id: str, secret: str) -> str:
    """The text of an invitation's token, `sgi_<company_id>_<secret>`: it carries its company as API tokens do."""
    return f"sgi_{company_id}_{secret}"


def read_invitation_token(text: str) -> TokenKey | None:
    """What an invitation is found by, or None if the text is no token of one."""
    return _key(_INVITATION_TOKEN.fullmatch(text))


def _key(match: re.Match[str] | None) -> TokenKey | None:
    return TokenKey(match[1], token_hash(match[2])) if match else None
