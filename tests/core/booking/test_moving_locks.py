"""What a move locks, and in which order: nobody slips in between, and nobody waits in a circle (rules K1, K3, K8)."""

import asyncio
from datetime import timedelta

import pytest
from slotgraph_tests_core_booking_held import any_of, together
from slotgraph_tests_core_booking_moved import START, attending, blocked, move, outside, stored
from sqlalchemy import text

from slotgraph.core import outbox, tables
from slotgraph.core.accounts import AccountUnlinked
from slotgraph.core.booking.finding import SeenBooking
from slotgraph.core.outbox import entries
from slotgraph.core.problems import HasUpcomingBookings, SlotTaken, TooLate
from slotgraph.core.store import accounts, blocks, locks

pytestmark = pytest.mark.postgresql
LATER = "2027-03-03 11:00"
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.fixture
async def account(world):
    """An account of the company with the default calendars of Anna and Ben."""
    account = await world.add_account("companys")
    for name in ("anna", "ben"):
        world.calendars.add_calendar(f"{name}s", login="companys")
        await world.add_calendar(f"{name}s", account, employee=name, is_default=True)
    return account


@pytest.fixture
def stopped(monkeypatch):
    """Stop whoever comes to a function for the so-manieth time, as (they are there, let them go on)."""

    def stop(module, name, *, at=1):
        there, go_on, real, calls = asyncio.Event(), asyncio.Event(), getattr(module, name), []

        async def counted(*args, **options):
            calls.append(name)
            if len(calls) == at:
                there.set()
                await go_on.wait()
            return await real(*args, **options)

        monkeypatch.setattr(module, name, counted)
        return there, go_on

    return stop


async def started_meanwhile(world, work):
    """Work that has come to its end, or waits for somebody."""
    task = asyncio.create_task(work)
    async with asyncio.timeout(20):
        while not task.done():
            async with world.database.read() as connection:
                if (await connection.execute(text(WAITING))).scalar_one():
                    break
            await asyncio.sleep(0.01)
    return task


async def test_whoever_is_about_to_attend_cannot_be_deleted(world, stopped):
    booking = (await world.book(START, employee="anna")).booking
    there, go_on = stopped(blocks, "delete_expired_holds")
    moving = asyncio.create_task(move(world, booking, LATER, employee="ben"))
    await there.wait()
    delete = world.do.employees.delete(world.as_(world.owner), world.company_id, world.id_of("ben"))
    deleting = await started_meanwhile(world, delete)
    go_on.set()
    assert isinstance(await moving, SeenBooking)
    assert await deleting == HasUpcomingBookings(1)


async def test_a_cancellation_that_knows_other_attendants_waits_for_the_move_all_the_same(world, account, stopped):
    """It has locked Anna, who has left; the move that is under way has locked Ben."""
    booking = (await world.book(START, employee="anna")).booking
    found, go_and_cancel = stopped(locks, "lock_employees")
    cancelling = asyncio.create_task(world.cancel(booking, actor=world.owner))
    await found.wait()
    await move(world, booking, START, employee="ben")
    there, go_on = stopped(blocks, "delete_expired_holds")
    moving = asyncio.create_task(move(world, booking, LATER))
    await there.wait()
    go_and_cancel.set()
    await started_meanwhile(world, asyncio.wait({cancelling}))
    go_on.set()
    assert isinstance(await moving, SeenBooking)
    assert isinstance(await cancelling, SeenBooking)
    assert [row.state for row in await world.rows(tables.booking)] == ["CANCELLED"]
    assert await blocked(world) == {}
    assert outside(world, "anna", "ben") == []


