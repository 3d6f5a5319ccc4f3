"""The history checker: from what clients asked and heard, what stands here and what stands outside, it counts what must never be.

    findings = check(history, stored, outside, facts)
    findings.total == 0, str(findings)

Pure. It knows nothing of how the load was made, and takes part of no one: what may have had a reason is none of its findings.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from slotgraph_tests_reliability_load_history import (
    NEVER,
    Answer,
    Attempt,
    Booking,
    Entry,
    Facts,
    Mutation,
    Outside,
    Span,
    Stored,
    Wanted,
)
from slotgraph_tests_reliability_load_occupancy import (
    Agenda,
    certainly_taken,
    changes_by_booking,
    first_successes,
    is_unknown,
    perhaps_taken,
)

UID = "slotgraph-{}"
"""How our entries are called outside."""

AFTER_FAULTS_SECONDS = 10.0
"""How long a calendar may still be silent after its faults are off: what hangs, hangs until its deadline."""

SLOW_SECONDS = 6.0
"""Whoever waited that long, nearly their deadline, may have been answered before the event was seen to stand outside."""

TYPED = {
    Mutation.BOOK: {"BookingConfirmed", "SlotTaken", "SlotNotOffered", "CalendarUnverified"},
    Mutation.HOLD: {"SlotHeld", "SlotTaken", "SlotNotOffered", "QuotaReached"},
    Mutation.RELEASE: {"HoldReleased"},
    Mutation.MOVE: {"Booking", "SlotTaken", "SlotNotOffered", "CalendarUnverified", "BookingIsCancelled"},
    Mutation.CANCEL: {"Booking"},
}
"""What may be answered to what makes sense; beside KeyReused, and errors that say no more than to try again."""

PASSING = {"errors: DEADLINE", "errors: RATE_LIMITED"}
ENDED = {"BookingConfirmed", "SlotHeld", "Booking"}
"""Successes that are remembered by their key."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found, as sentences, by the name of each count; and what was heard how often."""

    found: Mapping[str, Sequence[str]]
    heard: Mapping[str, Mapping[str, int]]

    @property
    def total(self) -> int:
        return sum(map(len, self.found.values()))

    @property
    def counts(self) -> dict[str, int]:
        return {name: len(sentences) for name, sentences in self.found.items()}

    def __str__(self) -> str:
        lines = [f"{name:<28}{len(sentences):>6}" for name, sentences in self.found.items()]
        lines += [f"    {sentence}" for sentences in self.found.values() for sentence in sentences[:5]]
        for mutation, kinds in self.heard.items():
            told = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items())) or "never asked"
            lines.append(f"{mutation:<20}{sum(kinds.values()):>6}: {told}")
        return "\n".join(lines)


def check(history: Sequence[Attempt], stored: Stored, outside: Outside, facts: Facts) -> Findings:
    """Count. `outside` has all that stands in the calendars, events of others too."""
    what = _Looked(history, stored, outside, facts)
    counted: dict[str, Callable[[_Looked], Iterator[str]]] = {
        "overlaps": overlaps,
        "missing here": missing_here,
        "missing outside": missing_outside,
        "duplicates outside": duplicates_outside,
        "keys with two ids": keys_with_two_ids,
        "refused without reason": refused_without_reason,
        "untyped answers": untyped_answers,
        "left in the outbox": left_in_the_outbox,
    }
    heard: dict[str, Counter[str]] = {mutation.value: Counter() for mutation in Mutation}
    for attempt in history:
        heard[attempt.mutation.value][attempt.kind] += 1
    return Findings({name: list(count(what)) for name, count in counted.items()}, heard)


@dataclass(frozen=True, slots=True)
class _Looked:
    history: Sequence[Attempt]
    stored: Stored
    outside: Outside
    facts: Facts


