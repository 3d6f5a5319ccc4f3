"""The values that travel between core and connectors. No I/O, no rule: only shapes.

Values that hold something read from a calendar (Busy, Event and the answers made of them) are `Forgettable`: they refuse to be
printed and pickled, so that nothing of them survives the request (rule F1).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple, NoReturn


class Span(NamedTuple):
    """Half-open range `[start, end)` in whole minutes since 1970-01-01T00:00Z."""

    start: int
    end: int


class Secret:
    """Text that is never printed: a password, a code, a token. Read it with `reveal()`, as late as possible."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(("Secret", self._text))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not serialised")


class Forgettable:
    """Something read from a calendar: lives in one flight and the requests waiting on it (rule F1)."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: not shown>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} is not serialised: what calendars say is forgotten, not stored")


class BusyStatus(Enum):
    """How an external event counts (rule B1)."""

    BUSY = "BUSY"
    TENTATIVE = "TENTATIVE"
    OUT_OF_OFFICE = "OUT_OF_OFFICE"
    WORKING_ELSEWHERE = "WORKING_ELSEWHERE"


class Precision(Enum):
    """How exact a busy answer is."""

    EXACT = "EXACT"  #: events were expanded here
    SERVER = "SERVER"  #: the server computed it: floating times, all-day events and odd zones may be off


class FailureCause(Enum):
    """Why a provider could not do what it was asked (rule B4)."""

    REAUTH_REQUIRED = "REAUTH_REQUIRED"
    THROTTLED = "THROTTLED"
    TIMEOUT = "TIMEOUT"
    UNREACHABLE = "UNREACHABLE"
    NOT_FOUND = "NOT_FOUND"
    FORBIDDEN = "FORBIDDEN"
    MALFORMED = "MALFORMED"
    TOO_LARGE = "TOO_LARGE"
    PLUGIN_ERROR = "PLUGIN_ERROR"

    @property
    def is_permanent(self) -> bool:
        """Whether somebody must act before asking again makes sense."""
        return self in _PERMANENT


_PERMANENT = frozenset(
    {FailureCause.REAUTH_REQUIRED, FailureCause.NOT_FOUND, FailureCause.FORBIDDEN, FailureCause.PLUGIN_ERROR}
)


class ReadMode(Enum):
    """How busy time is read from a calendar (rule B8)."""

    AUTO = "AUTO"  #: the most exact read on which no title travels, else an exact one whose titles are dropped
    EXACT = "EXACT"  #: always exact; titles may travel and are dropped while parsing
    FREE_BUSY_ONLY = "FREE_BUSY_ONLY"  #: never a read on which titles travel, even if it is less exact


class Purpose(Enum):
    """What an account is used for; providers ask consent for each separately."""

    BUSY = "BUSY"
    TITLES = "TITLES"
    WRITE = "WRITE"


@dataclass(frozen=True, slots=True, repr=False)
class Busy(Forgettable):
    """A span in which an external event blocks, and how. Rounded outward to whole minutes (rule S7)."""

    span: Span
    status: BusyStatus = BusyStatus.BUSY


@dataclass(frozen=True, slots=True, repr=False)
class Event(Forgettable):
    """What stands in an external calendar and is not ours. `title` is None if the event has none."""

    span: Span
    status: BusyStatus
    title: str | None
    all_day: bool
    private: bool


@dataclass(frozen=True, slots=True, repr=False)
class BusyAnswer(Forgettable):
    """A positive answer for the whole window. `busy` is sorted by span, may overlap; each has at least one minute."""

    busy: tuple[Busy, ...]
    precision: Precision


@dataclass(frozen=True, slots=True, repr=False)
class TitlesAnswer(Forgettable):
    """A positive answer with titles for the whole window, sorted by span."""

    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Unverified:
    """No positive answer, and why. `retry_after` is in seconds if the provider said so.

    Not `asked`: the calendar was not asked, or not for long enough. That says nothing of it.
    """

    cause: FailureCause
    retry_after: int | None = None
    asked: bool = field(default=True, compare=False)


@dataclass(frozen=True, slots=True)
class AskedCalendar:
    """A calendar to ask: its id at the provider, the employee's zone (B2), how to read (B8) and what was found at linking."""

    id: str
    zone: str
    read_mode: ReadMode = ReadMode.AUTO
    flags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FoundCalendar:
    """A calendar as the provider lists it. `flags` are the connector's own findings, given back in AskedCalendar."""

    id: str
    name: str
    time_zone: str | None
    writable: bool
    primary: bool
    titles_on_wire: bool = False
    flags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Opened:
    """What opening an account found: its label, what was granted, and sentences about the server ready to show."""

    label: str
    granted: frozenset[Purpose]
    capabilities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """How one of our own entries is found again: the calendar's id, the entry's id in it, and its etag if it has one."""

    calendar_id: str
    id: str
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One of our own entries, as it shall stand outside. `zone` is the IANA zone its times are written in."""

    span: Span
    zone: str
    title: str
    description: str


@dataclass(frozen=True, slots=True, repr=False)
class Present(Forgettable):
    """The entry stands outside, at this span."""

    span: Span


@dataclass(frozen=True, slots=True)
class Gone:
    """The calendar answered and the entry is not in it."""


class FieldKind(Enum):
    """Control of a link form's field."""

    TEXT = "TEXT"
    SECRET = "SECRET"  # noqa: S105 - a kind of field, not a secret
    URL = "URL"
    EMAIL = "EMAIL"
    INTEGER = "INTEGER"
    BOOLEAN = "BOOLEAN"
    CHOICE = "CHOICE"


@dataclass(frozen=True, slots=True)
class LinkField:
    """One field of a link form. `options` are (value, label) pairs, for CHOICE only."""

    name: str
    label: str
    kind: FieldKind = FieldKind.TEXT
    required: bool = True
    help: str | None = None
    initial: str | None = None
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class PasswordLink:
    """Linking by a form whose values become the account's credentials."""

    fields: tuple[LinkField, ...]


@dataclass(frozen=True, slots=True)
class OAuthLink:
    """Linking by OAuth 2 with PKCE. `scopes` are asked for per purpose."""

    authorization_url: str
    token_url: str
    scopes: Mapping[Purpose, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a provider takes per account: calendars and days per call, calls at a time, calls per minute."""

    calendars_per_call: int = 50
    days_per_call: int = 62
    concurrency: int = 4
    calls_per_minute: int = 600


Credentials = Mapping[str, str]
"""An account's opened credentials: the form's values, or tokens. Held only for the length of a provider call (rule F3)."""


class Omitted(Enum):
    """Stands for a field that was left out of a change, where None means something else."""

    OMITTED = "OMITTED"


OMITTED = Omitted.OMITTED
