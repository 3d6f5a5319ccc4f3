"""Which actor stands behind a session, and which of them must have a second factor before they are one."""

import contextlib
from datetime import datetime, timedelta

from slotgraph.core.errors import CANNOT_WRITE, Forbidden, Unauthenticated
from slotgraph.core.operation import Operation
from slotgraph.core.passwords import token_hash
from slotgraph.core.policy import Actor, ActorKind, Anonymous, Customer, Member, Role, Support, Unproven
from slotgraph.core.records import Membership, User
from slotgraph.core.store import sessions
from slotgraph.core.store.database import Database

USED_NOTED_EVERY = timedelta(minutes=5)

Person = Member | Support | Unproven
"""An actor with a login."""


class Actors:
    """Tells who a login is. With `second_factor_required` owners and agents without one may only set one up."""

    def __init__(self, *, second_factor_required: bool) -> None:
        self._second_factor_required = second_factor_required

    async def of_session(self, database: Database, session: str, *, now: datetime) -> Actor:
        """Who stands behind a session's secret, as they are now; Anonymous if it is unknown or expired."""
        hashed = token_hash(session)
        async with database.read() as connection:
            found = await sessions.session_by_hash(connection, hashed, now=now)
        if found is None:
            return Anonymous()
        if now - found.last_used_at > USED_NOTED_EVERY:
            # A writer that is busy, or has no room, is no reason to turn a reader away: then the use is noted next time.
            with contextlib.suppress(*CANNOT_WRITE):
                async with database.write() as connection:
                    await sessions.note_session_used(connection, hashed, at=now)
        return self.of_user(found.user, found.membership) or Anonymous()

    def of_user(self, user: User, place: Membership | None) -> Person | None:
        """The actor a user is: an agent, a member of a company, one that must prove more, or nobody."""
        if not user.is_support and place is None:
            return None
        if self.needs_second_factor(user, place) and not user.totp_enabled:
            return Unproven(user.id, user.email, ActorKind.SUPPORT if user.is_support else ActorKind.MEMBER)
        if user.is_support or place is None:
            return Support(user.id, user.email)
        return Member(place.company_id, place.id, user.id, user.email, place.role, place.employee_id)

    def needs_second_factor(self, user: User, place: Membership | None) -> bool:
        """Whether this place is not had without a second factor."""
        is_owner = place is not None and place.role is Role.OWNER
        return self._second_factor_required and (user.is_support or is_owner)


def person_of(operation: Operation) -> Person:
    """The actor, who has a login. Raises Unauthenticated for strangers, Forbidden for programs."""
    match operation.actor:
        case Member() | Support() | Unproven():
            return operation.actor
        case Anonymous() | Customer():
            raise Unauthenticated("Log in first.")
        case _:
            raise Forbidden("This is for people, who log in.")
