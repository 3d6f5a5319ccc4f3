"""Our own data as values: what the store hands out and the use cases pass on. Nothing read from a calendar is in here."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum

from slotgraph.core.availability import DaysOff, Rule
from slotgraph.core.clock import instant_from_minute
from slotgraph.core.entry_templates import DESCRIPTION_TEMPLATE, TITLE_TEMPLATE
from slotgraph.core.grids import GridAnchor
from slotgraph.core.policy import Permission, Role
from slotgraph.core.slots import Shape
from slotgraph.core.values import BusyStatus, FailureCause, Purpose, ReadMode, Reference, Span


class EmployeeKind(Enum):
    """Kind of employee."""

    PERSON = "PERSON"
    RESOURCE = "RESOURCE"


@dataclass(frozen=True, slots=True)
class Company:
    """The tenant with its profile."""

    id: str
    slug: str
    name: str
    time_zone: str
    locale: str
    booking_interval_minutes: int
    exclude_support: bool
    grid_anchor: GridAnchor
    hold_minutes: int = 10
    customer_data_days: int = 180
    entry_title_template: str = TITLE_TEMPLATE
    entry_description_template: str = DESCRIPTION_TEMPLATE
    allowed_origins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Employee:
    """A bookable person or resource."""

    company_id: str
    id: str
    name: str
    kind: EmployeeKind
    time_zone: str
    active: bool
    show_appointments: bool
    deleted_at: datetime | None = None
    """Since when only past bookings name them; None while they are there."""


@dataclass(frozen=True, slots=True)
class Service:
    """What can be booked."""

    company_id: str
    id: str
    name: str
    description: str
    duration_minutes: int
    buffer_before_minutes: int
    buffer_after_minutes: int
    minimum_notice_minutes: int
    horizon_days: int
    booking_interval_minutes: int | None
    cancellation_limit_hours: int
    active: bool
    deleted_at: datetime | None = None
    """Since when only past bookings name it; None while it is there."""

    def shape(self, company: Company) -> Shape:
        """What is cut for this service: its own booking interval, or the company's (rule S1)."""
        interval = self.booking_interval_minutes or company.booking_interval_minutes
        return Shape(self.duration_minutes, self.buffer_before_minutes, self.buffer_after_minutes, interval)


@dataclass(frozen=True, slots=True)
class Availability:
    """A weekly or dated opening of an employee."""

    company_id: str
    id: str
    employee_id: str
    rule: Rule


@dataclass(frozen=True, slots=True)
class Absence:
    """Time off of one employee, or of the whole company if `employee_id` is None."""

    company_id: str
    id: str
    employee_id: str | None
    note: str | None
    times: DaysOff | Span


@dataclass(frozen=True, slots=True)
class Health:
    """When an account or calendar last answered, and why it failed last."""

    failing: bool = False
    last_success_at: datetime | None = None
    last_failure_at: datetime | None = None
    last_cause: FailureCause | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """A linked login at a provider. Credentials stay sealed in the store."""

    company_id: str
    id: str
    employee_id: str | None
    provider: str
    label: str
    granted: frozenset[Purpose]
    capabilities: tuple[str, ...]
    health: Health


@dataclass(frozen=True, slots=True)
class Calendar:
    """One calendar of an account, standing for one employee."""

    company_id: str
    id: str
    account_id: str
    employee_id: str | None
    provider_calendar_id: str
    name: str
    time_zone: str | None
    writable: bool
    is_primary: bool
    checked: bool
    is_default: bool
    status_policy: frozenset[BusyStatus]
    ignore_unverified_until: date | None
    read_mode: ReadMode
    titles_on_wire: bool
    flags: dict[str, str]
    health: Health


class BookingState(Enum):
    """State of a booking."""

    CONFIRMED = "CONFIRMED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class Customer:
    """The person who booked."""

    name: str
    email: str
    phone: str | None
    locale: str
    time_zone: str


def email_key(email: str) -> str:
    """What customers' addresses are compared by: without regard to case, on every database the same."""
    return email.lower()


@dataclass(frozen=True, slots=True)
class Booking:
    """A booked slot. `span` is the service itself, buffers not counted; `customer` is None after erasure."""

    company_id: str
    id: str
    service_id: str
    employee_ids: tuple[str, ...]
    span: Span
    state: BookingState
    cancellation_limit_hours: int
    generation: int
    customer: Customer | None
    note: str | None
    cancel_reason: str | None
    created_at: datetime

    @property
    def changeable_until(self) -> datetime:
        """Until when the customer may move or cancel (rule K5)."""
        return instant_from_minute(self.span.start) - timedelta(hours=self.cancellation_limit_hours)


