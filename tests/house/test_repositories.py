"""Repositories: SQL only there, and every statement on a company-owned table is tied to the company it was asked for."""

import ast
import re
from functools import cache

import pytest
from slotgraph_tests_house_source import HOUSE, ROOT, imported, path_of, tree, uses
from slotgraph_tests_house_sql_lint import EXECUTES, RAW, Finding, Walk
from slotgraph_tests_house_sql_values import OWNED

REPOSITORIES = [
    *sorted((ROOT / "core" / "store").glob("*.py")),
    *sorted((ROOT / "core" / "outbox").glob("*.py")),
    ROOT / "core" / "audit.py",
]

OF_ALL_COMPANIES = {
    "core/outbox/leases.py due": "the worker's round goes over all companies",
    "core/outbox/leases.py void_leases": "at the start, where one process serves the database: whoever had them has ended",
    "core/outbox/probes.py leave_alone": "likewise",
    "core/outbox/probes.py take_due": "likewise",
    "core/store/accounts.py sealing_keys": "at the start, by the operator: is each key there under which something lies sealed",
    "core/store/link_attempts.py forget_link_attempts": "what has lapsed lapses everywhere",
    "core/store/cases.py open_cases": "agents see the open cases of all companies; which company an operation is in is looked up by id",
    "core/store/members.py membership_of": "a user has one place: it says which company they are of",
    "core/store/examining.py examine": "`slotgraph doctor`, by the operator: counts what lies under which key, shows nothing",
}
"""Statements that are tied to no company, and why. Whoever calls them: see test_use_cases.py."""

DRIVERS = {
    "core/store/examining.py": "asks the databases how they are",
    "core/store/migrate.py": "begins its transaction and keeps others out",
    "core/store/postgresql.py": "arranges sessions of PostgreSQL",
    "core/store/sqlite.py": "arranges connections of SQLite",
}
"""May speak the databases' own words, but of no table of a company."""

_NAMED = re.compile(rf"\b(from|into|update|join|table)\s+\W?({'|'.join(sorted(OWNED))})\b", re.IGNORECASE)


@cache
def walked(path: str) -> tuple[int, list[Finding]]:
    """How many statements were met, and what is wrong."""
    walk = Walk((ROOT / path).read_text())
    found = walk.found()
    return walk.statements, found


def findings(path: str) -> list[tuple[str, str]]:
    """Each fault of a repository, with the function it is in."""
    return [
        (f"{path} {one.function}", f"{path}:{one.line} in {one.function}: {one.why}")
        for one in walked(path)[1]
        if not (path in DRIVERS and one.why.endswith(RAW))
    ]


@pytest.mark.parametrize("file", REPOSITORIES, ids=path_of)
def test_statements_are_tied_to_the_company_that_was_given(file: object) -> None:
    path = path_of(file)  # type: ignore[arg-type]
    assert [what for function, what in findings(path) if function not in OF_ALL_COMPANIES] == []


def test_no_exception_outlives_its_reason() -> None:
    found = {function for file in REPOSITORIES for function, _ in findings(path_of(file))}
    assert sorted(OF_ALL_COMPANIES.keys() - found) == []
    raw = {path for path in DRIVERS if any(one.why.endswith(RAW) for one in walked(path)[1])}
    assert sorted(DRIVERS.keys() - raw) == []


def test_the_walk_meets_every_statement() -> None:
    """It must not pass because it finds nothing: each place that executes is counted, once at least."""
    for file in REPOSITORIES:
        statements, found = walked(path_of(file))
        executed = sum(
            isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "execute"
            for node in ast.walk(tree(file))
        )
        refused = sum(one.why.endswith(RAW) for one in found)
        assert statements + refused >= executed, path_of(file)


@pytest.mark.parametrize("path", sorted(DRIVERS))
def test_the_databases_own_words_name_no_table_of_a_company(path: str) -> None:
    texts = [node.value for node in ast.walk(tree(ROOT / path)) if isinstance(node, ast.Constant)]
    assert [text for text in texts if isinstance(text, str) and _NAMED.search(text)] == []


