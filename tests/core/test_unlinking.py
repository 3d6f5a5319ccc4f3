"""Unlinking: revoked where it can be, wiped in any case, and nothing of it left behind (rules F3, K4, K8)."""

import asyncio
import logging
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from slotgraph.core import tables
from slotgraph.core.accounts import AccountUnlinked
from slotgraph.core.booking.making import BookingConfirmed
from slotgraph.core.calendar_entries.wishing import LEASE
from slotgraph.core.errors import AccountRevoked, ProviderUnreachable
from slotgraph.core.outbox import wishes as wishing
from slotgraph.core.policy import Anonymous, Permission, Role, Token
from slotgraph.core.problems import NotFound
from slotgraph.core.records import OutboxAction
from slotgraph.core.store import accounts

NOBODYS = NotFound(("input", "account"))


async def unlink(world, account_id=None, actor=None):
    """Unlink the account of Anna's calendar, or another one."""
    account_id = account_id or world.id_of("account annas")
    return await world.do.accounts.unlink(world.as_(actor or world.owner), world.company_id, account_id)


async def entries(world):
    return [
        (row.state, row.calendar_id, row.reference_calendar, row.reference_id, row.reference_etag)
        for row in await world.rows(tables.calendar_entry)
    ]


async def wishes(world):
    return [(row.action, row.state, row.next_attempt_at) for row in await world.rows(tables.outbox)]


async def gone(world):
    return not (await world.rows(tables.account) or await world.rows(tables.calendar))


async def test_account_and_calendars_are_gone_and_the_time_is_free(world):
    await world.link("anna", world.event("2027-03-02T09:00", "2027-03-02T10:00"))
    assert (await world.starts(choice=world.choice("anna")))[0] == "10:00"
    unlinked = await unlink(world)
    assert unlinked == AccountUnlinked(world.company_id, world.id_of("account annas"), 0)
    assert await gone(world)
    assert world.calendars.calls["close"] == 1
    found = await world.search(choice=world.choice("anna"), actor=world.owner)
    assert (world.shown(found.slots[0].start), found.complete, found.sources) == ("09:00", True, ())
    assert await unlink(world) == NOBODYS


async def test_other_accounts_stay(world):
    await world.link("anna")
    bens = await world.link("ben")
    await unlink(world)
    assert [row.label for row in await world.rows(tables.account)] == ["bens"]
    assert [row.id for row in await world.rows(tables.calendar)] == [bens.id]


async def test_who_may(world):
    await world.link("anna")
    other = await world.add_company("other")
    for actor in (
        world.member("staff"),
        world.member("ben", employee="ben"),
        Token(world.company_id, "t", frozenset(Permission)),
        world.agent,
        Anonymous(),
    ):
        assert await unlink(world, actor=actor) == NOBODYS
    assert await world.do.accounts.unlink(world.as_(world.owner), other, world.id_of("account annas")) == NOBODYS
    assert world.calendars.calls["close"] == 0
    assert isinstance(await unlink(world, actor=world.member("anna", employee="anna")), AccountUnlinked)
    shared = await world.add_account("shared")
    assert await unlink(world, shared.id, world.member("anna", employee="anna")) == NOBODYS
    assert isinstance(await unlink(world, shared.id, world.member("admin", Role.ADMIN)), AccountUnlinked)


# The provider


async def test_what_the_provider_says_keeps_nothing(world, caplog):
    await world.link("anna")
    world.calendars.fail("close", ProviderUnreachable("of anna@example.org"))
    assert isinstance(await unlink(world), AccountUnlinked)
    assert await gone(world)
    assert "not revoked at its provider: UNREACHABLE" in caplog.text
    assert "anna@example.org" not in caplog.text


async def test_a_plugin_that_breaks_or_is_gone_keeps_nothing(world, caplog):
    await world.link("anna")
    world.calendars.fail("close", RuntimeError("secret"))
    assert isinstance(await unlink(world), AccountUnlinked)
    orphan = await world.add_account("orphan", provider="gone")
    assert isinstance(await unlink(world, orphan.id), AccountUnlinked)
    unopened = await world.add_account("unopened")
    await world.change(tables.account, unopened.id, sealed_credentials=b"broken")
    assert isinstance(await unlink(world, unopened.id), AccountUnlinked)
    assert await gone(world)
    assert "secret" not in caplog.text


