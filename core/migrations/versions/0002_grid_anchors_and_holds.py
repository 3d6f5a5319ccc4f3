"""The grid anchor of a company, and holds: blocks that stand for no booking and lapse (rules S2, K1).

`block` is made anew with its triggers, since SQLite cannot loosen a column that is there.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ID = sa.String(32)
_INSTANT = sa.DateTime(timezone=True)

_OVERLAPS = """
EXISTS (
    SELECT 1 FROM block
    WHERE block.company_id = NEW.company_id AND block.employee_id = NEW.employee_id
    AND NEW.start_minute < block.end_minute AND block.start_minute < NEW.end_minute
    {but}
)
"""
_BUT_ITSELF = "AND NOT (block.company_id = OLD.company_id AND block.id = OLD.id)"
_OCCASIONS = {"insert": "", "update": _BUT_ITSELF}

_FILL = """
INSERT INTO block (company_id, id, employee_id, start_minute, end_minute, booking_id)
SELECT company_id, id, employee_id, start_minute, end_minute, booking_id FROM block_before
"""


def upgrade() -> None:
    """Add the anchor, and make room for holds among the blocks that are there."""
    anchor = sa.Column("grid_anchor", sa.String(32), nullable=False, server_default="AVAILABILITY_START")
    op.add_column("company", anchor)
    _set_blocks_aside()
    _make_blocks()
    op.execute(_FILL)
    op.drop_table("block_before")
    _make_triggers()


def _set_blocks_aside() -> None:
    """Nothing refers to `block`, so it can change its name; what is named apart from it would stay in the way."""
    for occasion in _OCCASIONS:
        op.execute(f"DROP TRIGGER block_no_overlap_{occasion}")
    op.drop_index("ix_block_span", "block")
    op.drop_index("ix_block_booking", "block")
    op.rename_table("block", "block_before")


def _make_blocks() -> None:
    op.create_table(
        "block",
        sa.Column("company_id", _ID, nullable=False),
        sa.Column("id", _ID, nullable=False),
        sa.Column("employee_id", _ID, nullable=False),
        sa.Column("start_minute", sa.BigInteger(), nullable=False),
        sa.Column("end_minute", sa.BigInteger(), nullable=False),
        sa.Column("booking_id", _ID, nullable=True),
        sa.Column("expires_at", _INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("company_id", "id", name="pk_block"),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name="fk_block_company_id"),
        _reference("employee_id", to="employee"),
        _reference("booking_id", to="booking"),
        sa.CheckConstraint("start_minute < end_minute", name=op.f("ck_block_not_empty")),
        sa.CheckConstraint("(booking_id IS NULL) <> (expires_at IS NULL)", name=op.f("ck_block_booking_or_hold")),
    )
    op.create_index("ix_block_span", "block", ["company_id", "employee_id", "end_minute", "start_minute"])
    op.create_index("ix_block_booking", "block", ["company_id", "booking_id"])


def _make_triggers() -> None:
    """A batch migration of `block` must make them anew."""
    for occasion, but in _OCCASIONS.items():
        op.execute(
            f"CREATE TRIGGER block_no_overlap_{occasion} BEFORE {occasion.upper()} ON block "
            f"WHEN {_OVERLAPS.format(but=but)} BEGIN SELECT RAISE(ABORT, 'block_overlaps'); END"
        )


def _reference(column: str, *, to: str) -> Any:
    targets = [f"{to}.company_id", f"{to}.id"]
    return sa.ForeignKeyConstraint(["company_id", column], targets, name=f"fk_block_company_id_{column}")
