"""The plugin wall: whatever a provider does costs its own calendars only, and nothing it says is logged (B4, F1)."""

import asyncio
import gc
import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from slotgraph.core import tables
from slotgraph.core.answers import MAX_BUSY_PER_CALENDAR
from slotgraph.core.booking.making import BookingConfirmed
from slotgraph.core.checks import CheckState
from slotgraph.core.errors import AccountRevoked, ProviderFailure, ProviderThrottled
from slotgraph.core.link_forms import FilledField
from slotgraph.core.linking import EmployeeRef
from slotgraph.core.plugin import FoundCalendar, Opened
from slotgraph.core.problems import LinkRefused
from slotgraph.core.testing import InMemoryProvider
from slotgraph.core.values import (
    Busy,
    BusyAnswer,
    FailureCause,
    Precision,
    Purpose,
    Reference,
    Secret,
    Span,
    Unverified,
)

CANARY = "Dinner with the competition"


class Poison(InMemoryProvider):
    """Does at each call of a method what `misdeeds` says."""

    def __init__(self):
        super().__init__("poison")
        self.misdeeds = {}

    def __getattribute__(self, name):
        if name in ("busy", "titles", "write", "remove", "open", "calendars") and name in self.misdeeds:
            return self.misdeeds[name]
        return super().__getattribute__(name)


@pytest.fixture
async def poison(world):
    """Ben's provider; Anna's is sound."""
    provider = Poison()
    provider.add_calendar("bens", login="bens")
    world.registry.register([provider], plugin="guest")
    await world.link("anna")
    account = await world.add_account("bens", employee="ben", provider="poison")
    await world.add_calendar("bens", account, employee="ben", is_default=True)
    return provider


def raising(error):
    async def misdeed(*args):
        raise error

    return misdeed


def raising_before_any_await(*args):
    raise ValueError(CANARY)


def answering(answer):
    async def misdeed(*args):
        return answer

    return misdeed


def busy(*spans, precision=Precision.EXACT):
    return {"bens": BusyAnswer(tuple(Busy(span) for span in spans), precision)}


class Trap(Mapping):
    """An answer that raises when it is looked at."""

    def __getitem__(self, key):
        raise RuntimeError(CANARY)

    def __iter__(self):
        raise RuntimeError(CANARY)

    def __len__(self):
        return 1


class OddFailure(ProviderFailure):
    cause = "no cause at all"


class BareFailure(ProviderFailure):
    def __init__(self):
        Exception.__init__(self, CANARY)


NAIVE = (datetime(2027, 3, 2, 9), datetime(2027, 3, 2, 10))
AWARE = tuple(moment.replace(tzinfo=UTC) for moment in NAIVE)

MISDEEDS = {
    "raises": raising(RuntimeError(CANARY)),
    "raises without awaiting": raising_before_any_await,
    "exits": raising(SystemExit(CANARY)),
    "raises what is no Exception": raising(BaseException(CANARY)),
    "cancels": raising(asyncio.CancelledError(CANARY)),
    "fails for no cause": raising(OddFailure(CANARY)),
    "fails by halves": raising(BareFailure()),
    "wants no arguments": (lambda: None),
    "is not awaitable": (lambda *args: busy()),
    "answers None": answering(None),
    "answers a list": answering([CANARY]),
    "answers nothing for the calendar": answering({}),
    "answers None for the calendar": answering({"bens": None}),
    "answers text": answering({"bens": CANARY}),
    "answers a trap": answering(Trap()),
    "answers without precision": answering(busy(precision=None)),
    "answers a list of busy": answering({"bens": BusyAnswer([], Precision.EXACT)}),
    "answers spans for busy": answering({"bens": BusyAnswer((Span(1, 2),), Precision.EXACT)}),
    "answers no span": answering(busy(None)),
    "answers naive times": answering(busy(NAIVE)),
    "answers instants": answering(busy(Span(*AWARE))),
    "answers fractions": answering(busy(Span(1.5, 2.5))),
    "answers a span backwards": answering(busy(Span(20, 10))),
    "answers unsorted": answering(busy(Span(20, 30), Span(10, 15))),
    "answers a status there is not": answering({"bens": BusyAnswer((Busy(Span(1, 2), "BUSY"),), Precision.EXACT)}),
    "answers far too much": answering(busy(*[Span(1, 2)] * (MAX_BUSY_PER_CALENDAR + 1))),
    "answers a cause there is not": answering({"bens": Unverified("WEATHER")}),
}


