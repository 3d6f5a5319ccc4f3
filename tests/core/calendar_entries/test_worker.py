"""The worker: what is due, by whom, how much at a time, and how it ends (rule K3)."""

import asyncio
from datetime import timedelta

import pytest
from slotgraph_tests_core_calendar_entries_working import all_written, another, leased, until, wishes, working

from slotgraph.core import tables
from slotgraph.core.errors import AccessForbidden, ProviderThrottled, ProviderUnreachable

MINUTE = timedelta(minutes=1)


async def left(world, employee, count=1):
    """Bookings of an employee that could not be written at once, and whose next try has come."""
    login = f"{employee}s"
    world.calendars.fail("write", AccessForbidden(), login=login)
    starts = [f"2027-03-{day:02} {hour:02}:00" for day in (3, 4) for hour in range(9, 17)]
    for start in starts[:count]:
        await world.book(start, employee=employee)
    world.calendars.heal()
    world.clock.advance(MINUTE)


async def test_what_is_due_is_carried_out_at_once(world):
    await world.link("anna")
    await left(world, "anna", 3)
    async with working(world):
        await until(lambda: all_written(world))
    assert await wishes(world) == [("WRITE", "DONE")] * 3


async def test_what_comes_later_is_found(world):
    await world.link("anna")
    async with working(world):
        await left(world, "anna")
        await until(lambda: all_written(world))


async def test_an_account_that_hangs_keeps_nobody_waiting(world):
    for employee in ("anna", "ben"):
        await world.link(employee)
    await left(world, "anna", 6)
    await left(world, "ben")
    released = world.calendars.hang("write", login="annas")
    async with working(world):
        await until(lambda: ben_has_one(world))
        assert await leased(world) == 4  # no more of one account at a time
        released.set()
        await until(lambda: all_written(world))


async def ben_has_one(world):
    return len(world.calendars.entries("bens")) == 1 and await leased(world) <= 4


async def test_of_an_account_that_does_not_answer_one_wish_is_tried_at_a_time(world):
    await world.link("anna")
    await left(world, "anna", 5)
    world.calendars.fail("write", ProviderUnreachable())
    await world.book("2027-03-05 09:00", employee="anna")
    released = world.calendars.hang("write")
    world.clock.advance(MINUTE)
    async with working(world):
        await world.called("write", 7)
        for _ in range(200):
            await asyncio.sleep(0)
        assert (world.calendars.calls["write"], await leased(world)) == (7, 1)
        released.set()
        await until(lambda: all_written(world))


async def test_a_wish_that_breaks_us_is_put_off_and_concerns_no_other(world, caplog):
    for employee in ("anna", "ben"):
        await world.link(employee)
    await left(world, "anna")
    await left(world, "ben")
    async with world.database.write() as connection:
        first = (await world.rows(tables.outbox))[0].entry_id
        nonsense = tables.outbox.update().where(tables.outbox.c.entry_id == first).values(cause="NONSENSE")
        await connection.execute(nonsense)
    async with working(world):
        await until(lambda: tried_again(world))
    broken, other = sorted(await world.rows(tables.outbox), key=lambda row: row.entry_id != first)
    assert (broken.state, broken.cause, broken.attempts, broken.lease_until) == ("PENDING", "PLUGIN_ERROR", 2, None)
    assert other.state == "DONE"
    assert "carrying out its wish broke: ValueError" in caplog.text


async def tried_again(world):
    return sorted(row.attempts for row in await world.rows(tables.outbox)) == [2, 2]


async def test_a_look_that_fails_is_not_the_last_one(world, caplog):
    await world.link("anna")
    await left(world, "anna", 6)
    released = world.calendars.hang("write")

    async def complained():
        return "a look for what is due failed" in caplog.text

    async with working(world):
        await world.called("write", 6 + 4)
        async with world.database.write() as connection:
            await connection.exec_driver_sql("ALTER TABLE outbox RENAME TO moved_away")
        world.joined.writer.due.set()
        await until(complained)
        async with world.database.write() as connection:
            await connection.exec_driver_sql("ALTER TABLE moved_away RENAME TO outbox")
        released.set()
        await until(lambda: all_written(world))


# The end, and the beginning


async def test_when_it_ends_what_is_under_way_is_given_back_and_another_goes_on_at_once(world):
    await world.link("anna")
    await left(world, "anna", 3)
    world.calendars.hang("write")
    async with working(world, patience_seconds=0):
        await world.called("write", 3 + 3)
        assert await leased(world) == 3
    assert await leased(world) == 0
    world.calendars.heal()
    assert await another(world).writer.sweep() == 3
    assert await wishes(world) == [("WRITE", "DONE")] * 3


