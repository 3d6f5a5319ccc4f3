"""Sealing of credentials and other secrets with AES-256-GCM, and the file of keys (rule F3). Who may open them is not decided here."""

import base64
import binascii
import json
import os
import re
import secrets
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from slotgraph.core.errors import KeyMissing, SealBroken, SettingError

KEY_BYTES = 32
NONCE_BYTES = 12
_MANAGE = "manage"
_FOR_CREDENTIALS = "slotgraph credentials"
_FOR_SECRETS = "slotgraph secret"
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")


@dataclass(frozen=True, slots=True)
class Sealed:
    """A secret as it is stored: the id of the key, and nonce with ciphertext and tag."""

    key_id: str
    blob: bytes = field(repr=False)


class Vault:
    """The keys, by id. `current` seals, all open; `manage_secret` is apart from them, so that rotation keeps manage tokens."""

    __slots__ = ("_current", "_keys", "_manage_secret")

    def __init__(self, keys: Mapping[str, bytes], current: str, *, manage_secret: bytes) -> None:
        if any(len(key) != KEY_BYTES for key in (*keys.values(), manage_secret)):
            raise SettingError(f"Each key must be {KEY_BYTES} bytes long.")
        if current not in keys:
            raise SettingError("The key to seal with is not among the keys.")
        self._keys = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._current = current
        self._manage_secret = manage_secret

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the key file: lines of `id:base64`, the first seals; `manage:base64` is the manage secret. Raises SettingError."""
        lines = _key_lines(path)
        manage_secret = lines.pop(_MANAGE, None)
        if manage_secret is None or not lines:
            raise SettingError(f"The key file {path} lacks a key or its line {_MANAGE!r}; put back a copy of it.")
        return cls(lines, next(iter(lines)), manage_secret=manage_secret)

    @classmethod
    def create(cls, path: Path) -> Self:
        """Write a key file with fresh keys, for its owner only. Raises SettingError if there is one already."""
        fresh = {f"k{secrets.token_hex(4)}": secrets.token_bytes(KEY_BYTES), _MANAGE: secrets.token_bytes(KEY_BYTES)}
        _write_lines(path, fresh)
        return cls.load(path)

    @classmethod
    def load_or_create(cls, path: Path, *, in_use: bool) -> Self:
        """Read the key file; make one only for a database not in use yet. Raises KeyMissing: never a new key over sealed rows."""
        if not _is_missing(path):
            return cls.load(path)
        if in_use:
            raise KeyMissing(
                f"The key file {path} is missing, but this database was made with it; put back a copy of it."
            )
        return cls.create(path)

    def require(self, key_ids: Iterable[str]) -> None:
        """Check at start that every key used by a sealed row is here. Raises KeyMissing naming those that are not."""
        if missing := sorted(set(key_ids) - self._keys.keys()):
            raise KeyMissing(f"The key file lacks keys that credentials are sealed with: {', '.join(missing)}.")

    def seal(self, company_id: str, account_id: str, credentials: Mapping[str, str]) -> Sealed:
        """Seal credentials for one account; the result opens nowhere else."""
        plain = json.dumps(dict(credentials)).encode()
        return self._sealed(plain, _context(_FOR_CREDENTIALS, self._current, company_id, account_id))

    def open(self, company_id: str, account_id: str, sealed: Sealed) -> dict[str, str]:
        """Open the credentials of an account. Raises KeyMissing or SealBroken."""
        plain = self._opened(sealed, _context(_FOR_CREDENTIALS, sealed.key_id, company_id, account_id))
        credentials: dict[str, str] = json.loads(plain)
        return credentials

    def seal_secret(self, secret: bytes, *owner: str) -> Sealed:
        """Seal a secret of something else, for example `"user"` and its id; the result opens for no other owner, and as no credentials."""
        return self._sealed(secret, _context(_FOR_SECRETS, self._current, *owner))

    def open_secret(self, sealed: Sealed, *owner: str) -> bytes:
        """Open what `seal_secret` sealed for this owner. Raises KeyMissing or SealBroken."""
        return self._opened(sealed, _context(_FOR_SECRETS, sealed.key_id, *owner))

    def _sealed(self, plain: bytes, context: bytes) -> Sealed:
        nonce = secrets.token_bytes(NONCE_BYTES)
        return Sealed(self._current, nonce + self._keys[self._current].encrypt(nonce, plain, context))

    def _opened(self, sealed: Sealed, context: bytes) -> bytes:
        self.require([sealed.key_id])
        nonce, ciphertext = sealed.blob[:NONCE_BYTES], sealed.blob[NONCE_BYTES:]
        try:
            return self._keys[sealed.key_id].decrypt(nonce, ciphertext, context)
        except (InvalidTag, ValueError) as error:  # ValueError: shorter than a nonce
            raise SealBroken("Sealed credentials do not open: they were changed, or belong elsewhere.") from error

    def manage_key(self) -> bytes:
        """The key of manage tokens (rule K5), the same before and after a rotation."""
        derivation = HKDF(SHA256(), KEY_BYTES, salt=None, info=b"slotgraph manage token")
        return derivation.derive(self._manage_secret)

    def __repr__(self) -> str:
        return "<Vault: not shown>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Vault is not serialised")


def _context(*parts: str) -> bytes:
    """What a seal is bound to. Each part is framed by its length, so that no two lists of parts read the same."""
    encoded = [part.encode() for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)


def _key_lines(path: Path) -> dict[str, bytes]:
    """The lines of a key file in their order; blank lines and those that begin with `#` are left out."""
    found: dict[str, bytes] = {}
    for number, line in enumerate(_own_text(path).splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            key_id, _, text = line.strip().partition(":")
            key = _key(text)
            if key is None or not _KEY_ID.fullmatch(key_id) or key_id in found:
                # The line is not quoted: it may be a key with a typing error.
                raise SettingError(
                    f"The key file {path} is wrong in line {number}: id, colon, {KEY_BYTES} bytes in base64."
                )
            found[key_id] = key
    return found


def _key(text: str) -> bytes | None:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if len(key) == KEY_BYTES else None


def _own_text(path: Path) -> str:
    """The text of a file that only its owner may read."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would be waited for, and a device has no end
            raise SettingError(f"The key file {path} is no plain file; name one, or move that away.")
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            content = file.read()
    except OSError as error:
        raise SettingError(f"The key file {path} cannot be read: {error.strerror or type(error).__name__}.") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SettingError(f"The key file {path} is open to others; take their rights away (chmod 600).")
    return content.decode("ascii", "replace")


def _is_missing(path: Path) -> bool:
    try:
        path.stat()
    except FileNotFoundError:
        return True
    except OSError:
        return False  # something is there or cannot be seen: reading it says what is wrong
    return False


def _write_lines(path: Path, lines: Mapping[str, bytes]) -> None:
    """Write a new key file and bring it to the disk before anything can be sealed with it."""
    text = "".join(f"{key_id}:{base64.b64encode(key).decode()}\n" for key_id, key in lines.items())
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        _sync_folder(path.parent)
    except FileExistsError as error:
        raise SettingError(f"The key file {path} is there already and is not written over.") from error
    except OSError as error:
        raise SettingError(
            f"The key file {path} cannot be written: {error.strerror or type(error).__name__}."
        ) from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
