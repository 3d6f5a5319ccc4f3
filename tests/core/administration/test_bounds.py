"""The bounds of administration, as the documentation gives them."""

from datetime import date

import pytest

from slotgraph.core.administration import absences, bounds, services
from slotgraph.core.errors import UnknownObject
from slotgraph.core.values import OMITTED


def test_how_many_of_everything():
    limits = (bounds.MAX_EMPLOYEES, bounds.MAX_SERVICES, bounds.MAX_AVAILABILITIES, bounds.MAX_ABSENCES)
    assert limits == (1000, 500, 200, 2000)
    assert (bounds.MAX_NAMED, absences.MAX_DAYS, services.MAX_DESCRIPTION) == (200, 3660, 5000)


def test_a_number_on_the_bound_is_fine():
    for number, is_wrong in ((0, True), (1, False), (5, False), (6, True)):
        faults = list(bounds.number_faults(("input", "n"), number, least=1, most=5, unit="hours"))
        assert [fault.message for fault in faults] == ["between 1 and 5 hours."] * is_wrong


@pytest.mark.parametrize(("year", "is_wrong"), [(1899, True), (1900, False), (2999, False), (3000, True)])
def test_years_are_those_that_callers_may_speak_of(year, is_wrong):
    assert bool(list(bounds.year_faults(("input",), date(year, 1, 1)))) == is_wrong
    assert list(bounds.year_faults(("input",), None)) == []


def test_what_was_left_out_stays_and_null_is_something():
    assert bounds.given_or(OMITTED, 1) == 1
    assert bounds.given_or(None, 1) is None


def test_ids_count_once_and_the_first_unknown_is_named():
    assert bounds.known_ids(("b", "a", "b"), {"a": 1, "b": 2}, path=("input",)) == ["b", "a"]
    with pytest.raises(UnknownObject) as refused:
        bounds.known_ids(("a", "c", "d"), {"a": 1}, path=("input", "ids"))
    assert refused.value.path == ("input", "ids", "1")
