"""Every read begins at what the actor may see: a use case that reaches the store has first been told that the actor may.

What is told is decided in one table (core/policy.py); that each item is judged rightly, the tests of the use cases say. This says that
nobody forgets to ask.
"""

import ast

import pytest
from slotgraph_tests_house_asking import REPOSITORIES, Walker, public_routines
from slotgraph_tests_house_calls import Code, modules_of
from slotgraph_tests_house_source import HOUSE, ROOT, imported, is_private, module_of, path_of, tree
from slotgraph_tests_house_source import lower_layers as layers

ASKS_ABOUT_WHAT_IT_FINDS = {
    "accounts.Accounts.accounts": "an account is seen by its holder: whose it is stands in the row",
    "accounts.Accounts.account_of": "likewise",
    "accounts.Accounts.calendars": "a calendar is seen by its account's holder and whom it stands for",
    "accounts.account_to_change": "as above, for changes",
    "administration.absences.delete": "whose absence it is stands in the row",
    "administration.absences.upsert": "likewise",
    "administration.availabilities.delete": "whose availability it is stands in the row",
    "booking.holding.Holds.hold": "a success under the actor's own key is theirs already (K2)",
    "booking.making.Bookings.book": "a success under the actor's own key is theirs already (K2)",
    "calendar_choices.CalendarChoices.update": "who may change a calendar stands in its account's row",
    "booking.finding.BookingDesk.booking": "a manage token is good or not by the booking's generation (K5)",
    "linking.Linking.begin": "the employee must be there; both refusals are one answer",
    "linking.Linking.complete": "for whom the link was begun stands in the row",
    "support.SupportDesk.cases_by_ids": "agents see a case that was closed by the exclusion under which they looked in (T3)",
}
"""Read first, and ask then, for what was read decides: nothing of it is given away before the answer."""

NOBODY_TO_ASK = {
    "administration.holidays.fill_in": "the operator, by command line",
    "api_tokens.actor_of_token": "makes the actor, by a secret",
    "calendar_entries.probing.Probing.sweep": "the worker: acts for nobody",
    "calendar_entries.worker.Worker.working": "the worker: acts for nobody",
    "calendar_entries.writer.CalendarWriter.sweep": "the worker: acts for nobody",
    "founding.create_agent": "the operator, by command line",
    "founding.create_member": "the operator, by command line",
    "founding.found_company": "the operator, by command line",
    "operation.Operation.standing": "what the answer of the table is made from",
    "people.actors.Actors.of_session": "makes the actor, by a secret",
    "people.invitations.InvitationDesk.accept": "before anybody is known: the invitation's secret decides",
    "people.password_reset.PasswordResets.reset": "before anybody is known: the reset's secret decides",
    "people.password_reset.issue_reset": "the operator, by command line",
    "people.sessions.SessionDesk.login": "before anybody is known: password and code decide",
    "people.sessions.SessionDesk.logout": "whose session it is, its secret says",
    "retention.Retention.sweep": "the worker: acts for nobody",
    "support.SupportDesk.log_access": "T4: each operation of an agent is logged, refusals too",
}
"""There is no actor yet, or none at all."""

OF_ONESELF = {
    "people.second_factor.SecondFactors.confirm": "one's own login",
    "people.second_factor.SecondFactors.is_on": "one's own login",
    "people.second_factor.SecondFactors.remove": "one's own login",
    "people.second_factor.SecondFactors.set_up": "one's own login",
    "people.sessions.SessionDesk.end": "one's own sessions",
    "people.sessions.SessionDesk.sessions": "one's own sessions",
}
"""Nothing but the actor's own: their user id is what is read by."""

