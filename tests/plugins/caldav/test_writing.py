"""Rule K3 on servers with bad habits: one entry, as given, and nothing taken for done that was not seen to be."""

import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import TypeVar

import pytest
from slotgraph_tests_plugins_caldav_keeping import WORK, Habit, KeepingDav, Mishap

from slotgraph.core.plugin import (
    Account,
    AnswerMalformed,
    CalendarMissing,
    Entry,
    Gone,
    PluginFailed,
    Present,
    ProviderTimeout,
    ProviderUnreachable,
    Reference,
    Span,
    minute_from_instant,
)
from slotgraph.core.testing import FixedClock
from slotgraph.plugins.caldav.plugin import CalDavProvider

PROVIDER = CalDavProvider(clock=FixedClock(datetime(2027, 3, 1, tzinfo=UTC)))
KEY = "0191f1a2-0000-7000-8000-000000000001"
UID = f"slotgraph-{KEY}"
PATH = f"{WORK}{UID}.ics"
NINE = minute_from_instant(datetime(2027, 3, 16, 9, tzinfo=UTC))
ENTRY = Entry(Span(NINE, NINE + 60), "Europe/Berlin", "Haircut", "With Anna")
LATER = Entry(Span(NINE + 60, NINE + 120), "Europe/Berlin", "Haircut", "With Anna")
FOREIGN = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:theirs\nDTSTART:20270316T090000Z\nEND:VEVENT\nEND:VCALENDAR\n"
UNRELIABLE = (Habit.ONLY_ANSWERS, Habit.CANNOT_SEARCH_NOW, Habit.IS_HIDDEN)
RELIABLE = [habit for habit in Habit if habit not in UNRELIABLE]
ONE_BY_UID = [{Habit.UID_IS_403}, {Habit.UID_IS_409, Habit.OVERWRITES}, {Habit.UID_IS_412}]
DUPLICATING: list[set[Habit]] = [set(), {Habit.SENDS_NO_ETAG}, {Habit.SENDS_WEAK_ETAGS}]

Result = TypeVar("Result")


def names(habits: set[Habit]) -> str:
    return "+".join(sorted(habit.name for habit in habits)) or "duplicates"


@pytest.fixture
def account(keeping, account_for) -> Account:
    return account_for(keeping.url)


async def write(keeping: KeepingDav, account: Account, entry: Entry = ENTRY) -> Reference:
    return await PROVIDER.write(account, f"{keeping.url}work/", entry, KEY)


async def insisted(call: Callable[[], Awaitable[Result]]) -> Result:
    """What comes of a call that is repeated as the engine repeats it."""
    for _ in range(4):
        with suppress(ProviderUnreachable):
            return await call()
    return await call()


def standing(keeping: KeepingDav) -> list[tuple[str, str]]:
    """UID and start of all that stands in the calendar."""
    return [(re.search(r"UID:(\S+)", text)[1], re.search(r"DTSTART:\d+T(\d\d)", text)[1]) for text in keeping.texts()]


@pytest.mark.parametrize("habit", RELIABLE, ids=lambda habit: habit.name)
async def test_k3_one_entry_stands_as_given_whatever_the_habit(keeping, account, habit: Habit) -> None:
    keeping.habits = frozenset({habit})
    await write(keeping, account)
    assert standing(keeping) == [(UID, "09")]
    reference = await write(keeping, account, LATER)
    assert standing(keeping) == [(UID, "10")]
    for _ in range(2):
        moved = await PROVIDER.move(account, reference, ENTRY, KEY)
        assert standing(keeping) == [(UID, "09")]
    assert await PROVIDER.probe(account, moved) == Present(ENTRY.span)
    await PROVIDER.remove(account, moved, KEY)
    assert standing(keeping) == []
    await PROVIDER.remove(account, moved, KEY)
    assert await PROVIDER.probe(account, moved) == Gone()
    await PROVIDER.move(account, moved, LATER, KEY)
    assert standing(keeping) == [(UID, "10")]


