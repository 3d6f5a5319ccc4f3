"""What administration needs: templates and retention, deleted people, second factors, resets, invitations, links made anew.

A template that is null is the house's own.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ID = sa.String(32)
_HASH = sa.String(64)
_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add columns and tables; nothing that is there changes its meaning."""
    _add_profile()
    _mark_deleted_people()
    _add_second_factors()
    _make_invitations()
    op.add_column("link_attempt", _optional("account_id", _ID))
    _find_customers()
    _make_partial_index("ix_block_hold", "block", "expires_at", where="expires_at IS NOT NULL")


def _add_profile() -> None:
    for column in (
        sa.Column("hold_minutes", sa.Integer(), nullable=False, server_default="10"),
        sa.Column("customer_data_days", sa.Integer(), nullable=False, server_default="180"),
        _optional("entry_title_template", sa.Text()),
        _optional("entry_description_template", sa.Text()),
        sa.Column("allowed_origins", sa.Text(), nullable=False, server_default="[]"),
    ):
        op.add_column("company", column)


def _mark_deleted_people() -> None:
    """Past bookings keep the names of those who are gone."""
    op.add_column("employee", _optional("deleted_at", _INSTANT))
    op.add_column("service", _optional("deleted_at", _INSTANT))


def _add_second_factors() -> None:
    for column in (
        _optional("totp_key_id", _ID),
        _optional("totp_sealed", sa.LargeBinary()),
        _optional("totp_confirmed_at", _INSTANT),
        _optional("totp_last_step", sa.BigInteger()),
    ):
        op.add_column("user", column)
    op.create_table(
        "recovery_code",
        _column("user_id", _ID),
        _column("code_hash", _HASH),
        sa.PrimaryKeyConstraint("user_id", "code_hash", name="pk_recovery_code"),
        _user("recovery_code"),
    )
    op.create_table(
        "password_reset",
        _column("token_hash", _HASH),
        _column("user_id", _ID),
        _column("expires_at", _INSTANT),
        sa.PrimaryKeyConstraint("token_hash", name="pk_password_reset"),
        _user("password_reset"),
    )
    op.create_index("ix_password_reset_user_id", "password_reset", ["user_id"])


def _make_invitations() -> None:
    op.create_table(
        "invitation",
        _column("company_id", _ID),
        _column("id", _ID),
        _column("email", sa.String(254)),
        _column("role", sa.String(16)),
        _optional("employee_id", _ID),
        _column("token_hash", _HASH),
        _column("created_at", _INSTANT),
        _column("expires_at", _INSTANT),
        sa.PrimaryKeyConstraint("company_id", "id", name="pk_invitation"),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name="fk_invitation_company_id"),
        sa.ForeignKeyConstraint(
            ["company_id", "employee_id"],
            ["employee.company_id", "employee.id"],
            name="fk_invitation_company_id_employee_id",
        ),
        sa.UniqueConstraint("company_id", "email", name="uq_invitation_company_id_email"),
    )


def _find_customers() -> None:
    """Their bookings by address without regard to case, and what is still kept of them after the end."""
    op.add_column("booking", _optional("customer_email_key", sa.Text()))
    booking = sa.table(
        "booking", *(sa.column(name) for name in ("company_id", "id", "customer_email", "customer_email_key"))
    )
    known = sa.select(booking.c.company_id, booking.c.id, booking.c.customer_email)
    keys = [
        {"of": row.company_id, "which": row.id, "key": row.customer_email.lower()}
        for row in op.get_bind().execute(known.where(booking.c.customer_email.is_not(None)))
    ]
    one = sa.and_(booking.c.company_id == sa.bindparam("of"), booking.c.id == sa.bindparam("which"))
    if keys:
        op.get_bind().execute(sa.update(booking).where(one).values(customer_email_key=sa.bindparam("key")), keys)
    op.create_index("ix_booking_customer", "booking", ["company_id", "customer_email_key", "start_minute", "id"])
    somebodys = "customer_email_key IS NOT NULL OR cancel_reason IS NOT NULL"
    _make_partial_index("ix_booking_personal", "booking", "end_minute", where=somebodys)


def _make_partial_index(name: str, table: str, column: str, *, where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, ["company_id", column], sqlite_where=condition, postgresql_where=condition)


def _column(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _optional(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=True)


def _user(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=f"fk_{table}_user_id")
