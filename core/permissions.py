"""What an actor may do company-wide, as it is told to people. What is then let through is decided by `policy`."""

from collections.abc import Mapping

from slotgraph.core.policy import Actor, Member, Permission, Role, Support, SupportStanding, Token, Unproven

P = Permission

_ROLE_PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset(Permission),
    Role.ADMIN: frozenset(Permission),
    Role.STAFF: frozenset(
        {
            P.SEARCH_SLOTS,
            P.BOOK,
            P.READ_BOOKINGS,
            P.CHANGE_BOOKINGS,
            P.READ_OVERVIEW,
            P.READ_SCHEDULE,
            P.READ_ACCOUNTS,
            P.INTROSPECT,
        }
    ),
}


def permissions_of(actor: Actor) -> frozenset[Permission]:
    """What an actor may do company-wide, as `Viewer.permissions` tells it. An agent's are on each case."""
    match actor:
        case Member():
            return _ROLE_PERMISSIONS[actor.role]
        case Token():
            return actor.scopes
        case Support() | Unproven():
            return frozenset()
        case _:
            return frozenset({P.SEARCH_SLOTS, P.BOOK})


def permissions_in_case(standing: SupportStanding) -> frozenset[Permission]:
    """What an agent may do inside a case: look, never touch."""
    if not standing.is_open:
        return frozenset()
    return frozenset({P.SEARCH_SLOTS, P.READ_BOOKINGS, P.READ_OVERVIEW, P.READ_SCHEDULE, P.READ_ACCOUNTS, P.INTROSPECT})
