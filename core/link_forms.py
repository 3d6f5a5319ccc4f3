"""Checking a filled link form against the fields its provider declared."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from slotgraph.core.customers import is_email, is_printable
from slotgraph.core.problems import InvalidField
from slotgraph.core.values import FieldKind, LinkField, Secret

MAX_VALUE = 2000
_INTEGER = re.compile(r"-?[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class FilledField:
    """A filled field, as it came."""

    name: str
    value: Secret


def form_faults(
    path: tuple[str, ...], declared: Sequence[LinkField], filled: Sequence[FilledField]
) -> Iterator[InvalidField]:
    """What is wrong with a filled form. Messages never repeat a value."""
    known = {field.name: field for field in declared}
    seen: set[str] = set()
    for at, field in enumerate(filled):
        if field.name not in known:
            names = ", ".join(sorted(known))
            yield InvalidField((*path, str(at), "name"), f"the form has no such field; it has {names}.")
        elif field.name in seen:
            yield InvalidField((*path, str(at), "name"), "this field is filled twice.")
        else:
            yield from _value_faults((*path, str(at), "value"), known[field.name], field.value.reveal())
        seen.add(field.name)
    for field_ in declared:
        if field_.required and field_.name not in seen:
            yield InvalidField(path, f"the field {field_.name!r} ({field_.label}) must be filled.")


def _value_faults(path: tuple[str, ...], field: LinkField, value: str) -> Iterator[InvalidField]:
    if not value.strip():
        if field.required:
            yield InvalidField(path, "must not be empty.")
        return
    if len(value) > MAX_VALUE:
        yield InvalidField(path, f"at most {MAX_VALUE} characters.")
    elif not is_printable(value):
        yield InvalidField(path, "must not contain control or invisible characters.")
    elif (reason := _kind_fault(field, value)) is not None:
        yield InvalidField(path, reason)


def _kind_fault(field: LinkField, value: str) -> str | None:
    match field.kind:
        case FieldKind.URL if not _is_address(value):
            return "this is no web address, for example https://calendar.example.org/."
        case FieldKind.EMAIL if not is_email(value):
            return "this is no e-mail address."
        case FieldKind.INTEGER if not _INTEGER.fullmatch(value):
            return "must be a whole number."
        case FieldKind.BOOLEAN if value not in ("true", "false"):
            return "must be true or false."
        case FieldKind.CHOICE if value not in [option for option, _ in field.options]:
            return f"must be one of {', '.join(option for option, _ in field.options)}."
    return None


def _is_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in ("https", "http") and bool(parts.hostname)
    except ValueError:
        return False


def credentials_from_form(declared: Sequence[LinkField], filled: Sequence[FilledField]) -> dict[str, str]:
    """The values of a sound form, fields left out filled with their initial values."""
    values = {field.name: field.initial for field in declared if field.initial is not None}
    return values | {field.name: field.value.reveal() for field in filled if field.value.reveal().strip()}
