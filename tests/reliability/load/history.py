"""What clients have asked and heard, and what stands here and outside in the end: the values that checker.py judges.

Times are seconds since the epoch, `start` and `end` of slots whole minutes since the epoch. Ids are those of our tables.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

NEVER = float("inf")


class Mutation(Enum):
    """What an attempt calls."""

    BOOK = "book"
    HOLD = "holdSlot"
    RELEASE = "releaseHold"
    MOVE = "rescheduleBooking"
    CANCEL = "cancelBooking"


class Service(NamedTuple):
    """How long a service takes, and what it blocks before and after."""

    minutes: int
    before: int = 0
    after: int = 0

    def blocked(self, start: int) -> "Span":
        return Span(start - self.before, start + self.minutes + self.after)


class Span(NamedTuple):
    """[start, end)."""

    start: int
    end: int

    def overlaps(self, other: "Span") -> bool:
        return self.start < other.end and other.start < self.end


class Wanted(NamedTuple):
    """A slot that was asked for. `employees`: one, some of whom any will do, or all of them together; None: whoever attends already."""

    service: str
    start: int
    employees: tuple[str, ...] | None
    together: bool = False


class Answer(NamedTuple):
    """What came back: the name of a type, or of an error as `errors: CODE`; of what was made or changed its id and where it is."""

    kind: str
    id: str | None = None
    start: int | None = None
    employees: frozenset[str] = frozenset()
    state: str | None = None
    until: float = NEVER
    """When a hold lapses."""

    rule: str | None = None
    """Which rule a slot that is not on offer breaks."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request. `asked` is its whole input without the key, as text; `thing` is the booking or hold that it names."""

    key: str
    mutation: Mutation
    asked: str
    began: float
    ended: float
    answer: Answer | None
    """None: the connection was lost, or the client did not wait. Then nobody knows what became of it."""

    wanted: Wanted | None = None
    thing: str | None = None

    @property
    def kind(self) -> str:
        return self.answer.kind if self.answer else "no answer"


class Booking(NamedTuple):
    """A row, with its attendances. `mark` is the key it was booked with."""

    id: str
    service: str
    start: int
    end: int
    state: str
    employees: frozenset[str]
    created_at: float
    mark: str | None


class Block(NamedTuple):
    """A row; without a booking it is of a hold."""

    id: str
    employee: str
    span: Span
    booking: str | None


class Entry(NamedTuple):
    """A row, and what is still wished of it: `wish` is DONE if nothing is."""

    id: str
    booking: str
    employee: str
    state: str
    state_at: float
    wish: str


class Hold(NamedTuple):
    """A row; it lasted until `until` at the most."""

    id: str
    service: str
    start: int
    employees: frozenset[str]
    created_at: float
    until: float


@dataclass(frozen=True, slots=True)
class Stored:
    """What stands in our database."""

    bookings: Mapping[str, Booking] = field(default_factory=dict)
    blocks: Sequence[Block] = ()
    entries: Sequence[Entry] = ()
    holds: Sequence[Hold] = ()


class Event(NamedTuple):
    """What stands in a calendar outside."""

    uid: str
    span: Span


Outside = Mapping[str, Sequence[Event]]
"""What stands in the calendar of each employee who has one."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What was so from the beginning to the end.

    `busy`: events of others in the calendars. `faults`: when calendars failed.
    """

    services: Mapping[str, Service]
    busy: Mapping[str, Sequence[Event]] = field(default_factory=dict)
    faults: Sequence[tuple[float, float]] = ()
