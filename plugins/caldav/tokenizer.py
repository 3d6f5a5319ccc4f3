"""Cuts iCalendar text down to the allowed properties before any value is made of it. Knows names and nesting, not meaning."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from slotgraph.core.plugin import AnswerTooLarge

MAX_LINE = 200_000
"""Characters in one kept line: some 10,000 EXDATEs."""
MAX_COMPONENTS = 50_000
MAX_TITLE = 1_000
BROKEN = "?"
"""The value of a line whose own could not be read: no time, no rule, and no word that makes an event free or public."""

OWN_ATTENDEE = "ATTENDEE"
TIME_PROPERTIES = (
    "UID",
    "DTSTART",
    "DTEND",
    "DURATION",
    "RRULE",
    "RDATE",
    "EXDATE",
    "RECURRENCE-ID",
    "STATUS",
    "TRANSP",
    "X-MICROSOFT-CDO-BUSYSTATUS",
)
"""What busy time is computed from (rule B8); the ATTENDEE line that is the holder's own comes on top."""
TITLE_PROPERTIES = ("SUMMARY", "CLASS")

_OBSERVANCE = frozenset({"DTSTART", "RRULE", "RDATE", "TZOFFSETFROM", "TZOFFSETTO"})
_STRUCTURE = {
    "VCALENDAR": frozenset[str](),
    "VTIMEZONE": frozenset({"TZID", "X-LIC-LOCATION"}),
    "STANDARD": _OBSERVANCE,
    "DAYLIGHT": _OBSERVANCE,
    "VFREEBUSY": frozenset({"DTSTART", "DTEND", "FREEBUSY"}),
}
_FOLD = re.compile(r"\r?\n[ \t]")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_PARAMETER = re.compile(r';([A-Za-z0-9-]+)=((?:"[^"\n]*"|[^";:\n])*)')


def unescaped(text: str) -> str:
    """A TEXT value without its escapes (RFC 5545 section 3.3.11)."""
    return _ESCAPED.sub(lambda match: "\n" if match[1] in "nN" else match[1], text)


class Line(NamedTuple):
    """A content line that was let through: upper-case name, upper-case parameter names, raw value."""

    name: str
    parameters: Mapping[str, str]
    value: str

    def __repr__(self) -> str:
        return f"<Line {self.name}: not shown>"


class Component(NamedTuple):
    """A component that was let through, with its kept lines and sub-components."""

    name: str
    lines: tuple[Line, ...]
    parts: tuple["Component", ...]

    def lines_named(self, name: str) -> list[Line]:
        """All lines of a name, in order."""
        return [line for line in self.lines if line.name == name]

    def line(self, name: str) -> Line | None:
        """The first line of a name."""
        return next((line for line in self.lines if line.name == name), None)

    def value(self, name: str) -> str:
        """The first line's value, stripped and in upper case; empty if there is none."""
        line = self.line(name)
        return line.value.strip().upper() if line else ""


def tokenized(text: str, *, titles: bool = False, addresses: frozenset[str] = frozenset()) -> list[Component]:
    """The VCALENDARs of a text, cut down. `addresses`: the holder's own calendar user addresses, lower case.

    Raises ValueError if components do not close as they open, AnswerTooLarge over the caps. Neither quotes the text.
    """
    event = frozenset((*TIME_PROPERTIES, *(TITLE_PROPERTIES if titles else ()), *([OWN_ATTENDEE] if addresses else ())))
    kept = {**_STRUCTURE, "VEVENT": event}
    nest = _Nest()
    for match in _pattern(frozenset[str]().union(*kept.values())).finditer(_FOLD.sub("", text)):
        name = match[1].upper()
        if name == "BEGIN":
            nest.begin(match[2].strip(" \t\r:").upper(), kept)
        elif name == "END":
            nest.end(match[2].strip(" \t\r:").upper())
        elif name in nest.allowed:
            nest.keep(_line(name, match[2].rstrip("\r")), addresses)
    return nest.roots()


@lru_cache(maxsize=8)
def _pattern(names: frozenset[str]) -> re.Pattern[str]:
    """Lines of these names, so that of all others no string is ever made."""
    listed = "|".join(sorted(map(re.escape, names | {"BEGIN", "END"}), key=len, reverse=True))
    return re.compile(rf"^({listed})[ \t]*([;:].*)$", re.IGNORECASE | re.MULTILINE)


def _line(name: str, rest: str) -> Line:
    if name != "SUMMARY" and len(rest) > MAX_LINE:
        raise AnswerTooLarge
    parameters: dict[str, str] = {}
    at = 0
    while match := _PARAMETER.match(rest, at):
        parameters[match[1].upper()] = match[2].replace('"', "").strip()
        at = match.end()
    if rest[at : at + 1] != ":":
        # A broken line must not vanish: with this for a value it is malformed where it is read.
        return Line(name, parameters, BROKEN)
    return Line(name, parameters, rest[at + 1 :][: MAX_LINE if name != "SUMMARY" else 4 * MAX_TITLE])


class _Nest:
    """The components that are open while reading; unknown ones (VALARM has a DURATION too) swallow their lines."""

    def __init__(self) -> None:
        self._open: list[tuple[str, list[Line], list[Component]]] = [("", [], [])]
        self._skipped: list[str] = []
        self._count = 0
        self.allowed: frozenset[str] = frozenset()
        self._allowed_by: list[frozenset[str]] = [frozenset()]

    def begin(self, name: str, kept: Mapping[str, frozenset[str]]) -> None:
        self._count += 1
        if self._count > MAX_COMPONENTS:
            raise AnswerTooLarge
        if self._skipped or name not in kept:
            self._skipped.append(name)
        else:
            self._open.append((name, [], []))
            self._allowed_by.append(kept[name])
        self.allowed = frozenset() if self._skipped else self._allowed_by[-1]

    def end(self, name: str) -> None:
        if self._skipped:
            if self._skipped.pop() != name:
                raise ValueError("a component is closed that is not open")
        else:
            opened, lines, parts = self._open.pop()
            self._allowed_by.pop()
            if opened != name or not self._open:
                raise ValueError("a component is closed that is not open")
            self._open[-1][2].append(Component(name, tuple(lines), tuple(parts)))
        self.allowed = frozenset() if self._skipped else self._allowed_by[-1]

    def keep(self, line: Line, addresses: frozenset[str]) -> None:
        if line.name == OWN_ATTENDEE:
            if not _is_own(line, addresses):
                return
            line = Line(OWN_ATTENDEE, {"PARTSTAT": line.parameters.get("PARTSTAT", "").upper()}, "")
        self._open[-1][1].append(line)

    def roots(self) -> list[Component]:
        if len(self._open) != 1 or self._skipped:
            raise ValueError("a component is not closed")
        return self._open[0][2]


def _is_own(attendee: Line, addresses: frozenset[str]) -> bool:
    mail = attendee.parameters.get("EMAIL", "").lower()
    return attendee.value.strip().lower() in addresses or bool(mail and f"mailto:{mail}" in addresses)
