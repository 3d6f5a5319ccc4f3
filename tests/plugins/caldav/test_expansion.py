"""Expected busy time of many calendar contents: recurrence, exceptions, zones, whole days (rules B1-B3, S7)."""

from datetime import UTC, datetime
from textwrap import dedent

import pytest

from slotgraph.core.plugin import AnswerMalformed, AnswerTooLarge, Span, minute_from_instant
from slotgraph.plugins.caldav.expansion import Row, expanded, scope_for
from slotgraph.plugins.caldav.tokenizer import tokenized

ZONE = "Europe/Berlin"
ME = frozenset({"mailto:me@home.example"})


def utc(text: str) -> int:
    """The minute of a UTC time like 0301T0900, in 2027."""
    return minute_from_instant(datetime.strptime(f"2027{text}", "%Y%m%dT%H%M").replace(tzinfo=UTC))


WINDOW = Span(utc("0301T0000"), utc("0501T0000"))


def rows(*events: str, zone: str = ZONE, window: Span = WINDOW, steps: int = 50_000, titles: bool = False) -> list[Row]:
    """Expand events given by their lines; one that begins with BEGIN stands as it is."""
    parts = [
        event if event.startswith("BEGIN") else f"BEGIN:VEVENT\nUID:{number}\n{event}\nEND:VEVENT"
        for number, event in enumerate(dedent(event).strip() for event in events)
    ]
    text = "\r\n".join(["BEGIN:VCALENDAR", *"\n".join(parts).split("\n"), "END:VCALENDAR", ""])
    calendars = tokenized(text, titles=titles, addresses=ME)
    return sorted(expanded(calendars, scope_for(window, zone, steps=steps)), key=lambda row: row[:2])


def spans(*events: str, zone: str = ZONE, window: Span = WINDOW) -> list[str]:
    """The spans as MMDDTHHMM/MMDDTHHMM in UTC."""
    return [f"{_text(row.start)}/{_text(row.end)}" for row in rows(*events, zone=zone, window=window)]


def _text(minute: int) -> str:
    return f"{datetime.fromtimestamp(minute * 60, UTC):%m%dT%H%M}"


CUSTOM_ZONE = """
    BEGIN:VTIMEZONE
    TZID:Customized Time Zone
    BEGIN:STANDARD
    DTSTART:16010101T030000
    TZOFFSETFROM:+0200
    TZOFFSETTO:+0100
    RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
    END:STANDARD
    BEGIN:DAYLIGHT
    DTSTART:16010101T020000
    TZOFFSETFROM:+0100
    TZOFFSETTO:+0200
    RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
    END:DAYLIGHT
    END:VTIMEZONE"""
WEEKLY = (
    "DTSTART;TZID=Europe/Berlin:20270315T090000\nDTEND;TZID=Europe/Berlin:20270315T100000\nRRULE:FREQ=WEEKLY;COUNT=3"
)
FIRST, SECOND, THIRD = "0315T0800/0315T0900", "0322T0800/0322T0900", "0329T0700/0329T0800"


