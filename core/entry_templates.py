"""The templates of what is written into calendars (rule K7): reading them, and filling them with what stands for each placeholder.

A parser of our own, for templates are what somebody typed: a placeholder is a name between braces, and nothing else. What is filled in
is never read as a template again.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from slotgraph.core.errors import BadInput

TITLE_TEMPLATE = "{service}: {customer}"

DESCRIPTION_TEMPLATE = "{customer}\n{email}\n{phone}\n\n{note}\n\nBooked with {company}."

PLACEHOLDERS = ("service", "customer", "email", "phone", "note", "company", "employee", "manageLink")
"""What a description may ask for."""

TITLE_PLACEHOLDERS = PLACEHOLDERS[:-1]
"""A title has no room for a link, and is read by more people than may use it."""

MAX_TITLE = 200
MAX_DESCRIPTION = 8000

_BRACES = re.compile(r"\{\{|\}\}|\{(?P<name>[^{}]*)\}|[{}]")
_OPENING, _CLOSING = "([<«", ")]>»"
_SEPARATORS = " \t:;,|/·•–—-"
_LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Placeholder:
    """What a value is put in for."""

    name: str


Piece = str | Placeholder
Template = tuple[tuple[Piece, ...], ...]
"""Lines of pieces."""


@lru_cache(maxsize=256)
def parsed(text: str, placeholders: Sequence[str] = PLACEHOLDERS) -> Template:
    """The lines of a template. Raises BadInput (path empty) that names what is wrong and the placeholders there are."""
    lines: list[list[Piece]] = [[]]
    for piece in _pieces(text, placeholders):
        if isinstance(piece, Placeholder):
            lines[-1].append(piece)
            continue
        for at, part in enumerate(piece.split("\n")):
            if at:
                lines.append([])
            if part:
                lines[-1].append(part)
    return tuple(tuple(line) for line in lines)


def _pieces(text: str, placeholders: Sequence[str]) -> Iterator[Piece]:
    """Literal texts, neighbours joined, and placeholders."""
    literal, at = "", 0
    for match in _BRACES.finditer(text):
        literal += text[at : match.start()]
        at = match.end()
        name = match["name"]
        if name is None:
            literal += _brace(match[0], placeholders)
            continue
        if name not in placeholders:
            raise BadInput((), f"{_shown(match[0])} is no placeholder here. {_there_are(placeholders)}")
        if literal:
            yield literal
        yield Placeholder(name)
        literal = ""
    literal += text[at:]
    if literal:
        yield literal


def _brace(found: str, placeholders: Sequence[str]) -> str:
    if len(found) == 1:
        other = "}" if found == "{" else "{"
        raise BadInput((), f"there is a {found} without its {other}. {_there_are(placeholders)}")
    return found[0]


def _shown(placeholder: str) -> str:
    if len(placeholder) <= _LONGEST_SHOWN:
        return placeholder
    return placeholder[: _LONGEST_SHOWN - 2] + "…}"


def _there_are(placeholders: Sequence[str]) -> str:
    return f"There are {', '.join('{' + name + '}' for name in placeholders)}; for a brace itself write {{{{ or }}}}."


def filled_title(template: Template, values: Mapping[str, str]) -> str:
    """One line of at most MAX_TITLE characters; empty if nothing is left."""
    lines = (_filled(line, values) for line in template)
    return _shortened(" ".join(" ".join(line for line in lines if line is not None).split()), MAX_TITLE)


def filled_description(template: Template, values: Mapping[str, str]) -> str:
    """Lines, at most MAX_DESCRIPTION characters in all. A line whose placeholders are all empty is left out."""
    kept: list[str] = []
    closing_up = False
    for line in template:
        filled = _filled(line, values)
        if filled is None:
            closing_up = True
            continue
        is_blank = not filled.strip()
        # The blank lines on both sides of what was left out become one.
        if not (closing_up and is_blank and (not kept or not kept[-1].strip())):
            kept.append(filled)
        closing_up = closing_up and is_blank
    return _shortened("\n".join(kept).strip(), MAX_DESCRIPTION)


def _filled(line: Sequence[Piece], values: Mapping[str, str]) -> str | None:
    """A line with its values; None if it has placeholders and all of them are empty."""
    named = [values[piece.name] for piece in line if isinstance(piece, Placeholder)]
    if named and not any(value.strip() for value in named):
        return None
    parts = list(line)
    for at, piece in enumerate(parts):
        if isinstance(piece, Placeholder) and not values[piece.name].strip():
            _close_up(parts, at)
    return "".join(values[piece.name] if isinstance(piece, Placeholder) else piece for piece in parts)


def _close_up(parts: list[Piece], at: int) -> None:
    """Take brackets around an empty placeholder away with it, and the separator before it; at the beginning, the one after it."""
    parts[at] = ""
    before, after = _literal(parts, at - 1), _literal(parts, at + 1)
    if before and after and before[-1] in _OPENING and after[0] == _CLOSING[_OPENING.index(before[-1])]:
        before, after = before[:-1], after[1:]
    _put(parts, at - 1, before.rstrip(_SEPARATORS))
    _put(parts, at + 1, after if any(parts[:at]) else after.lstrip(_SEPARATORS))


def _literal(parts: Sequence[Piece], at: int) -> str:
    return str(parts[at]) if _is_literal(parts, at) else ""


def _put(parts: list[Piece], at: int, literal: str) -> None:
    if _is_literal(parts, at):
        parts[at] = literal


def _is_literal(parts: Sequence[Piece], at: int) -> bool:
    return 0 <= at < len(parts) and isinstance(parts[at], str)


def _shortened(text: str, longest: int) -> str:
    """The text, cut between two words if it is too long, with an ellipsis; within a word that takes up half of it."""
    if len(text) <= longest:
        return text
    cut = text[: longest - 1]
    at_word = cut.rsplit(None, 1)[0]
    return (at_word if len(at_word) >= longest // 2 else cut).rstrip() + "…"
