"""The brake: where several entries of an account vanish at once nothing is concluded, and the holder is asked (rule K6, decision 0010)."""

import asyncio
from datetime import timedelta

import pytest
from slotgraph_tests_core_booking_moved import moved

from slotgraph.core import tables
from slotgraph.core.calendar_entries.probing import is_mass_vanishing
from slotgraph.core.errors import ProviderUnreachable
from slotgraph.core.values import Reference

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
DAYS = [f"2027-03-{day:02}" for day in (4, 5, 8, 9, 10, 11, 12)]


async def entries_of(world):
    """The entries with their wishes, in the order in which they were booked."""
    outbox = {row.entry_id: row for row in await world.rows(tables.outbox)}
    rows = sorted(await world.rows(tables.calendar_entry), key=lambda row: row.booking_id)
    made = sorted(await world.rows(tables.booking), key=lambda row: row.start_minute)
    by_booking = {row.booking_id: row for row in rows}
    return [(by_booking[one.id], outbox[by_booking[one.id].id]) for one in made]


async def stands(world):
    """State and cause of each entry."""
    return [(entry.state, wish.cause) for entry, wish in await entries_of(world)]


async def booked(world, count, *, employee="anna", hour=9):
    """So many bookings, whose entries were looked for already, and found."""
    made = [(await world.book(f"{DAYS[n // 6]} {hour + n % 6:02}:00", employee=employee)).booking for n in range(count)]
    await look(world, 2 * MINUTE)
    return made


async def look(world, after):
    world.clock.advance(after)
    return await world.joined.probing.sweep()


async def delete(world, *numbers):
    """Delete entries outside."""
    listed = await entries_of(world)
    for number in numbers:
        entry, _ = listed[number]
        world.calendars.remove_entry(Reference(entry.reference_calendar, entry.reference_id))


GONE, STANDS, ASKED = ("GONE_OUTSIDE", None), ("WRITTEN", None), ("WRITTEN", "NOT_FOUND")


@pytest.mark.parametrize(
    ("missing", "entries", "held"),
    [
        (1, 1, False),
        (1, 100, False),
        (2, 2, True),
        (2, 9, True),
        (2, 10, False),
        (2, 11, False),
        (3, 3, True),
        (3, 1000, True),
    ],
)
def test_three_are_many_and_two_are_if_they_are_over_a_fifth(missing, entries, held):
    assert is_mass_vanishing(missing, entries) is held


async def test_one_single_entry_that_vanished_is_gone_even_if_it_was_the_only_one(world):
    await world.link("anna")
    await booked(world, 1)
    await delete(world, 0)
    await look(world, HOUR)
    await look(world, 10 * MINUTE)
    assert await stands(world) == [GONE]


@pytest.mark.parametrize(("vanished", "of"), [(2, 4), (3, 3)])
async def test_where_many_vanish_at_once_nothing_is_concluded_and_the_holder_is_asked(world, caplog, vanished, of):
    calendar = await world.link("anna")
    await booked(world, of)
    await delete(world, *range(vanished))
    await look(world, HOUR)
    assert await stands(world) == [STANDS] * of
    await look(world, 10 * MINUTE)
    assert await stands(world) == [ASKED] * vanished + [STANDS] * (of - vanished)
    (said,) = [record for record in caplog.records if record.name == "slotgraph.probing"]
    assert said.levelname == "WARNING"
    for part in (world.company_id, calendar.account_id, f"{vanished} of {of}"):
        assert part in said.getMessage()
    for text in ("Mia", "Cut", "annas"):
        assert text not in caplog.text


async def test_the_holder_stays_asked_whatever_time_goes_by(world, caplog):
    await world.link("anna")
    await booked(world, 3)
    await delete(world, 0, 1, 2)
    for after in (HOUR, 10 * MINUTE, HOUR, HOUR, timedelta(hours=20)):
        await look(world, after)
    assert await stands(world) == [ASKED] * 3
    assert len([record for record in caplog.records if record.name == "slotgraph.probing"]) == 1


async def test_what_is_found_again_stands_and_the_one_that_is_left_is_still_asked_about(world):
    await world.link("anna")
    await booked(world, 3)
    kept = world.calendars.entries("annas")
    await delete(world, 0, 1, 2)
    await look(world, HOUR)
    await look(world, 10 * MINUTE)
    *restored, _ = [entry.reference_id for entry, _ in await entries_of(world)]
    world.calendars._calendars["annas"].entries = {one: kept[one] for one in restored}
    for _ in range(3):
        await look(world, HOUR)
    assert await stands(world) == [STANDS, STANDS, ASKED]


