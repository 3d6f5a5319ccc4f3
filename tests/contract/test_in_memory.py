"""The provider in memory keeps the contract."""

import pytest

from slotgraph.core.clock import SystemClock
from slotgraph.core.plugin import (
    AccessForbidden,
    AccountRevoked,
    AnswerMalformed,
    AnswerTooLarge,
    CalendarMissing,
    Deadline,
    ProviderThrottled,
    ProviderTimeout,
    ProviderUnreachable,
    ReadMode,
)
from slotgraph.core.testing import InMemoryProvider
from slotgraph.core.testing.contract import ProviderContract
from slotgraph.core.testing.faults import Fault
from slotgraph.core.testing.in_memory import METHODS

FAILURES = {
    Fault.UNAUTHORIZED: AccountRevoked,
    Fault.FORBIDDEN: AccessForbidden,
    Fault.NOT_FOUND: CalendarMissing,
    Fault.THROTTLED: ProviderThrottled,
    Fault.UNAVAILABLE: ProviderUnreachable,
    Fault.SLOW: ProviderTimeout,
    Fault.TOO_LARGE: AnswerTooLarge,
    Fault.LOGIN_PAGE: AnswerMalformed,
}


class InMemorySeed:
    calendar_id = "work"
    other_calendar_id = "home"

    def __init__(self):
        self.provider = InMemoryProvider()
        self.provider.add_calendar("work")
        self.provider.add_calendar("home")
        self.account = self.provider.account(deadline=Deadline(SystemClock(), 30))

    async def put(self, calendar_id, event):
        self.provider.put(calendar_id, event)

    async def remove_entry(self, reference):
        self.provider.remove_entry(reference)

    async def move_entry(self, reference, span):
        self.provider.move_entry(reference, span)

    async def remove_calendar(self, calendar_id):
        self.provider.remove_calendar(calendar_id)

    def broken(self, fault):
        login = "broken"
        for method in METHODS:
            self.provider.fail(method, FAILURES.get(fault, AnswerMalformed)(), login=login)
        return self.provider.account(login, deadline=self.account.deadline)

    def losing_answers(self):
        for method in ("write", "move", "remove"):
            self.provider.lose_answer(method)
        return self.account


class TestInMemoryProvider(ProviderContract):
    read_modes = tuple(ReadMode)
    faults = tuple(FAILURES)

    @pytest.fixture
    async def seed(self):
        return InMemorySeed()
