"""What is offered can be booked, and nothing else: judging one start agrees with searching (rules S1-S4)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from slotgraph.core.candidates import Candidates
from slotgraph.core.clock import minute_from_instant
from slotgraph.core.freebusy import FreeBusyAnswer
from slotgraph.core.grids import GridAnchor
from slotgraph.core.judging import STRANGERS_SEE, broken_by_calendars, broken_by_own_data
from slotgraph.core.offering import Offering
from slotgraph.core.records import Company, Employee, EmployeeKind, Service
from slotgraph.core.slots import INTERVALS, SlotRule
from slotgraph.core.spans import merged
from slotgraph.core.store.agenda import Agenda
from slotgraph.core.values import Span

NOW = datetime(2027, 3, 27, 20, 0, tzinfo=UTC)  # the evening before the clocks change in Europe
BASE = minute_from_instant(NOW)
COMPANY = Company("c", "salon", "Salon", "Europe/Zurich", "de", 15, False, GridAnchor.AVAILABILITY_START)
MINUTES = st.integers(0, 600)


def spans(longest, most=4):
    pair = st.tuples(MINUTES, st.integers(0, longest))
    return st.lists(pair.map(lambda one: Span(BASE + one[0], BASE + sum(one))), max_size=most)


@st.composite
def services(draw):
    minutes = st.integers(0, 30)
    return Service(
        "c", "s", "Cut", "", draw(st.integers(1, 90)), draw(minutes), draw(minutes), draw(st.integers(0, 120)),
        draw(st.integers(0, 1)), draw(st.sampled_from(INTERVALS)), 24, True,
    )  # fmt: skip


ZONES = st.sampled_from(["Europe/Zurich", "America/New_York", "Asia/Kathmandu", "Pacific/Auckland", "UTC"])


@st.composite
def scenes(draw):
    """One or two employees with their own data and what their calendars said."""
    company = replace(COMPANY, grid_anchor=draw(st.sampled_from(GridAnchor)), time_zone=draw(ZONES))
    employees, own, busy, unverified = [], {}, {}, {}
    for id_ in draw(st.sampled_from(["a", "ab"])):
        employees.append(Employee("c", id_, id_, EmployeeKind.PERSON, draw(ZONES), True, True))
        openings = sorted(span for span in draw(spans(300)) if span.start < span.end)
        own[id_] = Agenda(openings, draw(spans(60)), draw(spans(60, most=2)), draw(spans(60, most=2)))
        busy[id_], unverified[id_] = merged(draw(spans(60))), merged(draw(spans(90, most=1)))
    who = Candidates(company, draw(services()), employees, together=draw(st.booleans()))
    return who, own, FreeBusyAnswer(busy, unverified, ())


@settings(max_examples=400, deadline=None)
@given(scenes(), st.data())
def test_a_start_is_offered_just_if_it_breaks_no_rule(scene, data):
    who, own, answer = scene
    window = Span(BASE - 30, BASE + 700)
    offering = Offering(who, window, now=NOW)
    for one in who.employees:
        offering.add(one, own[one.id], (answer.busy[one.id], answer.unverified[one.id]))
    openings = [opening.start for agenda in own.values() for opening in agenda.openings]
    guesses = data.draw(st.lists(st.integers(window.start // 5, window.end // 5 - 1), max_size=5))
    for start in {*offering.starts, *openings, *(5 * guess for guess in guesses)}:
        kept = {one.id for one in who.employees if keeps_all(start, who, one, own[one.id], answer)}
        offered = len(kept) == len(who.employees) if who.together else bool(kept)
        assert (start in offering.starts) == offered
        if offered:
            assert set(offering.takers(start)) == kept
    assert len(offering.starts) == len(offering.starts.listed())


def keeps_all(start, who, employee, own, answer):
    shape = who.service.shape(who.company)
    broken = broken_by_own_data(start, who=who, employee=employee, own=own, now=NOW)
    return not (broken or broken_by_calendars(start, shape=shape, employee=employee, answer=answer))


def test_the_first_broken_rule_is_told():
    service = Service("c", "s", "Cut", "", 30, 0, 0, 60, 0, None, 24, True)
    employee = Employee("c", "e", "Anna", EmployeeKind.PERSON, "Europe/Zurich", True, True)
    who = Candidates(COMPANY, service, [employee])
    opened = Span(BASE, BASE + 600)
    booked, held = Span(BASE + 120, BASE + 150), Span(BASE + 120, BASE + 165)
    own = Agenda([opened], [Span(BASE + 75, BASE + 90)], [booked], [held])

    def rule(minutes):
        start = minute_from_instant(NOW + timedelta(minutes=minutes))
        return broken_by_own_data(start, who=who, employee=employee, own=own, now=NOW)

    assert rule(7) is SlotRule.GRID  # too soon as well, but the grid comes first
    assert rule(45) is SlotRule.NOTICE
    assert rule(60) is SlotRule.ABSENCE
    assert rule(105) is SlotRule.BOOKING  # held as well, but the booking comes first
    assert rule(150) is SlotRule.HOLD
    assert rule(90) is None
    assert rule(180) is SlotRule.HORIZON  # 23:00 UTC is midnight in Zurich: tomorrow
    assert rule(-30) is SlotRule.NOTICE


def test_whatever_it_is_that_keeps_an_employee_busy_strangers_hear_the_same():
    busy = {SlotRule.ABSENCE, SlotRule.BOOKING, SlotRule.HOLD, SlotRule.EXTERNAL_BUSY}
    assert dict.fromkeys(busy, SlotRule.FREE) == STRANGERS_SEE