def overlaps(what: _Looked) -> Iterator[str]:
    """Pairs that overlap: of blocks, of confirmed bookings, and of what two clients were told is theirs at one time."""
    pairs: set[tuple[str, ...]] = set()
    spans: dict[str, set[tuple[Span, str]]] = defaultdict(set)
    for block in what.stored.blocks:
        spans[block.employee].add((block.span, block.booking or block.id))
    for booking in what.stored.bookings.values():
        if booking.state == "CONFIRMED":
            span = what.facts.services[booking.service].blocked(booking.start)
            for employee in booking.employees:
                spans[employee].add((span, booking.id))
    for employee, listed in spans.items():
        pairs.update((employee, *pair) for pair in _overlapping(listed))
    certain = list(certainly_taken(what.history, what.facts))
    agenda = Agenda(certain)
    for one in certain:
        for other in agenda.in_the_way(one.employee, one.span, since=one.since, until=one.until):
            if other.by != one.by:
                pairs.add((one.employee, *sorted((one.by, other.by))))
    for employee, *by in sorted(pairs):
        yield f"{by[0]} and {by[-1]} overlap at {employee}"


def _overlapping(spans: set[tuple[Span, str]]) -> Iterator[list[str]]:
    """At least one pair where there are any. A booking's own block lies where it lies."""
    last: tuple[Span, str] | None = None
    for span, by in sorted(spans):
        if last is not None and span.overlaps(last[0]) and (by, span) != (last[1], last[0]):
            yield sorted((by, last[1]))
        if last is None or span.end > last[0].end:
            last = (span, by)


def missing_here(what: _Looked) -> Iterator[str]:
    """Bookings that were acknowledged and are not here as they were, and bookings that do not block what they take."""
    for booking_id, changes in changes_by_booking(what.history).items():
        acknowledged = first_successes(changes)
        booking = what.stored.bookings.get(booking_id)
        if booking is None:
            if acknowledged:
                yield f"{booking_id} was acknowledged and is not here"
            continue
        cancels = [one for one in changes if one.mutation is Mutation.CANCEL]
        if not cancels and booking.state != "CONFIRMED":
            yield f"{booking_id} is {booking.state}, and nobody asked for it"
        if any(not is_unknown(one) for one in cancels) and booking.state != "CANCELLED":
            yield f"{booking_id} was cancelled and is {booking.state}"
        placed = [one for one in changes if one.wanted and is_unknown(one)]
        placed += [one for one in acknowledged if one.wanted]
        last = [one for one in placed if not any(_is_behind(other, one) for other in placed)]
        if last and not any(_stands_as(booking, one) for one in last):
            yield f"{booking_id} stands at {booking.start} with {sorted(booking.employees)}, not as acknowledged"
    yield from _blocks_amiss(what)


def _is_behind(later: Attempt, earlier: Attempt) -> bool:
    """Whether a change was acknowledged that was asked for when the other one had been answered."""
    return not is_unknown(later) and not is_unknown(earlier) and later.began > earlier.ended


def _stands_as(booking: Booking, change: Attempt) -> bool:
    assert change.wanted is not None
    if booking.start != change.wanted.start or booking.service != change.wanted.service:
        return False
    if change.wanted.employees is None or change.answer is None or is_unknown(change):
        return True
    return booking.employees == change.answer.employees


def _blocks_amiss(what: _Looked) -> Iterator[str]:
    wanted, there = Counter[tuple[str, str, Span]](), Counter[tuple[str, str, Span]]()
    for booking in what.stored.bookings.values():
        if booking.state == "CONFIRMED":
            span = what.facts.services[booking.service].blocked(booking.start)
            wanted.update((booking.id, employee, span) for employee in booking.employees)
    there.update((block.booking, block.employee, block.span) for block in what.stored.blocks if block.booking)
    for booking_id, employee, span in wanted - there:
        yield f"{booking_id} does not block {span} of {employee}"
    for booking_id, employee, span in there - wanted:
        yield f"{booking_id} blocks {span} of {employee}, which is not its place"


def _entries(what: _Looked) -> dict[tuple[str, str], list[Entry]]:
    entries: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in what.stored.entries:
        entries[entry.booking, entry.employee].append(entry)
    return entries


