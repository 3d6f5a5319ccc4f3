"""Changes of bookings: told to whoever watches the company once they are committed, in every process, and never lost in silence."""

import asyncio
import contextlib
from datetime import timedelta

import pytest
from slotgraph_tests_core_booking_moved import moved
from slotgraph_tests_core_world import World

from slotgraph.core import tables
from slotgraph.core.booking import changes
from slotgraph.core.booking.changes import BookingChanges, Missed, announce
from slotgraph.core.errors import ProviderUnreachable
from slotgraph.core.records import BookingChangeKind
from slotgraph.core.store.database import Database
from slotgraph.core.store.notices import BookingChanged, Resynchronise
from slotgraph.core.values import Reference, Span

CREATED, MOVED, CANCELLED, ENTRY = (
    BookingChangeKind[name] for name in ("CREATED", "MOVED", "CANCELLED", "CALENDAR_ENTRY")
)


async def next_of(watch):
    return await asyncio.wait_for(anext(watch), 20)


async def kinds(watch, count):
    """The kinds of the next changes; and none but these are waiting."""
    found = [(await next_of(watch)).kind for _ in range(count)]
    assert not watch._waiting
    return found


@contextlib.asynccontextmanager
async def watched(world, *, elsewhere=False):
    """Watch the company in the world's own process, or in another one on the database that listens."""
    database = await Database.open(world.address) if elsewhere else world.database
    async with contextlib.AsyncExitStack() as stack:
        watch = await stack.enter_async_context(BookingChanges(database).watch(world.company_id))
        if database.is_shared:
            await stack.enter_async_context(database.listening())
            assert await next_of(watch) == Missed()
        yield watch
    if elsewhere:
        await database.close()


@pytest.fixture
async def watch(world):
    async with watched(world) as watch:
        yield watch


async def test_made_and_cancelled_are_told_and_what_became_of_the_entry(world, watch):
    await world.link("anna")
    booking = (await world.book(employee="anna")).booking
    assert await kinds(watch, 2) == [CREATED, ENTRY]
    await world.cancel(booking, actor=world.owner)
    assert await next_of(watch) == BookingChanged(world.company_id, booking.id, CANCELLED)
    assert await kinds(watch, 1) == [ENTRY]


async def test_moved_is_told_and_so_is_an_entry_that_was_found_elsewhere_or_not_at_all(world, watch):
    await world.link("anna")
    booking = (await world.book(employee="anna")).booking
    assert await kinds(watch, 2) == [CREATED, ENTRY]
    booking = await moved(world, booking, "2027-03-02 11:00")
    assert await kinds(watch, 2) == [MOVED, ENTRY]
    (row,) = await world.rows(tables.calendar_entry)
    reference = Reference(row.reference_calendar, row.reference_id)
    world.calendars.move_entry(reference, Span(booking.span.start + 60, booking.span.end + 60))
    for after in (2, 60):
        world.clock.advance(timedelta(minutes=after))
        await world.joined.probing.sweep()
    assert await kinds(watch, 1) == [ENTRY]
    world.calendars.remove_entry(reference)
    for after, told in ((60, 0), (10, 1)):
        world.clock.advance(timedelta(minutes=after))
        await world.joined.probing.sweep()
        assert await kinds(watch, told) == [ENTRY] * told


async def test_a_refusal_and_a_replay_tell_nothing(world, watch):
    key = "0b0ad9d1-3f8c-4b8f-8d6f-0d8f1f6d3c55"
    await world.book(employee="anna", key=key)
    await world.book(employee="anna", key=key)
    await world.book(employee="anna")
    assert await kinds(watch, 1) == [CREATED]
    await world.book("2027-03-02 10:00", employee="anna")
    assert await kinds(watch, 1) == [CREATED]


async def test_a_try_that_fails_is_told_so_that_its_cause_is_seen_and_so_is_one_that_was_asked_for(world, watch):
    await world.link("anna")
    world.calendars.fail("write", ProviderUnreachable())
    await world.book(employee="anna")
    assert await kinds(watch, 2) == [CREATED, ENTRY]
    world.calendars.heal()
    (row,) = await world.rows(tables.calendar_entry)
    await world.do.entry_retries.retry(world.as_(world.owner), world.company_id, row.id)
    assert await next_of(watch) == BookingChanged(world.company_id, row.booking_id, ENTRY)
    assert await world.entry_states() == ["WRITTEN"]