@pytest.mark.parametrize("misdeed", MISDEEDS.values(), ids=MISDEEDS)
async def test_poison_costs_its_own_calendars_only_and_is_not_quoted(world, poison, misdeed, caplog):
    caplog.set_level(logging.DEBUG)
    poison.misdeeds["busy"] = misdeed
    found = await world.search(actor=world.owner)
    assert {slot.employee_ids for slot in found.slots} == {(world.id_of("anna"),)}
    outcome = {check.calendar.name: (check.state, check.cause) for check in found.sources}
    assert outcome == {
        "Annas": (CheckState.VERIFIED, None),
        "Bens": (CheckState.UNVERIFIED, FailureCause.PLUGIN_ERROR.value),
    }
    await world.joined.health.settled()
    assert CANARY not in caplog.text


async def hanging(*args):
    await asyncio.Event().wait()


async def test_a_provider_that_hangs_is_left_behind_at_the_deadline(world, poison):
    poison.misdeeds["busy"] = hanging
    found = await world.search(actor=world.owner, deadline_ms=60)
    assert sorted(check.cause or "" for check in found.sources) == ["", "TIMEOUT"]
    assert {slot.employee_ids for slot in found.slots} == {(world.id_of("anna"),)}


async def test_a_provider_that_swallows_its_cancellation_keeps_nobody(world, poison, caplog):
    released, told = asyncio.Event(), asyncio.Event()

    async def stubborn(*args):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            told.set()
            await released.wait()
        raise RuntimeError(CANARY)

    poison.misdeeds["busy"] = stubborn
    found = await asyncio.wait_for(world.search(actor=world.owner, deadline_ms=60), 5)
    assert sorted(check.cause or "" for check in found.sources) == ["", "TIMEOUT"]
    await told.wait()
    released.set()
    for _ in range(5):
        await asyncio.sleep(0)
    gc.collect()
    assert CANARY not in caplog.text
    assert "never retrieved" not in caplog.text


async def test_a_booking_given_up_by_its_caller_ends_the_providers_call(world, poison):
    """A search does not: others may share its flight (B5)."""
    begun, ended = asyncio.Event(), asyncio.Event()

    async def watched(*args):
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    poison.misdeeds["busy"] = watched
    booking = asyncio.create_task(world.book(employee="ben"))
    await begun.wait()
    booking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await booking
    await asyncio.wait_for(ended.wait(), 5)


@pytest.mark.parametrize(
    ("given", "taken"), [(7, 7), (None, None), ("soon", None), (-1, None), (10**12, 86400), (1.5, None), (True, None)]
)
async def test_a_wait_that_makes_no_sense_is_not_passed_on(world, poison, given, taken):
    for misdeed in (
        raising(ProviderThrottled(retry_after=given)),
        answering({"bens": Unverified(FailureCause.THROTTLED, given)}),
    ):
        poison.misdeeds["busy"] = misdeed
        found = await world.search(actor=world.owner)
        (failed,) = [check for check in found.sources if check.cause]
        assert (failed.cause, failed.retry_after_seconds) == ("THROTTLED", taken)


async def test_spans_that_stick_out_of_the_window_or_overlap_are_clipped_and_merged(world, poison):
    day = Span(world.minute("2027-03-02 00:00"), world.minute("2027-03-03 00:00"))
    poison.misdeeds["busy"] = answering(
        busy(Span(0, day.start + 600), Span(day.start + 30, day.start + 630), Span(day.start + 960, 10**15))
    )
    named = {"choice": world.request(employee="ben").employees}
    starts = await world.starts(**named)
    assert (starts[0], starts[-1]) == ("10:30", "15:30")