def speaks_sql(module: ast.Module) -> list[str]:
    """Where something is executed, or SQL is written as text."""
    called = [
        f"line {node.lineno}: {node.func.attr}"
        for node in ast.walk(module)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in EXECUTES
        and (node.args or node.keywords)
        and ast.unparse(node.func.value) != "strawberry"
    ]
    return called + [name for name in imported(module).values() if name.startswith("sqlalchemy")]


def test_only_repositories_speak_sql() -> None:
    """What import-linter cannot see: a connection that is handed on needs no import."""
    theirs = {path_of(file) for file in REPOSITORIES}
    shapes = ("core/tables", "core/columns.py", "core/migrations/")
    others = [file for file in HOUSE if path_of(file) not in theirs and not path_of(file).startswith(shapes)]
    assert [f"{path_of(file)} {found}" for file in others for found in speaks_sql(tree(file))] == []


def test_nobody_writes_sql_as_text() -> None:
    """Migrations have to: they make what SQLAlchemy has no words for."""
    files = [file for file in HOUSE if not path_of(file).startswith("core/migrations/")]
    written = {"sqlalchemy.text", "sqlalchemy.sql.text", "sqlalchemy.literal_column", "sqlalchemy.sql.expression.text"}
    assert [f"{path_of(file)} {found}" for file in files for found in uses(tree(file), written)] == []


HEAD = """
from sqlalchemy import and_, delete, exists, func, insert, or_, select, text, update
from slotgraph.core import tables as t
from slotgraph.core.tables import account as imported_account
from slotgraph.core.store import schedule
_B, _A = t.booking.c, t.attendance.c
_JOINED = and_(_A.company_id == _B.company_id, _A.booking_id == _B.id)
_BY_ID_ONLY = _A.booking_id == _B.id
def _touching(company_id, ids):
    b = t.block.c
    return (b.company_id == company_id, b.employee_id.in_(ids))
def _by(which):
    clauses = []
    if which.ids is not None:
        clauses.append(exists().where(and_(_A.company_id == _B.company_id, _A.booking_id == _B.id)))
    return clauses
async def _run(connection, statement):
    await connection.execute(statement)
"""


def faults(body: str) -> list[str]:
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    head = "async def asked(connection: object, company_id: str, ids: list, which: object, other: str | None = None):"
    return [one.why for one in Walk(f"{HEAD}{head}\n{lines}\n").found() if one.function == "asked"]


@pytest.mark.parametrize(
    "body",
    [
        "await connection.execute(select(t.booking).where(_B.company_id == company_id, _B.id.in_(ids)))",
        "await connection.execute(select(_B.id).where(and_(company_id == _B.company_id, or_(_B.id == 1, _B.id == 2))))",
        "await connection.execute(select(_A.booking_id).join_from(t.attendance, t.booking, _JOINED)"
        ".where(_B.company_id == company_id))",
        "await connection.execute(delete(t.block).where(*_touching(company_id, ids), t.block.c.id == 1))",
        "await connection.execute(select(t.booking).where(*[_B.company_id == company_id, *_by(which)]))",
        "s = update(t.booking).where(_B.company_id == which.company_id)\nif ids:\n s = s.where(_B.id == 1)\n"
        "await connection.execute(s.values(state='x'))",
        "for one in ids:\n await connection.execute(insert(t.booking).values(company_id=one.company_id, id=one.id))",
        "s = update(t.booking).where(_B.company_id == which.company_id)\n"
        "await connection.execute(s.values(**{'company_id': which.company_id, 'state': 'x'}))",
        "await connection.execute(insert(t.booking), [{'company_id': one.company_id} for one in ids])",
        "for table in (t.account, t.calendar):\n"
        " await connection.execute(update(table).where(table.c.company_id == company_id).values(failing=True))",
        "await connection.execute(select(t.company).where(t.company.c.slug == 'x'))",
        "await connection.execute(select(t.employee).join(t.company, t.employee.c.company_id == t.company.c.id)"
        ".where(t.company.c.id == company_id))",
        "await connection.execute(delete(t.booking).where(_B.company_id == company_id, "
        "~exists().where(_A.company_id == _B.company_id, _A.booking_id == _B.id)))",
        "await connection.execute(delete(t.booking).where(_B.company_id == company_id, "
        "_B.id.not_in(select(_A.booking_id).where(_A.company_id == company_id))))",
        "await _run(connection, select(t.booking).where(_B.company_id == company_id))",
    ],
)
def test_a_statement_that_is_tied_is_left_alone(body: str) -> None:
    assert faults(body) == []


