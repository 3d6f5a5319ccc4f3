"""One request per account, group and chunk, side by side; what did not answer is unverified in exactly its chunk (B1, B4, B5)."""

import asyncio
from datetime import date, time, timedelta
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slotgraph.core import tables
from slotgraph.core.availability import Dated, Times
from slotgraph.core.candidates import EmployeeChoice
from slotgraph.core.checks import CheckState
from slotgraph.core.clock import MINUTES_PER_DAY
from slotgraph.core.errors import ProviderUnreachable
from slotgraph.core.fanout import chunks_of
from slotgraph.core.testing import InMemoryProvider
from slotgraph.core.values import Limits, Span, Unverified

DAY = MINUTES_PER_DAY


class Recording(InMemoryProvider):
    """Keeps what it was asked, and fails the chunks it is told to."""

    def __init__(self, name="recording", *, limits=None):
        super().__init__(name, limits=limits)
        self.asked = []
        self.broken = set()

    async def busy(self, account, calendars, window, except_=frozenset()):
        self.asked.append((account.credentials["login"], [calendar.id for calendar in calendars], window))
        if window in self.broken:
            raise ProviderUnreachable
        return await super().busy(account, calendars, window, except_)


async def linked(world, provider, *, calendars=1, employee="anna", login=None):
    """An account of this provider with some calendars that stand for an employee."""
    login = login or f"{employee} at {provider.name}"
    if world.registry.provider(provider.name) is None:
        world.registry.register([provider], plugin="guest")
    account = await world.add_account(login, employee=employee, provider=provider.name)
    for number in range(calendars):
        provider.add_calendar(f"{login} {number}", login=login)
        await world.add_calendar(f"{login} {number}", account, employee=employee)
    return account


@pytest.mark.parametrize(
    ("window", "days", "chunks"),
    [
        (Span(0, DAY), 62, [Span(0, DAY)]),
        (Span(1, 2), 62, [Span(0, DAY)]),
        (Span(DAY - 1, DAY + 1), 62, [Span(0, 2 * DAY)]),
        (Span(DAY - 1, DAY + 1), 1, [Span(0, DAY), Span(DAY, 2 * DAY)]),
        (Span(10, 5 * DAY), 2, [Span(0, 2 * DAY), Span(2 * DAY, 4 * DAY), Span(4 * DAY, 5 * DAY)]),
        (Span(-1, 1), 1, [Span(-DAY, 0), Span(0, DAY)]),
        (Span(60 * DAY, 64 * DAY), 62, [Span(60 * DAY, 64 * DAY)]),
        (
            Span(60 * DAY, 125 * DAY),
            62,
            [Span(60 * DAY, 62 * DAY), Span(62 * DAY, 124 * DAY), Span(124 * DAY, 125 * DAY)],
        ),
    ],
)
def test_chunks_are_whole_utc_days_that_cover_the_window(window, days, chunks):
    assert chunks_of(window, days=days) == chunks