async def test_a_provider_that_hangs_is_left_behind(world, monkeypatch):
    await world.link("anna")
    monkeypatch.setattr("slotgraph.core.accounts.REVOKE_SECONDS", 0.05)
    world.calendars.hang("close")
    assert isinstance(await unlink(world), AccountUnlinked)
    assert await gone(world)


async def test_no_transaction_is_open_while_the_provider_is_asked(world):
    await world.link("anna")
    released = world.calendars.hang("close")
    unlinking = asyncio.create_task(unlink(world))
    await world.called("close")
    await world.add_employee("carl")  # would wait for the writer
    released.set()
    assert isinstance(await unlinking, AccountUnlinked)


async def test_two_at_once_are_one(world):
    await world.link("anna")
    released = world.calendars.hang("close")
    both = [asyncio.create_task(unlink(world)) for _ in range(2)]
    await world.called("close", 2)
    released.set()
    results = await asyncio.gather(*both)
    assert sorted(type(result).__name__ for result in results) == ["AccountUnlinked", "NotFound"]


# Our entries


async def test_what_is_written_stays_outside_and_is_told(world):
    await world.link("anna")
    assert isinstance(await world.book("2027-03-02 09:00", employee="anna"), BookingConfirmed)
    assert isinstance(await world.book("2027-03-03 09:00", employee="anna"), BookingConfirmed)
    world.clock.advance(timedelta(days=1, hours=12))  # the first is over
    unlinked = await unlink(world)
    assert unlinked.entries_left == 1
    assert len(world.calendars.entries("annas")) == 2
    assert await entries(world) == [("WRITTEN", None, None, None, None)] * 2
    assert await wishes(world) == [("WRITE", "DONE", None)] * 2


async def test_what_was_to_be_written_is_given_up_visibly(world):
    await world.link("anna")
    world.calendars.fail("write", ProviderUnreachable())
    await world.book(employee="anna")
    assert (await unlink(world)).entries_left == 0
    assert await entries(world) == [("FAILED", None, None, None, None)]
    assert await wishes(world) == [("WRITE", "DEAD", None)]
    world.calendars.heal()
    world.clock.advance(timedelta(days=1))
    assert await world.joined.writer.sweep() == 0
    (row,) = await world.rows(tables.booking)
    found = await world.do.booking_desk.entries(world.as_(world.owner), world.company_id, [row.id])
    assert [(one.calendar_id, one.cause.value, one.next_attempt_at) for one in found] == [(None, "UNREACHABLE", None)]


async def test_what_was_to_be_removed_stays_outside_and_is_told(world):
    await world.link("anna")
    booking = (await world.book(employee="anna")).booking
    world.calendars.fail("remove", ProviderUnreachable())
    await world.cancel(booking, actor=world.owner)
    assert (await unlink(world)).entries_left == 1
    assert await entries(world) == [("FAILED", None, None, None, None)]
    assert await wishes(world) == [("REMOVE", "DEAD", None)]


async def test_what_was_removed_is_not_left(world):
    await world.link("anna")
    await world.cancel((await world.book(employee="anna")).booking, actor=world.owner)
    assert (await unlink(world)).entries_left == 0
    assert await entries(world) == [("REMOVED", None, None, None, None)]


async def test_cancelling_later_wishes_nothing_that_nobody_can_do(world):
    await world.link("anna")
    booking = (await world.book(employee="anna")).booking
    await unlink(world)
    await world.cancel(booking, actor=world.owner)
    assert await entries(world) == [("WRITTEN", None, None, None, None)]
    assert await wishes(world) == [("WRITE", "DONE", None)]
    assert await world.rows(tables.block) == []