GIVEN = {
    "asking.Asking.ask": "takes employees, whom `candidates` gives to those who may search or book",
    "booking.attempts.check": "takes an attempt, made of employees whom `candidates` gives to those who may book",
    "booking.promoting.from_hold": "likewise",
    "booking.finding.load": "a booking as it stands: whoever asks for it was told that they may see it, or is, by what was read",
    "calendar_entries.writer.CalendarWriter.carry_out": "takes a wish of a booking that was just stored or changed, or that is due",
    "calendar_entries.writer.CalendarWriter.failed": "likewise",
    "calendar_entries.writer.CalendarWriter.try_all": "likewise",
    "credentials.SealedCredentials.credentials": "for the wall, which gives them to the account's own provider",
    "credentials.SealedCredentials.save": "for the wall, to which the account's own provider gives them",
    "health.HealthNotes.note": "takes the checks of calendars that were asked",
    "operation.Operation.company_id_of_slug": "an id; whoever shows anything under it has to ask",
    "operation.Operation.directory": "read once for all; whoever shows anything of it has to ask",
    "overview_entries.own_entries": "takes the directory and employees of an overview that is permitted",
}
"""Do not ask, so calling one of them is reaching the store: its callers are held to asking first. So are those of all routines that
others call within a transaction of theirs."""

OPERATORS = {
    "server/app.py": "`/readyz`: whether the database answers",
    "server/cli/database.py": "the operator's commands: migrates",
    "server/demo/company.py": "fills the demo",
    "server/opening.py": "at the start: is each key there under which something lies sealed",
}
"""Outside of core, who reads the store without a use case, and why."""

CORE = [file for file in HOUSE if path_of(file).startswith("core/") and not path_of(file).startswith("core/testing/")]
CORE = [file for file in CORE if path_of(file) != "core/__init__.py"]


def full(names: dict[str, str]) -> frozenset[str]:
    return frozenset(f"slotgraph.core.{name}" for name in names)


def use_cases() -> list[str]:
    """The modules of core that are in no lower layer."""
    return [name for name in map(module_of, CORE) if name.split(".")[2] not in layers()]


def unasked(walker: Walker, modules: list[str]) -> dict[str, tuple[str, ...]]:
    """What each public routine reaches before it asks."""
    found = {one.full_name: one for one in public_routines(walker.code, modules)}
    reached = {name: walker.summary(name).reaches for name, one in found.items() if not walker.is_handed(one)}
    return {name.removeprefix("slotgraph.core."): reaches for name, reaches in reached.items() if reaches}


@pytest.fixture(scope="module")
def walker() -> Walker:
    return Walker(Code(modules_of(CORE)), full(GIVEN))


def test_who_reaches_the_store_has_asked_first(walker: Walker) -> None:
    known = {*ASKS_ABOUT_WHAT_IT_FINDS, *NOBODY_TO_ASK, *OF_ONESELF, *GIVEN}
    found = {name: reaches for name, reaches in unasked(walker, use_cases()).items() if name not in known}
    assert found == {}


def test_who_asks_about_what_it_finds_does_ask(walker: Walker) -> None:
    assert [one for one in ASKS_ABOUT_WHAT_IT_FINDS if not walker.asks_at_all(f"slotgraph.core.{one}")] == []


def test_who_reads_what_is_the_actors_own_looks_who_that_is(walker: Walker) -> None:
    for name in OF_ONESELF:
        routine = walker.code.routines[f"slotgraph.core.{name}"]
        others = (one for one in walker.code.routines.values() if one.owner == routine.owner and is_private(one.name))
        text = "".join(ast.unparse(one.node) for one in (routine, *others))
        assert "operation.actor" in text or "person_of(operation)" in text, name


def test_no_exception_outlives_its_reason(walker: Walker) -> None:
    found = unasked(walker, use_cases())
    listed = [*ASKS_ABOUT_WHAT_IT_FINDS, *NOBODY_TO_ASK, *OF_ONESELF, *GIVEN]
    assert [name for name in listed if name not in found] == []


def reads_the_store(module: ast.Module, code: Code) -> list[str]:
    """What is imported that reads or writes: whole repositories, and their coroutines. Values of theirs are for everybody."""
    found = []
    for name in imported(module).values():
        routine = code.routines.get(name)
        is_statement = routine is not None and isinstance(routine.node, ast.AsyncFunctionDef)
        is_repository = name in code.modules and f"{name}.".startswith(REPOSITORIES)
        if (name.startswith(REPOSITORIES) and is_statement) or is_repository:
            found.append(name)
    return found


def test_nobody_but_use_cases_reads_the_store() -> None:
    code = Code(modules_of(CORE))
    others = [file for file in HOUSE if not path_of(file).startswith("core/")]
    found = {path_of(file): read for file in others if (read := reads_the_store(tree(file), code))}
    assert {path: read for path, read in found.items() if path not in OPERATORS} == {}
    assert sorted(OPERATORS.keys() - found.keys()) == []


