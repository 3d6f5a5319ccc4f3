"""First tables: companies, logins, schedules, calendars, bookings with the rule against overlaps, and journals.

Written out apart from `tables`, which moves on while this revision stays. There is no way back but a copy of the file.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from slotgraph.core.migrations import blocks

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ID = sa.String(32)
_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make everything, in an empty database."""
    _make_companies_and_logins()
    _make_employees_and_services()
    _make_schedules()
    _make_accounts()
    _make_calendars()
    _make_bookings()
    _make_blocks()
    _make_entries()
    _make_journals()


def _make_companies_and_logins() -> None:
    op.create_table(
        "company",
        _column("id", _ID),
        _column("slug", sa.String(63)),
        _column("name", sa.String(200)),
        _column("time_zone", sa.String(64)),
        _column("locale", sa.String(35)),
        _column("booking_interval_minutes", sa.Integer()),
        _column("exclude_support", sa.Boolean()),
        _column("created_at", _INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_company"),
        sa.UniqueConstraint("slug", name="uq_company_slug"),
    )
    op.create_table(
        "user",
        _column("id", _ID),
        _column("email", sa.String(254)),
        _column("password_hash", sa.String(200)),
        _column("is_support", sa.Boolean()),
        _column("created_at", _INSTANT),
        _optional("last_login_at", _INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_user"),
        sa.UniqueConstraint("email", name="uq_user_email"),
    )
    op.create_table(
        "session",
        _column("token_hash", sa.String(64)),
        _column("user_id", _ID),
        _optional("company_id", _ID),
        _column("started_at", _INSTANT),
        _column("last_used_at", _INSTANT),
        _column("expires_at", _INSTANT),
        _column("client", sa.String(200)),
        sa.PrimaryKeyConstraint("token_hash", name="pk_session"),
        _user("session"),
        _company("session"),
    )
    op.create_index("ix_session_user_id", "session", ["user_id"])


def _make_employees_and_services() -> None:
    _make(
        "employee",
        _column("name", sa.String(200)),
        _column("kind", sa.String(16)),
        _column("time_zone", sa.String(64)),
        _column("active", sa.Boolean()),
        _column("show_appointments", sa.Boolean()),
    )
    _make(
        "member",
        _column("user_id", _ID),
        _column("role", sa.String(16)),
        _optional("employee_id", _ID),
        _user("member"),
        sa.UniqueConstraint("user_id", name="uq_member_user_id"),
        _reference("member", "employee_id", to="employee"),
    )
    _make(
        "api_token",
        _column("name", sa.String(200)),
        _column("secret_hash", sa.String(64)),
        _column("scopes", sa.Text()),
        _column("created_at", _INSTANT),
        _optional("expires_at", _INSTANT),
        _optional("last_used_at", _INSTANT),
    )
    _make(
        "service",
        _column("name", sa.String(200)),
        _column("description", sa.Text()),
        _column("duration_minutes", sa.Integer()),
        _column("buffer_before_minutes", sa.Integer()),
        _column("buffer_after_minutes", sa.Integer()),
        _column("minimum_notice_minutes", sa.Integer()),
        _column("horizon_days", sa.Integer()),
        _optional("booking_interval_minutes", sa.Integer()),
        _column("cancellation_limit_hours", sa.Integer()),
        _column("active", sa.Boolean()),
    )


def _make_schedules() -> None:
    _make(
        "service_employee",
        _column("service_id", _ID),
        _column("employee_id", _ID),
        _reference("service_employee", "service_id", to="service", ondelete="CASCADE"),
        _reference("service_employee", "employee_id", to="employee", ondelete="CASCADE"),
        key=("service_id", "employee_id"),
    )
    _make(
        "availability",
        _column("employee_id", _ID),
        _column("start", sa.Time()),
        _column("end", sa.Time()),
        _optional("weekday", sa.Integer()),
        _optional("valid_from", sa.Date()),
        _optional("valid_until", sa.Date()),
        _optional("date", sa.Date()),
        _reference("availability", "employee_id", to="employee", ondelete="CASCADE"),
        _check("(weekday IS NULL) <> (date IS NULL)", name="ck_availability_weekly_or_dated"),
    )
    op.create_index("ix_availability_employee", "availability", ["company_id", "employee_id"])
    _make(
        "absence",
        _optional("employee_id", _ID),
        _optional("note", sa.Text()),
        _optional("first_day", sa.Date()),
        _optional("last_day", sa.Date()),
        _optional("start_minute", sa.BigInteger()),
        _optional("end_minute", sa.BigInteger()),
        _reference("absence", "employee_id", to="employee", ondelete="CASCADE"),
        _check("(first_day IS NULL) <> (start_minute IS NULL)", name="ck_absence_days_or_range"),
    )
    op.create_index("ix_absence_employee", "absence", ["company_id", "employee_id"])


def _make_accounts() -> None:
    _make(
        "account",
        _optional("employee_id", _ID),
        _column("provider", sa.String(64)),
        _column("label", sa.String(320)),
        _column("granted", sa.Text()),
        _column("capabilities", sa.Text()),
        _column("key_id", _ID),
        _column("sealed_credentials", sa.LargeBinary()),
        *_health(),
        _reference("account", "employee_id", to="employee"),
    )
    _make(
        "link_attempt",
        _column("token_hash", sa.String(64)),
        _column("provider", sa.String(64)),
        _optional("employee_id", _ID),
        _column("user_id", _ID),
        _column("purposes", sa.Text()),
        _column("expires_at", _INSTANT),
        _user("link_attempt"),
        key=("token_hash",),
    )


def _make_calendars() -> None:
    _make(
        "calendar",
        _column("account_id", _ID),
        _optional("employee_id", _ID),
        _column("provider_calendar_id", sa.Text()),
        _column("name", sa.String(320)),
        _optional("time_zone", sa.String(64)),
        _column("writable", sa.Boolean()),
        _column("is_primary", sa.Boolean()),
        _column("checked", sa.Boolean()),
        _column("is_default", sa.Boolean()),
        _column("status_policy", sa.Text()),
        _optional("ignore_unverified_until", sa.Date()),
        _column("read_mode", sa.String(16)),
        _column("titles_on_wire", sa.Boolean()),
        _column("flags", sa.Text()),
        *_health(),
        _reference("calendar", "account_id", to="account", ondelete="CASCADE"),
        _reference("calendar", "employee_id", to="employee"),
    )
    op.create_index("ix_calendar_employee", "calendar", ["company_id", "employee_id"])
    op.create_index("ix_calendar_account", "calendar", ["company_id", "account_id"])


def _make_bookings() -> None:
    _make(
        "booking",
        _column("service_id", _ID),
        _column("start_minute", sa.BigInteger()),
        _column("end_minute", sa.BigInteger()),
        _column("state", sa.String(16)),
        _column("cancellation_limit_hours", sa.Integer()),
        _column("generation", sa.Integer()),
        _optional("customer_name", sa.String(200)),
        _optional("customer_email", sa.String(254)),
        _optional("customer_phone", sa.String(50)),
        _optional("customer_locale", sa.String(35)),
        _optional("customer_time_zone", sa.String(64)),
        _optional("note", sa.Text()),
        _optional("cancel_reason", sa.Text()),
        _column("created_at", _INSTANT),
        _reference("booking", "service_id", to="service"),
    )
    op.create_index("ix_booking_start", "booking", ["company_id", "start_minute", "id"])
    _make(
        "attendance",
        _column("booking_id", _ID),
        _column("employee_id", _ID),
        _reference("attendance", "booking_id", to="booking"),
        _reference("attendance", "employee_id", to="employee"),
        key=("booking_id", "employee_id"),
    )
    op.create_index("ix_attendance_employee", "attendance", ["company_id", "employee_id"])


def _make_blocks() -> None:
    """The table on which an overlap is impossible (rule K1)."""
    _make(
        "block",
        _column("employee_id", _ID),
        _column("start_minute", sa.BigInteger()),
        _column("end_minute", sa.BigInteger()),
        _column("booking_id", _ID),
        _reference("block", "employee_id", to="employee"),
        _reference("block", "booking_id", to="booking"),
        _check("start_minute < end_minute", name="ck_block_not_empty"),
    )
    blocks.make_indexes()
    blocks.forbid_overlaps()


def _make_entries() -> None:
    _make(
        "calendar_entry",
        _column("booking_id", _ID),
        _column("employee_id", _ID),
        _optional("calendar_id", _ID),
        _column("state", sa.String(16)),
        _column("state_at", _INSTANT),
        _optional("reference_calendar", sa.Text()),
        _optional("reference_id", sa.Text()),
        _optional("reference_etag", sa.Text()),
        _reference("calendar_entry", "booking_id", to="booking"),
        _reference("calendar_entry", "calendar_id", to="calendar"),
    )
    op.create_index("ix_calendar_entry_booking", "calendar_entry", ["company_id", "booking_id"])
    _make(
        "outbox",
        _column("entry_id", _ID),
        _column("action", sa.String(16)),
        _column("state", sa.String(16)),
        _column("created_at", _INSTANT),
        _column("attempts", sa.Integer()),
        _optional("cause", sa.String(32)),
        _optional("next_attempt_at", _INSTANT),
        _optional("lease_until", _INSTANT),
        _column("fence", sa.Integer()),
        _reference("outbox", "entry_id", to="calendar_entry"),
        key=("entry_id",),
    )
    op.create_index("ix_outbox_due", "outbox", ["state", "next_attempt_at"])


def _make_journals() -> None:
    _make(
        "idempotency",
        _column("actor_scope", sa.String(80)),
        _column("mutation", sa.String(40)),
        _column("key", sa.String(36)),
        _column("input_hash", sa.String(64)),
        _column("result_type", sa.String(40)),
        _column("result_id", _ID),
        _column("created_at", _INSTANT),
        key=("actor_scope", "mutation", "key"),
    )
    _make(
        "support_case",
        _column("reason", sa.Text()),
        _column("opened_at", _INSTANT),
        _column("ends_at", _INSTANT),
        _optional("ended_at", _INSTANT),
        _optional("ended_by", sa.String(16)),
        _column("customer_data_granted", sa.Boolean()),
    )
    op.create_index("ix_support_case_opened", "support_case", ["company_id", "opened_at", "id"])
    _make(
        "access_log",
        _column("at", _INSTANT),
        _column("agent_id", _ID),
        _column("agent", sa.String(254)),
        _optional("case_id", _ID),
        _column("refused", sa.Boolean()),
        _optional("operation_name", sa.String(200)),
        _column("fields", sa.Text()),
        _optional("range_start", _INSTANT),
        _optional("range_end", _INSTANT),
    )
    op.create_index("ix_access_log_at", "access_log", ["company_id", "at", "id"])


def _make(table: str, *items: Any, key: tuple[str, ...] = ("id",)) -> None:
    """Make a company-owned table: its key begins with the company. The key `id` is a column the caller need not name."""
    own = [_column("id", _ID)] if key == ("id",) else []
    primary = sa.PrimaryKeyConstraint("company_id", *key, name=f"pk_{table}")
    op.create_table(table, _column("company_id", _ID), *own, *items, primary, _company(table))


def _column(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _optional(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=True)


def _health() -> tuple[sa.Column[Any], ...]:
    return (
        _optional("last_success_at", _INSTANT),
        _optional("last_failure_at", _INSTANT),
        _optional("last_cause", sa.String(32)),
        _column("failing", sa.Boolean()),
    )


def _company(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=f"fk_{table}_company_id")


def _user(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=f"fk_{table}_user_id")


def _reference(table: str, column: str, *, to: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    columns, targets = ["company_id", column], [f"{to}.company_id", f"{to}.id"]
    return sa.ForeignKeyConstraint(columns, targets, name=f"fk_{table}_company_id_{column}", ondelete=ondelete)


def _check(condition: str, *, name: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(name))
