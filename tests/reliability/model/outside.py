"""The calendars around the model: what stands in them, which of them answer, and who meddles with our entries."""

from collections.abc import Callable, Collection, Iterator
from datetime import datetime

from slotgraph_tests_reliability_model_model import Outside, Time

from slotgraph.core.clock import instant_from_minute
from slotgraph.core.errors import ProviderUnreachable
from slotgraph.core.testing import InMemoryProvider, OutsideEvent
from slotgraph.core.values import Reference, Span

WITH_CALENDAR = ("anna", "ben")
"""Everybody else has none."""

WRITES = ("write", "move", "remove")


class Calendars:
    """Whom the calendars of `provider` belong to is told by their names. What stands there is the provider's to say."""

    def __init__(self, provider: InMemoryProvider) -> None:
        self._provider = provider
        self._events: dict[str, list[Time]] = {name: [] for name in WITH_CALENDAR}
        self._late: list[Callable[[], None]] = []
        self._silent: set[str] = set()
        self.meddled: dict[str, datetime] = {}
        """When somebody last removed or moved an entry of ours, by its id."""
        for name in WITH_CALENDAR:
            provider.add_calendar(f"{name}s", login=f"{name}s")

    def busy(self, names: Collection[str], *, apart_from: Collection[str] = ()) -> Outside:
        """What blocks each of some employees now, entries of ours with these ids not counted."""
        return {name: None if name in self._silent else self._blocking(name, apart_from) for name in names}

    def _blocking(self, name: str, apart_from: Collection[str]) -> list[Time]:
        if name not in WITH_CALENDAR:
            return []
        ours = [time for entry_id, time in self.entries(name) if entry_id not in apart_from]
        return [*self._events[name], *ours]

    def entries(self, name: str) -> Iterator[tuple[str, Time]]:
        """Our entries in somebody's calendar: their ids and when they stand."""
        for reference_id, entry in self._provider.entries(f"{name}s").items():
            yield reference_id.removeprefix("entry-"), (entry.span.start, entry.span.end)

    # Weather

    def silence(self, name: str) -> None:
        """Nobody learns any more when somebody is busy."""
        self._silent.add(name)
        self._provider.fail("busy", ProviderUnreachable(), login=f"{name}s")

    def fail(self, method: str, name: str) -> None:
        """What is asked of a calendar is not done."""
        self._provider.fail(method, ProviderUnreachable(), login=f"{name}s")

    def lose_answer(self, method: str, name: str) -> None:
        """What is asked next is done, and not answered."""
        self._provider.lose_answer(method, login=f"{name}s")

    def land_late(self, method: str, name: str) -> None:
        """What is asked next is not answered, and done before the clock goes on."""
        self._late.append(self._provider.land_late(method, login=f"{name}s"))

    def land(self) -> None:
        """What was asked and not answered is done now."""
        while self._late:
            self._late.pop(0)()

    def heal(self) -> None:
        """All calendars answer again."""
        self._silent.clear()
        self._provider.heal()

    # People

    def add_event(self, name: str, time: Time) -> None:
        """Somebody has something to do."""
        self._events[name].append(time)
        start, end = (instant_from_minute(one).replace(tzinfo=None) for one in time)
        self._provider.put(f"{name}s", OutsideEvent(start, end))

    def pick(self, name: str, which: int) -> Reference | None:
        """One of our entries in somebody's calendar, the first by its time if `which` is 0."""
        listed = sorted(self.entries(name), key=lambda entry: entry[1])
        return Reference(f"{name}s", f"entry-{listed[which % len(listed)][0]}") if listed else None

    def remove_entry(self, reference: Reference, *, at: datetime) -> None:
        """Somebody deletes an entry of ours."""
        self._provider.remove_entry(reference)
        self._note(reference, at)

    def move_entry(self, reference: Reference, time: Time, *, at: datetime) -> None:
        """Somebody moves an entry of ours."""
        self._provider.move_entry(reference, Span(*time))
        self._note(reference, at)

    def _note(self, reference: Reference, at: datetime) -> None:
        self.meddled[reference.id.removeprefix("entry-")] = at
