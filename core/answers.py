"""What plugins answer, checked value by value: whatever is not positively sound is the plugin's failure (rule B4).

Called inside the wall's guard, so that an answer whose very look raises costs its own calendars only.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TypeVar

from slotgraph.core.clock import is_zone_name
from slotgraph.core.errors import PluginFailed, ProviderFailure
from slotgraph.core.values import (
    Busy,
    BusyAnswer,
    BusyStatus,
    FailureCause,
    FoundCalendar,
    Gone,
    Opened,
    Precision,
    Present,
    Purpose,
    Reference,
    Span,
    Unverified,
)

T = TypeVar("T")

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
"""What no database takes: PostgreSQL has no NUL in texts, and half a character is none in UTF-8."""

MAX_BUSY_PER_CALENDAR = 50_000
"""More busy spans than this in one answer are no calendar but a fault."""

MAX_CALENDARS = 1_000
MAX_RETRY_AFTER = 24 * 60 * 60
MAX_LABEL = 320
MAX_ID = 2_000

_BROKEN = PluginFailed().unverified()


def expected(value: object, kind: type[T]) -> T:
    """The value, if the plugin answered the right kind."""
    if not isinstance(value, kind):
        raise PluginFailed(f"The plugin answered {type(value).__name__} instead of {kind.__name__}.")
    return value


def sound_unverified(answer: Unverified) -> Unverified:
    """A failure told as data, with a cause there is and a wait that makes sense."""
    if not isinstance(answer.cause, FailureCause):
        return _BROKEN
    return replace(answer, retry_after=_seconds(answer.retry_after), asked=True)


def sound_failure(failure: ProviderFailure) -> ProviderFailure:
    """A failure a plugin raised, made sure to have a cause there is and a wait that makes sense."""
    if not isinstance(failure.cause, FailureCause):
        return PluginFailed()
    answer = getattr(failure, "server_answer", None)
    failure.retry_after, failure.asked = _seconds(getattr(failure, "retry_after", None)), True
    # A header may hold bytes that are no text; those cannot be sent on to anybody.
    shown = "".join(filter(str.isprintable, answer[:MAX_LABEL])) if isinstance(answer, str) else ""
    failure.server_answer = shown or None
    return failure


def _seconds(retry_after: object) -> int | None:
    if type(retry_after) is not int or retry_after < 0:
        return None
    return min(retry_after, MAX_RETRY_AFTER)


def is_span(span: object) -> bool:
    """Whether this is a span of whole minutes that does not run backwards."""
    return isinstance(span, Span) and type(span.start) is int and type(span.end) is int and span.start <= span.end


def answer_for(answers: object, calendar_id: str) -> object:
    """What was answered for one calendar; None if nothing was."""
    return answers.get(calendar_id) if isinstance(answers, Mapping) else None


def checked_busy(answers: object, calendar_id: str) -> BusyAnswer | Unverified:
    """One calendar's busy answer, sound and sorted; anything else is Unverified."""
    answer = answer_for(answers, calendar_id)
    if isinstance(answer, Unverified):
        return sound_unverified(answer)
    if not isinstance(answer, BusyAnswer) or not isinstance(answer.precision, Precision):
        return _BROKEN
    if not isinstance(answer.busy, tuple) or len(answer.busy) > MAX_BUSY_PER_CALENDAR:
        return _BROKEN
    sound = all(_is_busy(busy) for busy in answer.busy)
    return answer if sound and all(one.span <= next_.span for one, next_ in pairwise(answer.busy)) else _BROKEN


def _is_busy(busy: object) -> bool:
    return isinstance(busy, Busy) and isinstance(busy.status, BusyStatus) and is_span(busy.span)


def checked_reference(answer: object) -> Reference:
    """A reference by which the entry can be found again. Raises PluginFailed."""
    reference = expected(answer, Reference)
    if not (_is_text(reference.calendar_id) and _is_text(reference.id)):
        raise PluginFailed
    if not (reference.etag is None or (isinstance(reference.etag, str) and not _UNSTORABLE.search(reference.etag))):
        raise PluginFailed
    return reference


def checked_presence(answer: object) -> Present | Gone | Unverified:
    """Where an entry stands, or that it does not. Raises PluginFailed."""
    if isinstance(answer, Unverified):
        return sound_unverified(answer)
    if isinstance(answer, Gone) or (isinstance(answer, Present) and is_span(answer.span)):
        return answer
    raise PluginFailed


def checked_opened(answer: object) -> Opened:
    """What opening an account found. Raises PluginFailed."""
    opened = expected(answer, Opened)
    sentences = expected(opened.capabilities, tuple)
    granted = expected(opened.granted, frozenset)
    if not _is_text(opened.label) or not all(isinstance(purpose, Purpose) for purpose in granted):
        raise PluginFailed
    if not all(isinstance(sentence, str) for sentence in sentences):
        raise PluginFailed
    return replace(opened, label=opened.label[:MAX_LABEL])


def checked_calendars(answer: object) -> list[FoundCalendar]:
    """The calendars of a login, each once. Raises PluginFailed."""
    if not isinstance(answer, Sequence) or len(answer) > MAX_CALENDARS:
        raise PluginFailed
    found = [_checked_calendar(calendar) for calendar in answer]
    if len({calendar.id for calendar in found}) < len(found):
        raise PluginFailed
    return found


def _checked_calendar(answer: object) -> FoundCalendar:
    found = expected(answer, FoundCalendar)
    flags = expected(found.flags, Mapping)  # type: ignore[type-abstract]
    sure = (found.writable, found.primary, found.titles_on_wire)
    if not _is_text(found.id) or not isinstance(found.name, str) or not all(type(fact) is bool for fact in sure):
        raise PluginFailed
    if not all(isinstance(text, str) for pair in flags.items() for text in pair):
        raise PluginFailed
    name = _UNSTORABLE.sub("", found.name)
    known = isinstance(found.time_zone, str) and is_zone_name(found.time_zone)
    return replace(found, name=name[:MAX_LABEL], time_zone=found.time_zone if known else None, flags=dict(flags))


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_ID and not _UNSTORABLE.search(value)
