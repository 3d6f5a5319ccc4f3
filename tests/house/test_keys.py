"""Keys begin with the company, so that the database can be sharded by company without touching a query (DESIGN.md section 7)."""

import pytest
from sqlalchemy import (
    Column,
    ForeignKeyConstraint,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
)

from slotgraph.core.tables import GLOBAL_TABLES, metadata

OF_NO_COMPANY = {"company", "user", "session", "password_reset", "recovery_code"}
"""Tables that are global: the company itself, logins with their ways in, and sessions, which carry the company they act in."""

ACROSS_COMPANIES = {
    "uq_member_user_id": "a user has one place, in one company",
    "ix_outbox_due": "the worker's round goes over all companies",
    "ix_calendar_entry_probed": "likewise",
}
"""What deliberately begins with something else: on a distributed database, these are the ones to look at."""


def faults(tables: MetaData, global_tables: frozenset[str]) -> list[str]:
    """The keys and indexes of company-owned tables that begin with something else, by name."""
    found = []
    for table in tables.tables.values():
        if table.name in global_tables:
            continue
        if "company_id" not in table.c or table.c.company_id.nullable:
            found.append(f"{table.name} has no company")
        found += [_name(one) for one in (*table.constraints, *table.indexes) if not _begins(one, global_tables)]
    return sorted(found)


def _name(key: object) -> str:
    return str(getattr(key, "name", None))


def _begins(key: object, global_tables: frozenset[str]) -> bool:
    """Whether a key begins with the company; a reference, both here and there."""
    if isinstance(key, ForeignKeyConstraint):
        if key.referred_table.name in global_tables:
            return True
        first = key.elements[0]
        return (first.parent.name, first.column.name) == ("company_id", "company_id")
    if isinstance(key, PrimaryKeyConstraint | UniqueConstraint | Index):
        return next(iter(key.columns)).name == "company_id" if key.columns else False
    return True


def test_company_owned_keys_begin_with_the_company() -> None:
    assert [name for name in faults(metadata, GLOBAL_TABLES) if name not in ACROSS_COMPANIES] == []


def test_no_exception_outlives_its_reason() -> None:
    assert sorted(ACROSS_COMPANIES.keys() - set(faults(metadata, GLOBAL_TABLES))) == []


def test_global_tables_are_these_and_no_others() -> None:
    assert GLOBAL_TABLES == OF_NO_COMPANY
    assert metadata.tables.keys() >= GLOBAL_TABLES


def test_every_key_has_a_name() -> None:
    """Databases make names up where there are none, each its own: nobody could drop or list such a one."""
    listed = [key for table in metadata.tables.values() for key in (*table.constraints, *table.indexes)]
    assert [str(key) for key in listed if getattr(key, "columns", None) and not key.name] == []


@pytest.mark.parametrize(
    ("parts", "is_found"),
    [
        ([Column("company_id", String, primary_key=True), Column("id", String, primary_key=True)], False),
        ([Column("id", String, primary_key=True), Column("company_id", String, primary_key=True)], True),
        ([Column("id", String, primary_key=True)], True),
        ([Column("id", String, primary_key=True), Column("company_id", String)], True),
        ([Column("company_id", String, primary_key=True), Column("a", String, unique=True)], True),
        ([Column("company_id", String, primary_key=True), Column("a", String, index=True)], True),
        ([Column("company_id", String, primary_key=True), Column("a"), Index("ix", "company_id", "a")], False),
        ([Column("company_id", String, primary_key=True), Column("a"), Index("ix", "a", "company_id")], True),
        (
            [
                Column("company_id", String, primary_key=True),
                Column("a", String),
                ForeignKeyConstraint(["a"], ["known.id"]),
            ],
            True,
        ),
        (
            [
                Column("company_id", String, primary_key=True),
                Column("a", String),
                ForeignKeyConstraint(["company_id", "a"], ["known.company_id", "known.id"]),
            ],
            False,
        ),
    ],
)
def test_these_rules_find_what_they_look_for(parts: list[object], is_found: bool) -> None:
    tables = MetaData()
    Table("known", tables, Column("company_id", String, primary_key=True), Column("id", String, primary_key=True))
    Table("asked", tables, *parts)  # type: ignore[arg-type]
    assert bool(faults(tables, frozenset())) is is_found
