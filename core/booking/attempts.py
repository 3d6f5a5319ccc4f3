"""A start on its way into our tables: who can be had for it, by our own data and by the calendars, and why not (rules S1-S5, K1).

What booking, holding and moving have in common. Nothing is stored here, and no transaction is opened.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from slotgraph.core.asking import Asking
from slotgraph.core.candidates import Candidates
from slotgraph.core.checks import CalendarCheck, shown_checks
from slotgraph.core.clock import local_date, midnight, zone
from slotgraph.core.freebusy import FreeBusyAnswer
from slotgraph.core.judging import STRANGERS_SEE, BookingOverride, broken_by_calendars, broken_by_own_data
from slotgraph.core.operation import Operation
from slotgraph.core.plugin import Deadline
from slotgraph.core.policy import Action
from slotgraph.core.problems import InvalidField, InvalidInput, SlotNotOffered, SlotTaken
from slotgraph.core.records import Company, Employee, Service
from slotgraph.core.slots import SlotRule
from slotgraph.core.store import bookings
from slotgraph.core.store.agenda import agendas
from slotgraph.core.store.blocks import NOTHING, Own
from slotgraph.core.store.database import Transaction
from slotgraph.core.store.directory import directory_of
from slotgraph.core.values import Reference, Span


@dataclass(frozen=True, slots=True)
class CalendarUnverified:
    """A calendar could not be asked, so nothing was booked."""

    sources: tuple[CalendarCheck, ...]
    message: str = "A calendar could not be asked just now, so nothing was booked. Please try again."


Refusal = SlotTaken | SlotNotOffered | CalendarUnverified


@dataclass(frozen=True, slots=True)
class Attempt:
    """One start on its way. `own` blocks are not in its way: those of the hold it comes from, or of the booking that moves."""

    operation: Operation
    who: Candidates
    start: int
    passed_over: tuple[BookingOverride, ...] = ()
    own: Own = NOTHING

    @property
    def company_id(self) -> str:
        """Whose slot it is."""
        return self.who.company.id

    @property
    def span(self) -> Span:
        """The service, buffers not counted."""
        return self.who.service.shape(self.who.company).span(self.start)

    @property
    def blocked(self) -> Span:
        """The service with its buffers."""
        return self.who.service.shape(self.who.company).blocked(self.start)


@dataclass(frozen=True, slots=True)
class Checked:
    """Who can be had by our own tables and by the calendars; and what to answer if none of them can be had after all."""

    employees: Sequence[Employee]
    otherwise: Refusal


async def check(
    attempt: Attempt, asking: Asking, *, deadline: Deadline, except_: frozenset[Reference] = frozenset()
) -> Checked:
    """Judge by our own tables, then ask the calendars of whoever is left, live; entries of ours in `except_` do not count (rule B6).

    Who cannot be had by our own tables costs no provider call. Raises RateLimited.
    """
    operation = attempt.operation
    async with operation.database.read() as connection:
        broken = await by_own_data(connection, attempt, attempt.who.employees)
    free = all_or_some(attempt.who, broken)
    if not free:
        return Checked((), await refusal(attempt, broken.values()))
    answer = await asking.ask(
        operation,
        attempt.company_id,
        free,
        window=attempt.blocked,
        deadline=deadline,
        for_booking=True,
        except_=except_,
    )
    verdicts = {one.id: _by_calendars(attempt, one, answer) for one in free}
    return Checked(all_or_some(attempt.who, verdicts), await _live_refusal(attempt, verdicts, answer))


async def by_own_data(
    connection: Transaction, attempt: Attempt, employees: Iterable[Employee]
) -> Mapping[str, SlotRule | None]:
    """The first rule that is not passed over and that the start breaks for each employee, by our own tables."""
    return await _by_own_data(connection, attempt, employees, attempt.passed_over)


async def _by_own_data(
    connection: Transaction, attempt: Attempt, employees: Iterable[Employee], passed_over: Collection[BookingOverride]
) -> Mapping[str, SlotRule | None]:
    now, listed = attempt.operation.clock.now(), list(employees)
    own = await agendas(connection, attempt.company_id, listed, window=attempt.blocked, now=now, apart_from=attempt.own)
    judged = partial(broken_by_own_data, attempt.start, who=attempt.who, now=now, override=passed_over)
    return {one.id: judged(employee=one, own=own.of(one)) for one in listed}


def all_or_some(who: Candidates, broken: Mapping[str, SlotRule | None]) -> list[Employee]:
    """Those who keep all rules judged; of those who are wanted together all or none (rule S5)."""
    fit = [one for one in who.employees if one.id in broken and broken[one.id] is None]
    return [] if who.together and len(fit) < len(who.employees) else fit


def _by_calendars(attempt: Attempt, employee: Employee, answer: FreeBusyAnswer) -> SlotRule | None:
    shape = attempt.who.service.shape(attempt.who.company)
    return broken_by_calendars(attempt.start, shape=shape, employee=employee, answer=answer)


async def _live_refusal(
    attempt: Attempt, verdicts: Mapping[str, SlotRule | None], answer: FreeBusyAnswer
) -> SlotTaken | CalendarUnverified:
    cannot = attempt.who.together and SlotRule.EXTERNAL_BUSY in verdicts.values()
    if SlotRule.VERIFIED not in verdicts.values() or cannot:
        return SlotTaken()
    unverified = [check for check in answer.checks if verdicts.get(check.employee_id or "") is SlotRule.VERIFIED]
    return CalendarUnverified(await shown_checks(unverified, attempt.operation, attempt.company_id))


async def refusal(attempt: Attempt, broken: Iterable[SlotRule | None]) -> SlotTaken | SlotNotOffered:
    """Why nobody can be had: by the rule that was got furthest along, or, of those wanted together, by the first in the way."""
    rules = sorted((rule for rule in broken if rule is not None), key=list(SlotRule).index)
    if not rules:
        return SlotNotOffered(SlotRule.SERVICE)
    decisive = rules[0 if attempt.who.together else -1]
    if decisive in (SlotRule.BOOKING, SlotRule.HOLD):
        return SlotTaken()
    detailed = await attempt.operation.permits(Action.READ_CALENDAR_CHECK_DETAIL, attempt.company_id)
    return SlotNotOffered(decisive if detailed else STRANGERS_SEE.get(decisive, decisive))


async def takers(
    connection: Transaction, attempt: Attempt, employees: Sequence[Employee]
) -> list[tuple[Employee, ...]]:
    """Who is tried, one after the other, in a transaction that has locked the employees: judged once more by what stands there now.

    All together, or each alone, the least booked of the start's ISO week first, ties by id. The week is the company's (rule S5).
    Whoever needs no rule passed over comes before those who do (rule K8).
    """
    unchanged = await _unchanged(connection, attempt, employees)
    free = all_or_some(attempt.who, await by_own_data(connection, attempt, unchanged))
    if attempt.who.together:
        return [tuple(free)] if free else []
    tz = zone(attempt.who.company.time_zone)
    day = local_date(attempt.start, tz)
    monday = day - timedelta(days=day.weekday())
    week = Span(midnight(monday, tz), midnight(monday + timedelta(days=7), tz))
    ids, own = [one.id for one in free], attempt.own.booking_id
    counts = await bookings.counts_between(connection, attempt.company_id, ids, between=week, apart_from=own)
    broken = await _by_own_data(connection, attempt, free, ()) if attempt.passed_over else {}
    order = sorted(free, key=lambda one: (broken.get(one.id) is not None, counts.get(one.id, 0), one.id))
    return [(one,) for one in order]


async def _unchanged(connection: Transaction, attempt: Attempt, employees: Sequence[Employee]) -> list[Employee]:
    """Those of the employees who can still be had for what was judged: it may have been changed while calendars were asked."""
    who = attempt.who
    directory = await directory_of(connection, who.company.id)
    if directory is None or directory.services.get(who.service.id) != who.service:
        return []
    if _steps(directory.company, who.service) != _steps(who.company, who.service):
        return []
    bookable = {(one.id, one.time_zone) for one in directory.employees_of(who.service.id) if one.active}
    return [one for one in employees if (one.id, one.time_zone) in bookable]


def _steps(company: Company, service: Service) -> tuple[object, ...]:
    """What of a company decides which starts there are."""
    return service.shape(company), company.grid_anchor, company.time_zone


def invalid(path: tuple[str, ...], message: str) -> InvalidInput:
    """One wrong field."""
    return InvalidInput((InvalidField(path, message),))
