"""The checker finds each thing that must never be, in histories made by hand, and nothing in those that are as they should be."""

from dataclasses import replace

import pytest
from slotgraph_tests_reliability_load_checker import check
from slotgraph_tests_reliability_load_history import Block, Entry, Event, Mutation, Span, Stored, Wanted
from slotgraph_tests_reliability_load_made_day import ALL, ELEVEN, FACTS, NINE, TEN, Day


@pytest.fixture
def day():
    day = Day()
    day.book("one", "anna")
    day.book("two", "ben", start=NINE, asked_of=ALL)
    day.book("three", "anna", "ben", start=TEN)
    day.book("four", "anna", start=ELEVEN, heard=False)
    return day


def test_a_day_as_it_should_be_has_no_findings(day):
    day.refused("SlotTaken", "anna")
    day.refused("SlotTaken", *ALL)
    day.refused("SlotTaken", *ALL, start=ELEVEN, together=True)
    day.refused("SlotTaken", "anna", start=910)
    day.cancel("one")
    day.cancel("one")
    day.move("two", NINE + 60 * 5)
    day.move("two", NINE)
    day.refused("SlotTaken", "anna")  # the calendar may have shown it still when it was cancelled
    day.hold("hold", "anna", start=NINE + 180)
    day.refused("SlotTaken", "anna", start=NINE + 180)
    day.book("held", "anna", start=NINE + 180, thing="hold")
    assert day.found() == {}


# Overlaps


def test_blocks_of_one_employee_that_overlap_are_counted(day):
    day.blocks.append(Block("held", "anna", Span(NINE + 39, NINE + 50), None))
    day.blocks.append(Block("meets", "anna", Span(NINE + 50, NINE + 60 - 5), None))
    assert day.found() == {"overlaps": 1}


def test_bookings_that_overlap_by_their_buffers_are_counted_even_where_they_block_nothing(day):
    day.book("early", "ben", start=NINE - 30)
    day.blocks = []
    assert day.found()["overlaps"] == 1


def test_two_blocks_of_one_booking_overlap(day):
    day.blocks.append(Block("again", "anna", Span(NINE, NINE + 20), "one"))
    assert day.found() == {"overlaps": 1, "missing here": 1}


def test_what_two_were_told_is_theirs_at_one_time_overlaps_even_if_one_is_cancelled_later(day):
    day.book("both", "anna", start=NINE - 20)
    day.cancel("both")
    assert day.found() == {"overlaps": 1}


def test_what_was_given_up_before_it_was_taken_again_does_not_overlap(day):
    day.cancel("one")
    day.book("both", "anna", start=NINE - 20)
    assert day.found() == {}


def test_a_booking_where_somebody_else_holds_overlaps(day):
    day.hold("hold", "anna", start=NINE + 180)
    day.book("thief", "anna", start=NINE + 190)
    assert day.found() == {"overlaps": 1}


def test_a_hold_that_lapsed_or_was_given_back_is_in_nobodys_way(day):
    day.hold("short", "anna", start=NINE + 180, lasts=1.5)
    day.now += 5
    day.book("next", "anna", start=NINE + 180)
    day.hold("back", "ben", start=NINE + 180, ends=day.now + 2)
    day.attempt(Mutation.RELEASE, "HoldReleased", thing="back")
    day.book("after", "ben", start=NINE + 180)
    assert day.found() == {}


# Missing here


@pytest.mark.parametrize("spoil", ["gone", "elsewhere", "of another", "cancelled", "blocks nothing"])
def test_what_was_acknowledged_and_is_not_here_is_counted(day, spoil):
    one = day.bookings["one"]
    match spoil:
        case "gone":
            del day.bookings["one"]
        case "elsewhere":
            day.bookings["one"] = one._replace(start=NINE + 300)
        case "of another":
            day.bookings["one"] = one._replace(employees=frozenset({"ben"}))
        case "cancelled":
            day.bookings["one"] = one._replace(state="CANCELLED")
        case _:
            day.blocks = day.blocks[1:]
    assert day.found()["missing here"] >= 1


def test_a_booking_that_was_cancelled_and_stands_is_counted(day):
    day.cancel("one", done=False)
    assert day.found() == {"missing here": 1}


