"""An entry that somebody moved stands in the overview as an event, where it really is; whom it names is for few (rules K6, T2)."""

from datetime import timedelta

import pytest
from slotgraph_tests_core_test_overview import events, open_case, titles

from slotgraph.core import tables
from slotgraph.core.overview_entries import OverviewBooking
from slotgraph.core.values import Reference, Span


@pytest.fixture
async def moved_outside(world):
    """Anna's booking at nine, whose entry she dragged to eleven in her own calendar."""
    await world.link("anna", world.event("2027-03-03T14:00", "2027-03-03T15:00", title="Lunch with Eva"))
    await world.change(tables.employee, world.id_of("anna"), show_appointments=True)
    booking = (await world.book("2027-03-03 09:00", employee="anna")).booking
    (row,) = await world.rows(tables.calendar_entry)
    eleven = world.minute("2027-03-03 11:00")
    world.calendars.move_entry(Reference(row.reference_calendar, row.reference_id), Span(eleven, eleven + 30))
    world.clock.advance(timedelta(minutes=2))
    await world.joined.probing.sweep()
    assert await world.entry_states() == ["MOVED_OUTSIDE"]
    return booking


async def test_the_booking_stands_at_its_time_and_the_entry_once_where_it_was_moved_to(world, moved_outside):
    overview = await world.overview(world.owner, "2027-03-03")
    (booked,) = [one for one in overview.entries if isinstance(one, OverviewBooking)]
    assert booked.span == moved_outside.span
    assert sorted(world.shown(one.span.start) for one in events(overview)) == ["11:00", "14:00"]


async def test_the_time_it_was_moved_to_is_busy_and_the_bookings_own_stays_taken(world, moved_outside):
    starts = await world.starts("2027-03-03 00:00", "2027-03-04 00:00", choice=world.choice("anna"))
    assert not {"09:00", "11:00", "14:00"} & set(starts)
    assert {"09:30", "10:30", "11:30"} <= set(starts)


async def test_its_title_names_the_customer_to_no_agent_without_the_grant(world, moved_outside):
    case = await open_case(world)
    assert titles(await world.overview(world.agent, "2027-03-03")) == {"NOT_PERMITTED"}
    await world.do.support.close_case(world.as_(world.owner), world.company_id, case.id)
    await open_case(world, customers=True)
    assert any("Mia" in title for title in titles(await world.overview(world.agent, "2027-03-03")))