class BookingChangeKind(Enum):
    """What happened to a booking."""

    CREATED = "CREATED"
    MOVED = "MOVED"
    CANCELLED = "CANCELLED"
    CALENDAR_ENTRY = "CALENDAR_ENTRY"


class CalendarEntryState(Enum):
    """Where our event in an external calendar is on its way (rule K4)."""

    PENDING = "PENDING"
    WRITTEN = "WRITTEN"
    FAILED = "FAILED"
    REMOVED = "REMOVED"
    GONE_OUTSIDE = "GONE_OUTSIDE"
    MOVED_OUTSIDE = "MOVED_OUTSIDE"


@dataclass(frozen=True, slots=True)
class Hold:
    """A slot kept for a while. `span` is without buffers; whoever it was kept for, it is over once it lapsed or `ended`."""

    company_id: str
    id: str
    service_id: str
    employee_ids: tuple[str, ...]
    span: Span
    expires_at: datetime
    created_at: datetime
    ended: bool = False

    def is_live(self, now: datetime) -> bool:
        """Whether the slot is still kept."""
        return not self.ended and self.expires_at > now


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """Our own event in one external calendar. `calendar_id` is None once unlinked."""

    company_id: str
    id: str
    booking_id: str
    employee_id: str
    calendar_id: str | None
    state: CalendarEntryState
    cause: FailureCause | None
    attempts: int
    next_attempt_at: datetime | None
    reference: Reference | None


class OutboxAction(Enum):
    """What an outbox row wants outside."""

    WRITE = "WRITE"
    MOVE = "MOVE"
    REMOVE = "REMOVE"
    MOVE_AGAIN = "MOVE_AGAIN"  #: it was moved, but a try before may be carried out late
    REMOVE_AGAIN = "REMOVE_AGAIN"  #: it was removed, but a try before may be carried out late


class OutboxState(Enum):
    """Whether an outbox row still has work."""

    PENDING = "PENDING"
    DONE = "DONE"
    DEAD = "DEAD"


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """The wish of one entry, leased: its latest action, and how the tries went. `fence` rises with each wish and each lease taken."""

    company_id: str
    entry_id: str
    action: OutboxAction
    state: OutboxState
    created_at: datetime
    attempts: int
    fence: int
    lease_until: datetime
    unsure: bool = False
    """Whether the outcome of some try was never learned: it may yet be carried out."""


class SupportCaseEnd(Enum):
    """How a support case ended."""

    CLOSED = "CLOSED"
    EXPIRED = "EXPIRED"
    EXCLUDED = "EXCLUDED"


@dataclass(frozen=True, slots=True)
class SupportCase:
    """Permission for support to look into one company for a while."""

    company_id: str
    id: str
    reason: str
    opened_at: datetime
    ends_at: datetime
    ended_by: SupportCaseEnd | None
    customer_data_granted: bool

    def is_open(self, now: datetime) -> bool:
        """Whether it lets support in at this moment."""
        return self.ended_by is None and now < self.ends_at

    def end_by(self, now: datetime) -> SupportCaseEnd | None:
        """How it ended; None while open. A case whose time ran out needs no write to be over."""
        if self.ended_by is None and now >= self.ends_at:
            return SupportCaseEnd.EXPIRED
        return self.ended_by


@dataclass(frozen=True, slots=True)
class AccessLogEntry:
    """One access of support. Holds no titles."""

    company_id: str
    id: str
    at: datetime
    agent_id: str
    agent: str
    case_id: str | None
    refused: bool
    operation_name: str | None
    fields: tuple[str, ...]
    range_start: datetime | None
    range_end: datetime | None


@dataclass(frozen=True, slots=True)
class ApiToken:
    """An API token without its secret."""

    company_id: str
    id: str
    name: str
    scopes: frozenset[Permission]
    expires_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class User:
    """A login. `totp_enabled` once a second factor was confirmed."""

    id: str
    email: str
    is_support: bool
    totp_enabled: bool = False


@dataclass(frozen=True, slots=True)
class Membership:
    """A user's place in a company."""

    company_id: str
    id: str
    user_id: str
    email: str
    role: Role
    employee_id: str | None


@dataclass(frozen=True, slots=True)
class CompanyMember:
    """A member as the company's admins see them: their place, and how they log in."""

    place: Membership
    totp_enabled: bool
    last_login_at: datetime | None


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation not yet accepted. Only the hash of its token is stored."""

    company_id: str
    id: str
    email: str
    role: Role
    employee_id: str | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """An open cookie session. `id` is the beginning of its token's hash; `company_id` is None for an agent's."""

    id: str
    company_id: str | None
    started_at: datetime
    last_used_at: datetime
    client: str
