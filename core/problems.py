"""Expected failures of a mutation, as data (no exception): each a fact with a sentence for people."""

from dataclasses import dataclass
from datetime import datetime

from slotgraph.core.slots import SlotRule
from slotgraph.core.values import FailureCause


@dataclass(frozen=True, slots=True)
class InvalidField:
    """One wrong field: where, from the input's root, and why."""

    path: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True)
class InvalidInput:
    """Some input makes no sense; nothing was changed."""

    fields: tuple[InvalidField, ...]

    @property
    def message(self) -> str:
        return " ".join(f"{'.'.join(field.path)}: {field.message}" for field in self.fields)


@dataclass(frozen=True, slots=True)
class NotFound:
    """Something named in the input is not there, or not yours."""

    path: tuple[str, ...]

    @property
    def message(self) -> str:
        return f"{'.'.join(self.path)}: there is no such thing, or it is not yours."


@dataclass(frozen=True, slots=True)
class KeyReused:
    """The idempotency key was used with other input."""

    message: str = "This idempotencyKey was used with other input. Use a new one for each intent."


@dataclass(frozen=True, slots=True)
class SlotTaken:
    """Somebody was faster."""

    message: str = "This slot has just been taken. Please choose another."


@dataclass(frozen=True, slots=True)
class SlotNotOffered:
    """This start is not on offer."""

    rule: SlotRule

    @property
    def message(self) -> str:
        return _WHY_NOT_OFFERED[self.rule]


_WHY_NOT_OFFERED = {
    SlotRule.SERVICE: "Nobody asked for can be booked for this service.",
    SlotRule.GRID: "This start does not lie on the grid of offered starts.",
    SlotRule.NOTICE: "This start is too soon.",
    SlotRule.HORIZON: "This start is too far ahead.",
    SlotRule.AVAILABILITY: "This start lies outside the opening times.",
    SlotRule.ABSENCE: "There is an absence at this time.",
    SlotRule.BOOKING: "There is a booking at this time.",
    SlotRule.VERIFIED: "A calendar could not be asked.",
    SlotRule.EXTERNAL_BUSY: "There is an appointment at this time.",
    SlotRule.FREE: "This start is not free.",
}


@dataclass(frozen=True, slots=True)
class TooLate:
    """Customers may no longer move or cancel it."""

    changeable_until: datetime
    message: str = "It is too late to change this booking. Please call us."


@dataclass(frozen=True, slots=True)
class QuotaReached:
    """Too many of these at a time; `retry_after_seconds` is when it makes sense to try again."""

    retry_after_seconds: int
    message: str


@dataclass(frozen=True, slots=True)
class BookingIsCancelled:
    """A cancelled booking cannot be moved."""

    message: str = "This booking was cancelled. Please book anew."


@dataclass(frozen=True, slots=True)
class HasUpcomingBookings:
    """Upcoming bookings must be moved or cancelled first."""

    count: int

    @property
    def message(self) -> str:
        are = "is one upcoming booking" if self.count == 1 else f"are {self.count} upcoming bookings"
        return f"There {are}. Move or cancel first, or set `active` to false: then nothing new is booked, and what is booked stays."


@dataclass(frozen=True, slots=True)
class LoginRefused:
    """Address or password is wrong; which of them is not said."""

    message: str = "The address or the password is wrong."


@dataclass(frozen=True, slots=True)
class SecondFactorRequired:
    """Right so far: repeat with `code`."""

    message: str = "Please enter the code of your authenticator app, or one of your recovery codes."


@dataclass(frozen=True, slots=True)
class LastOwner:
    """A company needs at least one owner."""

    message: str = "A company needs at least one owner. Make somebody else an owner first."


@dataclass(frozen=True, slots=True)
class SecretRefused:
    """A code or token is wrong, used or lapsed."""

    message: str = "This code is wrong, was used already, or has lapsed. Please begin again."


@dataclass(frozen=True, slots=True)
class LinkRefused:
    """The provider refused, so nothing was stored."""

    cause: FailureCause
    message: str
    server_answer: str | None = None


@dataclass(frozen=True, slots=True)
class CalendarNotWritable:
    """Bookings cannot be written into this calendar."""

    message: str = "Bookings cannot be written into this calendar: it is read-only, or writing was not granted."


@dataclass(frozen=True, slots=True)
class SupportIsExcluded:
    """Support is excluded; allow it in the company profile first."""

    message: str = "Support is excluded. Allow it in the company profile first."
