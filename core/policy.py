"""Who may do what: one pure table of action x actor x facts (rule T5). Nothing else in SlotGraph decides.

An action is declared on every object type and every field with a resolver; `permits` answers for it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from slotgraph.core.values import FailureCause


class Role(Enum):
    """Role of a member, each including the next."""

    OWNER = "OWNER"
    ADMIN = "ADMIN"
    STAFF = "STAFF"


class Permission(Enum):
    """Something one may do company-wide; also the scopes of a token."""

    SEARCH_SLOTS = "SEARCH_SLOTS"
    BOOK = "BOOK"
    READ_BOOKINGS = "READ_BOOKINGS"
    CHANGE_BOOKINGS = "CHANGE_BOOKINGS"
    READ_OVERVIEW = "READ_OVERVIEW"
    READ_SCHEDULE = "READ_SCHEDULE"
    CHANGE_SCHEDULE = "CHANGE_SCHEDULE"
    READ_ACCOUNTS = "READ_ACCOUNTS"
    CHANGE_ACCOUNTS = "CHANGE_ACCOUNTS"
    CHANGE_COMPANY = "CHANGE_COMPANY"
    CHANGE_MEMBERS = "CHANGE_MEMBERS"
    CHANGE_TOKENS = "CHANGE_TOKENS"
    CHANGE_SUPPORT_CASES = "CHANGE_SUPPORT_CASES"
    INTROSPECT = "INTROSPECT"


P = Permission

NOT_FOR_TOKENS = frozenset(
    {P.CHANGE_ACCOUNTS, P.CHANGE_COMPANY, P.CHANGE_MEMBERS, P.CHANGE_TOKENS, P.CHANGE_SUPPORT_CASES}
)
"""Permissions no token can carry."""


class ActorKind(Enum):
    """Kind of actor, as `Viewer.kind` tells it. A customer is an anonymous with a manage token."""

    ANONYMOUS = "ANONYMOUS"
    MEMBER = "MEMBER"
    SUPPORT = "SUPPORT"
    TOKEN = "TOKEN"  # noqa: S105 - a kind of actor, not a secret


@dataclass(frozen=True, slots=True)
class Anonymous:
    """Nobody known: the booking widget."""

    kind = ActorKind.ANONYMOUS


@dataclass(frozen=True, slots=True)
class Customer:
    """The holder of one booking's manage token; exists only inside the fields that take one."""

    company_id: str
    booking_id: str
    kind = ActorKind.ANONYMOUS


@dataclass(frozen=True, slots=True)
class Member:
    """A login of a company. `employee_id` is the employee they are, if any: they are then its holder."""

    company_id: str
    id: str
    user_id: str
    email: str
    role: Role
    employee_id: str | None = None
    kind = ActorKind.MEMBER


@dataclass(frozen=True, slots=True)
class Support:
    """A support agent of the vendor. Gets nowhere without an open case."""

    user_id: str
    email: str
    kind = ActorKind.SUPPORT


@dataclass(frozen=True, slots=True)
class Token:
    """An API token of a company."""

    company_id: str
    id: str
    scopes: frozenset[Permission]
    kind = ActorKind.TOKEN


@dataclass(frozen=True, slots=True)
class Unproven:
    """A login whose place requires a second factor and that has none: it may set one up. `kind` is what it will be then."""

    user_id: str
    email: str
    kind: ActorKind


Actor = Anonymous | Customer | Member | Support | Token | Unproven


class SupportStanding(Enum):
    """How support stands with a company right now."""

    NONE = "NONE"  #: no open case
    OPEN = "OPEN"
    OPEN_WITH_CUSTOMER_DATA = "OPEN_WITH_CUSTOMER_DATA"
    EXCLUDED = "EXCLUDED"  #: the exclusion closed a case under which this very agent had looked in

    @property
    def is_open(self) -> bool:
        """Whether an open case lets the agent in."""
        return self in _CASE_OPEN


_CASE_OPEN = frozenset({SupportStanding.OPEN, SupportStanding.OPEN_WITH_CUSTOMER_DATA})


