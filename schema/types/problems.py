"""Expected failures as types. Their facts and sentences come from `slotgraph.core.problems`."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from slotgraph.core import problems
from slotgraph.core.policy import Action
from slotgraph.core.slots import SlotRule
from slotgraph.schema.guard import interface_type, leaf, object_type
from slotgraph.schema.types.enums import FailureCause, shown_cause
from slotgraph.schema.types.slots import CalendarCheck

SHAPE = Action.READ_SCHEMA_SHAPE
_SENTENCE = "A sentence for people."


@interface_type("An expected failure. Select it last in every mutation.")
class Problem:
    """A failure."""

    message: str = leaf("A sentence for people, in the language of the request.")


@object_type(SHAPE, "One wrong field.")
class InvalidField:
    """Where and why."""

    path: list[str] = leaf("Where, from the input's root: names and list positions.")
    message: str = leaf(_SENTENCE)


@object_type(SHAPE, "Some input makes no sense; nothing was changed.")
class InvalidInput(Problem):
    """Wrong fields."""

    message: str = leaf(_SENTENCE)
    fields: list[InvalidField] = leaf("Each thing that is wrong.")


@object_type(SHAPE, "Something named in the input is not there, or not yours.")
class NotFound(Problem):
    """Nothing there."""

    message: str = leaf(_SENTENCE)
    path: list[str] = leaf("Where it was named.")


@object_type(SHAPE, "The idempotency key was used with other input.")
class KeyReused(Problem):
    """A used key."""

    message: str = leaf(_SENTENCE)


@object_type(SHAPE, "Somebody was faster. Ask firstFree for the next.")
class SlotTaken(Problem):
    """A lost race."""

    message: str = leaf(_SENTENCE)


@object_type(SHAPE, "This start is not on offer.")
class SlotNotOffered(Problem):
    """A broken rule."""

    message: str = leaf(_SENTENCE)
    rule: SlotRule = leaf("The first rule it breaks.")


@object_type(SHAPE, "A calendar could not be asked, so nothing was booked.")
class CalendarUnverified(Problem):
    """No answer."""

    message: str = leaf(_SENTENCE)
    sources: list[CalendarCheck] = leaf("Which, as in SlotSearch.")


@object_type(SHAPE, "Customers may no longer move or cancel it.")
class TooLate(Problem):
    """Past the limit."""

    message: str = leaf(_SENTENCE)
    changeable_until: datetime = leaf("Until when they could.")


@object_type(SHAPE, "Too many of these at a time.")
class QuotaReached(Problem):
    """Not now."""

    message: str = leaf(_SENTENCE)
    retry_after_seconds: int = leaf("Seconds after which it makes sense to try again.")


@object_type(SHAPE, "A cancelled booking cannot be moved.")
class BookingIsCancelled(Problem):
    """Over."""

    message: str = leaf(_SENTENCE)


@object_type(SHAPE, "Upcoming bookings must be moved or cancelled first.")
class HasUpcomingBookings(Problem):
    """Still needed."""

    message: str = leaf(_SENTENCE)
    count: int = leaf("How many.")


@object_type(SHAPE, "Address or password is wrong; which of them is not said.")
class LoginRefused(Problem):
    """No."""

    message: str = leaf(_SENTENCE)


@object_type(SHAPE, "Right so far: repeat with `code`.")
class SecondFactorRequired(Problem):
    """Not yet."""

    message: str = leaf(_SENTENCE)


@object_type(SHAPE, "A code or mailed token is wrong, used or lapsed.")
class SecretRefused(Problem):
    """No."""

    message: str = leaf(_SENTENCE)


@object_type(SHAPE, "A company needs at least one owner.")
class LastOwner(Problem):
    """Nobody would be left."""

    message: str = leaf(_SENTENCE)


@object_type(SHAPE, "The provider refused, so nothing was stored.")
class LinkRefused(Problem):
    """No, and why."""

    message: str = leaf(_SENTENCE)
    cause: FailureCause = leaf("Why.")
    server_answer: str | None = leaf(
        "What the server said of itself: its realm, or status and content type; null if nothing."
    )


@object_type(SHAPE, "Bookings cannot be written into this calendar.")
class CalendarNotWritable(Problem):
    """Read-only."""

    message: str = leaf(_SENTENCE)


@object_type(SHAPE, "Support is excluded; allow it in the company profile first.")
class SupportIsExcluded(Problem):
    """Shut out."""

    message: str = leaf(_SENTENCE)


def _invalid(found: problems.InvalidInput) -> InvalidInput:
    fields = [InvalidField(path=list(field.path), message=field.message) for field in found.fields]
    return InvalidInput(message=found.message, fields=fields)


def _refused(found: problems.LinkRefused) -> LinkRefused:
    return LinkRefused(
        message=found.message,
        cause=shown_cause(found.cause) or FailureCause.PLUGIN_ERROR,
        server_answer=found.server_answer,
    )


_SHOWN: dict[type, Callable[[Any], Problem]] = {
    problems.InvalidInput: _invalid,
    problems.NotFound: lambda found: NotFound(message=found.message, path=list(found.path)),
    problems.KeyReused: lambda found: KeyReused(message=found.message),
    problems.SlotTaken: lambda found: SlotTaken(message=found.message),
    problems.SlotNotOffered: lambda found: SlotNotOffered(message=found.message, rule=found.rule),
    problems.TooLate: lambda found: TooLate(message=found.message, changeable_until=found.changeable_until),
    problems.QuotaReached: lambda found: QuotaReached(
        message=found.message, retry_after_seconds=found.retry_after_seconds
    ),
    problems.BookingIsCancelled: lambda found: BookingIsCancelled(message=found.message),
    problems.HasUpcomingBookings: lambda found: HasUpcomingBookings(message=found.message, count=found.count),
    problems.LoginRefused: lambda found: LoginRefused(message=found.message),
    problems.SecondFactorRequired: lambda found: SecondFactorRequired(message=found.message),
    problems.LastOwner: lambda found: LastOwner(message=found.message),
    problems.SecretRefused: lambda found: SecretRefused(message=found.message),
    problems.LinkRefused: _refused,
    problems.CalendarNotWritable: lambda found: CalendarNotWritable(message=found.message),
    problems.SupportIsExcluded: lambda found: SupportIsExcluded(message=found.message),
}


def problem_of(found: object) -> Problem | None:
    """A problem of core as the schema shows it; None if it is none."""
    show = _SHOWN.get(type(found))
    return show(found) if show else None


def not_found(path: tuple[str, ...]) -> NotFound:
    """Something that is not there."""
    return NotFound(message=problems.NotFound(path).message, path=list(path))
