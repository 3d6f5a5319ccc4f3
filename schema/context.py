"""What every resolver gets: the operation with its actor, and the use cases. The only room here that knows of HTTP at all."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from slotgraph.core.account_checks import AccountChecks
from slotgraph.core.accounts import Accounts
from slotgraph.core.administration.employees import Employees
from slotgraph.core.api_tokens import ApiTokens
from slotgraph.core.booking.cancelling import Cancellations
from slotgraph.core.booking.finding import BookingDesk
from slotgraph.core.booking.holding import Holds
from slotgraph.core.booking.making import Bookings
from slotgraph.core.booking.moving import Moves
from slotgraph.core.calendar_choices import CalendarChoices
from slotgraph.core.calendar_entries.retrying import EntryRetries
from slotgraph.core.erasing import Erasing
from slotgraph.core.explaining import Explanations
from slotgraph.core.linking import Linking
from slotgraph.core.operation import Operation
from slotgraph.core.overview import Overviews
from slotgraph.core.people.invitations import InvitationDesk
from slotgraph.core.people.members import MemberDesk
from slotgraph.core.people.password_reset import PasswordResets
from slotgraph.core.people.second_factor import SecondFactors
from slotgraph.core.people.sessions import SessionDesk
from slotgraph.core.profile import Profiles
from slotgraph.core.registry import Registry
from slotgraph.core.search import Search
from slotgraph.core.support import SupportDesk
from slotgraph.core.values import Secret
from slotgraph.schema.loaders import Loaders


@dataclass(frozen=True, slots=True)
class UseCases:
    """Everything SlotGraph can do, joined once at start."""

    registry: Registry
    search: Search
    explanations: Explanations
    holds: Holds
    bookings: Bookings
    booking_desk: BookingDesk
    moves: Moves
    cancellations: Cancellations
    entry_retries: EntryRetries
    overviews: Overviews
    accounts: Accounts
    linking: Linking
    account_checks: AccountChecks
    calendar_choices: CalendarChoices
    profiles: Profiles
    employees: Employees
    erasing: Erasing
    support: SupportDesk
    sessions: SessionDesk
    second_factors: SecondFactors
    password_resets: PasswordResets
    members: MemberDesk
    invitations: InvitationDesk
    api_tokens: ApiTokens


@dataclass
class Context:
    """One GraphQL operation: who asks, what can be done, and the session behind the cookie, if there is one.

    `begin_session` and `end_session` are told of a login and a logout, so that the transport can set and drop the cookie.
    """

    operation: Operation
    use_cases: UseCases
    session: Secret | None
    begin_session: Callable[[Secret, datetime], None]
    end_session: Callable[[], None]
    _loaders: dict[Operation, Loaders] = field(default_factory=dict)

    def loaders(self, operation: Operation) -> Loaders:
        """What is read once for many, as this operation's actor may see it."""
        if operation not in self._loaders:
            self._loaders[operation] = Loaders(operation, self.use_cases)
        return self._loaders[operation]

    def forget(self) -> None:
        """Read everything anew from here on: after a change."""
        self._loaders.clear()
