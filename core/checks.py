"""What became of asking a calendar, and how much of it each actor is told (rule B4)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from slotgraph.core.operation import Operation
from slotgraph.core.policy import Action, cause_for_strangers
from slotgraph.core.records import Calendar
from slotgraph.core.values import FailureCause, Precision, Unverified


class CheckState(Enum):
    """Outcome of asking a calendar."""

    VERIFIED = "VERIFIED"
    UNVERIFIED = "UNVERIFIED"
    IGNORED = "IGNORED"


@dataclass(frozen=True, slots=True)
class CalendarCheck:
    """How one calendar answered for the asked range. Never says what stands in it.

    `cause` is a FailureCause's name, or TEMPORARY or PERMANENT for strangers. Not `asked`: what failed says nothing of the calendar.
    """

    calendar: Calendar | None
    employee_id: str | None
    state: CheckState
    cause: str | None
    retry_after_seconds: int | None
    at: datetime
    precision: Precision | None
    asked: bool = True


def check_of(
    calendar: Calendar, *, failure: Unverified | None, ignored: bool, precision: Precision | None, at: datetime
) -> CalendarCheck:
    """The full check of one calendar."""
    if failure is None:
        return CalendarCheck(calendar, calendar.employee_id, CheckState.VERIFIED, None, None, at, precision)
    state = CheckState.IGNORED if ignored else CheckState.UNVERIFIED
    cause, retry_after, asked = failure.cause.value, failure.retry_after, failure.asked
    return CalendarCheck(calendar, calendar.employee_id, state, cause, retry_after, at, None, asked)


def joined_checks(parts: Iterable[Iterable[CalendarCheck]]) -> tuple[CalendarCheck, ...]:
    """The checks of several parts of one search as one per calendar: its first failure, else its least exact answer."""
    joined: dict[str, CalendarCheck] = {}
    for check in (check for part in parts for check in part):
        assert check.calendar is not None
        known = joined.setdefault(check.calendar.id, check)
        if _weight(check) > _weight(known):
            joined[check.calendar.id] = check
    return tuple(joined.values())


def _weight(check: CalendarCheck) -> tuple[bool, bool, bool]:
    """What matters more in the answer of several parts."""
    state = check.state
    return state is CheckState.UNVERIFIED, state is CheckState.IGNORED, check.precision is Precision.SERVER


async def shown_checks(
    checks: Iterable[CalendarCheck], operation: Operation, company_id: str
) -> tuple[CalendarCheck, ...]:
    """The checks as this actor may see them: in full, without the calendar, or for strangers only whether asking again helps."""
    listed = tuple(checks)
    if not await operation.permits(Action.READ_CALENDAR_CHECK_DETAIL, company_id):
        return _for_strangers(listed)
    shown = []
    for check in listed:
        named = await operation.permits(Action.NAME_CALENDAR, company_id, employee_id=check.employee_id)
        shown.append(check if named else replace(check, calendar=None))
    return tuple(shown)


def _for_strangers(checks: Iterable[CalendarCheck]) -> tuple[CalendarCheck, ...]:
    """At most one item for TEMPORARY and one for PERMANENT, saying nothing else."""
    reduced: dict[str, CalendarCheck] = {}
    for check in checks:
        if check.state is CheckState.UNVERIFIED and check.cause is not None:
            cause = cause_for_strangers(FailureCause(check.cause))
            reduced.setdefault(cause, CalendarCheck(None, None, check.state, cause, None, check.at, None))
    return tuple(reduced[cause] for cause in sorted(reduced))