async def test_a_cancellation_is_too_late_by_where_the_move_that_was_first_has_put_it(world, account, stopped):
    confirmed = await world.book(START, employee="anna")
    found, go_and_cancel = stopped(locks, "lock_employees")
    cancelling = asyncio.create_task(world.cancel(confirmed.manage_token))
    await found.wait()
    await move(world, confirmed.booking, START, employee="ben")
    there, go_on = stopped(blocks, "delete_expired_holds")
    moving = asyncio.create_task(move(world, confirmed.booking, "2027-03-01 12:00"))
    await there.wait()
    go_and_cancel.set()
    await started_meanwhile(world, asyncio.wait({cancelling}))
    go_on.set()
    assert isinstance(await moving, SeenBooking)
    assert await cancelling == TooLate(world.at("2027-02-28 12:00"))


async def blocked_behind_everybodys_back(world, name, moving, there, go_on):
    """What a move answers during which, after it has judged for the last time, somebody without a lock blocks an employee."""
    await there.wait()
    await world.hold(name, LATER, "2027-03-03 11:30", expires_at=world.clock.now() + timedelta(hours=1))
    go_on.set()
    return await moving


async def test_what_the_database_refuses_leaves_everything_as_it_was(world, account, stopped):
    """Ben's part is there already when Anna's is refused."""
    booking = (await world.book(START, employee="anna")).booking
    before = await stored(world)
    there, go_on = stopped(blocks, "move_block")
    moving = asyncio.create_task(move(world, booking, LATER, choice=together(world, "anna", "ben")))
    assert world.id_of("ben") < world.id_of("anna")
    assert await blocked_behind_everybodys_back(world, "anna", moving, there, go_on) == SlotTaken()
    after = await stored(world)
    held = {row.id for row in await world.rows(tables.block) if row.expires_at}
    after["block"] = [row for row in after["block"] if row[1] not in held]
    assert after == before


async def test_whoever_the_database_refuses_is_passed_over(world, account, stopped):
    booking = (await world.book(START, employee="anna")).booking
    there, go_on = stopped(blocks, "delete_expired_holds")
    moving = asyncio.create_task(move(world, booking, LATER, choice=any_of(world, "anna", "ben")))
    first, second = sorted(("anna", "ben"), key=world.id_of)
    outcome = await blocked_behind_everybodys_back(world, first, moving, there, go_on)
    assert outcome.booking.employee_ids == (world.id_of(second),)
    assert await attending(world, booking) == {world.id_of(second)}


async def test_one_who_stays_and_one_who_leaves_do_not_wait_for_an_unlinking_in_a_circle(world, account, stopped):
    """It locks entries in order of their ids: the one that stays comes second."""
    hour, known = 9, []
    while [one.employee_id for one in sorted(known, key=lambda one: one.id)] != list(map(world.id_of, ("anna", "ben"))):
        booking = (await world.book(f"2027-03-04 {hour:02}:00", choice=together(world, "anna", "ben"))).booking
        async with world.database.read() as connection:
            known = await entries.entries_of_bookings(connection, world.company_id, [booking.id])
        hour += 1
    there, go_on = stopped(outbox.wishes, "change_wish", at=2)
    moving = asyncio.create_task(move(world, booking, LATER, employee="ben"))
    await there.wait()
    unlink = world.do.accounts.unlink(world.as_(world.owner), world.company_id, account.id)
    unlinking = await started_meanwhile(world, unlink)
    go_on.set()
    assert isinstance(await unlinking, AccountUnlinked)
    assert isinstance(await moving, SeenBooking)


async def test_one_who_stays_and_one_who_joins_do_not_wait_for_an_unlinking_in_a_circle(world, account, stopped):
    """It locks calendars before entries."""
    booking = (await world.book(START, employee="anna")).booking
    there, go_on = stopped(accounts, "default_calendars")
    moving = asyncio.create_task(move(world, booking, LATER, choice=together(world, "anna", "ben")))
    await there.wait()
    unlink = world.do.accounts.unlink(world.as_(world.owner), world.company_id, account.id)
    unlinking = await started_meanwhile(world, unlink)
    go_on.set()
    assert isinstance(await unlinking, AccountUnlinked)
    assert isinstance(await moving, SeenBooking)
