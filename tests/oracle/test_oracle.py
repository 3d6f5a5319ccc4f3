"""The oracle against answers a person can work out from the rules on paper."""

import pytest
from slotgraph_tests_oracle_oracle import minutes_meant, offered, wall_at
from slotgraph_tests_oracle_scenarios import asked, dated, days, person, span, time_off, weekly

NOON_TO_NOON = ("2027-03-01T12:00", "2027-03-02T12:00")
SPRING = ("2027-03-27T12:00", "2027-03-28T12:00")
AUTUMN = ("2027-10-30T12:00", "2027-10-31T12:00")
FEBRUARY, OCTOBER = "2027-02-28T12:00:00Z", "2027-10-01T00:00:00Z"


def starts(scenario: object) -> list[str]:
    """The hours and minutes in UTC at which something is offered."""
    return [slot["start"][11:16] for slot in offered(scenario)]


@pytest.mark.parametrize(
    ("rule", "scenario", "expected"),
    [
        ("S2: 13:30 with 60 gives 13:30, 14:30", asked(person(dated("13:30", "15:30"))), ["12:30", "13:30"]),
        ("S2: from midnight", asked(person(dated("13:30", "16:00")), anchor="CLOCK"), ["13:00", "14:00"]),
        (
            "S2: anchors before merging, and a slot runs on",
            asked(person(dated("09:00", "09:50"), dated("09:50", "11:00"))),
            ["08:00", "08:50"],
        ),
        ("A1: past midnight", asked(person(dated("23:00", "01:00")), window=NOON_TO_NOON), ["22:00", "23:00"]),
        ("A1: 00:00 closes the day", asked(person(dated("22:00", "00:00")), window=NOON_TO_NOON), ["21:00", "22:00"]),
        (
            "A1: a start in the gap moves to its end, an end likewise",
            asked(person(dated("02:30", "04:00", "2027-03-28")), window=SPRING, now=FEBRUARY),
            ["01:00"],
        ),
        (
            "A1: both ends in one gap leave nothing",
            asked(person(dated("02:10", "02:50", "2027-03-28")), duration=1, interval=5, window=SPRING, now=FEBRUARY),
            [],
        ),
        (
            "A1: ambiguous ends mean the first as start, the last as end",
            asked(person(dated("02:30", "02:30", "2027-10-31")), own_interval=120, window=AUTUMN, now=OCTOBER),
            ["00:30", "02:30", "04:30", "06:30", "08:30", "10:30"],
        ),
        (
            "A1: from the first 02:15 to the last 02:45",
            asked(
                person(dated("02:15", "02:45", "2027-10-31")), duration=90, own_interval=5, window=AUTUMN, now=OCTOBER
            ),
            ["00:15"],
        ),
        (
            "S3: blocked spans may meet, not overlap",
            asked(
                person(dated("09:00", "11:00"), blocked=[span("09:00", "09:20")]),
                duration=40,
                after=20,
                own_interval=20,
            ),
            ["08:00", "09:20"],
        ),
        (
            "S3: buffers stick out of availabilities and into absences",
            asked(person(dated("09:00", "11:00"), absences=[time_off("09:00", "09:30")]), before=99, after=99),
            ["08:00"],
        ),
        (
            "A2: a day off is the employee's own, 23:00Z to 23:00Z",
            asked(person(dated("22:00", "02:00"), absences=[days("2027-03-02")]), own_interval=30, window=NOON_TO_NOON),
            ["21:00", "21:30", "22:00"],
        ),
        (
            "S4: notice counts from now rounded up",
            asked(person(dated("09:00", "12:00")), notice=60, now="2027-03-01T08:00:01Z"),
            ["10:00"],
        ),
        (
            "S4: the horizon's last day is whole",
            asked(
                person(*(weekly(day, "23:00", "00:00") for day in ("MONDAY", "TUESDAY", "WEDNESDAY"))),
                horizon=1,
                now="2027-03-01T00:00:00Z",
                window=("2027-03-01T00:00", "2027-03-05T00:00"),
            ),
            ["22:00", "22:00"],
        ),
        (
            "B4: no slot in an unanswered chunk",
            asked(person(dated("09:00", "12:00"), unverified=[span("09:30", "10:30")])),
            ["08:00"],
        ),
        (
            "S7: a span without length blocks nothing",
            asked(person(dated("09:00", "10:00"), busy=[span("08:30", "08:30")])),
            ["08:00"],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_oracle_agrees_with_paper(rule: str, scenario: object, expected: list[str]) -> None:
    assert starts(scenario) == expected


def test_any_names_each_start_once_with_all_who_can_take_it() -> None:
    """S5, with grids of their own."""
    scenario = asked(person(dated("09:00", "11:00")), person(dated("10:00", "12:00"), name="ben"), way="anyOf")
    assert [(slot["start"][11:16], slot["employees"]) for slot in offered(scenario)] == [
        ("08:00", ["anna"]),
        ("09:00", ["anna", "ben"]),
        ("10:00", ["ben"]),
    ]


def test_together_steps_from_the_companys_midnight_and_needs_all() -> None:
    """S2, S5."""
    scenario = asked(person(dated("09:10", "12:00")), person(dated("09:10", "11:30"), name="ben"), way="together")
    assert [(slot["start"][11:16], slot["employees"]) for slot in offered(scenario)] == [("09:00", ["anna", "ben"])]


def test_clocks_are_read_off_minute_by_minute() -> None:
    """Lord Howe goes from 01:59 to 02:30 in spring and back from 01:59 to 01:30 in autumn."""
    spring, autumn = 30_374_849, 30_112_739
    zone = "Australia/Lord_Howe"
    assert [wall_at(at, zone) % 1440 for at in (spring, spring + 1)] == [119, 150]
    assert [wall_at(at, zone) % 1440 for at in (autumn, autumn + 1)] == [119, 90]
    assert minutes_meant(wall_at(spring, zone) + 5, zone) == [spring + 1]
    assert len(minutes_meant(wall_at(autumn, zone) - 5, zone)) == 2