def _series(*overrides: str, more: str = "") -> str:
    """The weekly series with overrides, all of one UID."""
    events = "".join(f"\nBEGIN:VEVENT\nUID:s\n{dedent(override).strip()}\nEND:VEVENT" for override in overrides)
    return f"BEGIN:VEVENT\nUID:s\n{WEEKLY}{more}\nEND:VEVENT{events}"


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("DTSTART:20270315T090000Z\nDTEND:20270315T100000Z", ["0315T0900/0315T1000"]),
        ("DTSTART:20270315T090000Z\nDURATION:PT90M", ["0315T0900/0315T1030"]),
        ("DTSTART:20270315T090000Z\nDURATION:P1W", ["0315T0900/0322T0900"]),
        ("DTSTART:20270315T090000Z", []),
        ("DTSTART:20270315T090000Z\nDTEND:20270315T090000Z", []),
        ("DTSTART:20270315T090059Z\nDTEND:20270315T095901Z", ["0315T0900/0315T1000"]),
        ("DTSTART:20270315T090000\nDTEND:20270315T100000", ["0315T0800/0315T0900"]),
        ("DTSTART;TZID=America/New_York:20270315T090000\nDURATION:PT1H", ["0315T1300/0315T1400"]),
        ("DTSTART;TZID=W. Europe Standard Time:20270402T090000\nDURATION:PT1H", ["0402T0700/0402T0800"]),
        ("DTSTART;TZID=/mozilla.org/20070129_1/Asia/Tokyo:20270315T090000\nDURATION:PT1H", ["0315T0000/0315T0100"]),
        ('DTSTART;TZID="Europe/Berlin":20270315T090000\nDTEND:20270315T083000Z', ["0315T0800/0315T0830"]),
        ("DTSTART;VALUE=DATE:20270315\nDTEND;VALUE=DATE:20270316", ["0314T2300/0315T2300"]),
        ("DTSTART;VALUE=DATE:20270315", ["0314T2300/0315T2300"]),
        ("DTSTART;VALUE=DATE:20270315\nDTEND;VALUE=DATE:20270315", ["0314T2300/0315T2300"]),
        ("DTSTART;VALUE=DATE:20270327\nDURATION:P3D", ["0326T2300/0329T2200"]),
        ("DTSTART;VALUE=DATE:20270328", ["0327T2300/0328T2200"]),  # 23 hours
        ("DTSTART:19990101T000000Z\nDTEND:20350101T000000Z", ["0101T0000/0101T0000"]),
        ("DTSTART:20270228T220000Z\nDTEND:20270301T000000Z", []),
        ("DTSTART:20270501T000000Z\nDTEND:20270501T010000Z", []),
        ("DTSTART;TZID=Europe/Berlin:20270328T023000\nDURATION:PT1H", ["0328T0130/0328T0230"]),  # in the gap
        (
            "DTSTART;TZID=Europe/Berlin:20270328T023000\nDTEND;TZID=Europe/Berlin:20270328T031500",
            ["0328T0130/0328T0215"],
        ),
        (
            "DTSTART;TZID=Europe/Berlin:20270327T220000\nDTEND;TZID=Europe/Berlin:20270328T060000",
            ["0327T2100/0328T0400"],
        ),
        ("DTSTART;TZID=Europe/Berlin:20270327T220000\nDURATION:P1D", ["0327T2100/0328T2000"]),
        ("DTSTART;TZID=Europe/Berlin:20270327T220000\nDURATION:PT24H", ["0327T2100/0328T2100"]),
    ],
)
def test_single_event_blocks(event: str, expected: list[str]) -> None:
    assert spans(event) == expected


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ("", "BUSY"),
        ("STATUS:CONFIRMED", "BUSY"),
        ("STATUS:TENTATIVE", "TENTATIVE"),
        ("STATUS:CANCELLED", None),
        ("STATUS:SOMETHING-NEW", "BUSY"),
        ("TRANSP:TRANSPARENT", None),
        ("TRANSP:OPAQUE", "BUSY"),
        ("X-MICROSOFT-CDO-BUSYSTATUS:OOF", "OUT_OF_OFFICE"),
        ("X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE", "TENTATIVE"),
        ("X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE", "WORKING_ELSEWHERE"),
        ("X-MICROSOFT-CDO-BUSYSTATUS:FREE", None),
        ("X-MICROSOFT-CDO-BUSYSTATUS:FREE\nTRANSP:OPAQUE", "BUSY"),
        ("ATTENDEE;PARTSTAT=DECLINED:mailto:me@home.example", None),
        ("ATTENDEE;PARTSTAT=TENTATIVE:mailto:me@home.example", "TENTATIVE"),
        ("ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:me@home.example", "BUSY"),
        ("ATTENDEE;PARTSTAT=DECLINED:mailto:you@home.example", "BUSY"),
    ],
)
def test_status_decides_whether_and_how_it_blocks(lines: str, status: str | None) -> None:
    found = rows(f"DTSTART:20270315T090000Z\nDURATION:PT1H\n{lines}".strip())
    assert [row.status for row in found] == ([status] if status else [])


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (_series(), [FIRST, SECOND, THIRD]),
        (_series(more="\nEXDATE;TZID=Europe/Berlin:20270322T090000"), [FIRST, THIRD]),
        (_series(more="\nEXDATE:20270322T080000Z,20270329T070000Z"), [FIRST]),
        (_series(more="\nEXDATE:20270322T090000"), [FIRST, THIRD]),  # floating: on its event's clock
        (_series(more="\nEXDATE;VALUE=DATE:20270322"), [FIRST, THIRD]),
        (_series(more="\nEXDATE;TZID=Europe/Berlin:20270315T090000"), [SECOND, THIRD]),
        (_series(more="\nRDATE:20270330T120000Z"), [FIRST, SECOND, THIRD, "0330T1200/0330T1300"]),
        (_series(more="\nRDATE;VALUE=PERIOD:20270330T120000Z/PT2H"), [FIRST, SECOND, THIRD, "0330T1200/0330T1400"]),
        (
            _series(more="\nRDATE;VALUE=PERIOD:20270330T120000Z/20270330T121500Z"),
            [FIRST, SECOND, THIRD, "0330T1200/0330T1215"],
        ),
        (
            _series(
                """
                RECURRENCE-ID;TZID=Europe/Berlin:20270322T090000
                DTSTART;TZID=Europe/Berlin:20270325T140000
                DTEND;TZID=Europe/Berlin:20270325T160000"""
            ),
            [FIRST, "0325T1300/0325T1500", THIRD],
        ),
        (
            _series("RECURRENCE-ID:20270322T080000Z\nDTSTART:20271201T080000Z\nDURATION:PT1H"),
            [FIRST, THIRD],
        ),
        (
            _series("RECURRENCE-ID:20270322T080000Z\nDTSTART:20270322T080000Z\nDURATION:PT1H\nSTATUS:CANCELLED"),
            [FIRST, THIRD],
        ),
        (
            _series("RECURRENCE-ID:20270322T080000Z\nDTSTART:20270322T080000Z\nDURATION:PT1H\nTRANSP:TRANSPARENT"),
            [FIRST, THIRD],
        ),
        (
            _series("RECURRENCE-ID;RANGE=THISANDFUTURE:20270322T080000Z\nDTSTART:20270322T100000Z\nDURATION:PT30M"),
            [FIRST, "0322T1000/0322T1030", "0329T1000/0329T1030"],
        ),
        (
            _series("RECURRENCE-ID;RANGE=THISANDFUTURE:20270322T080000Z\nDTSTART:20270322T080000Z\nSTATUS:CANCELLED"),
            [FIRST],
        ),
        (
            "RECURRENCE-ID:20270322T080000Z\nDTSTART:20270323T080000Z\nDURATION:PT1H",
            ["0323T0800/0323T0900"],
        ),  # no master
        (
            "DTSTART;VALUE=DATE:20270326\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE;VALUE=DATE:20270327",
            ["0325T2300/0326T2300", "0327T2300/0328T2200"],
        ),
        (
            "DTSTART;VALUE=DATE:20270326\nRRULE:FREQ=DAILY;UNTIL=20270327",
            ["0325T2300/0326T2300", "0326T2300/0327T2300"],
        ),
        ("DTSTART:20200101T090000Z\nDURATION:PT1H\nRRULE:FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=2", ["0302T0900/0302T1000"]),
        ("DTSTART:20260301T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL=20270228T090000Z", []),
        (
            "DTSTART:20270227T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL=20270302",
            ["0301T0900/0301T1000", "0302T0900/0302T1000"],
        ),
        (
            "DTSTART:20270302T090000Z\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;BYDAY=WE;UNTIL=20270304T000000Z",
            ["0302T0900/0302T1000", "0303T0900/0303T1000"],
        ),
        ("DTSTART:20270227T090000Z\nDURATION:P3D\nRRULE:FREQ=YEARLY", ["0227T0900/0302T0900"]),
        ("DTSTART:20270315T090000Z\nRRULE:FREQ=DAILY;COUNT=5", []),
    ],
)
def test_series_blocks(event: str, expected: list[str]) -> None:
    assert spans(event) == expected