def _attendances(what: _Looked) -> Iterator[tuple[Booking, str]]:
    """Those of confirmed bookings, whose employees have a calendar."""
    for booking in what.stored.bookings.values():
        if booking.state == "CONFIRMED":
            yield from ((booking, employee) for employee in booking.employees if employee in what.outside)


def missing_outside(what: _Looked) -> Iterator[str]:
    """Attendances whose event is not there, or not where the booking is."""
    entries = _entries(what)
    for booking, employee in _attendances(what):
        uids = {UID.format(entry.id): entry for entry in entries[booking.id, employee]}
        standing = [event for event in what.outside[employee] if event.uid in uids]
        if not any(event.span == Span(booking.start, booking.end) for event in standing):
            states = [f"{entry.state} {entry.wish}" for entry in uids.values()]
            where = [tuple(event.span) for event in standing]
            yield f"{booking.id} of {employee} at {booking.start} stands at {where or 'no place'}: {states}"


def duplicates_outside(what: _Looked) -> Iterator[str]:
    """Events beyond one of each attendance: second ones, those of what is cancelled or moved away, and those of nothing."""
    attended = {(booking.id, employee) for booking, employee in _attendances(what)}
    by_uid = {UID.format(entry.id): entry for entry in what.stored.entries}
    for employee, events in what.outside.items():
        others = {event.uid for event in what.facts.busy.get(employee, ())}
        seen: Counter[tuple[str, str]] = Counter()
        for event in events:
            entry = by_uid.get(event.uid)
            if entry is None:
                if event.uid not in others:
                    yield f"{event.uid} in the calendar of {employee} belongs to nothing"
                continue
            attendance = (entry.booking, entry.employee)
            seen[attendance] += 1
            if entry.employee != employee or attendance not in attended:
                yield f"{event.uid} of {entry.booking} still stands at {employee}: {entry.state} {entry.wish}"
            elif seen[attendance] > 1:
                yield f"{entry.booking} stands {seen[attendance]} times at {employee}"


def keys_with_two_ids(what: _Looked) -> Iterator[str]:
    """Keys under which two things were made: as clients heard, or as the rows say."""
    ids: dict[tuple[Mutation, str], set[str]] = defaultdict(set)
    for attempt in what.history:
        if attempt.answer and attempt.kind in ENDED and attempt.answer.id:
            ids[attempt.mutation, attempt.key].add(attempt.answer.id)
    for booking in what.stored.bookings.values():
        if booking.mark is not None:
            ids[Mutation.BOOK, booking.mark].add(booking.id)
    for (mutation, key), made in ids.items():
        if len(made) > 1:
            yield f"{mutation.value} {key} made {sorted(made)}"


def refused_without_reason(what: _Looked) -> Iterator[str]:
    """Refusals where nothing was in the way all the while, and refusals of what had succeeded under the same key."""
    judge = _Judge(what)
    for attempt in what.history:
        if attempt.answer is not None and (why := judge.fault_of(attempt, attempt.answer)):
            yield f"{attempt.mutation.value} {attempt.key}: {attempt.kind}, {why}"