@dataclass(frozen=True, slots=True)
class Facts:
    """What the table may know about the thing an action is done to. `employee_id` is whose it is, if it is somebody's."""

    company_id: str | None = None
    employee_id: str | None = None
    booking_id: str | None = None
    support: SupportStanding = SupportStanding.NONE
    any_case_open: bool = False
    private_event: bool = False
    shows_appointments: bool = False


class Action(Enum):
    """Everything one can do or see. Declared on types and fields of the schema, and asked for by the use cases."""

    READ_SCHEMA_SHAPE = "answers and pieces without content of their own"
    READ_VIEWER = "see who one is"
    READ_PUBLIC_PROFILE = "see a company's public profile"
    SEARCH_SLOTS = "search slots"
    SEARCH_WITHOUT_BUDGET = "search as often as one likes"
    BOOK = "book"
    HOLD_WITHOUT_QUOTA = "hold as many slots as one likes"
    OVERRIDE_RULES = "book past notice, horizon, grid, availabilities and absences"
    LOG_IN = "log in and out"
    CHANGE_SECOND_FACTOR = "set up and remove one's second factor"
    READ_INTERNAL = "see the inside of a company or employee"
    READ_SCHEDULE = "see availabilities and absences"
    READ_NOTES = "see members' own notes"
    READ_CALENDAR_CHECK_DETAIL = "see which calendar answered how"
    EDIT_SCHEDULE = "change the schedule of an employee, or that of the whole company"
    CHANGE_EMPLOYEE = "make, change and delete employees"
    CHANGE_SERVICE = "make, change and delete services"
    READ_ACCOUNT = "see an account or calendar and its health"
    NAME_CALENDAR = "see which calendar of an employee something stands in"
    CHANGE_ACCOUNT = "link an account, choose calendars"
    READ_PROVIDERS = "see the installed kinds of calendar"
    READ_BOOKING = "see a booking"
    READ_CUSTOMER = "see who booked"
    READ_CALENDAR_ENTRY = "see where our calendar entry is on its way"
    CHANGE_BOOKING = "cancel or move a booking"
    CHANGE_BOOKING_LATE = "cancel or move a booking after the customers' limit"
    READ_OVERVIEW = "see the overview"
    READ_TITLE = "see the title of an external event"
    ERASE_CUSTOMER = "erase the data of a customer"
    CHANGE_COMPANY = "change the company profile"
    READ_MEMBERS = "see members and invitations"
    CHANGE_MEMBERS = "invite, change and remove members"
    READ_TOKENS = "see API tokens"
    CHANGE_TOKENS = "make and revoke API tokens"
    READ_SUPPORT_CASE = "see a company's support cases"
    LIST_OPEN_CASES = "see the cases open now, as an agent"
    CHANGE_SUPPORT_CASE = "open and close support cases"
    READ_ACCESS_LOG = "read the access log"
    INTROSPECT = "read the schema"


Rule = Callable[[Actor, Facts], bool]


def _always(actor: Actor, facts: Facts) -> bool:
    return True


def _never(actor: Actor, facts: Facts) -> bool:
    return False


def _own_company(actor: Actor, facts: Facts) -> bool:
    return isinstance(actor, Member | Token | Customer) and actor.company_id == facts.company_id


def _role(*roles: Role) -> Rule:
    def rule(actor: Actor, facts: Facts) -> bool:
        return isinstance(actor, Member) and _own_company(actor, facts) and actor.role in roles

    return rule


_any_role = _role(Role.OWNER, Role.ADMIN, Role.STAFF)
_admin = _role(Role.OWNER, Role.ADMIN)


def _holder(actor: Actor, facts: Facts) -> bool:
    return (
        isinstance(actor, Member)
        and _own_company(actor, facts)
        and actor.employee_id is not None
        and actor.employee_id == facts.employee_id
    )


def _admin_or_holder(actor: Actor, facts: Facts) -> bool:
    return _admin(actor, facts) or _holder(actor, facts)


