"""What an agent's operation can reach, read before it runs."""

from datetime import UTC, datetime
from typing import Any

from slotgraph.core import hold_token
from slotgraph.core.manage_token import token_for
from slotgraph.schema import ids
from slotgraph.schema.build import build
from slotgraph.schema.reach import Reach, reach_of

A, B, THING = "a" * 32, "b" * 32, "1" * 32


def reach(query: str, operation_name: str | None = None, **variables: Any) -> Reach:
    return reach_of(build(), query=query, variables=variables, operation_name=operation_name)


def test_companies_stand_in_ids_wherever_they_are() -> None:
    query = """query Look($ids: [ID!]!, $filter: BookingFilter) {
      nodes(ids: $ids) { id }
      bookings(filter: $filter) { nodes { id } }
    }"""
    variables = {
        "ids": [ids.encode("SupportCase", A, THING)],
        "filter": {"employees": [ids.encode("Employee", B, THING)]},
    }
    found = reach(query, **variables)
    assert found.company_ids == {A, B}
    assert found.fields == (
        "Query.nodes", "Query.bookings", "BookingConnection.nodes", "Booking.id", "Node.id",
    )  # fmt: skip
    literal = reach(f'{{ node(id: "{ids.encode("Company", A)}") {{ id }} }}')
    assert literal.company_ids == {A}


def test_defaults_of_variables_count() -> None:
    default = ids.encode("Company", A)
    query = f'query ($id: ID! = "{default}", $slug: String! = "demo") {{ node(id: $id) {{ id }} company(slug: $slug) {{ id }} }}'
    assert (reach(query).company_ids, reach(query).slugs) == ({A}, {"demo"})
    given = reach(query, slug="other", id=ids.encode("Company", B))
    assert (given.company_ids, given.slugs) == ({B}, {"other"})


def test_manage_tokens_carry_their_company() -> None:
    token = token_for(bytes(32), A, booking_id=THING, generation=0)
    assert reach("query ($t: Secret!) { booking(by: { manageToken: $t }) { id } }", t=token).company_ids == {A}


def test_hold_tokens_carry_their_company() -> None:
    token = hold_token.token_for(b"k" * 32, A, hold_id="0" * 32)
    assert reach(
        "mutation ($t: Secret!) { releaseHold(input: { holdToken: $t }) { __typename } }", t=token
    ).company_ids == {A}


def test_listing_cases_reaches_every_open_one() -> None:
    assert reach("{ cases: supportCases { id company { name } } }").lists_open_cases
    assert not reach("{ viewer { kind } }").lists_open_cases


def test_fragments_are_followed_once_and_under_their_own_type() -> None:
    query = """
    { node(id: "x") { ...Case } other: node(id: "y") { ...Case __typename } }
    fragment Case on SupportCase { open company { ...Inside } }
    fragment Inside on Company { internal { accounts { ... on Account { health { state } } } } }
    """
    assert reach(query).fields == (
        "Query.node",
        "SupportCase.open",
        "SupportCase.company",
        "Company.internal",
        "CompanyInternal.accounts",
        "Account.health",
        "Health.state",
    )


def test_doubling_fragments_cost_no_more_than_their_text() -> None:
    doubled = "".join(f"fragment F{n} on Viewer {{ ...F{n + 1} ...F{n + 1} }} " for n in range(60))
    query = f"{{ viewer {{ ...F0 }} }} {doubled} fragment F60 on Viewer {{ kind }}"
    assert "Viewer.kind" in reach(query).fields


def test_days_and_instants_are_the_outermost_ones() -> None:
    query = """query ($o: OverviewInput!, $from: DateTime!) {
      overview(input: $o) { complete }
      slots(input: { service: "x", from: $from, to: "2027-03-20T00:00:00+01:00" }) { complete }
    }"""
    found = reach(query, o={"from": "2027-03-02", "until": "2027-03-08"}, **{"from": "2027-03-05T00:00:00Z"})
    assert found.range_start == datetime(2027, 3, 2, tzinfo=UTC)
    assert found.range_end == datetime(2027, 3, 19, 23, tzinfo=UTC)
    week = reach('{ overview(input: { from: "2027-03-02", until: "2027-03-08" }) { complete } }')
    assert (week.range_start, week.range_end) == (datetime(2027, 3, 2, tzinfo=UTC), datetime(2027, 3, 9, tzinfo=UTC))
    absences = reach('{ viewer { company { internal { absences(from: "2027-01-01") { id } } } } }')
    assert (absences.range_start, absences.range_end) == (datetime(2027, 1, 1, tzinfo=UTC), None)


def test_only_the_operation_that_will_run_counts() -> None:
    query = "query One { viewer { kind } } query Two { supportCases { id } }"
    assert reach(query, "One").fields == ("Query.viewer", "Viewer.kind")
    assert reach(query) == Reach()


def test_what_will_not_run_reaches_nothing() -> None:
    for query in ("{ nothing }", "{ viewer {", "", "query ($x: Nonsense) { viewer { kind } }"):
        assert reach(query) == Reach()


def test_values_are_not_in_the_reach() -> None:
    query = 'mutation { login(input: { email: "a@example.org", password: "hunter2" }) { __typename } }'
    assert "hunter2" not in repr(reach(query))
    assert reach(query).fields == ("Mutation.login",)