HEAD = """
from slotgraph.core.outbox import leases
from slotgraph.core.operation import Operation
from slotgraph.core.policy import Action
from slotgraph.core.problems import NotFound
from slotgraph.core.store import bookings
from slotgraph.core.store.bookings import bookings_by_ids, BookingFilter
from slotgraph.core.store.database import Transaction
async def _read(operation: Operation):
    async with operation.database.read() as connection:
        return await bookings.bookings_by_ids(connection, 'c', ['b'])
async def _may(operation: Operation, x):
    return x is not None and await operation.permits(Action.READ_BOOKING, 'c')
async def _may_or_not(operation: Operation, x):
    return x is None or await operation.permits(Action.READ_BOOKING, 'c')
async def _required(operation: Operation):
    if not await operation.permits(Action.READ_BOOKING, 'c'):
        raise ValueError
async def handed(connection: Transaction):
    await bookings.bookings_by_ids(connection, 'c', ['b'])
async def asked(operation: Operation, x: object):
"""
NEEDED = [
    ROOT / f"core/{name}.py" for name in ("operation", "policy", "outbox/leases", "store/bookings", "store/directory")
]
PERMITS = "await operation.permits(Action.READ_BOOKING, 'c')"


def reached(body: str) -> bool:
    sample = HEAD + "\n".join(f"    {line}" for line in body.splitlines())
    code = Code(modules_of(NEEDED) | {"slotgraph.core.sample": ast.parse(sample)})
    return "sample.asked" in unasked(Walker(code, full(GIVEN)), ["slotgraph.core.sample"])


@pytest.mark.parametrize(
    "body",
    [
        f"if not {PERMITS}:\n return None\nreturn await _read(operation)",
        f"if x is None or not {PERMITS}:\n return NotFound(x)\nawait _read(operation)",
        f"may = {PERMITS}\nif not x or not may:\n raise ValueError\nawait _read(operation)",
        f"if {PERMITS}:\n return await _read(operation)\nreturn None",
        f"return await _read(operation) if {PERMITS} else None",
        f"return {PERMITS} and await _read(operation)",
        "if not await _may(operation, x):\n return []\nawait _read(operation)",
        "await _required(operation)\nasync with operation.database.write() as connection:\n await handed(connection)",
        f"try:\n if not {PERMITS}:\n  return None\nexcept ValueError:\n return None\nawait _read(operation)",
        "return BookingFilter(x)",
    ],
)
def test_who_has_heard_a_yes_may_read(body: str) -> None:
    assert not reached(body)


@pytest.mark.parametrize(
    "body",
    [
        "return await _read(operation)",
        f"found = await _read(operation)\nreturn found if {PERMITS} else None",
        f"{PERMITS}\nawait _read(operation)",
        f"may = {PERMITS}\nawait _read(operation)",
        f"if {PERMITS}:\n return None\nawait _read(operation)",
        f"if not {PERMITS}:\n print(x)\nawait _read(operation)",
        f"if x is None and not {PERMITS}:\n return None\nawait _read(operation)",
        f"if x:\n if not {PERMITS}:\n  return None\nawait _read(operation)",
        f"may = True\nif x:\n may = {PERMITS}\nif not may:\n return None\nawait _read(operation)",
        f"return {PERMITS} or await _read(operation)",
        f"for one in x:\n if not {PERMITS}:\n  return None\nawait _read(operation)",
        f"try:\n if not {PERMITS}:\n  return None\nexcept ValueError:\n pass\nawait _read(operation)",
        "if not await _may_or_not(operation, x):\n return []\nawait _read(operation)",
        "async with operation.database.write() as connection:\n await handed(connection)",
        "async with operation.database.read() as connection:\n await bookings_by_ids(connection, 'c', ['b'])",
        "for clear in (bookings.bookings_by_ids, leases.due):\n await clear(x)",
        "async def later():\n return await _read(operation)\nreturn await later()",
        "return [one async for one in x if await _read(operation)]",
        "return await operation.directory('c')",
        "facts = await operation.facts('c')\nawait _read(operation)",
    ],
)
def test_who_has_not_is_found(body: str) -> None:
    assert reached(body)