def test_a_cancellation_that_nobody_heard_of_may_have_been_or_not(day):
    day.cancel("one", heard=False, done=False)
    day.cancel("two", heard=False)
    assert day.found() == {}


def test_a_move_that_was_acknowledged_and_is_not_here_is_counted(day):
    day.move("one", NINE + 180, done=False)
    assert day.found() == {"missing here": 1}


def test_a_move_that_nobody_heard_of_may_have_been_or_not(day):
    day.move("one", NINE + 180, heard=False, done=False)
    day.move("two", NINE + 180, heard=False)
    assert day.found() == {}


def test_of_two_moves_the_later_counts_and_of_two_at_once_either(day):
    day.move("one", NINE + 180)
    day.move("one", NINE + 240, done=False)
    assert day.found() == {"missing here": 1}
    second, first = day.history.pop(), day.history.pop()
    day.history += [first, replace(second, began=first.began)]
    assert day.found() == {}


# Outside


def test_what_stands_nowhere_or_elsewhere_outside_is_counted(day):
    event = day.outside["anna"].pop()
    assert day.found() == {"missing outside": 1}
    day.outside["anna"].append(event._replace(span=Span(NINE, NINE + 30)))
    assert day.found() == {"missing outside": 1}


def test_of_what_is_wanted_together_each_needs_an_event(day):
    day.outside["ben"] = [one for one in day.outside["ben"] if "three" not in one.uid]
    assert day.found() == {"missing outside": 1}


def test_an_employee_without_calendar_needs_none(day):
    del day.outside["ben"]
    assert day.found() == {}


def test_second_events_are_counted_under_the_same_uid_or_another(day):
    day.outside["anna"].append(day.outside["anna"][1])
    assert day.found() == {"duplicates outside": 1}
    day.entries.append(Entry("again", "one", "anna", "WRITTEN", 0, "DONE"))
    day.outside["anna"][-1] = Event("slotgraph-again", Span(NINE, NINE + 30))
    assert day.found() == {"duplicates outside": 1}


def test_the_event_of_a_cancelled_booking_that_stands_is_counted(day):
    event = day.outside["anna"][1]
    day.cancel("one")
    day.outside["anna"].append(event)
    assert day.found() == {"duplicates outside": 1}


def test_an_event_in_the_calendar_of_another_is_counted(day):
    day.outside["ben"].append(day.outside["anna"].pop())
    assert day.found() == {"duplicates outside": 1, "missing outside": 1}


@pytest.mark.parametrize("uid", ["slotgraph-nobody", "stranger"])
def test_an_event_of_nothing_is_counted(day, uid):
    day.outside["ben"].append(Event(uid, Span(0, 1)))
    assert day.found() == {"duplicates outside": 1}


def test_what_is_left_in_the_outbox_is_counted(day):
    day.entries[0] = day.entries[0]._replace(wish="DEAD", state="FAILED")
    day.entries[1] = day.entries[1]._replace(wish="PENDING")
    assert day.found() == {"left in the outbox": 2}


# Keys


def test_a_key_that_was_answered_with_two_ids_is_counted(day):
    day.attempt(Mutation.BOOK, "BookingConfirmed", key="key 0", wanted=day.history[0].wanted, id="two")
    assert day.found()["keys with two ids"] == 1


def test_a_key_that_made_two_bookings_is_counted_even_if_nobody_heard_of_one(day):
    day.stand("twin", "ben", start=NINE + 300, mark="key 0")
    assert day.found() == {"keys with two ids": 1}


# Refusals


def test_a_refusal_of_what_was_free_all_the_while_is_counted(day):
    day.refused("SlotTaken", "anna", start=NINE + 180)
    assert day.found() == {"refused without reason": 1}


def test_any_is_refused_only_if_nobody_was_free_and_together_only_if_somebody_was_not(day):
    day.refused("SlotTaken", *ALL, start=ELEVEN)
    assert day.found() == {"refused without reason": 1}
    day.history[-1] = replace(day.history[-1], wanted=Wanted("cut", ELEVEN, ALL, together=True))
    assert day.found() == {}
    day.history[-1] = replace(day.history[-1], wanted=Wanted("cut", NINE + 180, ALL, together=True))
    assert day.found() == {"refused without reason": 1}


