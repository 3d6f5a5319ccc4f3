"""The table of blocked spans and its rule against overlaps (K1), as migrations make them. Released steps rest on it: add, don't change."""

from alembic import op

_OVERLAPS = """
EXISTS (
    SELECT 1 FROM block
    WHERE block.company_id = NEW.company_id AND block.employee_id = NEW.employee_id
    AND NEW.start_minute < block.end_minute AND block.start_minute < NEW.end_minute
    {but}
)
"""
_OCCASIONS = {"insert": "", "update": "AND NOT (block.company_id = OLD.company_id AND block.id = OLD.id)"}


def is_postgresql() -> bool:
    """Whether PostgreSQL is migrated; else it is SQLite."""
    return op.get_context().dialect.name == "postgresql"


def forbid_overlaps() -> None:
    """Make an overlap impossible whatever the code does: by a constraint on PostgreSQL, by triggers on SQLite."""
    if is_postgresql():
        op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
        op.execute(
            "ALTER TABLE block ADD CONSTRAINT block_overlaps EXCLUDE USING gist "
            "(company_id WITH =, employee_id WITH =, int8range(start_minute, end_minute) WITH &&)"
        )
        return
    for occasion, but in _OCCASIONS.items():
        op.execute(
            f"CREATE TRIGGER block_no_overlap_{occasion} BEFORE {occasion.upper()} ON block "
            f"WHEN {_OVERLAPS.format(but=but)} BEGIN SELECT RAISE(ABORT, 'block_overlaps'); END"
        )


def set_aside() -> None:
    """On SQLite, give `block` another name: nothing refers to it, and what is named apart from it would stay in the way."""
    for occasion in _OCCASIONS:
        op.execute(f"DROP TRIGGER block_no_overlap_{occasion}")
    drop_indexes()
    op.rename_table("block", "block_before")


def make_indexes() -> None:
    """What bookings are looked up by."""
    op.create_index("ix_block_span", "block", ["company_id", "employee_id", "end_minute", "start_minute"])
    op.create_index("ix_block_booking", "block", ["company_id", "booking_id"])


def drop_indexes() -> None:
    """Drop what `make_indexes` made."""
    op.drop_index("ix_block_span", "block")
    op.drop_index("ix_block_booking", "block")
