"""No transaction is open while a provider is called (rule K1), seen while it runs. By structure: tests/house/test_transactions.py."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Any

import pytest

from slotgraph.core import tables
from slotgraph.core.errors import ProviderUnreachable
from slotgraph.core.link_forms import FilledField
from slotgraph.core.linking import EmployeeRef
from slotgraph.core.policy import Role
from slotgraph.core.values import LinkField, PasswordLink, Purpose, Secret

_OPEN: ContextVar[int] = ContextVar("open", default=0)
"""Transactions that are open in this task, or were when its caller began it."""


def counted(begin: Callable[[], AbstractAsyncContextManager[Any]]) -> Callable[[], AbstractAsyncContextManager[Any]]:
    @asynccontextmanager
    async def counting() -> AsyncIterator[Any]:
        async with begin() as connection:
            _OPEN.set(_OPEN.get() + 1)
            try:
                yield connection
            finally:
                _OPEN.set(_OPEN.get() - 1)

    return counting


@pytest.fixture
def calls(world: Any, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Each call of the provider, with the number of transactions that were open around it."""
    for name in ("read", "write"):
        monkeypatch.setattr(world.database, name, counted(getattr(world.database, name)))
    seen: list[tuple[str, int]] = []

    def watched(name: str, method: Any) -> Any:
        async def call(*arguments: Any, **named: Any) -> Any:
            seen.append((name, _OPEN.get()))
            return await method(*arguments, **named)

        return call

    for name in ("open", "close", "calendars", "busy", "titles", "write", "move", "remove", "probe"):
        monkeypatch.setattr(world.calendars, name, watched(name, getattr(world.calendars, name)))
    return seen


async def search(world: Any) -> None:
    await world.search()
    await world.first_free()
    found = await world.search("2027-03-06 00:00", "2027-03-07 00:00")
    await world.do.search.next_start(world.as_(), found)


async def explain(world: Any) -> None:
    await world.explain(actor=world.owner)


async def book(world: Any) -> None:
    await world.book()
    await world.book("2027-03-02 09:00")


async def cancel(world: Any) -> None:
    confirmed = await world.book()
    await world.cancel(confirmed.booking, actor=world.owner)


async def write_later(world: Any) -> None:
    world.calendars.fail("write", ProviderUnreachable())
    await world.book()
    world.calendars.heal()
    world.clock.advance(timedelta(minutes=5))
    assert await world.joined.writer.sweep() == 1


async def overview(world: Any) -> None:
    await world.change(tables.employee, world.id_of("anna"), show_appointments=True)
    await world.overview(world.owner)


async def link(world: Any) -> None:
    anna = await world.add_login(world.member("anna", Role.ADMIN, employee="anna"))
    world.calendars.link = PasswordLink((LinkField("login", "Login"),))
    world.calendars.add_calendar("work", login="anna")
    begun = await world.do.linking.begin(
        world.as_(anna),
        "memory",
        employee=EmployeeRef(world.company_id, world.id_of("anna")),
        purposes=frozenset(Purpose),
    )
    await world.do.linking.complete(world.as_(anna), begun.link_token, [FilledField("login", Secret("anna"))])


async def check(world: Any) -> None:
    await world.do.account_checks.check(world.as_(world.owner), world.company_id, world.id_of("account annas"))


async def unlink(world: Any) -> None:
    await world.do.accounts.unlink(world.as_(world.owner), world.company_id, world.id_of("account annas"))


@pytest.mark.parametrize(
    ("use", "called"),
    [
        (search, {"busy"}),
        (explain, {"busy"}),
        (book, {"busy", "write"}),
        (cancel, {"busy", "write", "remove"}),
        (write_later, {"busy", "write"}),
        (overview, {"busy", "titles"}),
        (link, {"open", "calendars"}),
        (check, {"calendars", "busy"}),
        (unlink, {"close"}),
    ],
)
async def test_no_transaction_is_open_while_a_provider_is_called(
    world: Any, calls: list[tuple[str, int]], use: Any, called: set[str]
) -> None:
    await world.link("anna", world.event("2027-03-02 10:00", "2027-03-02 11:00"))
    await world.link("ben")
    await use(world)
    await world.joined.health.settled()
    assert {name for name, _ in calls} == called
    assert [call for call in calls if call[1] > 0] == []


async def test_one_that_is_open_is_seen(world: Any, calls: list[tuple[str, int]]) -> None:
    """Also where the call is made in a task of its own."""
    await world.link("anna")
    async with world.database.read():
        await world.search()
    assert ("busy", 1) in calls
    assert _OPEN.get() == 0
