"""Codes that prove a second factor: each is taken once, inside the transaction of what it is for."""

import secrets
from datetime import datetime

from slotgraph.core import totp
from slotgraph.core.passwords import token_hash
from slotgraph.core.store import users
from slotgraph.core.store.database import Transaction
from slotgraph.core.store.users import Login
from slotgraph.core.values import Secret
from slotgraph.core.vault import Sealed, Vault

RECOVERY_CODES = 10
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""32 digits without those that are taken for others (i, l, o, u): 5 bits each."""
_GROUPS, _GROUP_DIGITS = 4, 5


def new_recovery_code() -> str:
    """A code of 100 random bits, in four groups that can be written down.

    As many bits as nobody tries through: therefore its plain SHA-256 may be stored. A slow hash is for what people choose.
    """
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP_DIGITS)) for _ in range(_GROUPS))


def recovery_code_hash(text: str) -> str:
    """What a recovery code is stored as, however it was typed: capitals, spaces and hyphens do not matter."""
    return token_hash("".join(text.lower().replace("-", " ").split()))


class Codes:
    """Seals second factors and takes their codes. Who has how many tries is counted elsewhere."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def sealed(self, user_id: str, secret: bytes) -> Sealed:
        """A second factor's secret, sealed for its user."""
        return self._vault.seal_secret(secret, "user", user_id)

    def matching_step(self, login: Login, code: Secret, *, now: datetime) -> int | None:
        """The step of an app's code that is good now; None for one that is wrong or was taken. Raises KeyMissing or SealBroken."""
        if login.totp is None:
            return None
        secret = self._vault.open_secret(login.totp.sealed, "user", login.user.id)
        return totp.matching_step(secret, code.reveal().strip(), now=now, after=login.totp.last_step)

    async def take(self, connection: Transaction, login: Login, code: Secret, *, now: datetime) -> bool:
        """Use up a code of the app or a recovery code of a login that this transaction has locked; False if it is no good."""
        step = self.matching_step(login, code, now=now)
        if step is not None:
            await users.note_step(connection, login.user.id, step)
            return True
        return await users.take_recovery_code(connection, login.user.id, recovery_code_hash(code.reveal()))
