"""Nobody waits in a circle: an account that is let go of while its calendars are written into (rules K1, K3)."""

import asyncio

import pytest
from sqlalchemy import text

from slotgraph.core.accounts import AccountUnlinked
from slotgraph.core.booking.finding import SeenBooking
from slotgraph.core.booking.making import BookingConfirmed
from slotgraph.core.candidates import EmployeeChoice
from slotgraph.core.outbox import entries, wishes

pytestmark = pytest.mark.postgresql


@pytest.fixture
async def account(world):
    """An account of the company with the default calendars of Anna and Ben, whose ids are in the other order."""
    account = await world.add_account("companys")
    names = sorted(("one", "two"), key=lambda name: world.id_of(f"calendar {name}"))
    employees = sorted(("anna", "ben"), key=world.id_of, reverse=True)
    for name, employee in zip(names, employees, strict=True):
        world.calendars.add_calendar(name, login="companys")
        await world.add_calendar(name, account, employee=employee, is_default=True)
    return account


def stopped(monkeypatch, name, *, at):
    """Stop whoever comes to a function of the outbox for the so-manieth time, as (they are there, let them go on)."""
    there, go_on, real, calls = asyncio.Event(), asyncio.Event(), getattr(wishes, name), []

    async def counted(*args, **options):
        calls.append(name)
        if len(calls) == at:
            there.set()
            await go_on.wait()
        return await real(*args, **options)

    monkeypatch.setattr(wishes, name, counted)
    return there, go_on


async def unlinked_meanwhile(world, account, there, go_on):
    """Unlink an account while somebody stands there, and let them go on when the unlinking waits for them."""
    asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    await there.wait()
    unlink = world.do.accounts.unlink(world.as_(world.owner), world.company_id, account.id)
    unlinking = asyncio.create_task(unlink)
    async with asyncio.timeout(20):
        waiting = 0
        while not waiting:
            async with world.database.read() as connection:
                waiting = (await connection.execute(text(asked))).scalar_one()
            await asyncio.sleep(0.01)
    go_on.set()
    return await unlinking


async def test_whoever_books_two_together_and_an_unlinking_do_not_wait_for_each_other(world, account, monkeypatch):
    there, go_on = stopped(monkeypatch, "add_wish", at=1)
    both = EmployeeChoice(together=tuple(sorted(map(world.id_of, ("anna", "ben")))))
    booking = asyncio.create_task(world.book(choice=both))
    assert isinstance(await unlinked_meanwhile(world, account, there, go_on), AccountUnlinked)
    assert isinstance(await booking, BookingConfirmed)
    assert await world.entry_states() == ["FAILED", "FAILED"]


async def test_whoever_cancels_for_two_and_an_unlinking_do_not_wait_for_each_other(world, account, monkeypatch):
    both = EmployeeChoice(together=tuple(sorted(map(world.id_of, ("anna", "ben")))))
    start, known = 9, []
    while [one.id for one in known] == sorted(one.id for one in known):
        booking = (await world.book(f"2027-03-02 {start:02}:00", choice=both)).booking
        async with world.database.read() as connection:
            known = await entries.entries_of_bookings(connection, world.company_id, [booking.id])
        start += 1
    there, go_on = stopped(monkeypatch, "change_wish", at=2)
    cancelling = asyncio.create_task(world.cancel(booking, actor=world.owner))
    assert isinstance(await unlinked_meanwhile(world, account, there, go_on), AccountUnlinked)
    assert isinstance(await cancelling, SeenBooking)
