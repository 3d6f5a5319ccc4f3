"""The enums of the schema: those of core, described, and the few that only the schema knows."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

import strawberry
from strawberry.types.enum import EnumValue, StrawberryEnumDefinition

from slotgraph.core.checks import CheckState
from slotgraph.core.errors import ErrorCode
from slotgraph.core.explaining import RuleOutcome
from slotgraph.core.grids import GridAnchor
from slotgraph.core.judging import BookingOverride
from slotgraph.core.policy import ActorKind, MaskedReason, Permission, Role
from slotgraph.core.records import BookingState, CalendarEntryState, EmployeeKind, SupportCaseEnd
from slotgraph.core.slots import SlotRule
from slotgraph.core.values import BusyStatus, FieldKind, Precision, Purpose, ReadMode


def _describe(enum: type[Enum], description: str, values: Mapping[Any, str], *, name: str | None = None) -> None:
    """Make an enum of core one of the schema, its values in the order given here."""
    if set(values) != set(enum):
        raise TypeError(f"the descriptions of {enum.__name__} do not match its values")
    described = [EnumValue(member.name, member.value, description=text) for member, text in values.items()]
    definition = StrawberryEnumDefinition(enum, name or enum.__name__, described, description)
    enum.__strawberry_definition__ = definition  # type: ignore[attr-defined]


_describe(
    EmployeeKind,
    "Kind of employee.",
    {EmployeeKind.PERSON: "A human being.", EmployeeKind.RESOURCE: "A room or a thing."},
)
_describe(
    Precision,
    "How exact a verified answer is.",
    {
        Precision.EXACT: "Events were expanded here.",
        Precision.SERVER: "The server computed busy time: floating times, all-day events and odd zones may be off.",
    },
    name="CheckPrecision",
)
_describe(
    CheckState,
    "Outcome of asking a calendar.",
    {
        CheckState.VERIFIED: "It positively answered for the whole range.",
        CheckState.UNVERIFIED: "For at least one chunk of the range it did not: the employee is offered nothing there.",
        CheckState.IGNORED: "It did not, but its holder chose to ignore that for now.",
    },
)
_describe(
    SlotRule,
    "A rule a start must pass, in this order.",
    {
        SlotRule.SERVICE: "The employee can be booked for the service.",
        SlotRule.GRID: "The start lies on the grid.",
        SlotRule.NOTICE: "It is not too soon.",
        SlotRule.HORIZON: "It is not too far ahead.",
        SlotRule.AVAILABILITY: "The whole duration lies in an availability.",
        SlotRule.ABSENCE: "No absence.",
        SlotRule.BOOKING: "No booking, buffers included.",
        SlotRule.HOLD: "No held slot, buffers included.",
        SlotRule.VERIFIED: "Every calendar answered.",
        SlotRule.EXTERNAL_BUSY: "No external busy time, buffers included.",
        SlotRule.FREE: "What strangers see instead of ABSENCE, BOOKING, HOLD and EXTERNAL_BUSY: the employee is free.",
    },
)
_describe(
    BookingOverride,
    "A rule a member may pass over. Overlaps and unverified calendars never.",
    {
        BookingOverride.NOTICE: "Minimum notice and horizon.",
        BookingOverride.GRID: "The grid of starts.",
        BookingOverride.AVAILABILITY: "Availabilities and absences.",
    },
)
_describe(
    GridAnchor,
    "Where the grid of starts begins.",
    {
        GridAnchor.AVAILABILITY_START: ("At the start of each availability: 13:30 with 60 minutes gives 13:30, 14:30."),
        GridAnchor.CLOCK: "At local midnight. Always used when several employees attend together.",
    },
)
_describe(
    BusyStatus,
    "How an external block counts.",
    {
        BusyStatus.BUSY: "Busy.",
        BusyStatus.TENTATIVE: "Perhaps busy.",
        BusyStatus.OUT_OF_OFFICE: "Out of office.",
        BusyStatus.WORKING_ELSEWHERE: "Works, but elsewhere.",
    },
)
_describe(
    MaskedReason,
    "Why a title is not shown. The first that applies.",
    {
        MaskedReason.SHOW_APPOINTMENTS_OFF: "The employee's appointments are not shown in the calendar.",
        MaskedReason.NOT_PERMITTED: "You may not see titles of this employee.",
        MaskedReason.NOT_GRANTED: "The account was linked without permission to read titles.",
        MaskedReason.PRIVATE_EVENT: "The event is private: only its own employee sees the title.",
    },
)
_describe(
    RuleOutcome,
    "How a rule went.",
    {
        RuleOutcome.PASSED: "Passed.",
        RuleOutcome.FAILED: "Failed.",
        RuleOutcome.NOT_REACHED: "An earlier rule failed.",
    },
)
_describe(
    BookingState,
    "State of a booking.",
    {BookingState.CONFIRMED: "It stands.", BookingState.CANCELLED: "It was cancelled."},
)
_describe(
    CalendarEntryState,
    "State of our event in an external calendar.",
    {
        CalendarEntryState.PENDING: "To be written, moved or removed; will be tried again.",
        CalendarEntryState.WRITTEN: "It stands outside as it does here.",
        CalendarEntryState.FAILED: "Given up after three days; retryCalendarEntry tries again.",
        CalendarEntryState.REMOVED: "Removed with its booking.",
        CalendarEntryState.GONE_OUTSIDE: "Somebody deleted it outside.",
        CalendarEntryState.MOVED_OUTSIDE: "Somebody moved it outside; where to is not kept.",
    },
)
_describe(
    FieldKind,
    "Control of a field. Draw an unknown kind as TEXT.",
    {
        FieldKind.TEXT: "One line.",
        FieldKind.SECRET: "Hidden while typing, never shown again.",
        FieldKind.URL: "An address beginning with https.",
        FieldKind.EMAIL: "An e-mail address.",
        FieldKind.INTEGER: "A whole number.",
        FieldKind.BOOLEAN: "true or false.",
        FieldKind.CHOICE: "One of `options`.",
    },
    name="LinkFieldKind",
)
_describe(
    Purpose,
    "What an account is used for; providers ask consent for each separately.",
    {
        Purpose.BUSY: "Read when somebody is busy.",
        Purpose.TITLES: "Read titles for the overview.",
        Purpose.WRITE: "Write bookings.",
    },
    name="AccountPurpose",
)
_describe(
    ReadMode,
    "How busy time is read from a calendar.",
    {
        ReadMode.AUTO: (
            "The most exact read on which no title travels, else an exact one whose titles are dropped while parsing."
        ),
        ReadMode.EXACT: "Always exact; titles may travel and are dropped while parsing.",
        ReadMode.FREE_BUSY_ONLY: "Never a read on which titles travel, even if it is less exact.",
    },
)
_describe(
    SupportCaseEnd,
    "How a support case ended.",
    {
        SupportCaseEnd.CLOSED: "Somebody of the company closed it.",
        SupportCaseEnd.EXPIRED: "Its time ran out.",
        SupportCaseEnd.EXCLUDED: "The company excluded support.",
    },
)
_describe(
    ActorKind,
    "Kind of actor.",
    {
        ActorKind.ANONYMOUS: "Nobody known: the booking widget.",
        ActorKind.MEMBER: "Member of a company.",
        ActorKind.SUPPORT: "Support agent.",
        ActorKind.TOKEN: "API token of a company.",
    },
)
_describe(
    Role,
    "Role of a member, each including the next.",
    {
        Role.OWNER: "All, owners included.",
        Role.ADMIN: "All but owners.",
        Role.STAFF: "All bookings; own schedule and calendars; colleagues' blocks without titles.",
    },
    name="MemberRole",
)
_describe(
    Permission,
    "Something one may do; also the scopes of a token. Titles are no permission: they follow their own rule in the overview.",
    {
        Permission.SEARCH_SLOTS: "Search slots and explain them.",
        Permission.BOOK: "Hold and book.",
        Permission.READ_BOOKINGS: "Read bookings and their customers.",
        Permission.CHANGE_BOOKINGS: "Move and cancel any booking, retry calendar entries.",
        Permission.READ_OVERVIEW: "See the overview.",
        Permission.READ_SCHEDULE: "Read schedules.",
        Permission.CHANGE_SCHEDULE: "Change employees, services, availabilities and absences.",
        Permission.READ_ACCOUNTS: "See accounts, calendars and their health.",
        Permission.CHANGE_ACCOUNTS: "Link accounts and choose calendars. Not for tokens.",
        Permission.CHANGE_COMPANY: "Change the company profile. Not for tokens.",
        Permission.CHANGE_MEMBERS: "Invite, change and remove members. Not for tokens.",
        Permission.CHANGE_TOKENS: "Tokens and webhooks. Not for tokens.",
        Permission.CHANGE_SUPPORT_CASES: "Open and close support cases, read the access log. Not for tokens.",
        Permission.INTROSPECT: "Read this schema, as far as one may call it.",
    },
)
_describe(
    ErrorCode,
    "Value of `extensions.code` in `errors[]`.",
    {
        ErrorCode.UNAUTHENTICATED: "Log in first.",
        ErrorCode.FORBIDDEN: "You are known, but may not.",
        ErrorCode.SUPPORT_EXCLUDED: "The company has excluded support.",
        ErrorCode.NOT_FOUND: "There is none, or not for you.",
        ErrorCode.BAD_USER_INPUT: "An argument makes no sense; the message says which.",
        ErrorCode.RATE_LIMITED: "Too many requests; see `extensions.retryAfterSeconds`.",
        ErrorCode.QUERY_TOO_COSTLY: "The document asks for too much.",
        ErrorCode.DEADLINE: "It took too long.",
        ErrorCode.INTERNAL: "Our fault; `extensions.correlationId` finds it in the log.",
    },
)


@strawberry.enum(description="Why a provider could not do what it was asked.")
class FailureCause(Enum):
    """Core's causes, and the two that strangers are told instead."""

    REAUTH_REQUIRED = strawberry.enum_value(
        "REAUTH_REQUIRED", description="The credentials no longer work: link again."
    )
    THROTTLED = strawberry.enum_value("THROTTLED", description="Too many requests; see retryAfterSeconds.")
    TIMEOUT = strawberry.enum_value("TIMEOUT", description="No answer within the deadline.")
    UNREACHABLE = strawberry.enum_value("UNREACHABLE", description="No connection.")
    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="The calendar is gone.")
    FORBIDDEN = strawberry.enum_value("FORBIDDEN", description="The login may not read or write it.")
    MALFORMED = strawberry.enum_value("MALFORMED", description="The answer made no sense.")
    TOO_LARGE = strawberry.enum_value("TOO_LARGE", description="The answer was too large.")
    PLUGIN_ERROR = strawberry.enum_value("PLUGIN_ERROR", description="The plugin failed.")
    TEMPORARY = strawberry.enum_value("TEMPORARY", description="For strangers: worth asking again later.")
    PERMANENT = strawberry.enum_value("PERMANENT", description="For strangers: somebody must act first.")


