"""What expressions of a repository come to, as far as it matters which tables a statement touches and what ties it to one company.

A table is tied if its `company_id` is compared with a company id that was given, or with that of a table that is tied.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy

from slotgraph.core.tables import GLOBAL_TABLES, metadata

OWNED = frozenset(metadata.tables) - GLOBAL_TABLES
"""The company-owned tables."""


@dataclass(frozen=True)
class Plain:
    """A value without SQL; `path` if it is a parameter or a part of one, `is_company` if that is a company id."""

    path: str = ""
    is_company: bool = False


@dataclass(frozen=True)
class Unknown:
    """What could be anything, SQL included."""

    why: str


@dataclass(frozen=True)
class Real:
    """Something imported: a module, or something of SQLAlchemy's."""

    what: Any


@dataclass(frozen=True)
class Table:
    name: str


@dataclass(frozen=True)
class Columns:
    table: str


@dataclass(frozen=True)
class Column:
    table: str
    name: str

    @property
    def is_company(self) -> bool:
        return self.name == "company_id" or (self.table, self.name) == ("company", "id")


@dataclass(frozen=True)
class Clause:
    """A part of a statement: tables it names, those it ties, pairs whose company is the same, and statements inside it.

    `companies` are the paths of the company ids it ties them to.
    """

    tables: frozenset[str] = frozenset()
    tied: frozenset[str] = frozenset()
    links: frozenset[frozenset[str]] = frozenset()
    inner: frozenset["Query"] = frozenset()
    companies: frozenset[str] = frozenset()

    def also(self, other: "Clause") -> "Clause":
        both = self.either(other)
        return replace(both, tied=self.tied | other.tied, links=self.links | other.links)

    def either(self, other: "Clause") -> "Clause":
        """One of the two, nobody knows which: nothing is tied but by both."""
        return Clause(
            self.tables | other.tables,
            self.tied & other.tied,
            self.links & other.links,
            self.inner | other.inner,
            self.companies | other.companies,
        )

    def weak(self) -> "Clause":
        """The same, tying nothing: under OR, under NOT, or where it may be missing."""
        return replace(self, tied=frozenset(), links=frozenset())


@dataclass(frozen=True)
class Query:
    """A statement. `own` are the tables it names outside of its conditions."""

    verb: str
    touch: Clause = Clause()
    own: frozenset[str] = frozenset()

    @property
    def companies(self) -> frozenset[str]:
        """The company ids it names, by their paths."""
        return self.touch.companies.union(*(query.companies for query in self.touch.inner))

    def loose(self, outer: frozenset[str] = frozenset()) -> frozenset[str]:
        """The company-owned tables it touches without being tied; `outer` are tied around it."""
        tied = set(self.touch.tied | (outer - self.own))
        while more := {name for link in self.touch.links if link & tied for name in link - tied}:
            tied |= more
        loose = (self.touch.tables & OWNED) - tied
        return loose.union(*(query.loose(frozenset(tied)) for query in self.touch.inner))


@dataclass(frozen=True)
class Items:
    """A list or tuple."""

    items: tuple["Value", ...] = ()


@dataclass(frozen=True)
class Fields:
    """A dict, as far as its keys are known."""

    known: Mapping[str, "Value"] = field(default_factory=dict)


@dataclass(frozen=True)
class Bound:
    """A method of something."""

    of: "Value"
    name: str


Value = Plain | Unknown | Real | Table | Columns | Column | Clause | Query | Items | Fields | Bound


def is_sql(value: Value) -> bool:
    """Whether it may end up in a statement as more than a parameter."""
    match value:
        case Plain():
            return False
        case Items(items):
            return any(is_sql(one) for one in items)
        case Fields(known):
            return any(is_sql(one) for one in known.values())
        case Bound(of):
            return is_sql(of)
        case Real(what):
            return not isinstance(what, type(sqlalchemy)) or "sqlalchemy" in what.__name__
        case _:
            return True


def clause_of(value: Value) -> Clause | None:
    """A value as a part of a statement; None if it cannot be understood."""
    match value:
        case Plain() | Fields():
            return None if is_sql(value) else Clause()
        case Table(name) | Columns(name) | Column(name, _):
            return Clause(frozenset({name}))
        case Clause():
            return value
        case Query():
            return Clause(inner=frozenset({value}))
        case Items(items):
            return joined(items)
        case _:
            return None


def joined(values: Iterable[Value]) -> Clause | None:
    """All of them, as under AND."""
    found = Clause()
    for value in values:
        clause = clause_of(value)
        if clause is None:
            return None
        found = found.also(clause)
    return found


def compared(left: Value, right: Value) -> Value:
    """What `==` comes to."""
    match left, right:
        case Column(table, _) as column, Plain(path, is_company=True) if column.is_company:
            return Clause(frozenset({table}), tied=frozenset({table}), companies=frozenset({path}))
        case Plain(is_company=True), Column():
            return compared(right, left)
        case Column(table, _) as one, Column(other, _) as another if one.is_company and another.is_company:
            both = frozenset({table, other})
            return Clause(both, links=frozenset({both}))
    return weakened((left, right))


def weakened(values: Iterable[Value]) -> Value:
    """An expression made of these that ties nothing."""
    listed = list(values)
    found = joined(listed)
    if found is None:
        return Unknown("made of what is not understood")
    return found.weak() if any(is_sql(one) for one in listed) else Plain()


def merged(one: Value, other: Value) -> Value:
    """One of two values, nobody knows which."""
    match one, other:
        case _ if one == other:
            return one
        case Items(mine), Items(theirs):
            common = [value for value in mine if value in theirs]
            rest = [value for value in (*mine, *theirs) if value not in common]
            return Items((*common, *(weakened([value]) if is_sql(value) else value for value in rest)))
        case Fields(mine), Fields(theirs):
            if any(
                is_sql(value) for key, value in (*mine.items(), *theirs.items()) if (key in mine) != (key in theirs)
            ):
                return Unknown("a dict with SQL that may be missing")
            return Fields({key: merged(mine[key], theirs[key]) for key in mine if key in theirs})
        case Query(), Query() if one.verb == other.verb:
            return Query(one.verb, one.touch.either(other.touch), one.own | other.own)
        case Clause(), Clause():
            return one.either(other)
    return Unknown("one thing or another") if is_sql(one) or is_sql(other) else Plain()