async def test_entries_given_up_with_their_account_are_told(world, watch):
    calendar = await world.link("anna")
    world.calendars.fail("write", ProviderUnreachable())
    await world.book(employee="anna")
    assert await kinds(watch, 2) == [CREATED, ENTRY]
    await world.do.accounts.unlink(world.as_(world.owner), world.company_id, calendar.account_id)
    assert await kinds(watch, 1) == [ENTRY]


async def test_nothing_is_told_before_the_commit_and_nothing_of_what_was_rolled_back(world, watch):
    booking = (await world.book(employee="anna")).booking
    assert await kinds(watch, 1) == [CREATED]
    with pytest.raises(LookupError):
        await _announced(world, booking, MOVED, end=LookupError())
    await _announced(world, booking, CANCELLED, heard=watch._waiting)
    assert await kinds(watch, 1) == [CANCELLED]


async def _announced(world, booking, kind, *, end=None, heard=()):
    async with world.database.write() as connection:
        await announce(connection, booking, kind)
        await asyncio.sleep(0.05 if world.database.is_shared else 0)  # long enough for what was sent to be heard
        assert not heard
        if end:
            raise end


@pytest.mark.postgresql
async def test_every_process_on_the_database_hears_of_what_one_of_them_did(world):
    """Two replicas: each hears its own changes and the other's, once (rule 8 of the issue)."""
    async with watched(world) as here, watched(world, elsewhere=True) as there:
        booking = (await world.book(employee="anna")).booking
        assert await next_of(here) == await next_of(there) == BookingChanged(world.company_id, booking.id, CREATED)
        other = await World.opened(world.address)
        await other.cancel(booking, actor=other.owner)
        assert await kinds(here, 1) == await kinds(there, 1) == [CANCELLED]
        await other.close()


async def test_another_companys_changes_are_not_told(world, watch):
    changed = BookingChanged(world.id_of("other"), world.id_of("b"), CREATED)
    world.database.notices.deliver(changed)
    world.database.notices.deliver(BookingChanged(world.company_id, world.id_of("b"), MOVED))
    assert await kinds(watch, 1) == [MOVED]


async def test_a_watcher_that_falls_behind_is_told_to_read_again_and_then_what_came_after(world, watch, monkeypatch):
    monkeypatch.setattr(changes, "WAITING_AT_MOST", 3)
    told = [BookingChanged(world.company_id, f"{number:032x}", CREATED) for number in range(6)]
    for change in told[:3]:
        world.database.notices.deliver(change)
    world.database.notices.deliver(told[0])  # waits already: reading once shows both
    assert [await next_of(watch) for _ in range(3)] == told[:3]
    for change in told[:5]:
        world.database.notices.deliver(change)
    assert [await next_of(watch) for _ in range(2)] == [Missed(), told[4]]


async def test_after_a_gap_every_watcher_reads_again(world):
    source = BookingChanges(world.database)
    async with source.watch(world.company_id) as one, source.watch(world.id_of("other")) as other:
        world.database.notices.deliver(BookingChanged(world.company_id, world.id_of("b"), CREATED))
        world.database.notices.deliver(Resynchronise())
        assert await next_of(one) == await next_of(other) == Missed()
        assert not one._waiting


async def test_a_watch_that_is_left_hears_no_more_and_lets_its_reader_go(world):
    source, notices = BookingChanges(world.database), world.database.notices
    before = len(notices._subscribers)
    async with source.watch(world.company_id) as one, source.watch(world.company_id):
        reader = asyncio.create_task(next_of(one))
        await asyncio.sleep(0)
        assert len(notices._subscribers) == before + 1
    with pytest.raises(StopAsyncIteration):
        await reader
    assert len(notices._subscribers) == before
    assert source._watches == {}


async def test_one_that_is_cancelled_while_it_waits_leaves_nothing_behind(world):
    source = BookingChanges(world.database)

    async def watch():
        async with source.watch(world.company_id) as changed:
            async for _ in changed:
                pass

    task = asyncio.create_task(watch())
    await asyncio.sleep(0)
    assert source._watches
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert source._watches == {}