def test_private_zone_is_read_by_its_definition() -> None:
    event = "DTSTART;TZID=Customized Time Zone:20270322T090000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=2"
    assert spans(dedent(CUSTOM_ZONE).strip(), event) == ["0322T0800/0322T0900", "0329T0700/0329T0800"]


@pytest.mark.parametrize(
    "wall",
    [
        "20270328T013000",
        "20270328T023000",
        "20270328T033000",
        "20271031T013000",
        "20271031T023000",
        "20271031T033000",
        "20270101T000000",
    ],
)
def test_definition_means_the_same_as_the_known_zone_around_its_changes(wall: str) -> None:
    window = Span(utc("0101T0000") - 1440, utc("1231T0000"))
    own = f"DTSTART;TZID=Customized Time Zone:{wall}\nDURATION:PT1H"
    known = own.replace("Customized Time Zone", ZONE)
    assert spans(dedent(CUSTOM_ZONE).strip(), own, window=window) == spans(known, window=window)


def test_floating_and_whole_days_are_in_the_employees_zone() -> None:
    floating, day = "DTSTART:20270315T090000\nDURATION:PT1H", "DTSTART;VALUE=DATE:20270316"
    assert spans(floating, day, zone="Pacific/Auckland") == ["0314T2000/0314T2100", "0315T1100/0316T1100"]