@pytest.mark.parametrize(
    "misdeed",
    [
        raising_before_any_await,
        raising(RuntimeError(CANARY)),
        raising(SystemExit(CANARY)),
        answering(None),
        answering(Reference("bens", "")),
        answering(Reference("bens", 7)),
        answering(Reference("bens", "x", etag=b"raw")),
    ],
)
async def test_a_booking_stands_though_its_writing_goes_wrong(world, poison, misdeed, caplog):
    caplog.set_level(logging.DEBUG)
    poison.misdeeds["write"] = misdeed
    assert isinstance(await world.book(employee="ben"), BookingConfirmed)
    (row,) = await world.rows(tables.outbox)
    assert (row.state, row.cause, row.attempts) == ("PENDING", "PLUGIN_ERROR", 1)
    assert CANARY not in caplog.text


async def test_a_plugin_that_is_gone_costs_its_own_calendars_only(world):
    await world.link("anna")
    account = await world.add_account("bens", employee="ben", provider="vanished")
    await world.add_calendar("bens", account, employee="ben")
    found = await world.search(actor=world.owner)
    assert {check.calendar.name: check.cause for check in found.sources} == {"Annas": None, "Bens": "PLUGIN_ERROR"}


async def test_credentials_that_do_not_open_cost_their_own_calendars_only(world, poison):
    await world.change(tables.account, world.id_of("account bens"), sealed_credentials=b"tampered with")
    found = await world.search(actor=world.owner)
    assert {check.calendar.name: check.cause for check in found.sources} == {"Annas": None, "Bens": "PLUGIN_ERROR"}
    await world.change(tables.account, world.id_of("account bens"), key_id="lost")
    assert {slot.employee_ids for slot in (await world.search()).slots} == {(world.id_of("anna"),)}


SOUND = FoundCalendar("bens", "Ben", None, writable=True, primary=True)
OPENED = Opened("ben@example.org", frozenset(Purpose))


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("open", None),
        ("open", Opened(None, frozenset(Purpose))),
        ("open", Opened("", frozenset(Purpose))),
        ("open", Opened("ben", ["BUSY"])),
        ("open", Opened("ben", frozenset({"BUSY"}))),
        ("open", Opened("ben", frozenset(Purpose), (b"raw",))),
        ("calendars", None),
        ("calendars", [None]),
        ("calendars", [SOUND, SOUND]),
        ("calendars", [SOUND] * 1001),
        ("calendars", [replace(SOUND, id="")]),
        ("calendars", [replace(SOUND, id=7)]),
        ("calendars", [replace(SOUND, name=None)]),
        ("calendars", [replace(SOUND, writable=None)]),
        ("calendars", [replace(SOUND, flags={"rung": 3})]),
    ],
)
async def test_linking_refuses_an_unsound_answer_and_stores_nothing(world, poison, method, answer):
    poison.misdeeds[method] = answering(answer)
    result = await link(world, "ben")
    assert isinstance(result, LinkRefused)
    assert result.cause is FailureCause.PLUGIN_ERROR
    assert len(await world.rows(tables.account)) == 2


async def test_an_unknown_zone_and_a_long_name_from_outside_are_no_reason_to_refuse(world, poison):
    odd = replace(SOUND, time_zone="Mars/Olympus", name="n" * 5000)
    poison.misdeeds["calendars"] = answering([odd, replace(SOUND, id="two", time_zone="Asia/Tokyo")])
    account = await link(world, "ben")
    stored = [row for row in await world.rows(tables.calendar) if row.account_id == account.id]
    assert {(row.time_zone, len(row.name)) for row in stored} == {(None, 320), ("Asia/Tokyo", 3)}


async def test_what_the_server_said_of_itself_is_passed_on(world, poison):
    poison.misdeeds["open"] = raising(AccountRevoked(server_answer="realm Calendar"))
    refused = await link(world, "ben")
    assert (refused.cause, refused.server_answer) == (FailureCause.REAUTH_REQUIRED, "realm Calendar")


async def link(world, employee):
    holder = await world.add_login(world.member("ben", employee=employee))
    begun = await world.do.linking.begin(
        world.as_(holder),
        "poison",
        employee=EmployeeRef(world.company_id, world.id_of(employee)),
        purposes=frozenset(Purpose),
    )
    return await world.do.linking.complete(world.as_(holder), begun.link_token, [FilledField("login", Secret("bens"))])
