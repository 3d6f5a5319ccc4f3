"""When which employee was taken: for certain, and perhaps. Between what a client asked and what it heard nobody knows."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from slotgraph_tests_reliability_load_history import NEVER, Attempt, Booking, Entry, Facts, Mutation, Span, Stored

SLACK_SECONDS = 1.0
"""Clocks of processes are read at slightly different moments of a change."""

AFTER_FAULTS_SECONDS = 30.0
"""How long after its removal an event may stand outside once more where calendars fail: its writing may be carried out late."""

_HOUR = 60


class Taken(NamedTuple):
    """An employee's time, from when on, until when, and by which booking, hold or event."""

    employee: str
    span: Span
    since: float
    until: float
    by: str


class Agenda:
    """What was taken, found by employee and time."""

    def __init__(self, taken: Iterable[Taken]) -> None:
        self._by_hour: dict[tuple[str, int], list[Taken]] = defaultdict(list)
        for one in taken:
            for hour in _hours(one.span):
                self._by_hour[one.employee, hour].append(one)

    def in_the_way(self, employee: str, span: Span, *, since: float, until: float) -> Iterator[Taken]:
        """What overlaps a span of an employee at any time between two moments; some of it more than once."""
        for hour in _hours(span):
            for one in self._by_hour[employee, hour]:
                if one.span.overlaps(span) and one.since <= until and since <= one.until:
                    yield one


def _hours(span: Span) -> range:
    return range(span.start // _HOUR, (span.end - 1) // _HOUR + 1)


def perhaps_taken(history: Sequence[Attempt], stored: Stored, facts: Facts) -> Iterator[Taken]:
    """All that may have been in somebody's way: what is not here was not free for certain."""
    for employee, events in facts.busy.items():
        yield from (Taken(employee, event.span, -NEVER, NEVER, event.uid) for event in events)
    for hold in stored.holds:
        span = facts.services[hold.service].blocked(hold.start)
        for employee in hold.employees:
            yield Taken(employee, span, hold.created_at - SLACK_SECONDS, hold.until + SLACK_SECONDS, hold.id)
    changes, entries = changes_by_booking(history), defaultdict(list)
    for entry in stored.entries:
        entries[entry.booking].append(entry)
    for booking in stored.bookings.values():
        yield from _of_booking(booking, changes[booking.id], entries[booking.id], facts)


def _of_booking(
    booking: Booking, changes: Sequence[Attempt], entries: Sequence[Entry], facts: Facts
) -> Iterator[Taken]:
    """Where a booking stands, and where it stood or may have stood before, until its events were gone from there."""
    service, since = facts.services[booking.service], booking.created_at - SLACK_SECONDS
    until = _over(booking, changes, entries, facts)
    for employee in booking.employees:
        stays = NEVER if booking.state == "CONFIRMED" else until
        yield Taken(employee, service.blocked(booking.start), since, stays, booking.id)
    everybody = booking.employees.union(*(_named(change) for change in changes), (entry.employee for entry in entries))
    for change in changes:
        start = change.wanted.start if change.wanted else booking.start
        for employee in everybody:
            yield Taken(employee, service.blocked(start), since, until, booking.id)


def _named(change: Attempt) -> frozenset[str]:
    asked = change.wanted.employees if change.wanted else None
    return frozenset(asked or ()) | (change.answer.employees if change.answer else frozenset())


def _over(booking: Booking, changes: Sequence[Attempt], entries: Sequence[Entry], facts: Facts) -> float:
    """From when on nothing of a booking stood where it does not stand now."""
    settled = {"CONFIRMED": ("WRITTEN", "REMOVED"), "CANCELLED": ("REMOVED",)}[booking.state]
    if any(entry.state not in settled for entry in entries):
        return NEVER
    moments = [*(change.ended for change in changes), *(entry.state_at for entry in entries)]
    failed = any(start <= max(moments, default=0.0) for start, _ in facts.faults)
    return max(moments, default=NEVER) + SLACK_SECONDS + (AFTER_FAULTS_SECONDS if failed else 0)


def changes_by_booking(history: Sequence[Attempt]) -> dict[str, list[Attempt]]:
    """All that was asked about each booking: where to stand first, to move, to be cancelled; what was refused did nothing."""
    changes: dict[str, list[Attempt]] = defaultdict(list)
    for attempt in history:
        booking = changed(attempt)
        if booking is not None:
            changes[booking].append(attempt)
    return changes


def changed(attempt: Attempt) -> str | None:
    """The booking an attempt has made or changed, or may have."""
    match attempt.mutation:
        case Mutation.BOOK:
            return attempt.answer.id if attempt.answer and attempt.kind == "BookingConfirmed" else None
        case Mutation.MOVE | Mutation.CANCEL:
            return attempt.thing if is_unknown(attempt) or attempt.kind == "Booking" else None
        case _:
            return None


def is_unknown(attempt: Attempt) -> bool:
    """Whether nobody knows what became of it: no answer, or one that says no more than to try again."""
    return attempt.answer is None or attempt.kind.startswith("errors:")


def certainly_taken(history: Sequence[Attempt], facts: Facts) -> Iterator[Taken]:
    """What clients were told is theirs, from then on until somebody began to change it."""
    for booking, changes in changes_by_booking(history).items():
        yield from _certainly_booked(booking, changes, facts)
    yield from _certainly_held(history, facts)


def _certainly_booked(booking: str, changes: Sequence[Attempt], facts: Facts) -> Iterator[Taken]:
    for change in first_successes(changes):
        answer, wanted = change.answer, change.wanted
        if answer is None or wanted is None or answer.state != "CONFIRMED":
            continue
        began = min(one.began for one in changes if one.key == change.key)
        others = [one for one in changes if one.key != change.key]
        if any(one.began <= change.ended and (is_unknown(one) or one.ended >= began) for one in others):
            continue
        until = min((one.began for one in others if one.began > change.ended), default=NEVER)
        span = facts.services[wanted.service].blocked(wanted.start)
        for employee in answer.employees:
            yield Taken(employee, span, change.ended, until, booking)


def first_successes(changes: Iterable[Attempt]) -> list[Attempt]:
    """Of each key the success that was heard first: those that follow it show how things are by then."""
    first: dict[str, Attempt] = {}
    for change in sorted(changes, key=lambda one: one.ended):
        if not is_unknown(change):
            first.setdefault(change.key, change)
    return list(first.values())


def _certainly_held(history: Sequence[Attempt], facts: Facts) -> Iterator[Taken]:
    used: dict[str, float] = {}
    for attempt in history:
        if attempt.mutation in (Mutation.RELEASE, Mutation.BOOK) and attempt.thing is not None:
            used[attempt.thing] = min(attempt.began, used.get(attempt.thing, NEVER))
    for attempt in history:
        answer, wanted = attempt.answer, attempt.wanted
        if answer is None or answer.kind != "SlotHeld" or wanted is None or answer.id is None:
            continue
        until = min(answer.until - SLACK_SECONDS, used.get(answer.id, NEVER))
        span = facts.services[wanted.service].blocked(wanted.start)
        for employee in answer.employees:
            if attempt.ended < until:
                yield Taken(employee, span, attempt.ended, until, answer.id)
