"""The scalars: what is taken, what is refused, and that refusals repeat nothing."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

import pytest

from slotgraph.core.clock import instant_from_minute
from slotgraph.core.values import Secret
from slotgraph.schema.scalars import (
    REMEMBERED_MINUTES,
    SCALARS,
    EmailAddress,
    Locale,
    TimeZone,
    ValueRefused,
    date_time_text,
    minute_texts,
)


def parse(type_: object, value: object) -> Any:
    read = SCALARS[type_].parse_value
    assert read is not None
    return read(value)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-02T09:30:00Z", datetime(2026, 11, 2, 9, 30, tzinfo=UTC)),
        ("2026-11-02t09:30:00z", datetime(2026, 11, 2, 9, 30, tzinfo=UTC)),
        ("2026-11-02T09:30:00.25+01:00", datetime(2026, 11, 2, 8, 30, 0, 250_000, tzinfo=UTC)),
        ("2026-11-02 09:30:00-11:30", datetime(2026, 11, 2, 21, 0, tzinfo=UTC)),
    ],
)
def test_instant_with_offset_is_taken_in_utc(text: str, instant: datetime) -> None:
    read = parse(datetime, text)
    assert (read, read.tzinfo) == (instant, UTC)


@pytest.mark.parametrize("text", ["2026-11-02", "2026-11-02T09:30", "2026-11-02T09:30:00", "2026-11-02T09:30:00.5"])
def test_instant_without_offset_is_refused_with_the_reason(text: str) -> None:
    with pytest.raises(
        ValueRefused, match=r'^DateTime must be RFC 3339 with an offset, for example "[^"]+": the offset is missing\.$'
    ):
        parse(datetime, text)


@pytest.mark.parametrize(
    "value",
    [
        None, 5, 1.5, True, [], {}, "", "now", "2026-11-02T09:30Z", "20261102T093000Z", "2026-11-02T09:30:00+0100",
        "2026-13-02T09:30:00Z", "2026-11-02T24:30:00Z", "2026-11-02T09:30:60Z", "2026-11-02T09:30:00+25:00",
        "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "1899-12-31T23:59:59Z", "٢٠٢٦-11-02T09:30:00Z",
        "2026-11-02T09:30:00Z\n", "2026-W45-1T09:30:00Z",
    ],
)  # fmt: skip
def test_what_is_no_instant_is_refused(value: object) -> None:
    with pytest.raises(ValueRefused, match=r"^DateTime must be RFC 3339 with an offset"):
        parse(datetime, value)


def test_answer_is_in_utc_with_z() -> None:
    assert date_time_text(datetime(2026, 11, 2, 9, 30, tzinfo=timezone(timedelta(hours=1)))) == "2026-11-02T08:30:00Z"
    assert date_time_text(datetime(2026, 11, 2, 9, 30, 0, 5, tzinfo=UTC)) == "2026-11-02T09:30:00.000005Z"
    with pytest.raises(ValueError):
        date_time_text(datetime(2026, 11, 2, 9, 30))


def test_day_is_a_day() -> None:
    assert parse(date, "2028-02-29") == date(2028, 2, 29)


@pytest.mark.parametrize(
    "value", ["2027-02-29", "2027-2-1", "20270201", "2027-02-01T00:00:00Z", "0000-01-01", "9999-01-01", 20270201, None]
)
def test_what_is_no_day_is_refused(value: object) -> None:
    with pytest.raises(ValueRefused, match=r"^Date must be a day as YYYY-MM-DD"):
        parse(date, value)


@pytest.mark.parametrize("value", ["09:30", "09:30:15", "24:00:00", "9:30:00", "09:30:00Z", "09:30:00.0", 930])
def test_wall_time_is_whole_minutes(value: object) -> None:
    assert parse(time, "00:00:00") == time(0)
    with pytest.raises(ValueRefused, match=r"^LocalTime must be HH:MM:SS in whole minutes"):
        parse(time, value)


@pytest.mark.parametrize(
    ("type_", "good", "bad"),
    [
        (TimeZone, "Europe/Zurich", ["europe/zurich", "CET+1", "../etc/passwd", "", "W. Europe Standard Time", 1]),
        (
            EmailAddress,
            "a.b+c@example.org",
            ["a@b", "A <a@example.org>", "a@example.org, b@example.org", "a\n@example.org", 1],
        ),
        (Locale, "en-GB", ["", "e", "english", "en_GB", "x" * 40, 1]),
    ],
)
def test_words_of_the_standards_are_checked(type_: object, good: str, bad: list[object]) -> None:
    assert parse(type_, good) == good
    for value in bad:
        with pytest.raises(ValueRefused) as raised:
            parse(type_, value)
        assert len(str(value)) < 5 or str(value) not in raised.value.message


def test_secret_is_taken_as_secret_and_never_repeated() -> None:
    read = parse(Secret, "hunter2")
    assert read == Secret("hunter2")
    assert "hunter2" not in repr(read)
    for value in (["hunter2"], {"hunter2": 1}, 4711, "x" * 5000):
        with pytest.raises(ValueRefused) as raised:
            parse(Secret, value)
        assert raised.value.message.startswith("Secret must be text")
        assert "hunter2" not in raised.value.message
        assert "4711" not in raised.value.message


@pytest.mark.parametrize("minute", [0, 1, 30_000_000, -36_816_480, 541_000_000])
def test_minute_reads_as_its_instant(minute: int) -> None:
    assert date_time_text(minute) == date_time_text(instant_from_minute(minute))


def test_texts_of_minutes_are_forgotten_before_they_are_many() -> None:
    for minute in range(REMEMBERED_MINUTES + 10):
        assert date_time_text(minute)
    assert len(minute_texts) <= REMEMBERED_MINUTES
