"""Booking against the model: every call is answered as the rules say, and what stands here and outside is what was answered.

A machine has a database, a clock and an event loop of its own. What it does is one rule after the other; `race` does several at once.
"""

import asyncio
import sys
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, precondition, rule
from slotgraph_tests_core_world import World, id_of
from slotgraph_tests_databases import engine_of
from slotgraph_tests_reliability_model_calling import EVERYBODY, Desk, made_by, new_key
from slotgraph_tests_reliability_model_ledger import Ledger, check_outside, check_tables
from slotgraph_tests_reliability_model_model import (
    FITS,
    OPENS,
    SERVICES,
    Answer,
    Book,
    Call,
    Cancel,
    Choice,
    Hold,
    Model,
    Move,
    Outside,
)
from slotgraph_tests_reliability_model_outside import WITH_CALENDAR, WRITES, Calendars

from slotgraph.core.values import Span

ANY = Choice(EVERYBODY)
WHO = st.sampled_from(
    [
        Choice(("anna",)),
        ANY,
        Choice(("ben",)),
        Choice(("anna", "ben"), together=True),
        Choice(("ben", "cara")),
        Choice(("anna", "cara"), together=True),
    ]
)
SERVICE = st.sampled_from(sorted(SERVICES, reverse=True))
QUARTERS = [OPENS + 15 * number for number in range(10)]
START = st.sampled_from([*QUARTERS, OPENS + 7, OPENS - 15, OPENS + 465])
"""On the grid for the most part; beside it, before the opening, too long for the rest of the day."""
ACTOR = st.sampled_from(["stranger", "member"])
CHANGER = st.sampled_from(["customer", "member"])
NAME = st.sampled_from(WITH_CALENDAR)
MINUTES = st.sampled_from([1, 11, 61, 25 * 60])
LONGEST = timedelta(hours=35)
"""A step later the day before the bookings may have come, and nothing was given up yet."""

SUCCESSES = {"BookingConfirmed", "SlotHeld", "SeenBooking"}