def _case_open(actor: Actor, facts: Facts) -> bool:
    return facts.support.is_open


def _case_grants_customers(actor: Actor, facts: Facts) -> bool:
    return facts.support is SupportStanding.OPEN_WITH_CUSTOMER_DATA


def _scope(*permissions: Permission) -> Rule:
    def rule(actor: Actor, facts: Facts) -> bool:
        return isinstance(actor, Token) and _own_company(actor, facts) and not actor.scopes.isdisjoint(permissions)

    return rule


def _scope_anywhere(permission: Permission) -> Rule:
    return lambda actor, facts: isinstance(actor, Token) and permission in actor.scopes


def _own_booking(actor: Actor, facts: Facts) -> bool:
    return isinstance(actor, Customer) and _own_company(actor, facts) and actor.booking_id == facts.booking_id


def _title_for_admin(actor: Actor, facts: Facts) -> bool:
    return facts.shows_appointments and (_holder(actor, facts) or (_admin(actor, facts) and not facts.private_event))


def _title_for_support(actor: Actor, facts: Facts) -> bool:
    return facts.shows_appointments and _case_open(actor, facts) and not facts.private_event


_SCHEDULE_SCOPES = (P.READ_SCHEDULE, P.CHANGE_SCHEDULE)
_BOOKING_SCOPES = (P.READ_BOOKINGS, P.CHANGE_BOOKINGS)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: the rule of each kind of actor. What is not named is refused."""

    anonymous: Rule = field(default=_never)
    customer: Rule = field(default=_never)
    member: Rule = field(default=_never)
    support: Rule = field(default=_never)
    token: Rule = field(default=_never)
    unproven: Rule = field(default=_never)

    def rule_for(self, actor: Actor) -> Rule:
        """The rule that counts for this actor."""
        match actor:
            case Anonymous():
                return self.anonymous
            case Customer():
                return self.customer
            case Member():
                return self.member
            case Support():
                return self.support
            case Token():
                return self.token
            case Unproven():
                return self.unproven


_EVERYBODY = Row(_always, _always, _always, _always, _always, _always)
A = Action

TABLE: Mapping[Action, Row] = {
    A.READ_SCHEMA_SHAPE: _EVERYBODY,
    A.READ_VIEWER: _EVERYBODY,
    A.LOG_IN: _EVERYBODY,
    A.CHANGE_SECOND_FACTOR: Row(member=_always, support=_always, unproven=_always),
    # A company's public profile is public, but an agent without an open case gets null, as for one that does not exist (T3).
    A.READ_PUBLIC_PROFILE: Row(_always, _always, _always, _case_open, _always),
    A.SEARCH_SLOTS: Row(_always, _never, _always, _case_open, _scope_anywhere(P.SEARCH_SLOTS)),
    # Strangers have a budget (B7); so has a member of another company, who is one here.
    A.SEARCH_WITHOUT_BUDGET: Row(member=_any_role, support=_case_open, token=_scope(P.SEARCH_SLOTS)),
    A.BOOK: Row(_always, _never, _always, _never, _scope_anywhere(P.BOOK)),
    A.HOLD_WITHOUT_QUOTA: Row(member=_any_role, token=_scope(P.BOOK)),
    A.OVERRIDE_RULES: Row(member=_any_role),
    A.READ_INTERNAL: Row(
        member=_any_role, support=_case_open, token=_scope(*_SCHEDULE_SCOPES, P.READ_ACCOUNTS, P.READ_OVERVIEW)
    ),
    A.READ_SCHEDULE: Row(member=_any_role, support=_case_open, token=_scope(*_SCHEDULE_SCOPES, P.READ_OVERVIEW)),
    A.READ_NOTES: Row(member=_any_role, token=_scope(*_SCHEDULE_SCOPES)),
    A.READ_CALENDAR_CHECK_DETAIL: Row(member=_any_role, support=_case_open, token=_scope(P.READ_OVERVIEW)),
    A.EDIT_SCHEDULE: Row(member=_admin_or_holder, token=_scope(P.CHANGE_SCHEDULE)),
    A.CHANGE_EMPLOYEE: Row(member=_admin, token=_scope(P.CHANGE_SCHEDULE)),
    A.CHANGE_SERVICE: Row(member=_admin, token=_scope(P.CHANGE_SCHEDULE)),
    A.READ_ACCOUNT: Row(member=_admin_or_holder, support=_case_open, token=_scope(P.READ_ACCOUNTS)),
    A.NAME_CALENDAR: Row(member=_admin_or_holder, support=_case_open, token=_scope(P.READ_ACCOUNTS)),
    A.CHANGE_ACCOUNT: Row(member=_admin_or_holder),
    A.READ_PROVIDERS: Row(member=_always, support=_always, token=_scope_anywhere(P.READ_ACCOUNTS)),
    A.READ_BOOKING: Row(customer=_own_booking, member=_any_role, support=_case_open, token=_scope(*_BOOKING_SCOPES)),
    A.READ_CUSTOMER: Row(
        customer=_own_booking, member=_any_role, support=_case_grants_customers, token=_scope(*_BOOKING_SCOPES)
    ),
    A.READ_CALENDAR_ENTRY: Row(member=_any_role, support=_case_open, token=_scope(*_BOOKING_SCOPES)),
    A.CHANGE_BOOKING: Row(customer=_own_booking, member=_any_role, token=_scope(P.CHANGE_BOOKINGS)),
    A.CHANGE_BOOKING_LATE: Row(member=_any_role, token=_scope(P.CHANGE_BOOKINGS)),
    A.READ_OVERVIEW: Row(member=_any_role, support=_case_open, token=_scope(P.READ_OVERVIEW)),
    A.READ_TITLE: Row(member=_title_for_admin, support=_title_for_support),
    A.ERASE_CUSTOMER: Row(member=_admin),
    A.CHANGE_COMPANY: Row(member=_admin),
    A.READ_MEMBERS: Row(member=_admin),
    A.CHANGE_MEMBERS: Row(member=_admin),
    A.READ_TOKENS: Row(member=_admin),
    A.CHANGE_TOKENS: Row(member=_admin),
    A.READ_SUPPORT_CASE: Row(member=_admin, support=_case_open),
    A.LIST_OPEN_CASES: Row(support=_always),
    A.CHANGE_SUPPORT_CASE: Row(member=_admin),
    A.READ_ACCESS_LOG: Row(member=_admin),
    A.INTROSPECT: Row(
        member=_always, support=lambda actor, facts: facts.any_case_open, token=_scope_anywhere(P.INTROSPECT)
    ),
}


def permits(action: Action, actor: Actor, facts: Facts) -> bool:
    """Whether the actor may do this to a thing with these facts. The only answer there is."""
    return TABLE[action].rule_for(actor)(actor, facts)


class MaskedReason(Enum):
    """Why a title is not shown. The first that applies."""

    SHOW_APPOINTMENTS_OFF = "SHOW_APPOINTMENTS_OFF"
    NOT_PERMITTED = "NOT_PERMITTED"
    NOT_GRANTED = "NOT_GRANTED"
    PRIVATE_EVENT = "PRIVATE_EVENT"


def why_titles_masked(actor: Actor, facts: Facts, *, granted: bool) -> MaskedReason | None:
    """Why all titles of an employee's account are masked for this actor; None if they may be read (rule T2)."""
    if not facts.shows_appointments:
        return MaskedReason.SHOW_APPOINTMENTS_OFF
    if not permits(Action.READ_TITLE, actor, facts):
        return MaskedReason.NOT_PERMITTED
    return None if granted else MaskedReason.NOT_GRANTED


def sees_names_outside(actor: Actor) -> bool:
    """Whether what logins and calendars are called at their provider is shown: to everybody who sees them but support (rule F1)."""
    return not isinstance(actor, Support)


def cause_for_strangers(cause: FailureCause) -> str:
    """What strangers learn of a failure: worth asking again, or somebody must act first (rule B4)."""
    return "PERMANENT" if cause.is_permanent else "TEMPORARY"