class _Judge:
    """Knows what may have been in the way of whom."""

    def __init__(self, what: _Looked) -> None:
        self._facts = what.facts
        self._agenda = Agenda(perhaps_taken(what.history, what.stored, what.facts))
        self._calls: dict[tuple[Mutation, str], list[Attempt]] = defaultdict(list)
        self._changes = changes_by_booking(what.history)
        self._cancelled: dict[str, float] = {}
        for attempt in what.history:
            self._calls[attempt.mutation, attempt.key].append(attempt)
            if attempt.mutation is Mutation.CANCEL and attempt.thing:
                began = self._cancelled.get(attempt.thing, NEVER)
                self._cancelled[attempt.thing] = min(began, attempt.began)
        self._holds = {hold.id for hold in what.stored.holds}

    def fault_of(self, attempt: Attempt, answer: Answer) -> str | None:
        """What is wrong with a refusal; None if it may have had its reason, or is none."""
        if answer.kind in ENDED or is_unknown(attempt) or answer.kind == "HoldReleased":
            return None
        if self._succeeded_before(attempt):
            return "and had succeeded before"
        match answer.kind:
            case "KeyReused":
                same = self._calls[attempt.mutation, attempt.key]
                other = any(one.asked != attempt.asked and one.began < attempt.ended for one in same)
                return None if other else "and nobody had asked for anything else under it"
            case "CalendarUnverified":
                return None if self._calendars_failed(attempt) else "and no calendar failed"
            case "BookingIsCancelled":
                asked = self._cancelled.get(attempt.thing or "", NEVER)
                return None if asked < attempt.ended else "and nobody had cancelled it"
            case "SlotTaken":
                return None if attempt.wanted is None else self._fault_of_taken(attempt, attempt.wanted)
            case "QuotaReached":
                return None
            case kind:
                return f"which is no answer to this: {answer.rule or kind}"

    def _succeeded_before(self, attempt: Attempt) -> bool:
        return any(
            one.kind in ENDED and one.asked == attempt.asked and one.ended < attempt.began
            for one in self._calls[attempt.mutation, attempt.key]
        )

    def _calendars_failed(self, attempt: Attempt) -> bool:
        return any(
            start <= attempt.ended and attempt.began <= end + AFTER_FAULTS_SECONDS for start, end in self._facts.faults
        )

    def _fault_of_taken(self, attempt: Attempt, wanted: Wanted) -> str | None:
        if wanted.employees is None:
            attending = self._attending(attempt.thing or "")
            if attending is None:
                return None
            wanted = wanted._replace(employees=attending, together=True)
        assert wanted.employees is not None
        span = self._facts.services[wanted.service].blocked(wanted.start)
        free = [one for one in wanted.employees if not self._may_be_taken(one, span, attempt)]
        if len(free) == len(wanted.employees) or (free and not wanted.together):
            return f"and {free} had nothing in {span}"
        return None

    def _attending(self, booking: str) -> tuple[str, ...] | None:
        """Who attends a booking, if it has been the same all the while."""
        changes = self._changes.get(booking, [])
        known = {change.answer.employees for change in changes if change.answer and change.answer.employees}
        known |= {frozenset(_named(change)) for change in changes if is_unknown(change) and _named(change)}
        return tuple(known.pop()) if len(known) == 1 else None

    def _may_be_taken(self, employee: str, span: Span, attempt: Attempt) -> bool:
        """What is held for this is not in its way, nor what is moved, if its writing was answered."""
        own = attempt.thing or ""
        counts = own not in self._holds and self._may_stand_unknown(own, attempt)
        taken = self._agenda.in_the_way(employee, span, since=attempt.began, until=attempt.ended)
        return any(one.by != own or counts for one in taken)

    def _may_stand_unknown(self, booking: str, attempt: Attempt) -> bool:
        changes = [one for one in self._changes.get(booking, []) if one.began < attempt.ended]
        began = min((one.began for one in changes), default=NEVER)
        slow = any(is_unknown(one) or one.ended - one.began > SLOW_SECONDS for one in changes)
        return slow or any(
            start <= attempt.ended and began <= end + AFTER_FAULTS_SECONDS for start, end in self._facts.faults
        )


def _named(change: Attempt) -> tuple[str, ...]:
    return (change.wanted.employees if change.wanted else None) or ()


def untyped_answers(what: _Looked) -> Iterator[str]:
    """Answers that are no result of their mutation, and errors that say more than to try again."""
    for attempt in what.history:
        if attempt.answer is None or attempt.kind in TYPED[attempt.mutation] | PASSING | {"KeyReused"}:
            continue
        yield f"{attempt.mutation.value} {attempt.key}: {attempt.kind}"


def left_in_the_outbox(what: _Looked) -> Iterator[str]:
    """Wishes that are not carried out, and entries that are in no final state."""
    for entry in what.stored.entries:
        if entry.wish != "DONE" or entry.state not in ("WRITTEN", "REMOVED"):
            yield f"{entry.id} of {entry.booking} is {entry.state}, its wish {entry.wish}"
