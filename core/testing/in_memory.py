"""A provider whose calendars are in memory: tiny, but real, and able to misbehave on order. No network, no vendor, no file."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn, TypeVar

from slotgraph.core.offload import Offload
from slotgraph.core.plugin import (
    Account,
    AccountRevoked,
    Answer,
    AskedCalendar,
    Busy,
    BusyAnswer,
    BusyStatus,
    CalendarMissing,
    Deadline,
    Entry,
    Event,
    FoundCalendar,
    Gone,
    Limits,
    LinkField,
    OAuthLink,
    Opened,
    PasswordLink,
    Precision,
    Present,
    ProviderFailure,
    ProviderTimeout,
    ProviderUnreachable,
    Purpose,
    Reference,
    Span,
    TitlesAnswer,
    Unverified,
)
from slotgraph.core.testing.outside import OutsideEvent, ShownAs

_Result = TypeVar("_Result")
_Fault = Callable[[Callable[[], Any]], Awaitable[Any]]
METHODS = ("open", "close", "calendars", "busy", "titles", "write", "move", "remove", "probe")


@dataclass(slots=True)
class _Calendar:
    found: FoundCalendar
    login: str
    events: list[OutsideEvent] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)


class InMemoryProvider:
    """Calendars in memory, several logins, every method with real effect. `calls` counts the calls per method.

    >>> provider = InMemoryProvider()
    >>> provider.add_calendar("work")
    >>> provider.put("work", OutsideEvent(datetime(2027, 3, 1, 9), datetime(2027, 3, 1, 10)))
    >>> account = provider.account(deadline=Deadline(SystemClock(), 8))
    >>> answers = asyncio.run(provider.busy(account, [AskedCalendar("work", "Europe/Zurich")], march_2027))
    >>> [instant_from_minute(busy.span.start).hour for busy in answers["work"].busy]
    [9]
    >>> provider.fail("busy", ProviderThrottled(retry_after=7))
    >>> provider.calls["busy"]
    1
    """

    def __init__(self, name: str = "memory", *, limits: Limits | None = None) -> None:
        self.name = name
        self.title = "In memory"
        self.purposes = frozenset(Purpose)
        self.sees = frozenset(BusyStatus)
        self.link: PasswordLink | OAuthLink = PasswordLink((LinkField("login", "Login"),))
        self.limits = limits or Limits()
        self.calls: Counter[str] = Counter()
        self._calendars: dict[str, _Calendar] = {}
        self._faults: dict[tuple[str, str | None], _Fault] = {}
        self._early: list[Callable[[], Any]] = []
        self._left_out: set[str] = set()

    # Seeding

    def add_calendar(
        self, calendar_id: str, *, login: str = "me", time_zone: str | None = None, writable: bool = True
    ) -> None:
        """Add an empty calendar; the first writable one of a login is its primary one."""
        primary = writable and not any(
            other.login == login and other.found.primary for other in self._calendars.values()
        )
        found = FoundCalendar(calendar_id, calendar_id.title(), time_zone, writable=writable, primary=primary)
        self._calendars[calendar_id] = _Calendar(found, login)

    def remove_calendar(self, calendar_id: str) -> None:
        """Remove a calendar with all that stands in it, as its owner could."""
        del self._calendars[calendar_id]

    def put(self, calendar_id: str, *events: OutsideEvent) -> None:
        """Add events that are not ours."""
        self._calendars[calendar_id].events.extend(events)

    def entries(self, calendar_id: str) -> dict[str, Entry]:
        """Our own entries that stand in a calendar, by the id in their Reference."""
        return dict(self._calendars[calendar_id].entries)

    def remove_entry(self, reference: Reference) -> None:
        """Remove one of our own entries behind our back, as the calendar's owner could."""
        del self._calendars[reference.calendar_id].entries[reference.id]

    def move_entry(self, reference: Reference, span: Span) -> None:
        """Move one of our own entries behind our back."""
        entries = self._calendars[reference.calendar_id].entries
        entries[reference.id] = replace(entries[reference.id], span=span)

    # Misbehaving. `method` is one of METHODS; without a login it is done to all.

    def fail(self, method: str, failure: BaseException, *, login: str | None = None) -> None:
        """Raise this at each call until healed: a ProviderFailure, or anything a bad plugin may raise."""

        async def fault(act: Callable[[], Any]) -> NoReturn:
            raise failure

        self._set(method, fault, login)

    def hang(self, method: str, *, login: str | None = None) -> asyncio.Event:
        """Hang at each call until the returned event is set; then answer."""
        released = asyncio.Event()

        async def fault(act: Callable[[], Any]) -> Any:
            await released.wait()
            return act()

        self._set(method, fault, login)
        return released

    def answer(self, method: str, answer: object, *, login: str | None = None) -> None:
        """Answer this, of whatever type, at each call until healed."""

        async def fault(act: Callable[[], Any]) -> object:
            return answer

        self._set(method, fault, login)

    def lose_answer(self, method: str, *, login: str | None = None) -> None:
        """Do what the next call asks, but time out instead of saying so; the call after that is answered."""

        async def fault(act: Callable[[], Any]) -> NoReturn:
            del self._faults[method, login]
            act()
            raise ProviderTimeout

        self._set(method, fault, login)

    def land_late(self, method: str, *, login: str | None = None) -> Callable[[], None]:
        """Time out at the next call; what it asked for is done when the returned function is called, however late that is."""
        late: list[Callable[[], Any]] = []

        async def fault(act: Callable[[], Any]) -> NoReturn:
            del self._faults[method, login]
            late.append(act)
            raise ProviderTimeout

        def land() -> None:
            while late:
                late.pop(0)()

        self._set(method, fault, login)
        return land

    def answer_early(self, method: str, *, login: str | None = None) -> None:
        """Say of the next call that it is done, but do it only when the call after it comes, of whatever method."""

        async def fault(act: Callable[[], Any]) -> Any:
            del self._faults[method, login]
            self._early.append(act)
            return self._undone(act)

        self._set(method, fault, login)

    def only_answer(self, method: str, *, login: str | None = None) -> None:
        """Say of the next call that it is done, and never do it."""

        async def fault(act: Callable[[], Any]) -> Any:
            del self._faults[method, login]
            return self._undone(act)

        self._set(method, fault, login)

    def _undone(self, act: Callable[[], Any]) -> Any:
        """What doing it would answer."""
        before = {calendar_id: dict(calendar.entries) for calendar_id, calendar in self._calendars.items()}
        try:
            return act()
        finally:
            for calendar_id, entries in before.items():
                self._calendars[calendar_id].entries = entries

    def leave_out(self, calendar_id: str) -> None:
        """Leave this calendar out of the answers of `busy` and `titles` until healed."""
        self._left_out.add(calendar_id)

    def heal(self) -> None:
        """Behave again."""
        self._faults.clear()
        self._left_out.clear()

    def _set(self, method: str, fault: _Fault, login: str | None) -> None:
        if method not in METHODS:
            raise ValueError(f"{method!r} is none of a provider's methods")
        self._faults[method, login] = fault

    # The Provider contract

    def account(self, login: str = "me", *, deadline: Deadline) -> Account:
        """An account to call the provider with; it has no way out, for there is nowhere to go."""
        return Account({"login": login}, _NoTransport(), deadline, Offload(), _nothing_to_save)

    async def open(self, account: Account) -> Opened:
        def act() -> Opened:
            return Opened(account.credentials["login"], self.purposes)

        return await self._done("open", account, act)

    async def close(self, account: Account) -> None:
        await self._done("close", account, lambda: None)

    async def calendars(self, account: Account) -> Sequence[FoundCalendar]:
        def act() -> list[FoundCalendar]:
            login = account.credentials["login"]
            return [calendar.found for calendar in self._calendars.values() if calendar.login == login]

        return await self._done("calendars", account, act)

    async def busy(
        self,
        account: Account,
        calendars: Sequence[AskedCalendar],
        window: Span,
        except_: frozenset[Reference] = frozenset(),
    ) -> Mapping[str, BusyAnswer | Unverified]:
        self._check_limits(calendars, window)

        def answer(asked: AskedCalendar, calendar: _Calendar) -> BusyAnswer:
            events = _events(asked, calendar, window, except_)
            return BusyAnswer(tuple(Busy(event.span, event.status) for event in events), Precision.EXACT)

        return await self._done("busy", account, lambda: self._each(account, calendars, answer))

    async def titles(
        self,
        account: Account,
        calendars: Sequence[AskedCalendar],
        window: Span,
        except_: frozenset[Reference] = frozenset(),
    ) -> Mapping[str, TitlesAnswer | Unverified]:
        self._check_limits(calendars, window)

        def answer(asked: AskedCalendar, calendar: _Calendar) -> TitlesAnswer:
            return TitlesAnswer(tuple(_events(asked, calendar, window, except_)))

        return await self._done("titles", account, lambda: self._each(account, calendars, answer))

    async def write(self, account: Account, calendar_id: str, entry: Entry, key: str) -> Reference:
        def act() -> Reference:
            self._own(account, calendar_id).entries[f"entry-{key}"] = entry
            return Reference(calendar_id, f"entry-{key}")

        return await self._done("write", account, act)

    async def move(self, account: Account, reference: Reference, entry: Entry, key: str) -> Reference:
        def act() -> Reference:
            self._own(account, reference.calendar_id).entries[reference.id] = entry
            return reference

        return await self._done("move", account, act)

    async def remove(self, account: Account, reference: Reference, key: str) -> None:
        await self._done(
            "remove", account, lambda: self._own(account, reference.calendar_id).entries.pop(reference.id, None)
        )

    async def probe(self, account: Account, reference: Reference) -> Present | Gone | Unverified:
        def act() -> Present | Gone:
            entry = self._own(account, reference.calendar_id).entries.get(reference.id)
            return Present(entry.span) if entry else Gone()

        return await self._done("probe", account, act)

    async def _done(self, method: str, account: Account, act: Callable[[], _Result]) -> _Result:
        """Do it, or misbehave as ordered: then what comes back may be of any type."""
        login = account.credentials["login"]
        self.calls[method] += 1
        while self._early:
            with suppress(ProviderFailure):  # its calendar may be gone by now
                self._early.pop(0)()
        fault = self._faults.get((method, login)) or self._faults.get((method, None))
        if fault is not None:
            misdeed: _Result = await fault(act)
            return misdeed
        if all(calendar.login != login for calendar in self._calendars.values()):
            raise AccountRevoked
        return act()

    def _check_limits(self, calendars: Sequence[AskedCalendar], window: Span) -> None:
        """A caller that ignores `limits` is a bug worth finding here rather than at a vendor."""
        if (
            len(calendars) > self.limits.calendars_per_call
            or window.end - window.start > self.limits.days_per_call * 1440
        ):
            raise ValueError("more was asked for than the provider's limits say")

    def _each(
        self,
        account: Account,
        calendars: Sequence[AskedCalendar],
        answer: Callable[[AskedCalendar, _Calendar], BusyAnswer | TitlesAnswer],
    ) -> dict[str, Any]:
        answers: dict[str, Any] = {}
        for asked in calendars:
            if asked.id in self._left_out:
                continue
            try:
                answers[asked.id] = answer(asked, self._own(account, asked.id))
            except ProviderFailure as err:
                answers[asked.id] = err.unverified()
        return answers

    def _own(self, account: Account, calendar_id: str) -> _Calendar:
        calendar = self._calendars.get(calendar_id)
        if calendar is None or calendar.login != account.credentials["login"]:
            raise CalendarMissing
        return calendar


