"""The scalars: strict about what comes in, one form of what goes out. A refusal says what is expected and never repeats the value."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any, NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from slotgraph.core.clock import YEARS, instant_from_minute, is_zone_name
from slotgraph.core.customers import is_email, is_locale
from slotgraph.core.origins import is_url
from slotgraph.core.values import Secret

Minute = NewType("Minute", int)
"""An instant as a whole minute since the epoch: what core computes with."""
TimeZone = NewType("TimeZone", str)
EmailAddress = NewType("EmailAddress", str)
Locale = NewType("Locale", str)
URL = NewType("URL", str)

MAX_SECRET = 4000

_BETWEEN_YEARS = f"between {YEARS[0]} and {YEARS[-1]}"

_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_NAIVE = re.compile(r"\d{4}-\d\d-\d\d([Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?)?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_LOCAL_TIME = re.compile(r"\d\d:\d\d:\d\d", re.ASCII)


class ValueRefused(GraphQLError):
    """A value in the input is not what its type expects. The message is ours and holds no value: anybody may read it."""


def _text(value: object, expected: str) -> str:
    if not isinstance(value, str):
        raise ValueRefused(f"{expected}, as a string.")
    return value


def _date_time(value: object) -> datetime:
    expected = 'DateTime must be RFC 3339 with an offset, for example "2026-11-02T09:30:00+01:00"'
    text = _text(value, expected)
    if _NAIVE.fullmatch(text):
        raise ValueRefused(f"{expected}: the offset is missing.")
    if not _DATE_TIME.fullmatch(text):
        raise ValueRefused(f"{expected}.")
    try:
        instant = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueRefused(f"{expected}: there is no such day or time.") from None
    if instant.year not in YEARS:
        raise ValueRefused(f"{expected}: the year must lie {_BETWEEN_YEARS}.")
    return instant


def date_time_text(value: datetime | int) -> str:
    """An instant in UTC with Z, fractions only where there are any. A number is a Minute."""
    if isinstance(value, int):
        return minute_texts[value]
    if value.tzinfo is None:
        raise ValueError("an instant without its zone must not leave the house")
    return value.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


class _MinuteTexts(dict[int, str]):
    """The text of a minute: of so many minutes it is remembered, for searches offer the same ones again and again."""

    def __missing__(self, minute: int) -> str:
        if len(self) >= REMEMBERED_MINUTES:
            self.clear()
        text = self[minute] = date_time_text(instant_from_minute(minute))
        return text


REMEMBERED_MINUTES = 1 << 15
minute_texts = _MinuteTexts()


def _date(value: object) -> date:
    expected = 'Date must be a day as YYYY-MM-DD, for example "2026-11-02"'
    text = _text(value, expected)
    if not _DATE.fullmatch(text):
        raise ValueRefused(f"{expected}.")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueRefused(f"{expected}: there is no such day.") from None
    if day.year not in YEARS:
        raise ValueRefused(f"{expected}: the year must lie {_BETWEEN_YEARS}.")
    return day


def _local_time(value: object) -> time:
    expected = 'LocalTime must be HH:MM:SS in whole minutes, for example "09:30:00"'
    text = _text(value, expected)
    if not _LOCAL_TIME.fullmatch(text) or not text.endswith(":00"):
        raise ValueRefused(f"{expected}.")
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise ValueRefused(f"{expected}: there is no such time.") from None


def _local_time_text(value: time) -> str:
    return value.isoformat(timespec="seconds")


def _checked(check: Callable[[str], bool], expected: str) -> Callable[[object], str]:
    def parse(value: object) -> str:
        text = _text(value, expected)
        if not check(text):
            raise ValueRefused(f"{expected}.")
        return text

    return parse


def _secret(value: object) -> Secret:
    text = _text(value, "Secret must be text")
    if len(text) > MAX_SECRET:
        raise ValueRefused(f"Secret must be text of at most {MAX_SECRET} characters.")
    return Secret(text)


def _revealed(value: Secret) -> str:
    return value.reveal()


def _scalar(
    name: str,
    description: str,
    *,
    parse: Callable[[Any], object],
    serialize: Callable[[Any], str] = str,
    specified_by: str | None = None,
) -> ScalarDefinition:
    return strawberry.scalar(
        name=name, description=description, specified_by_url=specified_by, parse_value=parse, serialize=serialize
    )


_DATE_TIME_SCALAR = _scalar(
    "DateTime",
    "An instant, RFC 3339. The offset is required: a value without one is refused. Answers are in UTC, written with Z.",
    parse=_date_time,
    serialize=date_time_text,
    specified_by="https://scalars.graphql.org/chillicream/date-time.html",
)

SCALARS: dict[object, ScalarDefinition] = {
    datetime: _DATE_TIME_SCALAR,
    Minute: _DATE_TIME_SCALAR,
    date: _scalar(
        "Date",
        "A day, YYYY-MM-DD, in the zone its field names.",
        parse=_date,
        serialize=date.isoformat,
        specified_by="https://scalars.graphql.org/chillicream/local-date.html",
    ),
    time: _scalar(
        "LocalTime",
        "A wall-clock time, HH:MM:SS, whole minutes.",
        parse=_local_time,
        serialize=_local_time_text,
        specified_by="https://scalars.graphql.org/chillicream/local-time.html",
    ),
    TimeZone: _scalar(
        "TimeZone",
        "An IANA time zone name, for example Europe/Zurich.",
        parse=_checked(is_zone_name, "TimeZone must be an IANA time zone name, for example Europe/Zurich"),
        specified_by="https://www.rfc-editor.org/rfc/rfc6557",
    ),
    URL: _scalar(
        "URL",
        "An absolute address, https unless the operator allows more.",
        parse=_checked(is_url, "URL must be an absolute address, for example https://www.example.org"),
        specified_by="https://www.rfc-editor.org/rfc/rfc3986",
    ),
    EmailAddress: _scalar(
        "EmailAddress",
        "One e-mail address without display name.",
        parse=_checked(is_email, "EmailAddress must be one address without display name, for example name@example.org"),
        specified_by="https://www.rfc-editor.org/rfc/rfc5321",
    ),
    Locale: _scalar(
        "Locale",
        "A language tag, for example de or en-GB.",
        parse=_checked(is_locale, "Locale must be a language tag, for example de or en-GB"),
        specified_by="https://www.rfc-editor.org/info/bcp47",
    ),
    Secret: _scalar(
        "Secret",
        "A secret string: password, code or token. Never logged; an operation that takes one must be sent by POST.",
        parse=_secret,
        serialize=_revealed,
    ),
}
"""What the schema makes of a Python type."""