async def test_when_it_ends_what_is_under_way_has_a_moment_to_come_to_its_end(world):
    await world.link("anna")
    await left(world, "anna")
    released = world.calendars.hang("write")
    async with working(world):
        await world.called("write", 2)
        asyncio.get_running_loop().call_soon(released.set)
    assert (await wishes(world), world.calendars.calls["write"]) == ([("WRITE", "DONE")], 2)


async def interrupted(world):
    """A booking whose process ended in the middle of the writing, without a word."""
    await world.link("anna")
    await left(world, "anna")
    until_then = world.clock.now() + timedelta(seconds=10)
    async with world.database.write() as connection:
        await connection.execute(tables.outbox.update().values(lease=1, lease_until=until_then))


@pytest.mark.sqlite
async def test_on_a_file_leases_of_before_are_void_at_once(world):
    await interrupted(world)
    async with working(world):
        await until(lambda: all_written(world))
    (row,) = await world.rows(tables.outbox)
    assert row.unsure  # what that process did may land late


@pytest.mark.postgresql
async def test_on_a_server_a_lease_may_be_another_processs_and_has_to_run_out(world):
    await interrupted(world)
    async with working(world):
        for _ in range(100):
            await asyncio.sleep(0)
        assert await world.entry_states() == ["PENDING"]
        world.clock.advance(timedelta(seconds=10))
        await until(lambda: all_written(world))


@pytest.mark.postgresql
async def test_two_workers_never_carry_out_the_same_wish_at_the_same_time(world):
    for employee in ("anna", "ben"):
        await world.link(employee)
        await left(world, employee, 10)
    async with working(world), working(world, another(world)):
        await until(lambda: all_written(world))
    assert world.calendars.calls["write"] == 20 + 20  # each had failed once
    assert {row.attempts for row in await world.rows(tables.outbox)} == {2}


# An account that answers again


async def test_when_an_account_answers_again_all_that_waits_for_it_is_due(world):
    await world.link("anna")
    world.calendars.fail("write", ProviderUnreachable())
    for hour in (9, 10, 11):
        await world.book(f"2027-03-03 {hour:02}:00", employee="anna")
    for _ in range(4):
        world.clock.advance(MINUTE)
        await world.joined.writer.sweep()
    world.calendars.heal()
    assert await world.joined.writer.sweep() == 0  # their next tries are to come
    await world.book("2027-03-03 12:00", employee="anna")
    assert world.joined.writer.due.is_set()
    assert await world.joined.writer.sweep() == 3
    assert await all_written(world)


async def test_a_search_that_finds_it_answering_tells_so_too(world):
    await world.link("anna")
    world.calendars.fail("write", ProviderUnreachable())
    await world.book("2027-03-03 09:00", employee="anna")
    world.calendars.fail("busy", ProviderUnreachable())
    await world.search()
    await world.joined.health.settled()
    world.calendars.heal()
    assert await world.joined.writer.sweep() == 0
    world.clock.advance(timedelta(seconds=0.9))
    await world.search()
    await world.joined.health.settled()
    assert await world.joined.writer.sweep() == 1
    assert await all_written(world)


async def test_another_process_that_did_not_see_it_fail_knows_by_what_it_carried_out(world):
    await world.link("anna")
    world.calendars.fail("write", ProviderUnreachable())
    for hour in (9, 10):
        await world.book(f"2027-03-03 {hour:02}:00", employee="anna")
    o = tables.outbox
    async with world.database.write() as connection:
        later = world.clock.now() + timedelta(hours=1)
        first = (await world.rows(o))[0].entry_id
        await connection.execute(o.update().where(o.c.entry_id != first).values(next_attempt_at=later))
    world.calendars.heal()
    world.clock.advance(MINUTE)
    other = another(world)
    assert [await other.writer.sweep() for _ in range(3)] == [1, 1, 0]


async def test_what_waits_for_another_reason_goes_on_waiting(world):
    await world.link("anna")
    for failure in (ProviderThrottled(retry_after=600), ProviderUnreachable()):
        world.calendars.fail("write", failure)
        await world.book(f"2027-03-03 {10 + world.calendars.calls['write']}:00", employee="anna")
    world.calendars.heal()
    await world.book("2027-03-03 14:00", employee="anna")
    assert await world.joined.writer.sweep() == 1
    assert sorted(await world.entry_states()) == ["PENDING", "WRITTEN", "WRITTEN"]