def _events(asked: AskedCalendar, calendar: _Calendar, window: Span, except_: frozenset[Reference]) -> list[Event]:
    """What blocks in the window, with titles, sorted by span. An etag may be older than the entry: it names nothing."""
    excepted = {(reference.calendar_id, reference.id) for reference in except_}
    found = [
        Event(span, _STATUS[event.shown_as], event.title, event.all_day, event.private)
        for event in calendar.events
        if event.blocks
        for span in event.spans(asked.zone)
    ]
    found += [
        Event(entry.span, BusyStatus.BUSY, entry.title, all_day=False, private=False)
        for id_, entry in calendar.entries.items()
        if (asked.id, id_) not in excepted
    ]
    touching = (
        event for event in found if event.span.start < min(event.span.end, window.end) and event.span.end > window.start
    )
    return sorted(touching, key=lambda event: event.span)


_STATUS = {
    ShownAs.BUSY: BusyStatus.BUSY,
    ShownAs.TENTATIVE: BusyStatus.TENTATIVE,
    ShownAs.OUT_OF_OFFICE: BusyStatus.OUT_OF_OFFICE,
    ShownAs.WORKING_ELSEWHERE: BusyStatus.WORKING_ELSEWHERE,
}


class _NoTransport:
    async def request(self, *args: object, **options: object) -> Answer:
        raise ProviderUnreachable


async def _nothing_to_save(credentials: Mapping[str, str]) -> None:
    """Nothing changes here."""