class Machine(RuleBasedStateMachine):
    """One company with three employees, two of whom keep a calendar."""

    held, booked = Bundle("held"), Bundle("booked")
    address: Callable[[], str]
    drop: Callable[[str], None]

    def __init__(self) -> None:
        super().__init__()
        self._at = type(self).address()
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self.world = self._run(World.opened(self._at))
        self.began = self.now
        self.calendars = Calendars(self.world.calendars)
        self.model = Model({name: id_of(name) for name in EVERYBODY})
        self.desk = Desk(self.world)
        self._looking = engine_of(self._at).connect().execution_options(isolation_level="AUTOCOMMIT")
        self.ledger = Ledger.read(self._looking)
        self.calls: list[Call] = []

    @property
    def now(self) -> Any:
        return self.world.clock.now()

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._runner.run(work)

    # Calls

    @initialize(target=booked, who=WHO, how=st.sampled_from(["at once", "late", "lose"]))
    def begin(self, who: Choice, how: str) -> Any:
        """The first booking's entries are written at once, or later, or nobody hears of it."""
        for name in WITH_CALENDAR if how != "at once" else ():
            self.calendar(name, "write", how)
        return self.book("stranger", "trim", QUARTERS[2], who)

    @rule(target=held, actor=ACTOR, service=SERVICE, start=START, who=WHO)
    def hold(self, actor: str, service: str, start: int, who: Choice) -> Any:
        return self._made(Hold(new_key(), actor, service, start, who))

    @rule(target=booked, actor=ACTOR, service=SERVICE, start=START, who=WHO)
    def book(self, actor: str, service: str, start: int, who: Choice) -> Any:
        return self._made(Book(new_key(), actor, service, start, who, None, ""))

    @rule(target=booked, hold=held, actor=ACTOR)
    def book_held(self, hold: str, actor: str) -> Any:
        kept = self.model.holds[hold]
        names = tuple(sorted(kept.employees))
        return self._made(Book(new_key(), actor, kept.service, kept.start, Choice(names, len(names) > 1), hold, ""))

    @rule(target=booked, hold=held, service=SERVICE, start=START, who=WHO)
    def book_with_token(self, hold: str, service: str, start: int, who: Choice) -> Any:
        return self._made(Book(new_key(), "stranger", service, start, who, hold, ""))

    @rule(hold=held)
    def release(self, hold: str) -> None:
        kept = self.model.holds[hold]
        given = self._run(self.desk.release(hold))
        assert given.released == kept.is_live(self.now), given
        kept.ended |= kept.is_live(self.now)

    @rule(booking=booked, actor=CHANGER, start=START)
    def move(self, booking: str, actor: str, start: int) -> None:
        self._made(Move(new_key(), actor, booking, start, None))

    @rule(booking=booked, actor=CHANGER, later=st.sampled_from([0, 15, 60]), who=WHO)
    def hand_over(self, booking: str, actor: str, later: int, who: Choice) -> None:
        self._made(Move(new_key(), actor, booking, self.model.bookings[booking].start + later, who))

    @rule(booking=booked, actor=CHANGER)
    def cancel(self, booking: str, actor: str) -> None:
        self._made(Cancel(new_key(), actor, booking, ""))

    @precondition(lambda self: self.calls)
    @rule(ago=st.integers(0, 7), with_other_input=st.booleans())
    def send_again(self, ago: int, with_other_input: bool) -> None:
        call = self.calls[-1 - ago % len(self.calls)]
        self._made(_other(call) if with_other_input else call)

    @rule(service=SERVICE, start=st.sampled_from(QUARTERS), who=WHO, number=st.integers(2, 3))
    def race(self, service: str, start: int, who: Choice, number: int) -> None:
        """Strangers at the same moment: as many are booked as there is room for, one after the other."""
        calls = [Book(new_key(), "stranger", service, start, who, None, "") for _ in range(number)]
        allowed = []
        outside = self.calendars.busy(EVERYBODY)
        given = self._run(_together([self.desk.send(call) for call in calls]))
        confirmed = [(call, one) for call, one in zip(calls, given, strict=True) if _kind(one) == "BookingConfirmed"]
        for call, one in confirmed:
            allowed.append(self.model.book(call, now=self.now, outside=outside).kind)
            self._note(call, one)
        refused = self.model.book(replace(calls[0], key=new_key()), now=self.now, outside=outside)
        assert refused.kind != FITS or len(confirmed) == number, given
        assert all(kind == FITS for kind in allowed), given
        kinds = {_kind(one) for one in given} - {"BookingConfirmed"}
        assert kinds <= {refused.kind, "SlotTaken", "CalendarUnverified"}, given

    def _made(self, call: Call) -> Any:
        """Call, compare the answer with the model's, and note what stands from now on."""
        self.calls.append(call)
        expected = self._expected(call)
        given = self._run(self.desk.send(call))
        kind = FITS if _kind(given) in SUCCESSES else _kind(given)
        fitting = [one for one in expected if one.kind == kind]
        assert fitting, f"{call}\n  must be answered {[one.kind for one in expected]}\n  not {given}"
        if kind != FITS:
            return multiple()
        made, employees = made_by(given).id, _employees(given)
        if fitting[0].id is not None:
            assert made == fitting[0].id, f"a repeated {call} made {made} beside {fitting[0].id}"
            return multiple()
        if not isinstance(call, Cancel):
            assert any(employees == one.employees for one in fitting), f"{call} was given to {employees}: {fitting}"
        self._note(call, given)
        return made if not isinstance(call, Move | Cancel) else multiple()

    def _note(self, call: Call, given: Any) -> None:
        self.model.note(call, made_by(given).id, _employees(given), now=self.now)

    def _expected(self, call: Call) -> Sequence[Answer]:
        """What the model allows."""
        match call:
            case Hold():
                return [self.model.hold(call, now=self.now)]
            case Book():
                return [self.model.book(call, now=self.now, outside=self._busy())]
            case Move():
                # Of entries whose writing was not answered nobody knows yet where they stand: they may be in the way or not.
                own = self.ledger.own_entries(call.booking)
                ways = (self._busy(own.known), self._busy(own.known | own.unknown))
                return [self.model.move(call, now=self.now, outside=outside) for outside in ways]
            case Cancel():
                return [self.model.cancel(call, now=self.now)]

    def _busy(self, apart_from: frozenset[str] = frozenset()) -> Outside:
        return self.calendars.busy(EVERYBODY, apart_from=apart_from)

    # Time, calendars, people

    @precondition(lambda self: self.now - self.began < LONGEST)
    @rule(minutes=MINUTES, with_rounds=st.booleans())
    def time_passes(self, minutes: int, with_rounds: bool) -> None:
        self.calendars.land()
        self.world.clock.advance(timedelta(minutes=minutes))
        if with_rounds:
            self._run(self._rounds())
            self._run(self.world.joined.retention.sweep())

    async def _rounds(self) -> None:
        """What the server does by itself."""
        await self.world.joined.writer.sweep()
        await self.world.joined.probing.sweep()

    @rule(
        name=NAME,
        what=st.sampled_from(["busy", "heal", "busy", *WRITES]),
        how=st.sampled_from(["fail", "lose", "late"]),
    )
    def calendar(self, name: str, what: str, how: str) -> None:
        """It says nothing of when somebody is busy; or fails to write, or does so unheard, or later; or they all are well again."""
        if what == "heal":
            self.calendars.heal()
        elif what == "busy":
            self.calendars.silence(name)
        elif how == "fail":
            self.calendars.fail(what, name)
        elif how == "lose":
            self.calendars.lose_answer(what, name)
        else:
            self.calendars.land_late(what, name)

    @rule(name=st.sampled_from([*EVERYBODY, None]), start=st.sampled_from(QUARTERS), is_known_here=st.booleans())
    def somebody_is_busy(self, name: str | None, start: int, is_known_here: bool) -> None:
        """An absence, or an event in a calendar of theirs."""
        time = (start, start + 20)
        if is_known_here:
            self.model.absences.append((name, time))
            self._run(self.world.take_off(name, Span(*time)))
        elif name in WITH_CALENDAR:
            self.calendars.add_event(name, time)

    @rule(name=NAME, which=st.integers(0, 3), to=st.none() | st.sampled_from(QUARTERS))
    def somebody_meddles(self, name: str, which: int, to: int | None) -> None:
        """Delete an entry of ours, or drag it somewhere."""
        reference = self.calendars.pick(name, which)
        if reference is not None and to is None:
            self.calendars.remove_entry(reference, at=self.now)
        elif reference is not None and to is not None:
            self.calendars.move_entry(reference, (to, to + 30), at=self.now)

    # What holds at any time, and in the end

    @invariant()
    def tables_hold_what_was_answered(self) -> None:
        self.ledger = Ledger.read(self._looking)
        check_tables(self.ledger, self.model, now=self.now, meddled=self.calendars.meddled)

    def teardown(self) -> None:
        """In the end: fair weather, and all wishes are carried out."""
        try:
            if sys.exc_info()[0] is None and self.model.bookings:
                self._in_the_end()
        finally:
            self._looking.close()
            self._run(self.world.close())
            self._runner.close()
            type(self).drop(self._at)

    def _in_the_end(self) -> None:
        self.calendars.heal()
        self.calendars.land()
        # Each entry is looked for within the hour, and once more ten minutes after it was not found.
        for minutes in (61, 11, 61):
            self.world.clock.advance(timedelta(minutes=minutes))
            self._run(self._rounds())
        self.tables_hold_what_was_answered()
        check_outside(self.ledger, self.model, self.calendars)


def _other(call: Call) -> Call:
    """The same key, another intent."""
    match call:
        case Book():
            return replace(call, note=f"{call.note}!")
        case Cancel():
            return replace(call, reason=f"{call.reason}!")
        case _:
            return replace(call, start=call.start + 15)


def _kind(given: Any) -> str:
    return type(given).__name__


def _employees(given: Any) -> frozenset[str]:
    names = {id_of(name): name for name in EVERYBODY}
    return frozenset(names[one] for one in made_by(given).employee_ids)


async def _together(calls: Sequence[Coroutine[Any, Any, Any]]) -> list[Any]:
    return await asyncio.gather(*calls)


async def furnish(address: str) -> None:
    """Put what every machine begins with into the company of core/world.py."""
    world = await World.opened(address)
    await world.add_employee("cara")
    for service, (minutes, before, after) in SERVICES.items():
        facts = {"duration_minutes": minutes, "buffer_before_minutes": before, "buffer_after_minutes": after}
        await world.add_service(service, employees=EVERYBODY, **facts)
    for name in WITH_CALENDAR:
        account = await world.add_account(f"{name}s", employee=name)
        await world.add_calendar(f"{name}s", account, employee=name, is_default=True)
    await world.close()