@given(
    st.integers(-100_000, 100_000), st.integers(1, 70 * DAY), st.integers(1, 70), st.integers(0, 20), st.integers(0, 20)
)
def test_overlapping_windows_share_all_chunks_but_their_ends_and_ask_one_call_more_at_most(
    start, length, days, by, more
):
    """A window, and one that begins and ends some days later."""
    window = Span(start, start + length)
    other = Span(start + by * DAY, start + length + (by + more) * DAY)
    ours, theirs = (chunks_of(each, days=days) for each in (window, other))
    for each, chunks in ((window, ours), (other, theirs)):
        assert all(one.end == following.start for one, following in pairwise(chunks))
        assert 0 <= each.start - chunks[0].start < DAY
        assert 0 <= chunks[-1].end - each.end < DAY
        assert all(chunk.end - chunk.start <= days * DAY for chunk in chunks)
        assert len(chunks) <= -(-(chunks[-1].end - chunks[0].start) // (days * DAY)) + 1
    inner = {chunk for chunk in ours[1:-1] if theirs[0].end <= chunk.start and chunk.end <= theirs[-1].start}
    assert inner <= set(theirs)


async def test_one_call_per_account_not_one_per_calendar(world):
    provider = Recording()
    await linked(world, provider, calendars=5)
    await linked(world, provider, calendars=3, employee="ben")
    assert (await world.search()).complete
    assert sorted(len(calendars) for _, calendars, _ in provider.asked) == [3, 5]
    assert {window for _, _, window in provider.asked} == {
        Span(world.minute("2027-03-01 01:00"), world.minute("2027-03-03 01:00"))
    }


async def test_calendars_and_days_are_grouped_as_the_limits_say(world):
    provider = Recording(limits=Limits(calendars_per_call=2, days_per_call=3, concurrency=2))
    await linked(world, provider, calendars=5)
    assert (await world.search("2027-03-01 08:00", "2027-03-08 00:00")).complete
    sizes = sorted((len(calendars), (window.end - window.start) // DAY) for _, calendars, window in provider.asked)
    assert sizes == sorted([(2, 3), (2, 3), (1, 3)] + [(2, 2), (2, 2), (1, 2)] * 2)


async def test_an_account_takes_as_many_calls_at_a_time_as_it_says_and_no_more(world):
    pairs, steps = asyncio.Barrier(2), []

    class Pairing(InMemoryProvider):
        async def busy(self, account, calendars, window, except_=frozenset()):
            steps.append(1)
            await pairs.wait()  # of two: fewer at a time would never get through
            steps.append(-1)
            return await super().busy(account, calendars, window, except_)

    await linked(world, Pairing("pairing", limits=Limits(calendars_per_call=1, concurrency=2)), calendars=6)
    assert (await world.search(deadline_ms=4000)).complete
    assert max(accumulate(steps)) == 2


async def test_accounts_are_asked_side_by_side(world):
    """Each provider answers only once both have been asked: one after the other would never end."""
    both = asyncio.Barrier(2)

    class Meeting(InMemoryProvider):
        async def busy(self, account, calendars, window, except_=frozenset()):
            await both.wait()
            return await super().busy(account, calendars, window, except_)

    await linked(world, Meeting("left"))
    await linked(world, Meeting("right"))
    assert (await world.search(deadline_ms=4000)).complete


async def test_a_failing_account_leaves_the_others_of_the_same_employee_verified_but_offers_nothing(world):
    sound, broken = Recording("sound"), InMemoryProvider("broken")
    await linked(world, sound)
    await linked(world, broken)
    broken.fail("busy", ProviderUnreachable())
    anna = EmployeeChoice(employee=world.id_of("anna"))
    found = await world.search(actor=world.owner, choice=anna)
    assert {check.calendar.name: check.state for check in found.sources} == {
        "Anna At Sound 0": CheckState.VERIFIED,
        "Anna At Broken 0": CheckState.UNVERIFIED,
    }
    assert found.slots == []


async def test_a_calendar_left_out_of_the_answer_is_not_free(world):
    provider = Recording()
    await linked(world, provider, calendars=2)
    provider.leave_out("anna at recording 1")
    anna = EmployeeChoice(employee=world.id_of("anna"))
    found = await world.search(actor=world.owner, choice=anna)
    assert {check.calendar.provider_calendar_id: check.cause for check in found.sources} == {
        "anna at recording 0": None,
        "anna at recording 1": "PLUGIN_ERROR",
    }
    assert (found.slots, found.complete) == ([], False)


async def test_unverified_is_exactly_the_chunk_that_failed(world):
    provider = Recording(limits=Limits(days_per_call=1))
    await linked(world, provider)
    broken = Span(world.minute("2027-03-03 01:00"), world.minute("2027-03-04 01:00"))
    provider.broken.add(broken)
    anna = EmployeeChoice(employee=world.id_of("anna"))
    found = await world.search("2027-03-02 00:00", "2027-03-06 00:00", choice=anna)
    assert {day.day.day: (len(day.slots), day.complete) for day in found.days} == {
        2: (31, True),
        3: (0, False),
        4: (31, False),  # until one in the morning the chunk before counts
        5: (31, True),
    }
    assert not found.complete


async def test_a_slot_needs_every_chunk_its_blocked_span_touches(world):
    """Open all night: around the broken day no buffer may reach into it."""
    provider = Recording(limits=Limits(days_per_call=1))
    provider.broken.add(Span(world.minute("2027-03-03 01:00"), world.minute("2027-03-04 01:00")))
    await linked(world, provider)
    await world.add_service("night", employees=("anna",), buffer_before_minutes=30, buffer_after_minutes=15)
    for day in (2, 3, 4):
        await world.open("anna", Dated(Times(time(0), time(0)), date(2027, 3, day)))
    starts = [
        slot.start for slot in (await world.search("2027-03-02 22:00", "2027-03-04 04:00", service="night")).slots
    ]
    before = [start for start in starts if start < world.minute("2027-03-03 12:00")]
    after = [start for start in starts if start > world.minute("2027-03-03 12:00")]
    assert max(before) == world.minute("2027-03-03 00:15")
    assert min(after) == world.minute("2027-03-04 01:30")


async def test_a_day_whose_last_slots_reach_into_an_unverified_chunk_is_not_complete(world):
    provider = Recording(limits=Limits(days_per_call=1))
    provider.broken.add(Span(world.minute("2027-03-03 01:00"), world.minute("2027-03-04 01:00")))
    await linked(world, provider)
    complete = {}
    for minutes in (60, 120):
        await world.add_service(f"{minutes}", employees=("anna",), duration_minutes=minutes)
        found = await world.search("2027-03-01 08:00", "2027-03-03 00:00", service=f"{minutes}")
        complete[minutes] = [day.complete for day in found.days]
    assert complete == {60: [True, True], 120: [True, False]}


async def test_what_the_holder_chose_to_ignore_counts_as_answered_until_that_day(world):
    calendar = await world.link("anna")
    world.calendars.fail("busy", ProviderUnreachable())
    anna = EmployeeChoice(employee=world.id_of("anna"))
    await world.change(tables.calendar, calendar.id, ignore_unverified_until=date(2027, 3, 1))
    found = await world.search(actor=world.owner, choice=anna)
    assert (len(found.slots), found.complete) == (31, True)
    assert [(check.state, check.cause) for check in found.sources] == [(CheckState.IGNORED, "UNREACHABLE")]
    await world.change(tables.calendar, calendar.id, ignore_unverified_until=date(2027, 2, 28))
    assert (await world.search(choice=anna)).slots == []


async def test_ignoring_ends_with_the_day_in_the_employees_zone(world):
    """Monday in Zurich is still Sunday in Honolulu."""
    await world.add_employee("leilani", time_zone="Pacific/Honolulu")
    await world.add_service("surf", employees=("leilani",))
    calendar = await world.link("leilani")
    world.calendars.fail("busy", ProviderUnreachable())
    await world.change(tables.calendar, calendar.id, ignore_unverified_until=date(2027, 2, 28))
    assert (await world.search("2027-03-01 12:00", "2027-03-03 00:00", service="surf")).complete


async def test_what_did_answer_still_blocks_while_the_rest_is_ignored(world):
    provider = Recording(limits=Limits(days_per_call=1))
    account = await linked(world, provider)
    provider.put("anna at recording 0", world.event("2027-03-02T09:00", "2027-03-02T17:00"))
    provider.broken.add(Span(world.minute("2027-03-03 01:00"), world.minute("2027-03-04 01:00")))
    calendar = next(row for row in await world.rows(tables.calendar) if row.account_id == account.id)
    await world.change(tables.calendar, calendar.id, ignore_unverified_until=date(2027, 3, 1))
    anna = EmployeeChoice(employee=world.id_of("anna"))
    found = await world.search("2027-03-02 00:00", "2027-03-04 00:00", choice=anna)
    assert [(len(day.slots), day.complete) for day in found.days] == [(0, True), (31, True)]


async def test_a_calendar_is_asked_in_its_employees_zone_and_read_mode(world):
    asked = []

    class Listening(InMemoryProvider):
        async def busy(self, account, calendars, window, except_=frozenset()):
            asked.extend((calendar.zone, calendar.read_mode.value, dict(calendar.flags)) for calendar in calendars)
            return {calendar.id: Unverified for calendar in calendars}

    provider = Listening("listening")
    await world.add_employee("nora", time_zone="America/New_York")
    await world.add_service("brunch", employees=("nora",))
    await linked(world, provider, employee="nora")
    row = (await world.rows(tables.calendar))[0]
    await world.change(tables.calendar, row.id, read_mode="FREE_BUSY_ONLY", flags={"rung": "2"})
    await world.search(service="brunch")
    assert asked == [("America/New_York", "FREE_BUSY_ONLY", {"rung": "2"})]


# How health is noted


async def health(world):
    await world.joined.health.settled()
    calendars = {row.name: (row.failing, row.last_cause) for row in await world.rows(tables.calendar)}
    accounts = {row.label: (row.failing, row.last_cause) for row in await world.rows(tables.account)}
    return calendars | accounts


async def test_health_follows_what_became_of_asking(world):
    await world.link("anna")
    world.calendars.fail("busy", ProviderUnreachable())
    await world.search()
    assert await health(world) == {"Annas": (True, "UNREACHABLE"), "annas": (True, "UNREACHABLE")}
    world.calendars.heal()
    await world.search()
    assert await health(world) == {"Annas": (False, "UNREACHABLE"), "annas": (False, "UNREACHABLE")}


async def test_an_account_fails_as_long_as_one_of_its_calendars_does(world):
    provider = Recording()
    await linked(world, provider, calendars=2)
    provider.leave_out("anna at recording 0")
    await world.search()
    await world.joined.health.settled()
    provider.leave_out("anna at recording 1")
    await world.search()
    await world.joined.health.settled()
    provider.heal()
    provider.leave_out("anna at recording 1")
    await world.search()  # news of the first only: it answers again
    noted = await health(world)
    assert noted["Anna At Recording 0"][0] is False
    assert noted["anna at recording"][0] is True


async def test_a_calendar_that_we_did_not_ask_ourselves_is_not_noted_as_failing(world):
    """Whoever uses a quota up (rule B7), or is in a hurry, tells the holder nothing about their calendar."""
    provider = InMemoryProvider("guest", limits=Limits(calls_per_minute=3))
    await linked(world, provider)
    before = await health(world)
    for _ in range(4):
        found = await world.search(actor=world.owner)
    assert [check.cause for check in found.sources] == ["THROTTLED"]
    assert await health(world) == before
    world.clock.advance(timedelta(minutes=2))
    provider.hang("busy")
    found = await world.search(actor=world.owner, deadline_ms=50)
    assert [check.cause for check in found.sources] == ["TIMEOUT"]
    assert await health(world) == before


async def test_a_calendar_that_was_waited_for_long_enough_is_noted_as_failing(world):
    provider = InMemoryProvider("guest")
    await linked(world, provider)
    provider.hang("busy")
    searching = asyncio.create_task(world.search(deadline_ms=200))
    async with asyncio.timeout(20):
        while not provider.calls["busy"]:
            await asyncio.sleep(0)
    world.clock.advance(timedelta(seconds=5))
    await searching
    assert await health(world) == {"Anna At Guest 0": (True, "TIMEOUT"), "anna at guest": (True, "TIMEOUT")}


async def test_a_calendar_that_goes_on_answering_is_not_noted_each_time(world):
    await world.link("anna")
    before = await world.rows(tables.calendar)
    await world.search()
    await world.joined.health.settled()
    assert await world.rows(tables.calendar) == before
