"""What is offered can be booked, and nothing else: judging one start agrees with searching (rules S1-S4)."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from slotgraph.core.availability import Opening
from slotgraph.core.clock import minute_from_instant
from slotgraph.core.freebusy import FreeBusyAnswer
from slotgraph.core.judging import bounded, broken_by_calendars, broken_by_own_data
from slotgraph.core.records import Company, Employee, EmployeeKind, Service
from slotgraph.core.slots import INTERVALS, Day, SlotRule, offered_starts
from slotgraph.core.spans import merged
from slotgraph.core.store.agenda import Agenda
from slotgraph.core.values import Span

NOW = datetime(2027, 3, 27, 20, 0, tzinfo=UTC)  # the evening before the clocks change in Europe
BASE = minute_from_instant(NOW)
COMPANY = Company("c", "salon", "Salon", "Europe/Zurich", "de", 15, False)
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


@settings(max_examples=300, deadline=None)
@given(services(), ZONES, spans(300), spans(60), spans(60), spans(60), spans(90, most=1), st.data())
def test_a_start_is_offered_just_if_it_breaks_no_rule(service, zone, opened, absent, booked, busy, unverified, data):
    employee = Employee("c", "e", "Anna", EmployeeKind.PERSON, zone, True, True)
    openings = [Opening(span, 0) for span in opened if span.start < span.end]
    own, shape = Agenda(openings, absent, booked), service.shape(COMPANY)
    window = Span(BASE - 30, BASE + 700)
    blocked = [*booked, *busy, *unverified]
    offered = offered_starts(Day(openings, absent, blocked), shape, bounded(window, service, employee, now=NOW))
    answer = FreeBusyAnswer({"e": merged(busy)}, {"e": merged(unverified)}, ())
    guesses = st.integers(window.start, window.end - 1)
    for start in {*offered, data.draw(guesses), *(opening.span.start for opening in openings)}:
        broken = broken_by_own_data(start, service=service, shape=shape, employee=employee, own=own, now=NOW)
        broken = broken or broken_by_calendars(start, shape=shape, employee=employee, answer=answer)
        assert (broken is None) == (start in offered), broken


def test_the_first_broken_rule_is_told():
    service = Service("c", "s", "Cut", "", 30, 0, 0, 60, 0, None, 24, True)
    employee = Employee("c", "e", "Anna", EmployeeKind.PERSON, "Europe/Zurich", True, True)
    opened = Span(BASE, BASE + 600)
    own = Agenda([Opening(opened, 0)], [Span(BASE + 75, BASE + 90)], [Span(BASE + 120, BASE + 150)])

    def rule(minutes):
        start = minute_from_instant(NOW + timedelta(minutes=minutes))
        shape = service.shape(COMPANY)
        return broken_by_own_data(start, service=service, shape=shape, employee=employee, own=own, now=NOW)

    assert rule(7) is SlotRule.GRID  # too soon as well, but the grid comes first
    assert rule(45) is SlotRule.NOTICE
    assert rule(60) is SlotRule.ABSENCE
    assert rule(105) is SlotRule.BOOKING
    assert rule(90) is None
    assert rule(180) is SlotRule.HORIZON  # 23:00 UTC is midnight in Zurich: tomorrow
    assert rule(-30) is SlotRule.NOTICE
