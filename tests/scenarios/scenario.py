"""Reads expected.toml and calendars/*.ics: what stands in a calendar and what of it must block. None of our own code has a say here.

Each expected time names its weekday and its offset; one that contradicts itself is an error, not an expectation.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

HERE = Path(__file__).parent
HOME = "Europe/Berlin"
SERVERS = ("radicale", "xandikos")
OWNER = "carol@caldav.example"
UNVERIFIED = "UNVERIFIED "
BARE_LINE_FEEDS = "bare-line-feeds"
_MINUTE = timedelta(minutes=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AT = r"(?:(\w{3} \d{4}-\d\d-\d\d) )?(\d\d:\d\d) ([+-]\d\d:\d\d)"
_BLOCK = re.compile(rf"{_AT} to {_AT}(?: ([A-Z_]+))?")
_OBJECT = re.compile(r"^BEGIN:VCALENDAR\n.*?^END:VCALENDAR\n", re.DOTALL | re.MULTILINE)


class Block(NamedTuple):
    """A time that blocks, in minutes since the epoch, and how."""

    start: int
    end: int
    status: str


Outcome = tuple[Block, ...] | str
"""What blocks; or UNVERIFIED and the cause."""


@dataclass(frozen=True)
class KnownError:
    """Where one server's answers are not the right ones, and why; None where they are."""

    exact: Outcome | None
    server: Outcome | None
    refused: int | None
    why: str


@dataclass(frozen=True)
class Scenario:
    """One content of a calendar, asked for one window, and what must block there."""

    name: str
    calendar: str
    zone: ZoneInfo
    window: tuple[int, int]
    exact: Outcome
    second_opinion: str | None
    errors: Mapping[str, KnownError]

    def resources(self) -> list[bytes]:
        """The bytes of each calendar object in the file, as a client would store them."""
        text = (HERE / "calendars" / f"{self.calendar}.ics").read_text(encoding="utf-8")
        line_end = "\n" if self.calendar == BARE_LINE_FEEDS else "\r\n"
        return [one.replace("\n", line_end).encode() for one in _OBJECT.findall(text)]

    def in_window(self, outcome: Outcome) -> Outcome:
        """Blocks clipped to the window; those of one status that overlap or meet joined."""
        if isinstance(outcome, str):
            return outcome
        first, last = self.window
        clipped = (Block(max(block.start, first), min(block.end, last), block.status) for block in outcome)
        return tuple(sorted(_joined(block for block in clipped if block.start < block.end)))

    def exact_at(self, server: str) -> Outcome:
        """What an exact read comes to at a server."""
        error = self.errors.get(server)
        return self.exact if error is None or error.exact is None else error.exact

    def served_by(self, server: str) -> Outcome:
        """What a server's own computing comes to, clipped and joined."""
        error = self.errors.get(server)
        return self.in_window(self.exact if error is None or error.server is None else error.server)

    def refused_by(self, server: str) -> int | None:
        """The status with which a server refuses to store it."""
        return self.errors[server].refused if server in self.errors else None

    def shown(self, outcome: Outcome) -> list[str] | str:
        """An outcome as expected.toml has it."""
        return outcome if isinstance(outcome, str) else [_text(block, self.zone) for block in outcome]


def scenarios() -> list[Scenario]:
    """All scenarios, in the order of the file."""
    expected = tomllib.loads((HERE / "expected.toml").read_text(encoding="utf-8"))
    return [_scenario(name, table) for name, table in expected.items()]


def _scenario(name: str, table: dict[str, Any]) -> Scenario:
    zone = ZoneInfo(table.pop("zone", HOME))
    first, last = (datetime.fromisoformat(day).replace(tzinfo=zone) for day in table.pop("window").split(" to "))
    table.pop("about", None)
    made = Scenario(
        name=name,
        calendar=table.pop("calendar", name),
        zone=zone,
        window=(_minute(first), _minute(last)),
        exact=_outcome(table.pop("exact"), zone),
        second_opinion=table.pop("second_opinion", None),
        errors={server: _known_error(table.pop(server), zone) for server in SERVERS if server in table},
    )
    assert not table, f"{name}: unknown {sorted(table)}"
    return made


def _known_error(table: dict[str, Any], zone: ZoneInfo) -> KnownError:
    exact, server = (_outcome(table.pop(key), zone) if key in table else None for key in ("exact", "server"))
    made = KnownError(exact, server, table.pop("refused", None), table.pop("why"))
    assert not table, f"unknown {sorted(table)}"
    return made


def _outcome(value: list[str] | str, zone: ZoneInfo) -> Outcome:
    if isinstance(value, str):
        assert value.startswith(UNVERIFIED), value
        return value
    return tuple(_block(text, zone) for text in value)


def _block(text: str, zone: ZoneInfo) -> Block:
    match = _BLOCK.fullmatch(text)
    assert match, f"not a time that blocks: {text}"
    day, clock, offset, end_day, end_clock, end_offset, status = match.groups()
    start, end = _minute(_instant(day, clock, offset)), _minute(_instant(end_day or day, end_clock, end_offset))
    block = Block(start, end, status or "BUSY")
    assert _text(block, zone) == text, f"{text} contradicts itself or the zone: {_text(block, zone)}"
    return block


def _instant(day: str, clock: str, offset: str) -> datetime:
    return datetime.strptime(f"{day} {clock} {offset}", "%a %Y-%m-%d %H:%M %z")


def _minute(instant: datetime) -> int:
    return (instant - _EPOCH) // _MINUTE


def _text(block: Block, zone: ZoneInfo) -> str:
    start, end = ((_EPOCH + minute * _MINUTE).astimezone(zone) for minute in (block.start, block.end))
    day = "" if start.date() == end.date() else f"{end:%a %Y-%m-%d} "
    status = "" if block.status == "BUSY" else f" {block.status}"
    return f"{start:%a %Y-%m-%d %H:%M} {_offset(start)} to {day}{end:%H:%M} {_offset(end)}{status}"


def _offset(at: datetime) -> str:
    text = f"{at:%z}"
    return f"{text[:3]}:{text[3:]}"


def _joined(blocks: Iterable[Block]) -> Iterator[Block]:
    open_one: Block | None = None
    for block in sorted(blocks, key=lambda block: (block.status, block.start, block.end)):
        if open_one and open_one.status == block.status and block.start <= open_one.end:
            open_one = open_one._replace(end=max(open_one.end, block.end))
            continue
        if open_one:
            yield open_one
        open_one = block
    if open_one:
        yield open_one
