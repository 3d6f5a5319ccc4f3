"""Our own entries as iCalendar, titles, zones of calendars, and free-busy answers."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from slotgraph.core.plugin import AnswerMalformed, BusyStatus, Entry, Span, minute_from_instant
from slotgraph.plugins.caldav.freebusy import rows_from_freebusy
from slotgraph.plugins.caldav.mapping import (
    printable,
    read_entry,
    text_from_entry,
    title_from_text,
    uid_from_key,
    zone_from_text,
)
from slotgraph.plugins.caldav.tokenizer import tokenized

STAMP = datetime(2027, 1, 1, tzinfo=UTC)


def utc(text: str) -> int:
    return minute_from_instant(datetime.strptime(f"2027{text}", "%Y%m%dT%H%M").replace(tzinfo=UTC))


SPAN = Span(utc("0315T0800"), utc("0315T0845"))
WINDOW = Span(utc("0314T0000"), utc("0318T0000"))


def _text(title: str = "Haircut", description: str = "With Anna") -> str:
    return text_from_entry(Entry(SPAN, "Europe/Berlin", title, description), "slotgraph-1", stamp=STAMP)


def test_entry_is_found_again_by_its_uid_only() -> None:
    assert read_entry(_text().encode(), "slotgraph-1") == (SPAN, "Haircut")
    with pytest.raises(AnswerMalformed):
        read_entry(_text().encode(), "slotgraph-2")


def test_entry_invites_nobody_and_blocks() -> None:
    lines = _text().split("\r\n")
    assert "DTSTART:20270315T080000Z" in lines
    assert "DTEND:20270315T084500Z" in lines
    assert "TRANSP:OPAQUE" in lines
    assert not any(line.startswith(("ATTENDEE", "ORGANIZER", "METHOD")) for line in lines)


@given(st.text(), st.text())
def test_no_text_breaks_out_of_its_property(title: str, description: str) -> None:
    text = _text(title, description)
    event = Calendar.from_ical(text).events[0]
    names = {line.split(":")[0].split(";")[0] for line in text.replace("\r\n ", "").split("\r\n") if line}
    assert names <= {
        "BEGIN",
        "END",
        "PRODID",
        "VERSION",
        "UID",
        "DTSTAMP",
        "DTSTART",
        "DTEND",
        "SUMMARY",
        "DESCRIPTION",
        "STATUS",
        "TRANSP",
        "X-SLOTGRAPH-KEY",
    }
    assert str(event["SUMMARY"]) == printable(title, lines=False)
    assert not any(ord(char) < 32 and char not in "\r\n\t" for char in text)


@pytest.mark.parametrize(
    "nasty", ["\r\nATTENDEE:mailto:x@y.example", "\x00", "\u2028END:VEVENT", "\x0b", "\u202eevil", "\ud800", "\x85"]
)
def test_control_characters_are_left_out(nasty: str) -> None:
    text = _text(f"a{nasty}b", f"a{nasty}b")
    assert not set("\x00\u2028\x0b\u202e\ud800\x85") & set(text)
    assert "\r\nATTENDEE" not in text
    text.encode()


@pytest.mark.parametrize(
    ("raw", "title"),
    [
        ("Dentist\\, at 9\\; bring x-ray\\nand card \\\\o/", "Dentist, at 9; bring x-ray and card \\o/"),
        ("  ", None),
        ("", None),
        ("\\n", None),
        ("tab\there\x00", "tab here"),
        ("x" * 5_000, "x" * 1_000),
    ],
)
def test_title_is_plain_text_of_one_line(raw: str, title: str | None) -> None:
    assert title_from_text(raw) == title


def test_uid_of_a_key_is_stable_and_safe_as_a_name() -> None:
    assert uid_from_key("0191f1a2-0000-7000-8000-000000000001") == "slotgraph-0191f1a2-0000-7000-8000-000000000001"
    assert uid_from_key("../../x y") == uid_from_key("../../x y")
    assert uid_from_key("../../x y").removeprefix("slotgraph-").isalnum()


@pytest.mark.parametrize(
    ("tzid", "zone"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("/freeassociation.sourceforge.net/America/Argentina/Salta", "America/Argentina/Salta"),
        ("My own", None),
    ],
)
def test_calendars_zone_is_told_by_its_definition(tzid: str, zone: str | None) -> None:
    assert zone_from_text(f"BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:{tzid}\nEND:VTIMEZONE\nEND:VCALENDAR\n") == zone


def test_calendars_zone_that_cannot_be_read_is_none() -> None:
    assert zone_from_text("BEGIN:VCALENDAR") is None


def _periods(*lines: str, zone: str = "Europe/Berlin") -> list[tuple[Span, str]]:
    text = "\r\n".join(["BEGIN:VCALENDAR", "BEGIN:VFREEBUSY", *lines, "END:VFREEBUSY", "END:VCALENDAR", ""])
    return [(Span(row.start, row.end), row.status) for row in rows_from_freebusy(tokenized(text), WINDOW, zone)]


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("FREEBUSY:20270315T080000Z/20270315T084500Z", BusyStatus.BUSY),
        ("FREEBUSY:20270315T080000Z/PT45M", BusyStatus.BUSY),
        ("FREEBUSY;FBTYPE=BUSY-TENTATIVE:20270315T080000Z/PT45M", BusyStatus.TENTATIVE),
        ("FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20270315T080000Z/PT45M", BusyStatus.OUT_OF_OFFICE),
        ("FREEBUSY;FBTYPE=X-NEW:20270315T080000Z/PT45M", BusyStatus.BUSY),
        ("FREEBUSY;FBTYPE=free:20270315T080000Z/PT45M", None),
        ("FREEBUSY:20270320T080000Z/PT45M", None),
        ("FREEBUSY:20270315T080000Z/P0D", None),
        ("FREEBUSY:", None),
    ],
)
def test_free_busy_periods_of_both_forms_and_all_types(line: str, status: BusyStatus | None) -> None:
    assert _periods(line) == ([(SPAN, status.value)] if status else [])


def test_unmerged_periods_on_one_line_all_block() -> None:
    assert (
        len(_periods("FREEBUSY:20270315T080000Z/PT45M,20270315T081500Z/PT45M", "FREEBUSY:20270315T080000Z/PT45M")) == 3
    )


@pytest.mark.parametrize(
    "period", ["20270315T000000Z/20270316T000000Z", "20270315T000000Z/P1D", "20270315T000000Z/P0D"]
)
def test_period_of_whole_utc_days_blocks_the_local_days_too(period: str) -> None:
    spans = [span for span, _ in _periods(f"FREEBUSY:{period}", zone="Pacific/Auckland")]
    assert spans == [Span(utc("0315T0000"), utc("0316T0000")), Span(utc("0314T1100"), utc("0315T1100"))]


@pytest.mark.parametrize(
    "lines",
    [
        ["FREEBUSY:20270315T080000/PT45M"],
        ["FREEBUSY:20270315T080000Z"],
        ["FREEBUSY:20270315T080000Z/20270315T070000Z"],
        ["FREEBUSY:garbage/PT1H"],
        ["DTSTART:20270315T000000Z", "DTEND:20270401T000000Z"],
        ["DTSTART:20270301T000000Z", "DTEND:20270317T000000Z"],
    ],
)
def test_free_busy_that_cannot_be_trusted_is_refused(lines: list[str]) -> None:
    with pytest.raises(ValueError):
        _periods(*lines)


@pytest.mark.parametrize("text", ["", "BEGIN:VCALENDAR\nEND:VCALENDAR\n", "<html/>"])
def test_text_without_free_busy_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        rows_from_freebusy(tokenized(text), WINDOW, "UTC")
