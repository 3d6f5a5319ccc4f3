"""What booking must answer, worked out from the rules in plain Python: lists of blocked spans, and nothing of core's own judging.

It knows one Thursday: everybody is open from nine to five, starts lie a quarter of an hour apart. Times are minutes of the epoch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from slotgraph_tests_core_world import minute

DAY = "2027-03-04"
OPENS, CLOSES = minute(f"{DAY} 09:00"), minute(f"{DAY} 17:00")
STEP = 15
HOLD_FOR = timedelta(minutes=10)
KEYS_FOR = timedelta(hours=24)
LIMIT = timedelta(hours=24)
HOLDS_OF_A_STRANGER = 5

GRID, AVAILABILITY, ABSENCE, BOOKING, HOLD = range(5)
"""Rules in the order in which they are judged."""

Time = tuple[int, int]
Outside = Mapping[str, Sequence[Time] | None]
"""What blocks each employee's calendar; None if it does not answer."""


class Service(NamedTuple):
    """How long it takes, and what is kept free around it."""

    minutes: int
    before: int = 0
    after: int = 0


SERVICES = {"trim": Service(30), "colour": Service(45, before=15, after=15)}


@dataclass(frozen=True)
class Choice:
    """Any one of these, or all of them together."""

    names: tuple[str, ...]
    together: bool = False


@dataclass(frozen=True)
class Hold:
    """A call of holdSlot."""

    key: str
    actor: str
    service: str
    start: int
    choice: Choice


@dataclass(frozen=True)
class Book:
    """A call of book; `hold` is the id of the hold whose token it names."""

    key: str
    actor: str
    service: str
    start: int
    choice: Choice
    hold: str | None
    note: str


@dataclass(frozen=True)
class Move:
    """A call of rescheduleBooking, by a member or by the customer's token; without a choice the attendants stay."""

    key: str
    actor: str
    booking: str
    start: int
    choice: Choice | None


@dataclass(frozen=True)
class Cancel:
    """A call of cancelBooking."""

    key: str
    actor: str
    booking: str
    reason: str


Call = Hold | Book | Move | Cancel


@dataclass(frozen=True)
class Answer:
    """The type of the answer; of a success what was made, and for whom, if the rules leave no choice."""

    kind: str
    employees: frozenset[str] = frozenset()
    id: str | None = None


FITS = "fits"


@dataclass
class Held:
    """A hold that was made."""

    service: str
    start: int
    employees: frozenset[str]
    lapses: datetime
    of_stranger: bool
    ended: bool = False

    def is_live(self, now: datetime) -> bool:
        return not self.ended and self.lapses > now


@dataclass
class Booked:
    """A booking that was made."""

    service: str
    start: int
    employees: frozenset[str]
    cancelled: bool = False

    @property
    def span(self) -> Time:
        return span(self.service, self.start)


def span(service: str, start: int) -> Time:
    """The service itself."""
    return start, start + SERVICES[service].minutes


def blocked(service: str, start: int) -> Time:
    """The service with its buffers."""
    what = SERVICES[service]
    return start - what.before, start + what.minutes + what.after


def overlap(one: Time, other: Time) -> bool:
    """Spans may meet."""
    return one[0] < other[1] and other[0] < one[1]


