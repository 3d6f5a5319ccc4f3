"""`slotgraph holidays`: the days of a country or a part of it, filled in once."""

import sys
from datetime import date

import pytest
from slotgraph_tests_server_cli_commands import company, done, refused

from slotgraph.core.clock import SystemClock

THIS = SystemClock().now().year
CHRISTMAS = date(THIS + 1, 12, 25)


def holidays(*arguments, country="DE"):
    return ("holidays", "salon", "--country", country, *arguments)


def test_the_days_are_filled_in_once(folder):
    company()
    next_year = ("--subdivision", "BY", "--year", str(THIS + 1), "--language", "de")
    looked_at = done(*holidays(*next_year, "--dry-run")).splitlines()
    assert looked_at[-1] == f"{len(looked_at) - 1} would be added, 0 there already."
    assert f"{CHRISTMAS}  Erster Weihnachtstag" in looked_at
    added = done(*holidays(*next_year)).splitlines()
    assert added[:-1] == looked_at[:-1]
    assert added[-1] == f"{len(added) - 1} added, 0 there already."
    again = done(*holidays(*next_year)).splitlines()
    assert again[-1] == f"0 added, {len(added) - 1} there already."
    assert f"{CHRISTMAS}  Erster Weihnachtstag (was there)" in again


def test_this_and_the_next_year_without_any_named(folder):
    company()
    lines = done(*holidays("--dry-run", country="ch")).splitlines()[:-1]
    assert {line[:4] for line in lines} == {str(THIS), str(THIS + 1)}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--year", str(THIS - 1)), f"between {THIS} and {THIS + 5}"),
        (("--year", str(THIS + 6)), f"between {THIS} and {THIS + 5}"),
        (("--subdivision", "BYE"), "there is no BYE; there is BY"),
        (("--language", "English"), "there is de, en_US"),
        (("--country", "GERMANIA"), "there is no GERMANIA; there is "),
        (("--country", "VA", "--subdivision", "X"), "leave it out"),
    ],
)
def test_what_there_is_not_is_one_sentence_that_says_what_there_is(folder, arguments, said):
    company()
    assert said in refused(*holidays(*arguments))


def test_a_company_that_is_not_there(folder):
    assert "there is no company 'salon'" in refused(*holidays())


def test_without_the_library_it_says_what_to_install(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "holidays", None)
    assert "pip install slotgraph[holidays]" in refused(*holidays())
