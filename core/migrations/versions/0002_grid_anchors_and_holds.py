"""The grid anchor of a company, and holds: blocks that stand for no booking and lapse (rules S2, K1).

On SQLite `block` is made anew with its triggers, since a column that is there cannot be loosened.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from slotgraph.core.migrations import blocks

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ID = sa.String(32)
_INSTANT = sa.DateTime(timezone=True)
_BOOKING_OR_HOLD = "(booking_id IS NULL) <> (expires_at IS NULL)"

_FILL = """
INSERT INTO block (company_id, id, employee_id, start_minute, end_minute, booking_id)
SELECT company_id, id, employee_id, start_minute, end_minute, booking_id FROM block_before
"""


def upgrade() -> None:
    """Add the anchor, and make room for holds among the blocks that are there."""
    anchor = sa.Column("grid_anchor", sa.String(32), nullable=False, server_default="AVAILABILITY_START")
    op.add_column("company", anchor)
    if blocks.is_postgresql():
        _make_room()
        return
    blocks.set_aside()
    _make_blocks()
    op.execute(_FILL)
    op.drop_table("block_before")
    blocks.forbid_overlaps()


def _make_room() -> None:
    op.alter_column("block", "booking_id", nullable=True)
    op.add_column("block", sa.Column("expires_at", _INSTANT, nullable=True))
    op.create_check_constraint(op.f("ck_block_booking_or_hold"), "block", _BOOKING_OR_HOLD)


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
        sa.CheckConstraint(_BOOKING_OR_HOLD, name=op.f("ck_block_booking_or_hold")),
    )
    blocks.make_indexes()


def _reference(column: str, *, to: str) -> Any:
    targets = [f"{to}.company_id", f"{to}.id"]
    return sa.ForeignKeyConstraint(["company_id", column], targets, name=f"fk_block_company_id_{column}")