@pytest.mark.parametrize(
    "body",
    [
        "await connection.execute(select(t.booking))",
        "await connection.execute(t.booking.select())",
        "await connection.execute(select(t.booking).where(_B.id.in_(ids)))",
        "await connection.execute(select(imported_account).where(imported_account.c.id == 1))",
        "await connection.execute(select(t.booking).where(or_(_B.company_id == company_id, _B.id == 1)))",
        "await connection.execute(select(t.booking).where(_B.company_id != company_id))",
        "await connection.execute(select(t.booking).where(_B.company_id.in_(ids)))",
        "await connection.execute(select(t.booking).where(_B.company_id == other))",
        "await connection.execute(select(t.booking).where(_B.company_id == 'demo'))",
        "row = (await connection.execute(select(t.company))).first()\n"
        "await connection.execute(select(t.booking).where(_B.company_id == row.company_id))",
        "clauses = []\nif ids:\n clauses.append(_B.company_id == company_id)\n"
        "await connection.execute(select(t.booking).where(*clauses))",
        "s = select(t.booking)\nif ids:\n s = s.where(_B.company_id == company_id)\nawait connection.execute(s)",
        "for one in ids:\n s = select(t.booking).where(_B.company_id == company_id)\n s = select(t.booking)\n"
        " await connection.execute(s)",
        "await connection.execute(select(_A.booking_id).join_from(t.attendance, t.booking, _BY_ID_ONLY)"
        ".where(_B.company_id == company_id))",
        "await connection.execute(select(t.booking, t.service).where(_B.company_id == company_id))",
        "await connection.execute(select(_B.id).outerjoin(t.attendance, and_(_JOINED, _A.company_id == company_id)))",
        "await connection.execute(select(t.booking).where(_B.company_id == company_id, "
        "exists().where(_A.booking_id == _B.id)))",
        "await connection.execute(select(t.booking).where(exists().where(_JOINED, _A.company_id == company_id)))",
        "await connection.execute(select(t.booking).where(_B.company_id == company_id, "
        "_B.id.in_(select(_A.booking_id).where(_A.employee_id == 1))))",
        "await connection.execute(update(t.booking).values(state='x'))",
        "await connection.execute(update(t.booking).where(_B.company_id == company_id).values(company_id=ids))",
        "await connection.execute(update(t.booking).where(_B.company_id == company_id).values(company_id=which.company_id))",
        "await connection.execute(select(_B.id).join_from(t.booking, t.attendance, _A.company_id == company_id)"
        ".where(_B.company_id == which.company_id))",
        "await connection.execute(delete(t.booking).where(*_by(which)))",
        "await connection.execute(insert(t.booking).values(id=ids))",
        "await connection.execute(insert(t.booking).values(**which.values))",
        "await connection.execute(insert(t.booking).values({'company_id': company_id} | which.values))",
        "await connection.execute(insert(t.booking), ids)",
        "for table in (t.company, t.calendar):\n await connection.execute(select(table))",
        "b = t.booking.alias()\nawait connection.execute(select(b).where(b.c.company_id == company_id))",
        "await connection.execute(text('SELECT * FROM booking'))",
        "await connection.execute('SELECT * FROM booking')",
        "await connection.exec_driver_sql('SELECT * FROM booking')",
        "await connection.execute(which.statement)",
        "await connection.execute(select(t.booking).where(_B.company_id == company_id, schedule.touching(ids)))",
        "await connection.execute(select(t.booking).where(_B.company_id == company_id).union(select(t.booking)))",
        "await connection.scalar(select(_B.id))",
        "await _run(connection, select(t.booking))",
        "match ids:\n case []:\n  await connection.execute(select(t.booking))",
        "def later():\n return connection.execute(select(t.booking))",
        "later = lambda: connection.execute(select(t.booking))",
        "rows = [row async for row in await connection.stream(select(t.booking))]",
        "with which as one, connection.begin():\n await connection.execute(select(func.max(_B.start_minute)))",
    ],
)
def test_a_statement_that_is_not_tied_or_not_understood_is_refused(body: str) -> None:
    assert faults(body) != []
