"""What InMemoryProvider does beyond the contract: it misbehaves on order, counts, and keeps logins apart."""

import asyncio
from dataclasses import replace

import pytest

from slotgraph.core.clock import instant_from_minute
from slotgraph.core.plugin import (
    AccountRevoked,
    AskedCalendar,
    BusyAnswer,
    Deadline,
    Entry,
    FailureCause,
    Gone,
    Limits,
    Present,
    Provider,
    ProviderThrottled,
    ProviderTimeout,
    Span,
    Unverified,
)
from slotgraph.core.testing import FixedClock, InMemoryProvider

WINDOW = Span(0, 1440)
WORK = AskedCalendar("work", "Europe/Zurich")
ENTRY = Entry(Span(60, 120), "Europe/Zurich", "Haircut", "")
MOVED = replace(ENTRY, span=Span(120, 180))
DEADLINE = Deadline(FixedClock(instant_from_minute(0)), 8)


@pytest.fixture
def provider():
    provider = InMemoryProvider()
    provider.add_calendar("work")
    provider.add_calendar("bobs", login="bob")
    return provider


@pytest.fixture
def account(provider):
    return provider.account(deadline=DEADLINE)


def test_it_is_a_provider(provider):
    assert isinstance(provider, Provider)


async def test_it_raises_what_it_is_told_to_until_it_is_healed(provider, account):
    provider.fail("busy", ProviderThrottled(retry_after=7))
    for _ in range(2):
        with pytest.raises(ProviderThrottled):
            await provider.busy(account, [WORK], WINDOW)
    provider.heal()
    assert isinstance((await provider.busy(account, [WORK], WINDOW))["work"], BusyAnswer)


async def test_it_hangs_until_it_is_released(provider, account):
    released = provider.hang("busy")
    asking = asyncio.create_task(provider.busy(account, [WORK], WINDOW))
    assert await asyncio.wait([asking], timeout=0) == (set(), {asking})
    released.set()
    assert "work" in await asking


async def test_it_answers_whatever_it_is_told_to(provider, account):
    provider.answer("busy", ["nonsense"])
    assert await provider.busy(account, [WORK], WINDOW) == ["nonsense"]


async def test_it_leaves_a_calendar_out_of_its_answers(provider, account):
    provider.leave_out("work")
    assert await provider.busy(account, [WORK], WINDOW) == {}
    assert await provider.titles(account, [WORK], WINDOW) == {}


async def test_it_carries_out_what_it_does_not_answer(provider, account):
    provider.lose_answer("write")
    with pytest.raises(ProviderTimeout):
        await provider.write(account, "work", ENTRY, "key")
    assert list(provider.entries("work").values()) == [ENTRY]
    assert (await provider.write(account, "work", ENTRY, "key")).id in provider.entries("work")


async def test_it_carries_out_late_what_it_did_not_answer(provider, account):
    reference = await provider.write(account, "work", ENTRY, "key")
    land = provider.land_late("move")
    with pytest.raises(ProviderTimeout):
        await provider.move(account, reference, MOVED, "key")
    await provider.write(account, "work", ENTRY, "key")
    assert list(provider.entries("work").values()) == [ENTRY]
    land()
    assert list(provider.entries("work").values()) == [MOVED]
    await provider.write(account, "work", ENTRY, "key")
    land()
    assert list(provider.entries("work").values()) == [ENTRY]


async def test_it_answers_before_it_does_what_it_is_asked(provider, account):
    provider.answer_early("write")
    reference = await provider.write(account, "work", ENTRY, "key")
    assert provider.entries("work") == {}
    assert await provider.probe(account, reference) == Present(ENTRY.span)
    provider.answer_early("remove")
    await provider.remove(account, reference, "key")
    assert provider.entries("work") == {reference.id: ENTRY}
    assert await provider.probe(account, reference) == Gone()


async def test_what_it_does_late_may_find_no_calendar(provider, account):
    provider.add_calendar("home")
    provider.answer_early("write")
    await provider.write(account, "work", ENTRY, "key")
    provider.remove_calendar("work")
    assert [found.id for found in await provider.calendars(account)] == ["home"]


async def test_it_says_once_that_it_did_what_it_never_does(provider, account):
    provider.only_answer("write")
    reference = await provider.write(account, "work", ENTRY, "key")
    assert await provider.probe(account, reference) == Gone()
    await provider.write(account, "work", ENTRY, "key")
    assert await provider.probe(account, reference) == Present(ENTRY.span)
    provider.only_answer("move")
    await provider.move(account, reference, MOVED, "key")
    assert await provider.probe(account, reference) == Present(ENTRY.span)


async def test_entry_is_moved_behind_our_back(provider, account):
    reference = await provider.write(account, "work", ENTRY, "key")
    provider.move_entry(reference, MOVED.span)
    assert provider.entries("work") == {reference.id: MOVED}


async def test_it_counts_calls_whatever_comes_of_them(provider, account):
    provider.fail("busy", ProviderThrottled())
    with pytest.raises(ProviderThrottled):
        await provider.busy(account, [WORK], WINDOW)
    await provider.probe(account, await provider.write(account, "work", ENTRY, "key"))
    assert provider.calls == {"busy": 1, "write": 1, "probe": 1}


async def test_logins_do_not_see_each_other(provider, account):
    bob = provider.account("bob", deadline=DEADLINE)
    assert [found.id for found in await provider.calendars(bob)] == ["bobs"]
    answers = await provider.busy(bob, [WORK], WINDOW)
    assert answers == {"work": Unverified(FailureCause.NOT_FOUND)}


async def test_a_fault_of_one_login_is_not_the_others(provider, account):
    provider.fail("busy", ProviderThrottled(), login="bob")
    assert "work" in await provider.busy(account, [WORK], WINDOW)


async def test_an_unknown_login_is_revoked(provider):
    with pytest.raises(AccountRevoked):
        await provider.open(provider.account("nobody", deadline=DEADLINE))


def test_a_misspelt_method_is_refused(provider):
    with pytest.raises(ValueError, match="bussy"):
        provider.fail("bussy", ProviderTimeout())


@pytest.mark.parametrize("method", ["busy", "titles"])
async def test_a_caller_that_ignores_the_limits_is_told_so(method):
    provider = InMemoryProvider(limits=Limits(calendars_per_call=1, days_per_call=1))
    provider.add_calendar("work")
    ask = getattr(provider, method)
    account = provider.account(deadline=DEADLINE)
    with pytest.raises(ValueError, match="limits"):
        await ask(account, [WORK], Span(0, 1441))
    with pytest.raises(ValueError, match="limits"):
        await ask(account, [WORK, AskedCalendar("home", "Europe/Zurich")], WINDOW)
