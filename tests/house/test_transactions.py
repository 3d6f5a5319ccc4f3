"""No transaction is open during a provider call (rule K1), by structure: what is called inside one never gets to the wall.

The same, seen while it runs: tests/core/test_transactions.py.
"""

import ast
from functools import cache

import pytest
from slotgraph_tests_house_calls import DATABASE, Code, Scope, awaited, calls_in, is_transaction, modules_of, place
from slotgraph_tests_house_source import HOUSE, ROOT, parameters, path_of

OUTWARD = "slotgraph.core.wall"
"""Every call into a provider passes here."""

FILES = [file for file in HOUSE if path_of(file).startswith(("core/", "server/")) and "/testing/" not in path_of(file)]


class Reach:
    """Which routines may get to a provider: directly, through others, or because nobody can tell what they await."""

    def __init__(self, code: Code) -> None:
        self.code = code
        self.scopes = {name: Scope(code, routine) for name, routine in code.routines.items()}
        self.called = {
            name: frozenset().union(*(scope.targets(call) for call in calls_in(scope.routine.node)))
            for name, scope in self.scopes.items()
        }
        self.outward = {name for name in code.routines if name.startswith(OUTWARD + ".")}
        self.outward |= {name for name, scope in self.scopes.items() if self.is_opaque(scope)}
        while more := {name for name, called in self.called.items() if called & self.outward} - self.outward:
            self.outward |= more

    def is_opaque(self, scope: Scope) -> bool:
        """Whether it awaits what it was handed."""
        return any(not scope.targets(call) for call in awaited(scope.routine.node))

    def faults(self) -> list[str]:
        return sorted({fault for scope in self.scopes.values() for fault in self._faults_in(scope)})

    def _faults_in(self, scope: Scope) -> list[str]:
        found = []
        for node in _in_transactions(scope):
            waited = awaited(node)
            for call in calls_in(node):
                targets = scope.targets(call)
                if targets & self.outward:
                    found.append(f"{place(scope.routine, call)} calls {ast.unparse(call.func)} in a transaction")
                elif not targets and call in waited:
                    found.append(
                        f"{place(scope.routine, call)} awaits {ast.unparse(call.func)} in a transaction: what is it?"
                    )
        return found


def _in_transactions(scope: Scope) -> list[ast.AST]:
    """What runs while a transaction is open: all of a routine that is handed one, and what stands inside `async with`."""
    routine = scope.routine
    handed = [
        one for one in parameters(routine.node) if scope.code.annotated(one.annotation, routine.module) & DATABASE
    ]
    if handed:
        return list(routine.node.body)
    blocks = [one for one in ast.walk(routine.node) if isinstance(one, ast.AsyncWith | ast.With)]
    inside: list[ast.AST] = []
    for block in blocks:
        begun = [at for at, item in enumerate(block.items) if is_transaction(item.context_expr)]
        if begun:
            inside += [*(item.context_expr for item in block.items[begun[0] + 1 :]), *block.body]
    return inside


@cache
def reach() -> Reach:
    return Reach(Code(modules_of(FILES)))


def test_no_transaction_is_open_while_a_provider_is_called() -> None:
    assert reach().faults() == []


@pytest.mark.parametrize(
    ("routine", "is_outward"),
    [
        ("search.Search.slots", True),
        ("booking.making.Bookings.book", True),
        ("overview.Overviews.overview", True),
        ("explaining.Explanations.explain", True),
        ("booking.cancelling.Cancellations.cancel", True),
        ("linking.Linking.complete", True),
        ("calendar_entries.writer.CalendarWriter.sweep", True),
        ("store.bookings.bookings_by_ids", False),
        ("support.SupportDesk.open_case", False),
        ("operation.Operation.permits", False),
    ],
)
def test_what_calls_providers_is_known(routine: str, is_outward: bool) -> None:
    """It must not pass because it finds nothing, nor because nothing is called in transactions any more."""
    house = reach()
    assert f"slotgraph.core.{routine}" in house.scopes
    assert (f"slotgraph.core.{routine}" in house.outward) is is_outward


HEAD = """
import asyncio
from slotgraph.core.asking import Asking
from slotgraph.core.operation import Operation
from slotgraph.core.store import accounts
from slotgraph.core.store.database import Transaction
from slotgraph.core.wall import Wall, guarded
class Sample:
    def __init__(self, wall: Wall, asking: Asking):
        self._wall = wall
        self._asking = asking
    async def _out(self, operation: Operation):
        await self._wall.probe(1, 2, deadline=3)
    async def asked(self, operation: Operation, unknown: object, connection: %s):
"""


NEEDED = [
    ROOT / f"core/{name}.py" for name in ("asking", "freebusy", "operation", "wall", "store/accounts", "store/rows")
]


def faults_in(body: str, *, handed: str = "int") -> list[str]:
    sample = HEAD % handed + "\n".join(f"        {line}" for line in body.splitlines())
    return Reach(Code(modules_of(NEEDED) | {"slotgraph.core.sample": ast.parse(sample)})).faults()


@pytest.mark.parametrize(
    "body",
    [
        "async with operation.database.read() as connection:\n await accounts.accounts_of(connection, 1)\n"
        "await self._out(operation)",
        "async with operation.database.write() as connection:\n await connection.execute(1)\n await asyncio.sleep(0)",
    ],
)
def test_a_call_beside_a_transaction_is_left_alone(body: str) -> None:
    assert faults_in(body) == []


@pytest.mark.parametrize(
    "body",
    [
        "async with operation.database.read() as connection:\n await self._wall.busy(1, 2, window=3, deadline=4)",
        "async with operation.database.read() as connection:\n await self._out(operation)",
        "async with operation.database.write():\n await self._asking.ask(operation, 1, 2, window=3, deadline=4)",
        "async with operation.database.write():\n await guarded(1, provider=2, deadline=3)",
        "async with operation.database.write():\n await asyncio.gather(self._out(operation))",
        "async with operation.database.write():\n task = asyncio.create_task(self._out(operation))",
        "async with operation.database.write():\n await unknown(1)",
        "async with operation.database.write():\n await unknown.something(1)",
        "async with operation.database.write(), unknown.turn():\n for one in [1]:\n  await self._out(operation)",
        "wall = self._wall\nasync with unknown.read():\n await wall.remove(1, 2, idempotency=3, deadline=4)",
        "async def inside():\n await self._out(operation)\nasync with operation.database.read():\n await inside()",
    ],
)
def test_a_call_inside_a_transaction_is_found(body: str) -> None:
    assert faults_in(body) != []


def test_a_routine_that_is_handed_a_transaction_is_inside_it() -> None:
    assert faults_in("await self._out(operation)", handed="int") == []
    assert faults_in("await self._out(operation)", handed="Transaction") != []
