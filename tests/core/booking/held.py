"""Holding slots in a world, and looking at what is kept."""

import uuid
from datetime import timedelta
from typing import Any

from slotgraph.core import hold_token, tables
from slotgraph.core.booking.holding import HoldRequest, SlotHeld
from slotgraph.core.candidates import EmployeeChoice, ServiceRef
from slotgraph.core.values import Secret

START = "2027-03-02 09:00"
MINUTE = timedelta(minutes=1)
KEPT_FOR = 10 * MINUTE
"""How long a company keeps what is held, unless it says otherwise."""


def hold_request(world: Any, start: str = START, *, employee: str | None = None, **more: Any) -> HoldRequest:
    """A request to hold `cut`; with a key of its own unless one is given."""
    choice = more.pop("choice", EmployeeChoice(employee=employee and world.id_of(employee)))
    service = ServiceRef(more.pop("company_id", world.company_id), world.id_of(more.pop("service", "cut")))
    return HoldRequest(more.pop("key", None) or str(uuid.uuid4()), service, world.at(start), choice, **more)


async def ask(world: Any, request: HoldRequest, *, actor: Any = None, source: str = "") -> Any:
    """Hold what is asked for, from a source."""
    operation = world.as_(actor)
    operation.source = source
    return await world.do.holds.hold(operation, request)


async def hold(world: Any, start: str = START, *, actor: Any = None, source: str = "", **more: Any) -> Any:
    """Hold a slot."""
    return await ask(world, hold_request(world, start, **more), actor=actor, source=source)


async def held(world: Any, start: str = START, **more: Any) -> SlotHeld:
    """A slot that is kept."""
    outcome = await hold(world, start, **more)
    assert isinstance(outcome, SlotHeld), outcome
    return outcome


async def release(world: Any, token: Secret, *, actor: Any = None) -> Any:
    """Give a slot back."""
    return await world.do.holds.release(world.as_(actor), token)


def token_of(world: Any, *, company_id: str | None = None, hold_id: str = "0" * 32) -> Secret:
    """The token this world would give for a hold."""
    key = world.vault.manage_key()
    return Secret(hold_token.token_for(key, company_id or world.company_id, hold_id=hold_id))


def together(world: Any, *names: str) -> EmployeeChoice:
    """All of them at the same time."""
    return EmployeeChoice(together=tuple(world.id_of(name) for name in names))


def any_of(world: Any, *names: str) -> EmployeeChoice:
    """Any one of them."""
    return EmployeeChoice(any_of=tuple(world.id_of(name) for name in names))


async def blocked(world: Any) -> set[tuple[str, str, str]]:
    """What is blocked: for a hold or a booking, from when, and until when. Whose, `blocked_of` says."""
    return {(kind, start, end) for kind, _, start, end in await _blocks(world)}


async def blocked_of(world: Any) -> set[tuple[str, str]]:
    """What is blocked: for a hold or a booking, and whose time."""
    return {(kind, employee_id) for kind, employee_id, *_ in await _blocks(world)}


async def _blocks(world: Any) -> list[tuple[str, str, str, str]]:
    return [
        (
            "hold" if row.booking_id is None else "booking",
            row.employee_id,
            world.shown(row.start_minute),
            world.shown(row.end_minute),
        )
        for row in await world.rows(tables.block)
    ]


async def everything(world: Any) -> dict[str, list[tuple[Any, ...]]]:
    """What is stored of slots: to see that a refusal has left it as it was."""
    names = (tables.hold, tables.block, tables.booking, tables.attendance, tables.idempotency, tables.outbox)
    return {table.name: sorted(map(tuple, await world.rows(table)), key=str) for table in names}