def shown_cause(cause: Enum | str | None) -> FailureCause | None:
    """A cause of core, or its name, as the schema shows it."""
    name = cause.name if isinstance(cause, Enum) else cause
    return None if name is None else FailureCause[name]


@strawberry.enum(description="Health in one word.")
class HealthState(Enum):
    """Computed from what was noted of the last answers."""

    UNKNOWN = strawberry.enum_value("UNKNOWN", description="Not asked yet.")
    OK = strawberry.enum_value("OK", description="Answers.")
    FAILING = strawberry.enum_value("FAILING", description="Fails, tried again by itself.")
    REAUTH_REQUIRED = strawberry.enum_value("REAUTH_REQUIRED", description="Needs its holder: link again.")


@strawberry.enum(description="Day of the week.")
class Weekday(Enum):
    """In the order of `date.weekday()`."""

    MONDAY = strawberry.enum_value("MONDAY", description="Monday.")
    TUESDAY = strawberry.enum_value("TUESDAY", description="Tuesday.")
    WEDNESDAY = strawberry.enum_value("WEDNESDAY", description="Wednesday.")
    THURSDAY = strawberry.enum_value("THURSDAY", description="Thursday.")
    FRIDAY = strawberry.enum_value("FRIDAY", description="Friday.")
    SATURDAY = strawberry.enum_value("SATURDAY", description="Saturday.")
    SUNDAY = strawberry.enum_value("SUNDAY", description="Sunday.")


WEEKDAYS = tuple(Weekday)

__all__ = [
    "WEEKDAYS",
    "ActorKind",
    "BookingOverride",
    "BookingState",
    "BusyStatus",
    "CalendarEntryState",
    "CheckState",
    "EmployeeKind",
    "ErrorCode",
    "FailureCause",
    "FieldKind",
    "GridAnchor",
    "HealthState",
    "MaskedReason",
    "Permission",
    "Precision",
    "Purpose",
    "ReadMode",
    "Role",
    "SlotRule",
    "SupportCaseEnd",
    "Weekday",
    "shown_cause",
]