@pytest.mark.parametrize("mishap", Mishap, ids=lambda mishap: mishap.name)
@pytest.mark.parametrize("times", [1, 4])
async def test_k3_mishap_neither_loses_nor_doubles_the_entry(keeping, account, mishap: Mishap, times: int) -> None:
    keeping.mishaps.extend([mishap] * times)
    reference = await insisted(lambda: write(keeping, account))
    assert standing(keeping) == [(UID, "09")]
    keeping.mishaps.extend([mishap] * times)
    reference = await insisted(lambda: PROVIDER.move(account, reference, LATER, KEY))
    assert standing(keeping) == [(UID, "10")]
    keeping.mishaps.extend([mishap] * times)
    await insisted(lambda: PROVIDER.remove(account, reference, KEY))
    assert standing(keeping) == []


@pytest.mark.parametrize("mishap", [Mishap.RESET_AFTER, Mishap.ERROR_AFTER], ids=lambda mishap: mishap.name)
async def test_k3_what_was_done_is_seen_though_it_was_never_said(keeping, account, mishap: Mishap) -> None:
    keeping.mishaps.extend([mishap] * 3)
    reference = await write(keeping, account)
    keeping.mishaps.clear()
    keeping.mishaps.extend([mishap] * 3)
    moved = await PROVIDER.move(account, reference, LATER, KEY)
    assert standing(keeping) == [(UID, "10")]
    assert await PROVIDER.probe(account, moved) == Present(LATER.span)


@pytest.mark.parametrize("mishap", [Mishap.RESET_AFTER, Mishap.ERROR_AFTER], ids=lambda mishap: mishap.name)
async def test_k3_entry_stands_once_though_the_name_was_the_servers_and_lost(keeping, account, mishap: Mishap) -> None:
    keeping.habits = frozenset({Habit.RENAMES})
    keeping.mishaps.extend([mishap] * 3)
    reference = await write(keeping, account)
    assert standing(keeping) == [(UID, "09")]
    assert await PROVIDER.probe(account, reference) == Present(ENTRY.span)


async def test_k3_entry_that_was_never_stored_is_not_taken_for_written(keeping, account, account_for) -> None:
    keeping.habits = frozenset({Habit.ONLY_ANSWERS})
    with pytest.raises(AnswerMalformed, match="does not stand as given"):
        await write(keeping, account)
    assert keeping.methods() == "PUT" + 4 * " GET REPORT"
    keeping.habits = frozenset()
    reference = await write(keeping, account)
    keeping.habits = frozenset({Habit.ONLY_ANSWERS})
    with pytest.raises(ProviderTimeout):
        await PROVIDER.move(account_for(keeping.url, seconds=0.3), reference, LATER, KEY)
    with pytest.raises(AnswerMalformed, match="the entry stands"):
        await PROVIDER.remove(account, reference, KEY)
    assert standing(keeping) == [(UID, "09")]


async def test_k3_waiting_for_an_entry_ends_with_the_deadline(keeping, account_for) -> None:
    keeping.habits = frozenset({Habit.ONLY_ANSWERS})
    with pytest.raises(ProviderTimeout):
        await write(keeping, account_for(keeping.url, seconds=0.3))


async def test_k3_two_requests_write_and_move_and_remove(keeping, account) -> None:
    reference = await write(keeping, account)
    assert keeping.methods() == "PUT GET"
    await write(keeping, account)
    assert keeping.methods() == "PUT GET"
    reference = await write(keeping, account, LATER)
    assert keeping.methods() == "PUT GET PUT GET"
    reference = await PROVIDER.move(account, reference, ENTRY, KEY)
    assert keeping.methods() == "PUT GET"
    await PROVIDER.remove(account, reference, KEY)
    assert keeping.methods() == "DELETE GET"
    await PROVIDER.remove(account, reference, KEY)
    assert keeping.methods() == "DELETE PROPFIND"
    await PROVIDER.move(account, reference, ENTRY, KEY)
    assert keeping.methods() == "PUT GET REPORT PUT GET"


async def test_k3_reference_names_the_version_that_was_read(keeping, account) -> None:
    keeping.habits = frozenset({Habit.SENDS_ANOTHER_ETAG})
    reference = await write(keeping, account)
    assert reference.etag == f'"{keeping.kept[PATH].version}"'
    keeping.methods()
    await PROVIDER.move(account, reference, LATER, KEY)
    assert keeping.methods() == "PUT GET"