def test_two_events_in_two_objects_of_one_text_both_block() -> None:
    text = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20270315T090000Z\nDURATION:PT1H\nEND:VEVENT\nEND:VCALENDAR\n"
    assert len(expanded(tokenized(text * 2), scope_for(WINDOW, ZONE, steps=100))) == 2


def test_titles_come_with_what_is_needed_to_show_them() -> None:
    found = rows(
        "DTSTART;VALUE=DATE:20270315\nSUMMARY:Dentist\\, at last\nCLASS:CONFIDENTIAL",
        "DTSTART:20270317T090000Z\nDURATION:PT1H\nSUMMARY: ",
        titles=True,
    )
    assert [(row.title, row.all_day, row.private) for row in found] == [
        ("Dentist, at last", True, True),
        (None, False, False),
    ]


def test_override_has_its_own_title() -> None:
    override = "RECURRENCE-ID:20270322T080000Z\nDTSTART:20270322T080000Z\nDURATION:PT1H\nSUMMARY:Changed"
    assert [row.title for row in rows(_series(override, more="\nSUMMARY:Usual"), titles=True)] == [
        "Usual",
        "Changed",
        "Usual",
    ]


def test_rows_are_not_printed() -> None:
    assert "Dentist" not in repr(rows("DTSTART;VALUE=DATE:20270315\nSUMMARY:Dentist", titles=True))