@dataclass
class Model:
    """What stands in our own tables, as far as the rules care. `ids` are the employees' ids, which break ties."""

    ids: Mapping[str, str]
    bookings: dict[str, Booked] = field(default_factory=dict)
    holds: dict[str, Held] = field(default_factory=dict)
    absences: list[tuple[str | None, Time]] = field(default_factory=list)
    successes: dict[tuple[str, str, str], tuple[Call, str, datetime]] = field(default_factory=dict)

    # What must be answered

    def hold(self, call: Hold, *, now: datetime) -> Answer:
        """holdSlot asks no calendar; strangers keep few slots at a time."""
        earlier = self._earlier(call, now)
        if earlier is not None:
            return earlier
        nobody_outside: Outside = {name: [] for name in call.choice.names}
        answer = self._judged(call.choice, call.service, call.start, now=now, outside=nobody_outside)
        kept = sum(one.is_live(now) and one.of_stranger for one in self.holds.values())
        if answer.kind == FITS and call.actor == "stranger" and kept >= HOLDS_OF_A_STRANGER:
            return Answer("QuotaReached")
        return answer

    def book(self, call: Book, *, now: datetime, outside: Outside) -> Answer:
        """With the token of a live hold for whoever is held; with that of any other as without."""
        earlier = self._earlier(call, now)
        if earlier is not None:
            return earlier
        choice, hold = call.choice, self.holds.get(call.hold or "")
        if hold is None or not hold.is_live(now):
            return self._judged(choice, call.service, call.start, now=now, outside=outside)
        if (hold.service, hold.start) != (call.service, call.start):
            return Answer("InvalidInput")
        if not (hold.employees == set(choice.names) if choice.together else len(hold.employees & set(choice.names))):
            return Answer("InvalidInput")
        if len(hold.employees) > 1 and not choice.together:
            return Answer("InvalidInput")
        kept = Choice(tuple(sorted(hold.employees)), choice.together)
        return self._judged(kept, call.service, call.start, now=now, outside=outside, own=hold)

    def move(self, call: Move, *, now: datetime, outside: Outside) -> Answer:
        """Never against itself: `outside` is without its own entries."""
        earlier = self._earlier(call, now)
        if earlier is not None:
            return earlier
        booking = self.bookings[call.booking]
        if booking.cancelled:
            return Answer("BookingIsCancelled")
        if self._is_too_late(booking, call.actor, now):
            return Answer("TooLate")
        choice = call.choice or Choice(tuple(sorted(booking.employees)), len(booking.employees) > 1)
        return self._judged(choice, booking.service, call.start, now=now, outside=outside, own=booking)

    def cancel(self, call: Cancel, *, now: datetime) -> Answer:
        """Cancelling twice gives the same answer."""
        earlier = self._earlier(call, now)
        if earlier is not None:
            return earlier
        booking = self.bookings[call.booking]
        if not booking.cancelled and self._is_too_late(booking, call.actor, now):
            return Answer("TooLate")
        return Answer(FITS)

    def _is_too_late(self, booking: Booked, actor: str, now: datetime) -> bool:
        starts_at = datetime.fromtimestamp(booking.start * 60, now.tzinfo)
        return actor != "member" and now > starts_at - LIMIT

    def _earlier(self, call: Call, now: datetime) -> Answer | None:
        known = self.successes.get(_name(call))
        if known is None or known[2] <= now - KEYS_FOR:
            return None
        return Answer(FITS, id=known[1]) if known[0] == call else Answer("KeyReused")

    def _judged(
        self,
        choice: Choice,
        service: str,
        start: int,
        *,
        now: datetime,
        outside: Outside,
        own: Held | Booked | None = None,
    ) -> Answer:
        broken = {name: self._broken(name, service, start, now=now, own=own) for name in choice.names}
        free = [name for name in choice.names if broken[name] is None]
        if not free or (choice.together and len(free) < len(choice.names)):
            rules = sorted(rule for rule in broken.values() if rule is not None)
            decisive = rules[0 if choice.together else -1]
            return Answer("SlotTaken" if decisive in (BOOKING, HOLD) else "SlotNotOffered")
        silent = {name for name in free if outside[name] is None}
        busy = {name for name in free if _is_busy(outside[name], blocked(service, start))}
        fit = [name for name in free if name not in silent | busy]
        if choice.together:
            refused = "SlotTaken" if busy else "CalendarUnverified" if silent else None
            return Answer(refused) if refused else Answer(FITS, frozenset(fit))
        if not fit:
            return Answer("CalendarUnverified" if silent else "SlotTaken")
        return Answer(FITS, frozenset({min(fit, key=lambda name: (self._booked(name, own), self.ids[name]))}))

    def _booked(self, name: str, own: Held | Booked | None) -> int:
        """How many bookings of the week somebody has, the one that moves not counted."""
        others = (one for one in self.bookings.values() if one is not own and not one.cancelled)
        return sum(name in one.employees for one in others)

    def _broken(self, name: str, service: str, start: int, *, now: datetime, own: Held | Booked | None) -> int | None:
        """The first rule a start breaks for somebody, by our own tables; what was held is not judged by the grid once more."""
        itself, whole = span(service, start), blocked(service, start)
        if OPENS <= start < CLOSES and (start - OPENS) % STEP and not isinstance(own, Held):
            return GRID
        if itself[0] < OPENS or itself[1] > CLOSES:
            return AVAILABILITY
        if any(who in (None, name) and overlap(itself, times) for who, times in self.absences):
            return ABSENCE
        if any(one is not own and overlap(whole, times) for one, times in self.booked_times(name)):
            return BOOKING
        if any(one is not own and overlap(whole, times) for one, times in self.held_times(name, now)):
            return HOLD
        return None

    def booked_times(self, name: str) -> list[tuple[Booked, Time]]:
        """What bookings block of somebody."""
        standing = (one for one in self.bookings.values() if not one.cancelled and name in one.employees)
        return [(one, blocked(one.service, one.start)) for one in standing]

    def held_times(self, name: str, now: datetime) -> list[tuple[Held, Time]]:
        """What live holds block of somebody."""
        live = (one for one in self.holds.values() if one.is_live(now) and name in one.employees)
        return [(one, blocked(one.service, one.start)) for one in live]

    # What was answered

    def note(self, call: Call, made: str, employees: frozenset[str], *, now: datetime) -> None:
        """A call succeeded: what stands from now on."""
        self.successes[_name(call)] = (call, made, now)
        match call:
            case Hold():
                self.holds[made] = Held(call.service, call.start, employees, now + HOLD_FOR, call.actor == "stranger")
            case Book():
                self.bookings[made] = Booked(call.service, call.start, employees)
                if call.hold is not None and self.holds[call.hold].is_live(now):
                    self.holds[call.hold].ended = True
            case Move():
                self.bookings[made].start, self.bookings[made].employees = call.start, employees
            case Cancel():
                self.bookings[made].cancelled = True


def _is_busy(times: Sequence[Time] | None, whole: Time) -> bool:
    return times is not None and any(overlap(whole, one) for one in times)


def _name(call: Call) -> tuple[str, str, str]:
    """What a success is remembered by: whose key it is, of which mutation."""
    of_customer = call.actor == "customer" and isinstance(call, Move | Cancel)
    scope = f"booking {call.booking}" if of_customer else call.actor  # type: ignore[union-attr]
    return scope, type(call).__name__, call.key