async def test_an_employee_whose_default_calendar_went_has_no_entries(world):
    await world.link("anna")
    await unlink(world)
    assert isinstance(await world.book(employee="anna"), BookingConfirmed)
    assert await world.entry_states() == []


# At the same time


async def test_unlinking_while_the_calendar_is_asked_for_a_booking_leaves_no_wish(world):
    await world.link("anna")
    released = world.calendars.hang("busy")
    booking = asyncio.create_task(world.book(employee="anna"))
    await world.called("busy")
    await unlink(world)
    released.set()
    assert isinstance(await booking, BookingConfirmed)
    assert (await entries(world), await wishes(world)) == ([], [])


async def test_unlinking_while_an_entry_is_written_says_that_it_stands(world):
    await world.link("anna")
    released = world.calendars.hang("write")
    booking = asyncio.create_task(world.book(employee="anna"))
    await world.called("write")
    await unlink(world)
    assert [state for state, *_ in await entries(world)] == ["FAILED"]
    released.set()
    assert isinstance(await booking, BookingConfirmed)
    assert len(world.calendars.entries("annas")) == 1
    assert await entries(world) == [("WRITTEN", None, None, None, None)]  # and no reference came back
    assert await wishes(world) == [("WRITE", "DONE", None)]


async def test_unlinking_while_a_writing_fails_does_not_plan_another(world):
    await world.link("anna")
    world.calendars.hang("write")
    booking = asyncio.create_task(world.book(employee="anna", deadline_ms=300))
    await world.called("write")
    await unlink(world)
    assert isinstance(await booking, BookingConfirmed)
    assert await entries(world) == [("FAILED", None, None, None, None)]
    assert await wishes(world) == [("WRITE", "DEAD", None)]


async def test_unlinking_while_a_cancelled_booking_is_written_says_that_the_removal_failed(world):
    await world.link("anna")
    released = world.calendars.hang("write")
    booking = asyncio.create_task(world.book(employee="anna"))
    await world.called("write")
    (row,) = await world.rows(tables.booking)
    cancelling = asyncio.create_task(world.cancel(row, actor=world.owner))
    while (await world.rows(tables.outbox))[0].action != "REMOVE":
        await asyncio.sleep(0)
    await unlink(world)
    released.set()
    await asyncio.gather(booking, cancelling)
    assert await entries(world) == [("FAILED", None, None, None, None)]
    assert await wishes(world) == [("REMOVE", "DEAD", None)]


async def waits(task):
    """Whether somebody still waits for a lock; given time enough to be done without one."""
    done, _ = await asyncio.wait({task}, timeout=0.3)
    return not done


async def test_unlinking_waits_for_a_booking_that_has_found_its_calendar(world):
    calendar, now = await world.link("anna"), world.clock.now()
    booking = (await world.book(employee="anna")).booking
    async with world.database.write() as connection:
        found = await accounts.default_calendars(connection, world.company_id, [world.id_of("anna")])
        assert found == {world.id_of("anna"): calendar.id}
        unlinking = asyncio.create_task(unlink(world))
        assert await waits(unlinking)
        names = {"entry_id": world.id_of("entry"), "booking_id": booking.id, "employee_id": world.id_of("anna")}
        await wishing.add_wish(
            connection, world.company_id, calendar_id=calendar.id, at=now, lease_until=now + LEASE, **names
        )
    assert (await unlinking).entries_left == 1
    assert sorted(await wishes(world)) == [("WRITE", "DEAD", None), ("WRITE", "DONE", None)]


async def test_unlinking_waits_for_a_wish_that_is_being_changed(world):
    await world.link("anna")
    await world.book(employee="anna")
    (entry,) = await world.rows(tables.calendar_entry)
    now = world.clock.now()
    change = {"action": OutboxAction.REMOVE, "at": now, "lease_until": now + LEASE}
    async with world.database.write() as connection:
        await wishing.change_wish(connection, world.company_id, entry.id, **change)
        unlinking = asyncio.create_task(unlink(world))
        assert await waits(unlinking)
    await unlinking
    assert await wishes(world) == [("REMOVE", "DEAD", None)]
    assert await world.entry_states() == ["FAILED"]


