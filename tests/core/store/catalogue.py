"""What a live database says of its own tables, and how that differs from what `tables` and rule K1 ask for."""

import re

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from slotgraph_tests_databases import engine_of
from sqlalchemy import text

from slotgraph.core import tables

EXCLUSION = (
    "block block_overlaps EXCLUDE USING gist "
    "(company_id WITH =, employee_id WITH =, int8range(start_minute, end_minute) WITH &&)"
)
OCCASIONS = ("INSERT", "UPDATE")

# Constraints by their definitions; indexes, those of the exclusion constraint aside; columns with types, defaults and NOT NULL.
ON_POSTGRESQL = """
SELECT relname || ' ' || conname || ' ' || pg_get_constraintdef(c.oid) FROM pg_constraint c JOIN pg_class t ON t.oid = conrelid
WHERE connamespace = current_schema()::regnamespace AND contype <> 'n'
UNION ALL
SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema() AND indexname <> 'block_overlaps'
UNION ALL
SELECT table_name || ' ' || column_name || ' ' || data_type || ' ' || coalesce(character_maximum_length::text, '') || ' ' ||
    coalesce(column_default, '') || ' ' || is_nullable
FROM information_schema.columns WHERE table_schema = current_schema()
UNION ALL
SELECT tgrelid::regclass || ' ' || tgname FROM pg_trigger WHERE NOT tgisinternal
"""
_BREAK = re.compile(r"\n|, (?=\w)(?![^()]*\))")
"""A line's end, and the comma before a column that SQLite added within a line."""


def differences(address, created):
    """What is in one of them only: a migrated database, and one that was made from `tables` as they are now."""
    found = _catalogue(address) ^ (_catalogue(created) | _against_overlaps(address))
    return sorted(line for line in found if "alembic_version" not in line) + _by_alembic(address)


def create(address):
    """Make all tables as `tables` has them, without any migration."""
    engine = engine_of(address)
    tables.metadata.create_all(engine)
    engine.dispose()
    return address


def run(address, *statements):
    """Run statements behind everybody's back."""
    engine = engine_of(address)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def revision(address, number=None):
    """The revision a database says it is at; set to another one if given."""
    engine = engine_of(address)
    with engine.begin() as connection:
        if number is not None:
            connection.execute(text("UPDATE alembic_version SET version_num = :number"), {"number": number})
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    engine.dispose()
    return found


def names(address):
    """The names of all tables and views."""
    engine = engine_of(address)
    on_sqlite = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
    on_postgresql = (
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'v') AND relnamespace = current_schema()::regnamespace"
    )
    with engine.connect() as connection:
        found = connection.scalars(text(on_sqlite if engine.dialect.name == "sqlite" else on_postgresql))
        return set(found)


def _catalogue(address):
    engine = engine_of(address)
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            return set(connection.scalars(text(ON_POSTGRESQL)))
        rows = connection.execute(text("SELECT type, tbl_name, name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
        listed = [tuple(row) for row in rows]
        columns = [
            f"{table} {tuple(row)}"
            for kind, table, _, _ in listed
            if kind == "table"
            for row in connection.execute(text(f'PRAGMA table_info("{table}")'))
        ]
    return {line for row in listed for line in _lines(*row)} | set(columns)


def _lines(kind, table, name, sql):
    """A trigger is its first line, without which it would never fire; anything else all its lines."""
    if kind == "trigger":
        return [re.sub(r"\s+", " ", sql)]
    return [
        f"{table} {name} {line.strip(' ,')}"
        for line in re.sub("\t", "", sql).splitlines()
        for line in _BREAK.split(line)
    ]


def _against_overlaps(address):
    """What rule K1 asks for beside the tables: SQLAlchemy knows neither triggers nor, on SQLite, this constraint."""
    if address.startswith("postgresql:"):
        return {EXCLUSION}
    found = set()
    for occasion in OCCASIONS:
        itself = "AND NOT (block.company_id = OLD.company_id AND block.id = OLD.id) " if occasion == "UPDATE" else ""
        found.add(
            f"CREATE TRIGGER block_no_overlap_{occasion.lower()} BEFORE {occasion} ON block WHEN "
            "EXISTS ( SELECT 1 FROM block WHERE block.company_id = NEW.company_id AND block.employee_id = NEW.employee_id "
            f"AND NEW.start_minute < block.end_minute AND block.start_minute < NEW.end_minute {itself}) "
            f"BEGIN SELECT RAISE(ABORT, '{tables.BLOCK_OVERLAPS}'); END"
        )
    return found


def _by_alembic(address):
    engine = engine_of(address)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        found = [str(difference) for difference in compare_metadata(context, tables.metadata)]
    engine.dispose()
    # The index of the exclusion constraint is not of `tables`.
    return [difference for difference in found if "block_overlaps" not in difference]
