"""What a password must be, and which rule it breaks."""

import pytest

from slotgraph.core.people.password_rules import _COMMONEST, LONGEST, SHORTEST, password_fault

EMAIL = "Anna.Muster@demo.example"
LENGTH = "between 12 and 200 characters."


@pytest.mark.parametrize(
    "password", ["twelve chars", "ä" * 6 + "ö" * 6, "x" * 199 + "y", "🔑🐴🔋📎🔑🐴🔋📎🔑🐴🔋📎", "annamuster-at-demo"]
)
def test_long_ones_are_good_whatever_they_are_made_of(password):
    assert password_fault(password, EMAIL) is None


@pytest.mark.parametrize("password", ["", "eleven char", "x" * 200 + "y", "a\u0308" * 5 + "123456"])
def test_too_short_and_too_long_ones_are_refused_as_composed_characters(password):
    assert password_fault(password, EMAIL) == LENGTH


@pytest.mark.parametrize("password", ["Anna.Muster@demo.example", "anna.muster@DEMO.example", "longlocalpart"])
def test_the_address_and_its_local_part_are_refused(password):
    fault = password_fault(password, EMAIL if "@" in password else "LongLocalPart@demo.example")
    assert fault is not None
    assert "address" in fault


def test_without_an_address_only_the_other_rules_count():
    assert password_fault("longlocalpart") is None
    assert password_fault("short") == LENGTH


@pytest.mark.parametrize(
    "password", [*sorted(_COMMONEST), "PASSWORD1234", "Correcthorsebatterystaple", "zzzzzzzzzzzzz"]
)
def test_what_is_tried_first_is_refused(password):
    fault = password_fault(password, EMAIL)
    assert fault is not None
    assert "tried first" in fault


def test_no_password_is_listed_that_its_length_refuses_anyway():
    assert [one for one in _COMMONEST if not SHORTEST <= len(one) <= LONGEST] == []
