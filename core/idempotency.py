"""A repeated call with the same key and input gets the first success again for 24 hours (rule K2)."""

import hashlib
import json
import uuid
from dataclasses import asdict, astuple, is_dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any

from slotgraph.core.policy import Actor, Customer, Member, Support, Token
from slotgraph.core.store import locks
from slotgraph.core.store.bookings import IdempotencyKey
from slotgraph.core.store.database import Transaction

REMEMBERED_FOR = timedelta(hours=24)


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


def idempotency_key(actor: Actor, company_id: str, *, mutation: str, key: str) -> IdempotencyKey:
    """What the success of this call is remembered by."""
    return IdempotencyKey(company_id, actor_scope(actor), mutation, key.lower())


async def lock_key(connection: Transaction, key: IdempotencyKey) -> None:
    """Let one call at a time work under a key; whoever comes second finds what the first has stored."""
    await locks.lock_name(connection, "idempotency", *astuple(key))


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
