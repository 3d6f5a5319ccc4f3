"""Who may do what: the whole truth table, written out apart from the one under test (rules T2, T3, T5)."""

from dataclasses import replace
from itertools import product

import pytest

from slotgraph.core.permissions import permissions_in_case, permissions_of
from slotgraph.core.policy import (
    NOT_FOR_TOKENS,
    TABLE,
    Action,
    ActorKind,
    Anonymous,
    Customer,
    Facts,
    MaskedReason,
    Member,
    Permission,
    Role,
    Support,
    SupportStanding,
    Token,
    Unproven,
    cause_for_strangers,
    permits,
    sees_names_outside,
    why_titles_masked,
)
from slotgraph.core.values import FailureCause

OURS, THEIRS = "ours", "theirs"
ANNA, BEN = "anna", "ben"
BOOKING, OTHER_BOOKING = "booking", "other booking"


def member(role, employee_id=None, company_id=OURS):
    return Member(company_id, "member", "user", "somebody@example.org", role, employee_id)


def token(*scopes, company_id=OURS):
    return Token(company_id, "token", frozenset(scopes))


AGENT = Support("agent", "agent@example.org")
ACTORS = {
    "stranger": Anonymous(),
    "customer": Customer(OURS, BOOKING),
    "other-customer": Customer(OURS, OTHER_BOOKING),
    "foreign-customer": Customer(THEIRS, BOOKING),
    "holder": member(Role.STAFF, ANNA),
    "colleague": member(Role.STAFF, BEN),
    "nobody's-login": member(Role.STAFF),
    "admin": member(Role.ADMIN),
    "owner": member(Role.OWNER),
    "foreign-owner": member(Role.OWNER, ANNA, THEIRS),
    "shut-out-agent": AGENT,
    "agent": AGENT,
    "trusted-agent": AGENT,
    "unproven-owner": Unproven("user", "somebody@example.org", ActorKind.MEMBER),
    "unproven-agent": Unproven("agent", "agent@example.org", ActorKind.SUPPORT),
}
STANDINGS = {
    "shut-out-agent": SupportStanding.NONE,
    "agent": SupportStanding.OPEN,
    "trusted-agent": SupportStanding.OPEN_WITH_CUSTOMER_DATA,
    "unproven-agent": SupportStanding.OPEN_WITH_CUSTOMER_DATA,
}
GROUPS = {
    "all": list(ACTORS),
    "members": ["holder", "colleague", "nobody's-login", "admin", "owner"],
    "admins": ["admin", "owner"],
    "let-in": ["agent", "trusted-agent"],
    "agents": ["shut-out-agent", "agent", "trusted-agent"],
    "customers": ["customer", "other-customer", "foreign-customer"],
    "unproven": ["unproven-owner", "unproven-agent"],
}

# What is done to something of Anna's: who may (a group or an actor), and with which scope a token may.
# `any-company`: the scope also works on other companies. A line that is missing here fails.
EXPECTED = """
READ_SCHEMA_SHAPE          | all                                             | every token
READ_VIEWER                | all                                             | every token
LOG_IN                     | all                                             | every token
CHANGE_SECOND_FACTOR       | members foreign-owner agents unproven           |
READ_PUBLIC_PROFILE        | stranger customers members foreign-owner let-in | every token
SEARCH_SLOTS               | stranger members foreign-owner let-in           | any-company SEARCH_SLOTS
SEARCH_WITHOUT_BUDGET      | members let-in                                  | SEARCH_SLOTS
BOOK                       | stranger members foreign-owner                  | any-company BOOK
HOLD_WITHOUT_QUOTA         | members                                         | BOOK
OVERRIDE_RULES             | members                                         |
READ_INTERNAL              | members let-in                                  | READ_SCHEDULE CHANGE_SCHEDULE READ_ACCOUNTS READ_OVERVIEW
READ_SCHEDULE              | members let-in                                  | READ_SCHEDULE CHANGE_SCHEDULE READ_OVERVIEW
READ_NOTES                 | members                                         | READ_SCHEDULE CHANGE_SCHEDULE
READ_CALENDAR_CHECK_DETAIL | members let-in                                  | READ_OVERVIEW
EDIT_SCHEDULE              | holder admins                                   | CHANGE_SCHEDULE
CHANGE_EMPLOYEE            | admins                                          | CHANGE_SCHEDULE
CHANGE_SERVICE             | admins                                          | CHANGE_SCHEDULE
READ_ACCOUNT               | holder admins let-in                            | READ_ACCOUNTS
NAME_CALENDAR              | holder admins let-in                            | READ_ACCOUNTS
CHANGE_ACCOUNT             | holder admins                                   |
READ_PROVIDERS             | members foreign-owner agents                    | any-company READ_ACCOUNTS
READ_BOOKING               | customer members let-in                         | READ_BOOKINGS CHANGE_BOOKINGS
READ_CUSTOMER              | customer members trusted-agent                  | READ_BOOKINGS CHANGE_BOOKINGS
READ_CALENDAR_ENTRY        | members let-in                                  | READ_BOOKINGS CHANGE_BOOKINGS
CHANGE_BOOKING             | customer members                                | CHANGE_BOOKINGS
CHANGE_BOOKING_LATE        | members                                         | CHANGE_BOOKINGS
READ_OVERVIEW              | members let-in                                  | READ_OVERVIEW
READ_TITLE                 | holder admins let-in                            |
ERASE_CUSTOMER             | admins                                          |
CHANGE_COMPANY             | admins                                          |
READ_MEMBERS               | admins                                          |
CHANGE_MEMBERS             | admins                                          |
READ_TOKENS                | admins                                          |
CHANGE_TOKENS              | admins                                          |
READ_SUPPORT_CASE          | admins let-in                                   |
LIST_OPEN_CASES            | agents                                          |
CHANGE_SUPPORT_CASE        | admins                                          |
READ_ACCESS_LOG            | admins                                          |
INTROSPECT                 | members foreign-owner                           | any-company INTROSPECT
"""


