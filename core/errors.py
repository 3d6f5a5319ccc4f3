"""One tree of errors. A class names a fact, its attributes are the facts, its message is safe for users.

Expected failures of a mutation are not errors but data: see `problems`.
"""

from collections.abc import Mapping
from enum import Enum
from typing import ClassVar

from slotgraph.core.values import FailureCause, Unverified


class ErrorCode(Enum):
    """Value of `extensions.code` in a GraphQL error."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    SUPPORT_EXCLUDED = "SUPPORT_EXCLUDED"
    NOT_FOUND = "NOT_FOUND"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    RATE_LIMITED = "RATE_LIMITED"
    QUERY_TOO_COSTLY = "QUERY_TOO_COSTLY"
    DEADLINE = "DEADLINE"
    INTERNAL = "INTERNAL"


class SlotGraphError(Exception):
    """Anything SlotGraph raises on purpose. The message is a sentence safe for users: no secret, title or address in it."""

    code: ClassVar[ErrorCode] = ErrorCode.INTERNAL
    retryable: ClassVar[bool] = False


class Unauthenticated(SlotGraphError):
    """Log in first."""

    code = ErrorCode.UNAUTHENTICATED


class Forbidden(SlotGraphError):
    """The actor is known, but may not."""

    code = ErrorCode.FORBIDDEN


class SupportExcluded(SlotGraphError):
    """The company has excluded support under an open case (rule T3)."""

    code = ErrorCode.SUPPORT_EXCLUDED

    def __init__(self) -> None:
        super().__init__("This company has excluded support.")


class BadInput(SlotGraphError):
    """Some input makes no sense. `path` leads from the input's root to the field."""

    code = ErrorCode.BAD_USER_INPUT

    def __init__(self, path: tuple[str, ...], reason: str) -> None:
        super().__init__(f"{'.'.join(path)}: {reason}")
        self.path = path
        self.reason = reason


class UnknownObject(SlotGraphError):
    """Something named in the input is not there, or not yours: the two look the same."""

    code = ErrorCode.NOT_FOUND

    def __init__(self, path: tuple[str, ...]) -> None:
        super().__init__(f"{'.'.join(path)}: there is no such thing, or it is not yours.")
        self.path = path


class RateLimited(SlotGraphError):
    """Somebody asked too often; `retry_after` is in seconds (rule B7)."""

    code = ErrorCode.RATE_LIMITED
    retryable = True

    def __init__(self, retry_after: int, message: str = "Too many searches from your address; wait a moment.") -> None:
        super().__init__(message)
        self.retry_after = retry_after


class DeadlineExceeded(SlotGraphError):
    """The whole operation took too long."""

    code = ErrorCode.DEADLINE
    retryable = True

    def __init__(self) -> None:
        super().__init__("It took too long; ask for less or try again.")


class SettingError(SlotGraphError):
    """A setting is missing or wrong. The message names it and the cure."""


class DatabaseBusy(SlotGraphError):
    """The database did not let us in within the bounded wait; nothing was changed."""

    code = ErrorCode.DEADLINE
    retryable = True

    def __init__(self) -> None:
        super().__init__("The database is busy; try again in a moment.")


class DatabaseUnreachable(SlotGraphError):
    """The connection to the database broke, or none can be made; whether the last change was kept is not known."""

    code = ErrorCode.DEADLINE
    retryable = True

    def __init__(self) -> None:
        super().__init__("The database cannot be reached just now; try again in a moment.")


CANNOT_WRITE = (DatabaseBusy, DatabaseUnreachable, SettingError)
"""How a write is refused where reading may go on: no turn in time, no connection, or trouble with the disk."""


class UnfitText(SlotGraphError):
    """A text that no database keeps: it holds the character NUL, or half of a surrogate pair."""

    code = ErrorCode.BAD_USER_INPUT

    def __init__(self) -> None:
        super().__init__("A text holds a character that cannot be stored.")


class KeyMissing(SlotGraphError):
    """A sealed row names a key that is not there; never a new key over sealed rows (rule F3)."""


class SealBroken(SlotGraphError):
    """A sealed row does not open: it was changed, or copied from elsewhere."""


class SpanTaken(SlotGraphError):
    """The database refused a blocked span because it overlaps another of the employee (rule K1)."""

    retryable = True


class ProviderFailure(SlotGraphError):
    """A provider could not do what it was asked. Connectors raise the subclasses, the engine turns them into Unverified.

    `server_answer` is what the server said of itself (its realm, or status and content type), never a body.
    """

    cause: ClassVar[FailureCause] = FailureCause.PLUGIN_ERROR

    def __init__(self, message: str = "", *, retry_after: int | None = None, server_answer: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").splitlines()[0])
        self.retry_after = retry_after
        self.server_answer = server_answer
        self.asked = True

    def unverified(self) -> Unverified:
        """The failure as data."""
        return Unverified(self.cause, self.retry_after, self.asked)


class AccountRevoked(ProviderFailure):
    """The credentials no longer work."""

    cause = FailureCause.REAUTH_REQUIRED


class ProviderThrottled(ProviderFailure):
    """Too many requests; `retry_after` is in seconds if the provider said so."""

    cause = FailureCause.THROTTLED
    retryable = True


class ProviderTimeout(ProviderFailure):
    """No answer within the deadline."""

    cause = FailureCause.TIMEOUT
    retryable = True


class ProviderUnreachable(ProviderFailure):
    """No connection."""

    cause = FailureCause.UNREACHABLE
    retryable = True


class AddressRefused(ProviderFailure):
    """The address guard does not let this address through."""

    cause = FailureCause.UNREACHABLE


class CalendarMissing(ProviderFailure):
    """The calendar is gone."""

    cause = FailureCause.NOT_FOUND


class AccessForbidden(ProviderFailure):
    """The login may not read or write it."""

    cause = FailureCause.FORBIDDEN


class AnswerMalformed(ProviderFailure):
    """The answer made no sense."""

    cause = FailureCause.MALFORMED


class AnswerTooLarge(ProviderFailure):
    """The answer was too large."""

    cause = FailureCause.TOO_LARGE


class PluginFailed(ProviderFailure):
    """The plugin failed."""

    cause = FailureCause.PLUGIN_ERROR


_BY_CAUSE: Mapping[FailureCause, type[ProviderFailure]] = {
    failure.cause: failure
    for failure in (
        AccountRevoked,
        ProviderThrottled,
        ProviderTimeout,
        ProviderUnreachable,
        CalendarMissing,
        AccessForbidden,
        AnswerMalformed,
        AnswerTooLarge,
        PluginFailed,
    )
}


def failure_of(unverified: Unverified) -> ProviderFailure:
    """A fresh failure that says what the data says."""
    failure = _BY_CAUSE[unverified.cause](retry_after=unverified.retry_after)
    failure.asked = unverified.asked
    return failure
