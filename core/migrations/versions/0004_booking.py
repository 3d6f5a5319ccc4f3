"""What booking that cannot go wrong needs: holds with a place of their own, leases on the outbox, and when entries were looked for."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ID = sa.String(32)
_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add a table and columns; nothing that is there changes its meaning."""
    _make_holds()
    op.add_column("block", _optional("hold_id", _ID))
    op.create_index("ix_block_of_hold", "block", ["company_id", "hold_id"])
    op.create_index("ix_idempotency_created", "idempotency", ["company_id", "created_at"])
    op.add_column("outbox", _optional("lease", sa.Integer()))
    op.add_column("outbox", sa.Column("unsure", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("UPDATE outbox SET unsure = true WHERE state = 'PENDING' AND attempts > 0")
    _look_for_entries()


def _look_for_entries() -> None:
    """Entries that were written before this are looked for like others."""
    op.add_column("calendar_entry", _optional("probed_at", _INSTANT))
    op.add_column("calendar_entry", _optional("missed_at", _INSTANT))
    where = sa.text("probed_at IS NOT NULL")
    op.create_index(
        "ix_calendar_entry_probed", "calendar_entry", ["probed_at"], sqlite_where=where, postgresql_where=where
    )
    op.execute("UPDATE calendar_entry SET probed_at = state_at WHERE state = 'WRITTEN'")


def _make_holds() -> None:
    op.create_table(
        "hold",
        _column("company_id", _ID),
        _column("id", _ID),
        _column("service_id", _ID),
        _column("start_minute", sa.BigInteger()),
        _column("end_minute", sa.BigInteger()),
        _column("employee_ids", sa.Text()),
        _optional("source", sa.String(64)),
        _column("expires_at", _INSTANT),
        _optional("ended_at", _INSTANT),
        _column("created_at", _INSTANT),
        sa.PrimaryKeyConstraint("company_id", "id", name="pk_hold"),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name="fk_hold_company_id"),
    )
    op.create_index("ix_hold_source", "hold", ["company_id", "source", "expires_at"])
    op.create_index("ix_hold_created", "hold", ["company_id", "created_at"])


def _column(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _optional(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=True)
