"""The heaviest documents ask the database as often for twenty employees and bookings as for two: nothing is read one by one.

Counted at the cursor: statements, without the database's own (BEGIN, PRAGMA, SET); transactions; and calls of the provider.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
from slotgraph_tests_schema_busy_company import BusyCompany
from sqlalchemy import Engine, event

WIDGET_COMPANY = """query ($slug: String!) { company(slug: $slug) { id name timeZone locale
  services { id name description durationMinutes employees { id name kind services { id } } } } }"""

WIDGET_WEEK = """query ($input: SlotSearchInput!) { slots(input: $input) { complete nextStart
  days { date complete slots { start end employees { id name } } } sources { state cause retryAfterSeconds } } }"""

BLOCK = """fragment Block on OverviewEntry { __typename start end employee { id name }
  ... on ExternalEvent { status allDay title masked maskedReason calendar { id name account { id label } } }
  ... on OverviewBooking { booking { id state service { name } customer { name } employees { name }
    calendarEntries { id state cause employee { name } calendar { name account { label } } } } }
  ... on OverviewAbsence { absence { id note employee { name } } }
  ... on OverviewAvailability { availability { id employee { name } } } }"""

SOURCE = """fragment Source on CalendarCheck { state cause retryAfterSeconds employee { id name }
  calendar { id name account { id label providerName } } }"""

DASHBOARD_WEEK = (
    """query ($days: OverviewInput!) { viewer { role permissions company { id employees { id internal { viewerCanEdit } } } }
  overview(input: $days) { timeZone complete entries { ...Block } sources { ...Source } } }"""
    + BLOCK
    + SOURCE
)

ACCOUNTS = """query ($slug: String!) { company(slug: $slug) { internal { accounts { id label granted employee { id name }
  health { state lastSuccessAt lastCause } calendars { id name checked default health { state } employee { id name }
  account { id } } } } } }"""

EMPLOYEES = """query ($slug: String!) { company(slug: $slug) { internal { absences { id } } employees { id name
  services { id name employees { id } } internal { timeZone viewerCanEdit availabilities { id start end employee { name } }
  absences { id note employee { name } } calendars { id name account { id label } employee { id } } } } } }"""

BOOKINGS = """{ bookings(first: 50) { pageInfo { hasNextPage } edges { cursor node { id start end state note
  company { name } customer { name email } service { id name } employees { id name internal { timeZone } }
  calendarEntries { id state cause attempts employee { name } calendar { id name account { label } } } } } } }"""

ADMINISTRATION = """query ($slug: String!) { company(slug: $slug) { internal { members { id email role employee { id name } }
  invitations { id } tokens { id name } supportCases(first: 50) { nodes { id open endedBy company { id name } } }
  accessLog(first: 50) { nodes { id at agent case { id reason company { name } } } } } } }"""

NODES = """query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Booking { employees { name } customer { name }
  calendarEntries { state } } ... on Calendar { account { label } } ... on Employee { internal { absences { id } } }
  ... on CalendarEntry { calendar { name } } ... on AccessLogEntry { case { id } } } }"""

SUPPORT_LOOK = (
    """query ($case: ID!, $company: ID!) { node(id: $case) { ... on SupportCase { open reason permissions company { id name
    internal { bookingIntervalMinutes accounts { id providerName granted health { state lastCause } calendars { id } } }
    employees { id name internal { showAppointmentsInCalendar availabilities { id start end } calendars { id } } } } } }
  overview(input: { company: $company, from: "2027-03-02", until: "2027-03-02" }) {
    complete entries { ...Block } sources { ...Source } } }"""
    + BLOCK
    + SOURCE
)

EXPLAIN_SLOT = """query ($input: ExplainSlotInput!) { explainSlot(input: $input) { offered
  rules { rule outcome detail employee { id name } } sources { state cause calendar { name account { label } } } } }"""


class Counted(NamedTuple):
    statements: int
    transactions: int
    calls: int


@dataclass(frozen=True)
class Document:
    text: str
    actor: Callable[[Any], Any]
    variables: dict[str, Any]
    counted: Counted


def owner(world: Any) -> Any:
    return world.owner


def stranger(world: Any) -> Any:
    return None


def colleague(world: Any) -> Any:
    return world.member("ben", employee="ben")


def agent(world: Any) -> Any:
    return world.agent


DEMO = {"slug": "demo"}
WEEK = {"days": {"from": "2027-03-01", "until": "2027-03-07"}}
DOCUMENTS = {
    "the widget's company": Document(WIDGET_COMPANY, stranger, DEMO, Counted(5, 2, 0)),
    "the widget's week": Document(WIDGET_WEEK, stranger, {}, Counted(10, 4, 1)),
    "a slot explained": Document(EXPLAIN_SLOT, owner, {}, Counted(11, 5, 1)),
    "the dashboard's week": Document(DASHBOARD_WEEK, owner, WEEK, Counted(21, 10, 1)),
    "the dashboard's week, of a colleague": Document(DASHBOARD_WEEK, colleague, WEEK, Counted(25, 14, 2)),
    "accounts": Document(ACCOUNTS, owner, DEMO, Counted(8, 4, 0)),
    "employees": Document(EMPLOYEES, owner, DEMO, Counted(11, 7, 0)),
    "employees, of a colleague": Document(EMPLOYEES, colleague, DEMO, Counted(12, 8, 0)),
    "bookings": Document(BOOKINGS, owner, {}, Counted(10, 5, 0)),
    "bookings, of a colleague": Document(BOOKINGS, colleague, {}, Counted(11, 6, 0)),
    "administration": Document(ADMINISTRATION, owner, DEMO, Counted(11, 8, 0)),
    "nodes": Document(NODES, owner, {}, Counted(16, 11, 0)),
    "nodes, of support": Document(NODES, agent, {}, Counted(16, 10, 0)),
    "support's look": Document(SUPPORT_LOOK, agent, {}, Counted(27, 14, 1)),
}


@contextmanager
def counting(calls: Any) -> Iterator[list[Counted]]:
    """Fills in one Counted when it ends."""
    statements, begun, before, counted = [], [], calls.total(), []

    def executed(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.lstrip().startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")):
            statements.append(statement)

    def began(connection: Any) -> None:
        begun.append(connection)

    event.listen(Engine, "before_cursor_execute", executed)
    event.listen(Engine, "begin", began)
    try:
        yield counted
    finally:
        event.remove(Engine, "before_cursor_execute", executed)
        event.remove(Engine, "begin", began)
        counted.append(Counted(len(statements), len(begun), calls.total() - before))


async def variables_of(name: str, company: BusyCompany) -> dict[str, Any]:
    face, given = company.face, DOCUMENTS[name].variables
    match name:
        case "the widget's week":
            return {"input": face.search(service=face.id("Service", "color"), to="2027-03-09T00:00:00+01:00")}
        case "a slot explained":
            start = "2027-03-02T15:30:00+01:00"
            return {"input": {"slot": {"service": face.id("Service", "color"), "start": start}}}
        case "nodes" | "nodes, of support":
            return {"ids": await company.ids(each=8)}
        case "support's look":
            return {"case": company.case, "company": face.company}
    return given


@pytest.mark.parametrize("size", [2, 20])
async def test_documents_ask_as_often_for_many_as_for_few(face: Any, size: int) -> None:
    company = await BusyCompany.grown(face, size)
    found = {}
    for name, document in DOCUMENTS.items():
        actor, variables = document.actor(face.world), await variables_of(name, company)
        await face.ask(document.text, actor, **variables)  # connections are open from here on
        await face.world.joined.health.settled()
        with counting(face.world.calendars.calls) as counted:
            await face.ask(document.text, actor, **variables)
            await face.world.joined.health.settled()
        found[name] = counted[0]
    assert found == {name: document.counted for name, document in DOCUMENTS.items()}


async def test_each_account_costs_one_call_and_the_reading_of_its_credentials(face: Any) -> None:
    """Credentials are opened for one call only (rule F3): nothing else may grow with the accounts that are asked (rule B5)."""
    found = []
    for name in ("anna", "ben"):
        await face.world.link(name, name=name)
        await face.ask(WIDGET_WEEK, input=face.search())
        with counting(face.world.calendars.calls) as counted:
            await face.ask(WIDGET_WEEK, input=face.search())
        found += counted
    one, two = found
    assert two == Counted(one.statements + 1, one.transactions + 1, one.calls + 1)
