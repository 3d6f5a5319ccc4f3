"""What SQLAlchemy makes of a call, as far as `sql_values` can tell. All that is not listed here is Unknown."""

import ast
import importlib
from dataclasses import replace
from functools import reduce
from types import ModuleType
from typing import Any

import sqlalchemy
from slotgraph_tests_house_sql_values import (
    Bound,
    Clause,
    Column,
    Columns,
    Fields,
    Items,
    Plain,
    Query,
    Real,
    Table,
    Unknown,
    Value,
    clause_of,
    is_sql,
    joined,
    merged,
    weakened,
)

from slotgraph.core.tables import metadata

REPOSITORIES = ("slotgraph.core.store", "slotgraph.core.outbox", "slotgraph.core.audit")
_VERBS = frozenset({"insert", "update", "delete"})
_HARMLESS = frozenset({"order_by", "group_by", "having", "limit", "offset", "distinct", "with_for_update", "returning"})
_EXPRESSIONS = frozenset({"or_", "not_", "case", "literal", "null", "true", "false", "desc", "asc", "cast", "tuple_"})


def wrapped(what: Any) -> Value:
    """Something imported."""
    if isinstance(what, sqlalchemy.Table):
        return Table(what.name)
    origin = what.__name__ if isinstance(what, ModuleType) else getattr(what, "__module__", None) or ""
    if isinstance(what, ModuleType) or (origin.partition(".")[0] == "sqlalchemy" and not isinstance(what, str)):
        return Real(what)
    if origin.startswith(REPOSITORIES) and not isinstance(what, type):
        return Unknown(f"{what!r} of another repository, not awaited")
    return Plain()


def imported(node: ast.Import | ast.ImportFrom) -> dict[str, Value]:
    """What an import brings, by the name it goes by."""
    if isinstance(node, ast.Import):
        modules = {one.asname or one.name.partition(".")[0]: importlib.import_module(one.name) for one in node.names}
        return {name: wrapped(module) for name, module in modules.items()}
    module = importlib.import_module(node.module or "")
    found = {}
    for one in node.names:
        if not hasattr(module, one.name):
            importlib.import_module(f"{node.module}.{one.name}")
        found[one.asname or one.name] = wrapped(getattr(module, one.name))
    return found


def attribute(of: Value, name: str) -> Value:
    """`of.name`."""
    match of:
        case Plain(path):
            return Plain(f"{path}.{name}", is_company=name == "company_id") if path else Plain()
        case Real(what):
            return wrapped(getattr(what, name)) if hasattr(what, name) else Unknown(f"{what!r}.{name}")
        case Table(table) if name in ("c", "columns"):
            return Columns(table)
        case Table() if name == "name":
            return Plain()
        case Columns(table):
            return Column(table, name) if name in metadata.tables[table].c else Unknown(f"{table}.c.{name}")
        case Unknown() | Bound():
            return Unknown(f"{name} of what is not understood")
    return Bound(of, name)


def subscript(of: Value, key: object) -> Value:
    """`of[key]`."""
    match of:
        case Items(items) if isinstance(key, int) and -len(items) <= key < len(items):
            return items[key]
        case Columns() if isinstance(key, str):
            return attribute(of, key)
        case Fields(known) if key in known:
            return known[str(key)]
    return Unknown("a part of SQL") if is_sql(of) else element(of)


def element(of: Value) -> Value:
    """What is iterated over."""
    match of:
        case Plain(path):
            return Plain(f"{path}[]") if path else Plain()
        case Items(items):
            return reduce(merged, items) if items else Plain()
        case Columns(table):
            return Column(table, "*")
    return Unknown("a part of SQL") if is_sql(of) else Plain()


def built(what: Any, arguments: list[Value], named: Fields) -> Value:
    """`what(...)` of something of SQLAlchemy's."""
    name = getattr(what, "__name__", type(what).__name__)
    clause = joined(arguments)
    if clause is None or is_sql(named):
        return Unknown(f"{name}(...) of what is not understood")
    match name, arguments:
        case "select", _:
            return Query("select", clause.weak(), clause.tables)
        case (("insert" | "update" | "delete"), [Table() as table]):
            return _changing(name, table)
        case "exists", []:
            return Query("exists")
        case "exists", [Query()]:
            return clause
        case "and_", _:
            return clause if any(is_sql(one) for one in arguments) else Plain()
        case "_FunctionGenerator", _:
            return weakened(arguments)
    return weakened(arguments) if name in _EXPRESSIONS else Unknown(f"{name} of SQLAlchemy")


def _changing(verb: str, table: Table) -> Query:
    tables = frozenset({table.name})
    return Query(verb, Clause(tables), tables)


def method(bound: Bound, arguments: list[Value], named: Fields) -> Value:
    """A method of a table, a statement or a part of one."""
    of, name = bound.of, bound.name
    match of:
        case Table() if name == "select":
            return Query("select", Clause(frozenset({of.name})), frozenset({of.name}))
        case Table() if name in _VERBS:
            return _changing(name, of)
        case Query():
            return _grown(of, name, arguments, named)
        case Column() | Clause():
            return weakened([of, *arguments, named])
    return Unknown(f"{name} of SQL") if any(is_sql(one) for one in (of, *arguments, named)) else Plain()


def _grown(query: Query, name: str, arguments: list[Value], named: Fields) -> Value:
    if name == "values":
        return with_values(query, arguments[0] if arguments else named)
    clause = joined(arguments)
    if clause is None or any(is_sql(one) for key, one in named.known.items() if key not in ("onclause", "of")):
        return Unknown(f"{name}(...) of what is not understood")
    touch, own = query.touch, query.own
    if name in ("where", "filter"):
        return Query(query.verb, touch.also(clause), own)
    if name in ("exists", "scalar_subquery"):
        return Clause(inner=frozenset({query}))
    if name in ("join", "join_from", "outerjoin", "select_from"):
        on = clause_of(named.known.get("onclause", Plain()))
        if on is None:
            return Unknown("joined on what is not understood")
        clause = clause.also(on)
        named_tables = {one.name for one in arguments if isinstance(one, Table)}
        # What an outer join is made on leaves out no row of the first table.
        outer = name == "outerjoin" or "isouter" in named.known or "full" in named.known
        clause = replace(clause, tied=frozenset() if outer else clause.tied)
        return Query(query.verb, touch.also(clause), own | named_tables)
    if name in _HARMLESS:
        return Query(query.verb, touch.also(clause.weak()), own)
    return query if name == "on_conflict_do_nothing" else Unknown(f"{name} of a statement")


def with_values(query: Query, values: Value) -> Value:
    """An insert is tied by the company id it writes; an update may write none but that of the row."""
    if isinstance(values, Items):
        values = element(values)
    known = values.known if isinstance(values, Fields) else {}
    written = joined(known.values())
    if isinstance(values, Unknown) or written is None:
        return Unknown("values that are not understood")
    touch, company = query.touch.also(written.weak()), known.get("company_id")
    if isinstance(company, Plain) and company.is_company:
        tied = query.own if query.verb == "insert" else frozenset()
        return replace(query, touch=touch.also(Clause(tied=tied, companies=frozenset({company.path}))))
    if company is not None and query.verb != "insert":
        return Unknown("a row is given to another company")
    return replace(query, touch=touch)
