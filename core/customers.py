"""Who books: checking what a customer typed, field by field."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from slotgraph.core.clock import is_zone_name
from slotgraph.core.problems import InvalidField
from slotgraph.core.records import Company, Customer

MAX_NAME = 200
MAX_NOTE = 2000
MAX_PHONE = 50
MAX_EMAIL = 254

_EMAIL = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}@[^\s@<>()\[\],;:\\\"]+\.[^\s@<>()\[\],;:\\\".]{2,}")
_PHONE = re.compile(r"[+0-9][0-9 ()/.\-]{3,}")
_LOCALE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


@dataclass(frozen=True, slots=True)
class CustomerForm:
    """What a customer typed; None where nothing was given."""

    name: str
    email: str
    phone: str | None = None
    locale: str | None = None
    time_zone: str | None = None


_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_JOINERS = "\u200c\u200d"
"""Invisible, but part of Persian names and of emoji of several parts."""


def is_printable(text: str, *, lines: bool = False) -> bool:
    """Whether a text holds no control, bidirectional or other invisible format characters (line breaks only if `lines`)."""
    allowed = _JOINERS + "\n\r\t" if lines else _JOINERS
    return all(char in allowed or unicodedata.category(char) not in _INVISIBLE for char in text)


def is_email(text: str) -> bool:
    """Whether a text has the form of one e-mail address without display name."""
    # Kept in lower case too, and some letters become two by that.
    return max(len(text), len(text.lower())) <= MAX_EMAIL and _EMAIL.fullmatch(text) is not None and is_printable(text)


def is_locale(text: str) -> bool:
    """Whether a text has the form of a language tag (BCP 47)."""
    return len(text) <= 35 and _LOCALE.fullmatch(text) is not None


def text_faults(path: tuple[str, ...], text: str, *, longest: int, lines: bool = False) -> Iterator[InvalidField]:
    """What is wrong with a required text for people."""
    if not text.strip():
        yield InvalidField(path, "must not be empty.")
    elif len(text) > longest:
        yield InvalidField(path, f"at most {longest} characters.")
    elif not is_printable(text, lines=lines):
        yield InvalidField(path, "must not contain control or invisible characters.")


def customer_faults(path: tuple[str, ...], form: CustomerForm) -> Iterator[InvalidField]:
    """What is wrong with a customer's data."""
    yield from text_faults((*path, "name"), form.name, longest=MAX_NAME)
    if not is_email(form.email):
        yield InvalidField((*path, "email"), "this is no e-mail address, for example name@example.org.")
    if form.phone is not None and not (len(form.phone) <= MAX_PHONE and _PHONE.fullmatch(form.phone)):
        yield InvalidField((*path, "phone"), "digits, spaces and + ( ) / . - only, beginning with + or a digit.")
    if form.locale is not None and not is_locale(form.locale):
        yield InvalidField((*path, "locale"), "this is no language tag, for example de or en-GB.")
    if form.time_zone is not None and not is_zone_name(form.time_zone):
        yield InvalidField((*path, "timeZone"), "this is no IANA time zone, for example Europe/Zurich.")


def customer_from_form(form: CustomerForm, company: Company) -> Customer:
    """A customer, what was left out filled in from the company."""
    return Customer(
        form.name.strip(),
        form.email,
        form.phone,
        form.locale or company.locale,
        form.time_zone or company.time_zone,
    )