async def test_a_cancellation_waits_for_unlinking_and_then_wishes_nothing(world):
    calendar = await world.link("anna")
    booking = (await world.book(employee="anna")).booking
    async with world.database.write() as connection:
        await wishing.let_go(connection, world.company_id, [calendar.id], at=world.clock.now())
        cancelling = asyncio.create_task(world.cancel(booking, actor=world.owner))
        assert await waits(cancelling)
    await cancelling
    assert await entries(world) == [("WRITTEN", None, None, None, None)]
    assert await wishes(world) == [("WRITE", "DONE", None)]


async def test_bookings_cancellations_and_unlinking_side_by_side_leave_nothing_due(world):
    await world.link("anna")
    booked = [(await world.book(f"2027-03-02 {hour:02}:00", employee="anna")).booking for hour in range(9, 13)]
    tasks = [world.book(f"2027-03-03 {hour:02}:00", employee="anna") for hour in range(9, 17)]
    tasks += [world.cancel(one, actor=world.owner) for one in booked]
    tasks.insert(6, unlink(world))
    results = await asyncio.gather(*tasks)
    outcomes = {type(result).__name__ for result in results}
    # A calendar whose credentials went between two looks could not be asked.
    assert outcomes - {"CalendarUnverified"} == {"BookingConfirmed", "SeenBooking", "AccountUnlinked"}
    assert {(state, calendar) for state, calendar, *_ in await entries(world)} <= {
        ("WRITTEN", None),
        ("FAILED", None),
        ("REMOVED", None),
    }
    assert {state for _, state, _ in await wishes(world)} <= {"DONE", "DEAD"}
    world.clock.advance(timedelta(days=1))
    assert await world.joined.writer.sweep() == 0


async def test_a_search_on_its_way_fails_closed_and_not_loudly(world, caplog):
    caplog.set_level(logging.DEBUG)
    await world.link("anna")
    released = world.calendars.hang("busy")
    search = asyncio.create_task(world.search(choice=world.choice("anna"), actor=world.owner))
    await world.called("busy")
    await unlink(world)
    released.set()
    await search
    await world.joined.health.settled()
    assert await gone(world)


# Nothing is left


async def test_nothing_of_the_login_is_left_in_the_rows(world):
    await world.link("anna", name="canary-login")
    await world.book(employee="anna")
    world.calendars.fail("write", ProviderUnreachable())
    await world.book("2027-03-02 11:00", employee="anna")
    await unlink(world, world.id_of("account canary-login"))
    for table in tables.metadata.sorted_tables:
        assert "canary-login" not in str(await world.rows(table)), table.name


@pytest.mark.sqlite  # what a PostgreSQL server leaves in its files until it vacuums is its administrator's
async def test_nothing_of_the_login_is_left_in_the_file(world):
    """SQLite leaves what is deleted in free pages unless it is told to overwrite it."""
    for number in range(30):  # enough of them for pages of their own
        await world.link("anna", name=f"canary-{number}", is_default=number == 0)
    sealed = [bytes(row.sealed_credentials) for row in await world.rows(tables.account)]
    await world.book("2027-03-02 11:00", employee="anna")
    assert await world.entry_states() == ["WRITTEN"]
    tidy(world)
    assert all(blob in content(world) for blob in sealed)
    for row in await world.rows(tables.account):
        await unlink(world, row.id)
    tidy(world)
    assert not any(blob in content(world) for blob in sealed)
    assert b"canary-" not in content(world).lower()  # labels, names, references


def tidy(world):
    """Bring the journal into the file and empty it, as SQLite does by itself every thousand pages and at the end."""
    with closing(sqlite3.connect(world.address)) as connection:
        assert connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0


def content(world):
    return b"".join(file.read_bytes() for file in Path(world.address).parent.iterdir())


async def test_a_login_that_is_refused_meanwhile_is_unlinked_all_the_same(world):
    await world.link("anna")
    world.calendars.fail("close", AccountRevoked())
    assert isinstance(await unlink(world), AccountUnlinked)