def test_who_was_booked_after_the_refusal_was_no_reason_for_it(day):
    early = day.refused("SlotTaken", "anna", start=ELEVEN)
    day.history[-1] = replace(early, began=10.0, ended=11.0)
    assert day.found() == {"refused without reason": 1}


def test_what_is_gone_outside_for_long_is_no_reason(day):
    day.cancel("one")
    day.now += 5
    day.refused("SlotTaken", "anna")
    assert day.found() == {"refused without reason": 1}


def test_a_booking_is_not_in_its_own_way(day):
    wanted = Wanted("cut", NINE + 10, ("anna",))
    day.attempt(Mutation.MOVE, "SlotTaken", thing="one", wanted=wanted)
    assert day.found() == {"refused without reason": 1}
    day.history[-1] = replace(day.history[-1], wanted=wanted._replace(start=NINE + 20 + 60))
    assert day.found() == {}


def test_a_booking_that_keeps_who_attends_is_not_in_its_own_way_unless_nobody_knows_where_it_stands(day):
    wanted = Wanted("cut", NINE + 10, None)
    moved = day.attempt(Mutation.MOVE, "SlotTaken", thing="one", wanted=wanted)
    assert day.found() == {"refused without reason": 1}
    day.facts = replace(FACTS, faults=[(moved.began - 0.5, moved.began - 0.4)])
    assert day.found() == {}
    day.facts = FACTS
    day.history[0] = replace(day.history[0], began=day.history[0].ended - 7)
    assert day.found() == {}


def test_a_hold_is_not_in_the_way_of_whom_it_is_for(day):
    day.hold("hold", "ben", start=NINE + 180)
    day.refused("SlotTaken", "ben", start=NINE + 180, thing="hold")
    assert day.found() == {"refused without reason": 1}


def test_a_refusal_of_what_had_succeeded_under_the_key_is_counted(day):
    day.refused("SlotTaken", "anna", key="key 0")
    assert day.found() == {"refused without reason": 1}


def test_a_calendar_is_unverified_only_while_calendars_fail(day):
    day.refused("CalendarUnverified", "anna")
    assert day.found() == {"refused without reason": 1}
    day.facts = replace(FACTS, faults=[(day.now - 5, day.now - 4)])
    assert day.found() == {}


def test_a_key_is_reused_only_by_other_input(day):
    day.attempt(Mutation.BOOK, "KeyReused", key="fresh", asked="this")
    assert day.found() == {"refused without reason": 1}
    day.attempt(Mutation.BOOK, "KeyReused", key="key 0", asked="that")
    day.history.pop(-2)
    assert day.found() == {}


def test_a_booking_is_cancelled_only_if_somebody_asked_for_it(day):
    day.attempt(Mutation.MOVE, "BookingIsCancelled", thing="one", wanted=Wanted("cut", TEN, None))
    assert day.found() == {"refused without reason": 1}


@pytest.mark.parametrize("kind", ["SlotNotOffered", "NotFound", "InvalidInput", "TooLate"])
def test_refusals_that_no_input_of_the_load_deserves_are_counted(day, kind):
    day.refused(kind, "anna", rule="GRID")
    assert day.found()["refused without reason"] == 1


# Answers


@pytest.mark.parametrize("kind", ["errors: INTERNAL", "HTTP 502", "Viewer", "errors: BAD_USER_INPUT"])
def test_untyped_answers_are_counted(day, kind):
    day.attempt(Mutation.BOOK, kind)
    assert day.found()["untyped answers"] == 1


@pytest.mark.parametrize("kind", ["errors: DEADLINE", "errors: RATE_LIMITED", None])
def test_to_be_told_to_try_again_or_nothing_is_no_finding(day, kind):
    day.attempt(Mutation.BOOK, kind)
    assert day.found() == {}


def test_findings_are_shown_as_a_table_with_examples(day):
    day.refused("SlotTaken", "anna", start=NINE + 180)
    stored = Stored(day.bookings, day.blocks, day.entries)
    shown = str(check(day.history, stored, day.outside, day.facts))
    assert "overlaps                         0" in shown
    assert "refused without reason           1\n" in shown
    assert "had nothing in" in shown
    assert "BookingConfirmed 3, SlotTaken 1, no answer 1" in shown