@pytest.mark.parametrize("habits", [*DUPLICATING, *ONE_BY_UID], ids=names)
async def test_k3_renamed_entry_is_moved_where_it_stands(keeping, account, habits: set[Habit]) -> None:
    """Same UID under another name: DAViCal would keep both."""
    keeping.habits = frozenset(habits)
    reference = await write(keeping, account)
    keeping.rename(PATH, f"{WORK}copy.ics")
    moved = await PROVIDER.move(account, reference, LATER, KEY)
    assert standing(keeping) == [(UID, "10")]
    assert moved.id == f"{WORK}copy.ics#{UID}"
    assert await PROVIDER.probe(account, moved) == Present(LATER.span)
    await PROVIDER.remove(account, moved, KEY)
    assert standing(keeping) == []


async def test_k3_entry_that_cannot_be_searched_for_now_gets_no_double(keeping, account) -> None:
    reference = await write(keeping, account)
    keeping.rename(PATH, f"{WORK}copy.ics")
    keeping.habits = frozenset({Habit.CANNOT_SEARCH_NOW})
    with pytest.raises(ProviderUnreachable):
        await PROVIDER.move(account, reference, LATER, KEY)
    assert standing(keeping) == [(UID, "09")]


async def test_k3_refused_write_is_not_sent_again_in_vain(keeping, account) -> None:
    keeping.mishaps.append(Mishap.ERROR_BEFORE)
    with pytest.raises(ProviderUnreachable):
        await write(keeping, account)
    assert keeping.methods() == "PUT GET REPORT"


@pytest.mark.parametrize("habits", ONE_BY_UID, ids=names)
async def test_k3_write_whose_uid_is_refused_is_done_where_it_stands(keeping, account, habits: set[Habit]) -> None:
    keeping.habits = frozenset(habits)
    await write(keeping, account)
    keeping.rename(PATH, f"{WORK}copy.ics")
    reference = await write(keeping, account, LATER)
    assert standing(keeping) == [(UID, "10")]
    assert await PROVIDER.probe(account, reference) == Present(LATER.span)


async def test_k3_entry_named_by_the_server_is_known_by_its_uid_ever_after(keeping, account) -> None:
    keeping.habits = frozenset({Habit.RENAMES})
    reference = await write(keeping, account)
    (path,) = keeping.kept
    assert reference.id == f"{path}#{UID}"
    for entry in (LATER, ENTRY):
        reference = await PROVIDER.move(account, reference, entry, KEY)
        assert await PROVIDER.probe(account, reference) == Present(entry.span)
    assert list(keeping.kept) == [path]


@pytest.mark.parametrize("others", [2, 6])
async def test_events_of_others_are_left_alone_where_a_search_finds_everything(keeping, account, others: int) -> None:
    keeping.habits = frozenset({Habit.IGNORES_FILTERS})
    for number in range(others):
        keeping.keep(f"{WORK}{number}.ics", FOREIGN)
    reference = await write(keeping, account)
    del keeping.kept[PATH]
    keeping.methods()
    await PROVIDER.move(account, reference, LATER, KEY)
    assert keeping.methods() == f"PUT GET REPORT {'GET GET ' if others == 2 else ''}PUT GET"
    assert sorted(standing(keeping)) == [(UID, "10"), *[("theirs", "09")] * others]


@pytest.mark.parametrize("cut", [f"#{UID}", f"{WORK}#{UID}", f"{WORK}7.EML"])
async def test_cut_reference_never_reaches_the_server(keeping, account, cut: str) -> None:
    with pytest.raises(PluginFailed):
        await PROVIDER.remove(account, Reference(f"{keeping.url}work/", cut), KEY)
    assert keeping.seen == []


async def test_a_proxy_that_says_404_to_everything_has_removed_nothing(keeping, account) -> None:
    """One 404 to a DELETE is no proof: the calendar itself must answer."""
    reference = await write(keeping, account)
    keeping.habits = frozenset({Habit.IS_HIDDEN})
    with pytest.raises(CalendarMissing):
        await PROVIDER.remove(account, reference, KEY)
    keeping.habits = frozenset()
    await PROVIDER.remove(account, reference, KEY)
    assert keeping.texts() == []


async def test_a_change_whose_connection_broke_is_repeated_by_the_caller_alone(keeping, account) -> None:
    """It may yet land: repeated behind the caller's back, nobody would know to look again."""
    keeping.mishaps.append(Mishap.RESET_BEFORE)
    with pytest.raises(ProviderUnreachable):
        await PROVIDER.write(account, keeping.url + WORK[1:], ENTRY, KEY)
    assert keeping.methods().split().count("PUT") == 1
