"""What a guest gives the contract: a seeded account; and the ways of asking it that every test uses. No rule stands here."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol

import pytest

from slotgraph.core.plugin import (
    Account,
    AskedCalendar,
    Busy,
    BusyAnswer,
    BusyStatus,
    FailureCause,
    Provider,
    ProviderFailure,
    Purpose,
    ReadMode,
    Reference,
    Span,
    TitlesAnswer,
    Unverified,
)
from slotgraph.core.testing.cases import OWNER_ZONE, WINDOW
from slotgraph.core.testing.faults import Fault, FaultyTransport
from slotgraph.core.testing.outside import OutsideEvent


class Seed(Protocol):
    """A fresh account with two empty, writable calendars, and what their owner does behind the provider's back."""

    provider: Provider
    account: Account
    calendar_id: str
    other_calendar_id: str

    async def put(self, calendar_id: str, event: OutsideEvent) -> None:
        """Put an event into a calendar the way another client would."""

    async def remove_entry(self, reference: Reference) -> None:
        """Remove one of our own entries."""

    async def move_entry(self, reference: Reference, span: Span) -> None:
        """Move one of our own entries to another time."""

    async def remove_calendar(self, calendar_id: str) -> None:
        """Remove a calendar with all that stands in it."""

    def broken(self, fault: Fault) -> Account:
        """The account, every answer to it spoilt. Over HTTP: `spoilt(self.account, fault)`."""

    def losing_answers(self) -> Account:
        """The account; what it asks to change is done, but the answer is lost. Over HTTP: `deaf(self.account)`."""


def spoilt(account: Account, fault: Fault) -> Account:
    """The account with a transport that lets this fault happen to every request."""
    return replace(account, transport=FaultyTransport(account.transport, fault))


def deaf(account: Account) -> Account:
    """The account with a transport that times out after every changing request has been carried out."""
    transport = FaultyTransport(account.transport)
    transport.loses_answers = True
    return replace(account, transport=transport)


async def asked(seed: Seed, mode: ReadMode = ReadMode.AUTO) -> dict[str, AskedCalendar]:
    """The seed's two calendars as the engine asks them, by id."""
    ids = {seed.calendar_id, seed.other_calendar_id}
    return {
        found.id: AskedCalendar(found.id, OWNER_ZONE, mode, found.flags)
        for found in await seed.provider.calendars(seed.account)
        if found.id in ids
    }


async def busy(seed: Seed, mode: ReadMode, except_: frozenset[Reference] = frozenset()) -> BusyAnswer:
    """The answer for the seed's first calendar in WINDOW; anything but a positive one fails the test."""
    return await _busy(seed, (await asked(seed, mode))[seed.calendar_id], except_)


async def _busy(seed: Seed, calendar: AskedCalendar, except_: frozenset[Reference]) -> BusyAnswer:
    answer = (await seed.provider.busy(seed.account, [calendar], WINDOW, except_))[calendar.id]
    assert isinstance(answer, BusyAnswer), f"B4: no answer: {answer}"
    assert all(isinstance(busy, Busy) and isinstance(busy.status, BusyStatus) for busy in answer.busy)
    return answer


async def busy_in(seed: Seed, modes: Iterable[ReadMode]) -> dict[ReadMode, BusyAnswer]:
    """The answer for the seed's first calendar in WINDOW by the way it was read; each must be a positive one."""
    calendar = (await asked(seed))[seed.calendar_id]
    return {mode: await _busy(seed, replace(calendar, read_mode=mode), frozenset()) for mode in modes}


async def titles(seed: Seed, except_: frozenset[Reference] = frozenset()) -> TitlesAnswer:
    """The titles of the seed's first calendar in WINDOW."""
    calendar = (await asked(seed))[seed.calendar_id]
    answer = (await seed.provider.titles(seed.account, [calendar], WINDOW, except_))[seed.calendar_id]
    assert isinstance(answer, TitlesAnswer), f"B4: no answer: {answer}"
    return answer


async def standing(seed: Seed, except_: frozenset[Reference] = frozenset()) -> list[Span]:
    """The span of each event that stands in the seed's first calendar, one for each event."""
    return [busy.span for busy in (await busy(seed, ReadMode.EXACT, except_)).busy]


async def cause_of_busy(seed: Seed, account: Account, calendar: AskedCalendar) -> FailureCause | None:
    """Why asking for busy time came to nothing; None if there was a positive answer."""
    try:
        answer = (await seed.provider.busy(account, [calendar], WINDOW))[calendar.id]
    except ProviderFailure as failure:
        return failure.cause
    return answer.cause if isinstance(answer, Unverified) else None


async def cause_of_titles(seed: Seed, account: Account, calendar: AskedCalendar) -> FailureCause | None:
    """Why asking for titles came to nothing; None if there was a positive answer."""
    try:
        answer = (await seed.provider.titles(account, [calendar], WINDOW))[calendar.id]
    except ProviderFailure as failure:
        return failure.cause
    return answer.cause if isinstance(answer, Unverified) else None


async def cause_of_probe(seed: Seed, account: Account, reference: Reference) -> FailureCause | None:
    """Why a probe came to nothing; None if it did come to something."""
    try:
        answer = await seed.provider.probe(account, reference)
    except ProviderFailure as failure:
        return failure.cause
    return answer.cause if isinstance(answer, Unverified) else None


def needs(seed: Seed, purpose: Purpose) -> None:
    """Skip the test if the provider is not made for this purpose."""
    if purpose not in seed.provider.purposes:
        pytest.skip(f"the provider has no purpose {purpose.value}")