@pytest.mark.parametrize(
    "event",
    [
        "DTSTART:garbage",
        "SUMMARY:no start",
        "DTSTART:20270399T090000Z",
        "DTSTART:20270315T090000Z\nDTEND:20270315T080000Z",
        "DTSTART:20270315T090000Z\nDTEND;VALUE=DATE:20270316",
        "DTSTART:20270315T090000Z\nDURATION:-PT1H",
        "DTSTART:20270315T090000Z\nDURATION:P",
        "DTSTART:20270315T090000Z\nDURATION:P99999999999D",
        "DTSTART;TZID=Nowhere/Land:20270315T090000\nDURATION:PT1H",
        "DTSTART:20200101T090000Z\nDTEND:garbage",
        "DTSTART:20200101T090000Z\nDURATION:PT1H\nRRULE:FREQ=SOMETIMES",
        "DTSTART:20200101T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL=never",
        "DTSTART:20200101T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY\nEXDATE:garbage",
        "DTSTART:20200101T090000Z\nDURATION:PT1H\nRDATE:garbage",
        "DTSTART:20270315T090000Z\nDURATION:PT1H\nRDATE;VALUE=PERIOD:20270316T090000Z/20270315T090000Z",
    ],
)
def test_broken_event_that_could_touch_the_window_is_malformed(event: str) -> None:
    with pytest.raises(AnswerMalformed) as caught:
        rows(event)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    "event",
    [
        "DTSTART:20270615T090000Z\nDTEND:garbage",
        "DTSTART:20270615T090000Z\nDTEND:20270615T080000Z",
        "DTSTART:20260615T090000Z\nDTEND:20260615T080000Z",
        "DTSTART:20270615T090000Z\nDURATION:PT1H\nRRULE:FREQ=SOMETIMES",
        "DTSTART;TZID=Nowhere/Land:20260315T090000\nDTEND;TZID=Nowhere/Land:20260315T100000",
        "DTSTART:20270315T090000Z\nDTEND:20270315T080000Z\nTRANSP:TRANSPARENT",
        "DTSTART:garbage\nSTATUS:CANCELLED",
    ],
)
def test_broken_event_that_cannot_touch_the_window_costs_no_other(event: str) -> None:
    assert spans(event, "DTSTART:20270315T090000Z\nDURATION:PT1H") == ["0315T0900/0315T1000"]


def test_override_of_an_unreadable_instance_blocks_beside_the_original() -> None:
    assert spans(_series("RECURRENCE-ID:garbage\nDTSTART:20270325T080000Z\nDURATION:PT1H")) == [
        FIRST,
        SECOND,
        "0325T0800/0325T0900",
        THIRD,
    ]


@pytest.mark.parametrize(
    "lines",
    [
        "RRULE:FREQ=SECONDLY",
        "RRULE:FREQ=MINUTELY",
        "RRULE:FREQ=SECONDLY;COUNT=1000000000",
        "RRULE:FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23;BYMINUTE="
        + ",".join(map(str, range(60))),
        "RRULE:FREQ=YEARLY\n" + "EXDATE:20270101T000000Z\n" * 51_000,
    ],
    ids=["secondly", "minutely", "count", "byminute", "exdates"],
)
def test_bomb_is_refused(lines: str) -> None:
    with pytest.raises(AnswerTooLarge):
        rows(f"DTSTART:20200101T090000Z\nDURATION:PT1H\n{lines}")


def test_definition_of_a_zone_can_be_a_bomb_too() -> None:
    bomb = dedent(CUSTOM_ZONE).strip().replace("FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "FREQ=SECONDLY")
    with pytest.raises(AnswerTooLarge):
        rows(bomb, "DTSTART;TZID=Customized Time Zone:20270322T090000\nDURATION:PT1H")


def test_minutely_rule_from_long_ago_is_read_where_it_is_asked() -> None:
    found = rows(
        "DTSTART:19990101T000000Z\nDURATION:PT5M\nRRULE:FREQ=MINUTELY;INTERVAL=20",
        window=Span(utc("0301T0900"), utc("0301T1000")),
    )
    assert [row.start - utc("0301T0900") for row in found] == [0, 20, 40]


def test_hourly_rule_goes_by_the_wall_clock_over_a_clock_change() -> None:
    """RFC 5545 section 3.3.10: what is computed is the local start, of any frequency."""
    event = "DTSTART;TZID=Europe/Berlin:20270101T000000\nDURATION:PT10M\nRRULE:FREQ=HOURLY;INTERVAL=12"
    starts = [_text(row.start) for row in rows(event, window=Span(utc("0327T0000"), utc("0329T0000")))]
    assert starts == ["0327T1100", "0327T2300", "0328T1000", "0328T2200"]