async def test_what_is_wished_anew_stands_again_and_is_asked_about_no_more(world):
    await world.link("anna")
    made = await booked(world, 3)
    await delete(world, 0, 1, 2)
    await look(world, HOUR)
    await look(world, 10 * MINUTE)
    await moved(world, made[0], "2027-03-04 16:00")
    assert sorted(await stands(world), key=str) == sorted([STANDS, ASKED, ASKED], key=str)
    await world.cancel(made[1], actor=world.owner)
    assert sorted(await stands(world), key=str) == sorted([STANDS, ("REMOVED", None), ASKED], key=str)


async def test_one_that_is_missed_first_waits_until_it_was_looked_for_the_others(world):
    """The others stood an hour ago: that is too long ago to tell one deleted entry from a calendar that was emptied."""
    await world.link("anna")
    await booked(world, 1)
    await look(world, 30 * MINUTE)
    await booked(world, 3, hour=10)
    await delete(world, 0)
    await look(world, 30 * MINUTE)
    assert [entry.missed_at is not None for entry, _ in await entries_of(world)] == [True, False, False, False]
    await delete(world, 1, 2, 3)
    await look(world, 10 * MINUTE)
    assert await stands(world) == [ASKED, STANDS, STANDS, STANDS]
    await look(world, 10 * MINUTE)
    assert await stands(world) == [ASKED] * 4


async def test_one_after_the_other_within_two_hours_are_at_once(world):
    """By somebody who deletes them in a row, or a server that loses them slowly: the second one is not concluded any more."""
    await world.link("anna")
    await booked(world, 4)
    await delete(world, 0)
    await look(world, HOUR)
    await look(world, 10 * MINUTE)
    assert (await stands(world))[0] == GONE
    await delete(world, 1)
    await look(world, HOUR)
    await look(world, 10 * MINUTE)
    assert (await stands(world))[:2] == [GONE, ASKED]


async def test_one_that_vanishes_long_after_another_is_one_alone(world):
    await world.link("anna")
    await booked(world, 4)
    for number in (0, 1):
        await delete(world, number)
        for after in (HOUR, 10 * MINUTE, HOUR, HOUR):
            await look(world, after)
    assert await stands(world) == [GONE, GONE, STANDS, STANDS]


async def test_another_accounts_entries_have_nothing_to_do_with_it(world):
    await world.link("anna")
    await world.link("ben")
    await booked(world, 2)
    await booked(world, 2, employee="ben", hour=12)
    await delete(world, 0, 2)
    await look(world, HOUR)
    await look(world, 10 * MINUTE)
    assert await stands(world) == [GONE, STANDS, GONE, STANDS]


async def test_others_that_do_not_answer_are_not_taken_for_vanished(world):
    await world.link("anna")
    await booked(world, 1)
    await look(world, 30 * MINUTE)
    await booked(world, 3, hour=10)
    await delete(world, 0)
    await look(world, 30 * MINUTE)
    world.clock.advance(10 * MINUTE)
    original = world.calendars.probe
    first = (await entries_of(world))[0][0]

    async def probe(account, reference):
        if reference.id != first.reference_id:
            raise ProviderUnreachable
        return await original(account, reference)

    world.calendars.probe = probe
    await world.joined.probing.sweep()
    assert await stands(world) == [GONE, STANDS, STANDS, STANDS]


async def test_what_another_process_is_just_looking_for_is_looked_for_too(world):
    """It has not noted yet that they vanished: whoever concludes must not miss that."""
    await world.link("anna")
    await booked(world, 1)
    await look(world, 10 * MINUTE)
    await booked(world, 3, hour=10)
    await delete(world, 0)
    await look(world, 50 * MINUTE)
    await delete(world, 1, 2, 3)
    world.clock.advance(10 * MINUTE - timedelta(seconds=5))
    for entry, _ in (await entries_of(world))[1:]:
        await world.change(tables.calendar_entry, entry.id, probed_at=world.clock.now())
    await look(world, timedelta(seconds=5))
    assert await stands(world) == [ASKED, STANDS, STANDS, STANDS]


async def test_two_processes_that_look_at_once_conclude_nothing_either(world):
    await world.link("anna")
    await booked(world, 4)
    await delete(world, 0, 1, 2, 3)
    await look(world, HOUR)
    world.clock.advance(10 * MINUTE)
    await asyncio.gather(*(world.joined.probing.sweep() for _ in range(3)))
    assert await stands(world) == [ASKED] * 4
