"""A repeated call with the same key and input gets the first success again for 24 hours (rule K2)."""

import hashlib
import json
import uuid
from collections.abc import Iterator
from dataclasses import asdict, astuple, dataclass, is_dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any

from slotgraph.core.policy import Actor, Customer, Member, Support, Token
from slotgraph.core.problems import InvalidField, KeyReused
from slotgraph.core.store import bookings, locks
from slotgraph.core.store.bookings import IdempotencyKey, Remembered
from slotgraph.core.store.database import Transaction

REMEMBERED_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Call:
    """A call by what its success is remembered by: the key, and a hash of what was asked for."""

    key: IdempotencyKey
    input_hash: str

    @classmethod
    def of(cls, actor: Actor, company_id: str, *, mutation: str, key: str, asked_for: object) -> "Call":
        """The call of an actor. `asked_for` is what makes it another call: dataclasses and plain values, the key not among them."""
        return cls(IdempotencyKey(company_id, actor_scope(actor), mutation, key.lower()), input_hash(asked_for))

    async def lock(self, connection: Transaction) -> None:
        """Let one call at a time work under this key; whoever comes second finds what the first has stored."""
        await locks.lock_name(connection, "idempotency", *astuple(self.key))

    async def first_success(self, connection: Transaction, *, now: datetime) -> str | KeyReused | None:
        """What the first success under this key made, by its id; None if there was none in the last 24 hours."""
        success = await bookings.remembered(connection, self.key, since=now - REMEMBERED_FOR)
        if success is None:
            return None
        return success.result_id if success.input_hash == self.input_hash else KeyReused()

    async def remember(self, connection: Transaction, result_type: str, result_id: str, *, now: datetime) -> None:
        """Remember the success in its own transaction: our own id, never what was answered. Refusals are not remembered."""
        success = Remembered(self.input_hash, result_type, result_id)
        await bookings.remember(connection, self.key, success=success, at=now)


def key_faults(text: str) -> Iterator[InvalidField]:
    """What is wrong with an idempotency key."""
    if not is_key(text):
        yield InvalidField(("input", "idempotencyKey"), "must be a UUID, new for each intent.")


def is_key(text: str) -> bool:
    """Whether a text is a UUID."""
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def actor_scope(actor: Actor) -> str:
    """Whose keys these are: one actor's keys never meet another's."""
    match actor:
        case Member():
            return f"member:{actor.id}"
        case Token():
            return f"token:{actor.id}"
        case Support():
            return f"support:{actor.user_id}"
        case Customer():
            return f"booking:{actor.booking_id}"
        case _:
            return "anonymous"


def input_hash(value: object) -> str:
    """SHA-256 of an input of dataclasses and plain values, independent of the order of its keys."""
    text = json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, date):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value