def parsed(text):
    for line in text.strip().splitlines():
        action, actors, scopes = (part.strip() for part in line.split("|"))
        may = {name for word in actors.split() for name in GROUPS.get(word, [word])}
        yield Action[action], may, scopes.split()


ROWS = {action: (may, scopes) for action, may, scopes in parsed(EXPECTED)}
FACTS = Facts(OURS, ANNA, BOOKING, shows_appointments=True)


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("name", ACTORS)
def test_every_actor_may_do_what_the_table_says(action, name):
    facts = replace(FACTS, support=STANDINGS.get(name, SupportStanding.NONE))
    assert permits(action, ACTORS[name], facts) == (name in ROWS[action][0])


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("company_id", [OURS, THEIRS])
def test_a_token_may_do_what_its_scope_says_in_its_company(action, company_id):
    scopes = ROWS[action][1]
    may = {scope.value for scope in Permission if permits(action, token(scope, company_id=company_id), FACTS)}
    if scopes == ["every", "token"]:
        assert len(may) == len(Permission)
    elif company_id == THEIRS and "any-company" not in scopes:
        assert may == set()
    else:
        assert may == set(scopes) - {"any-company"}


@pytest.mark.parametrize("action", Action)
def test_every_action_has_a_row_here_and_there(action):
    assert action in ROWS
    assert action in TABLE


@pytest.mark.parametrize("action", Action)
def test_an_excluded_agent_may_no_more_than_one_without_a_case(action):
    shut_out, excluded = (
        permits(action, AGENT, replace(FACTS, support=standing))
        for standing in (SupportStanding.NONE, SupportStanding.EXCLUDED)
    )
    assert shut_out == excluded


def test_an_agent_reads_the_schema_while_any_case_is_open():
    for is_open in (False, True):
        assert permits(Action.INTROSPECT, AGENT, Facts(any_case_open=is_open)) == is_open


def test_a_login_without_employee_holds_nothing_not_even_what_is_nobodys():
    companys_own = Facts(OURS, None)
    for action in (Action.READ_ACCOUNT, Action.CHANGE_ACCOUNT, Action.EDIT_SCHEDULE, Action.READ_TITLE):
        assert not permits(action, member(Role.STAFF), replace(companys_own, shows_appointments=True))


# T2: a title is returned iff the toggle is on and the actor is its holder, an admin or owner, or support with an open case.
SEES_TITLES = {"holder", "admin", "owner", "agent", "trusted-agent"}


@pytest.mark.parametrize(("name", "shows", "granted"), list(product([*ACTORS, "token"], [False, True], [False, True])))
def test_why_titles_are_masked(name, shows, granted):
    actor = ACTORS.get(name, token(*Permission))
    facts = replace(FACTS, shows_appointments=shows, support=STANDINGS.get(name, SupportStanding.NONE))
    if not shows:
        expected = MaskedReason.SHOW_APPOINTMENTS_OFF
    elif name not in SEES_TITLES:
        expected = MaskedReason.NOT_PERMITTED
    else:
        expected = None if granted else MaskedReason.NOT_GRANTED
    assert why_titles_masked(actor, facts, granted=granted) is expected


@pytest.mark.parametrize("name", ACTORS)
@pytest.mark.parametrize("shows", [False, True])
def test_a_private_event_shows_its_title_to_its_holder_only(name, shows):
    facts = replace(
        FACTS, shows_appointments=shows, private_event=True, support=STANDINGS.get(name, SupportStanding.NONE)
    )
    assert permits(Action.READ_TITLE, ACTORS[name], facts) == (shows and name == "holder")


def test_an_owner_who_is_the_holder_sees_their_own_private_titles():
    assert permits(Action.READ_TITLE, member(Role.OWNER, ANNA), replace(FACTS, private_event=True))


def test_names_kept_from_outside_are_masked_for_support_only():
    assert [name for name, actor in ACTORS.items() if not sees_names_outside(actor)] == GROUPS["agents"]


def test_what_one_may_do_company_wide():
    staff = permissions_of(member(Role.STAFF))
    assert permissions_of(member(Role.OWNER)) == permissions_of(member(Role.ADMIN)) == frozenset(Permission)
    assert not staff & NOT_FOR_TOKENS
    assert Permission.CHANGE_SCHEDULE not in staff
    assert permissions_of(Anonymous()) == {Permission.SEARCH_SLOTS, Permission.BOOK}
    assert permissions_of(AGENT) == frozenset()
    assert permissions_of(ACTORS["unproven-owner"]) == frozenset()
    assert permissions_of(token(Permission.BOOK)) == {Permission.BOOK}


def test_inside_a_case_support_looks_and_never_touches():
    for standing in (SupportStanding.NONE, SupportStanding.EXCLUDED):
        assert permissions_in_case(standing) == frozenset()
    looking = permissions_in_case(SupportStanding.OPEN)
    assert looking == permissions_in_case(SupportStanding.OPEN_WITH_CUSTOMER_DATA)
    assert all(one.value.startswith(("READ_", "SEARCH_", "INTROSPECT")) for one in looking)


def test_strangers_learn_only_whether_asking_again_makes_sense():
    permanent = {
        FailureCause.REAUTH_REQUIRED,
        FailureCause.NOT_FOUND,
        FailureCause.FORBIDDEN,
        FailureCause.PLUGIN_ERROR,
    }
    assert {cause: cause_for_strangers(cause) for cause in FailureCause} == {
        cause: "PERMANENT" if cause in permanent else "TEMPORARY" for cause in FailureCause
    }
