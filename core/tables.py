"""The tables of the one database, for SQLite and PostgreSQL. Shapes only: statements live in `store`.

Keys of company-owned tables start with `company_id`, so that the database can be sharded by company; GLOBAL_TABLES names the others.
Ids are 32 hexadecimal digits; instants are aware and in UTC; `*_minute` columns are whole minutes since the epoch.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    Time,
)

from slotgraph.core.columns import Instant, Json
from slotgraph.core.grids import GridAnchor

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


Id = String(32)
Minute = BigInteger


def _company_key() -> Column[str]:
    return Column("company_id", Id, ForeignKey("company.id"), primary_key=True)


def _own_key() -> Column[str]:
    return Column("id", Id, primary_key=True)


def _reference(table: str, *columns: str, ondelete: str | None = None) -> ForeignKeyConstraint:
    """A reference within the company: (company_id, columns...) to the table's key."""
    targets = [f"{table}.company_id", f"{table}.id"]
    return ForeignKeyConstraint(["company_id", *columns], targets, ondelete=ondelete)


company = Table(
    "company",
    metadata,
    Column("id", Id, primary_key=True),
    Column("slug", String(63), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("time_zone", String(64), nullable=False),
    Column("locale", String(35), nullable=False),
    Column("booking_interval_minutes", Integer, nullable=False),
    Column("exclude_support", Boolean, nullable=False, default=False),
    Column("created_at", Instant, nullable=False),
    Column("grid_anchor", String(32), nullable=False, server_default=GridAnchor.AVAILABILITY_START.value),
)

user = Table(
    "user",
    metadata,
    Column("id", Id, primary_key=True),
    Column("email", String(254), nullable=False, unique=True),
    Column("password_hash", String(200), nullable=False),
    Column("is_support", Boolean, nullable=False, default=False),
    Column("created_at", Instant, nullable=False),
    Column("last_login_at", Instant),
)

session = Table(
    "session",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("user_id", Id, ForeignKey("user.id"), nullable=False, index=True),
    Column("company_id", Id, ForeignKey("company.id")),
    Column("started_at", Instant, nullable=False),
    Column("last_used_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("client", String(200), nullable=False),
)

employee = Table(
    "employee",
    metadata,
    _company_key(),
    _own_key(),
    Column("name", String(200), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("time_zone", String(64), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("show_appointments", Boolean, nullable=False),
)

member = Table(
    "member",
    metadata,
    _company_key(),
    _own_key(),
    Column("user_id", Id, ForeignKey("user.id"), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("employee_id", Id),
    _reference("employee", "employee_id"),
)

api_token = Table(
    "api_token",
    metadata,
    _company_key(),
    _own_key(),
    Column("name", String(200), nullable=False),
    Column("secret_hash", String(64), nullable=False),
    Column("scopes", Json, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("last_used_at", Instant),
)

service = Table(
    "service",
    metadata,
    _company_key(),
    _own_key(),
    Column("name", String(200), nullable=False),
    Column("description", Text, nullable=False),
    Column("duration_minutes", Integer, nullable=False),
    Column("buffer_before_minutes", Integer, nullable=False),
    Column("buffer_after_minutes", Integer, nullable=False),
    Column("minimum_notice_minutes", Integer, nullable=False),
    Column("horizon_days", Integer, nullable=False),
    Column("booking_interval_minutes", Integer),
    Column("cancellation_limit_hours", Integer, nullable=False),
    Column("active", Boolean, nullable=False),
)

service_employee = Table(
    "service_employee",
    metadata,
    _company_key(),
    Column("service_id", Id, primary_key=True),
    Column("employee_id", Id, primary_key=True),
    _reference("service", "service_id", ondelete="CASCADE"),
    _reference("employee", "employee_id", ondelete="CASCADE"),
)

availability = Table(
    "availability",
    metadata,
    _company_key(),
    _own_key(),
    Column("employee_id", Id, nullable=False),
    Column("start", Time, nullable=False),
    Column("end", Time, nullable=False),
    Column("weekday", Integer),
    Column("valid_from", Date),
    Column("valid_until", Date),
    Column("date", Date),
    _reference("employee", "employee_id", ondelete="CASCADE"),
    CheckConstraint("(weekday IS NULL) <> (date IS NULL)", name="weekly_or_dated"),
    Index("ix_availability_employee", "company_id", "employee_id"),
)

absence = Table(
    "absence",
    metadata,
    _company_key(),
    _own_key(),
    Column("employee_id", Id),
    Column("note", Text),
    Column("first_day", Date),
    Column("last_day", Date),
    Column("start_minute", Minute),
    Column("end_minute", Minute),
    _reference("employee", "employee_id", ondelete="CASCADE"),
    CheckConstraint("(first_day IS NULL) <> (start_minute IS NULL)", name="days_or_range"),
    Index("ix_absence_employee", "company_id", "employee_id"),
)

account = Table(
    "account",
    metadata,
    _company_key(),
    _own_key(),
    Column("employee_id", Id),
    Column("provider", String(64), nullable=False),
    Column("label", String(320), nullable=False),
    Column("granted", Json, nullable=False),
    Column("capabilities", Json, nullable=False),
    Column("key_id", String(32), nullable=False),
    Column("sealed_credentials", LargeBinary, nullable=False),
    Column("last_success_at", Instant),
    Column("last_failure_at", Instant),
    Column("last_cause", String(32)),
    Column("failing", Boolean, nullable=False, default=False),
    _reference("employee", "employee_id"),
)

calendar = Table(
    "calendar",
    metadata,
    _company_key(),
    _own_key(),
    Column("account_id", Id, nullable=False),
    Column("employee_id", Id),
    Column("provider_calendar_id", Text, nullable=False),
    Column("name", String(320), nullable=False),
    Column("time_zone", String(64)),
    Column("writable", Boolean, nullable=False),
    Column("is_primary", Boolean, nullable=False),
    Column("checked", Boolean, nullable=False),
    Column("is_default", Boolean, nullable=False),
    Column("status_policy", Json, nullable=False),
    Column("ignore_unverified_until", Date),
    Column("read_mode", String(16), nullable=False),
    Column("titles_on_wire", Boolean, nullable=False),
    Column("flags", Json, nullable=False),
    Column("last_success_at", Instant),
    Column("last_failure_at", Instant),
    Column("last_cause", String(32)),
    Column("failing", Boolean, nullable=False, default=False),
    _reference("account", "account_id", ondelete="CASCADE"),
    _reference("employee", "employee_id"),
    Index("ix_calendar_employee", "company_id", "employee_id"),
    Index("ix_calendar_account", "company_id", "account_id"),
)

link_attempt = Table(
    "link_attempt",
    metadata,
    _company_key(),
    Column("token_hash", String(64), primary_key=True),
    Column("provider", String(64), nullable=False),
    Column("employee_id", Id),
    Column("user_id", Id, ForeignKey("user.id"), nullable=False),
    Column("purposes", Json, nullable=False),
    Column("expires_at", Instant, nullable=False),
)

booking = Table(
    "booking",
    metadata,
    _company_key(),
    _own_key(),
    Column("service_id", Id, nullable=False),
    Column("start_minute", Minute, nullable=False),
    Column("end_minute", Minute, nullable=False),
    Column("state", String(16), nullable=False),
    Column("cancellation_limit_hours", Integer, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("customer_name", String(200)),
    Column("customer_email", String(254)),
    Column("customer_phone", String(50)),
    Column("customer_locale", String(35)),
    Column("customer_time_zone", String(64)),
    Column("note", Text),
    Column("cancel_reason", Text),
    Column("created_at", Instant, nullable=False),
    _reference("service", "service_id"),
    Index("ix_booking_start", "company_id", "start_minute", "id"),
)

attendance = Table(
    "attendance",
    metadata,
    _company_key(),
    Column("booking_id", Id, primary_key=True),
    Column("employee_id", Id, primary_key=True),
    _reference("booking", "booking_id"),
    _reference("employee", "employee_id"),
    Index("ix_attendance_employee", "company_id", "employee_id"),
)

block = Table(
    "block",
    metadata,
    _company_key(),
    _own_key(),
    Column("employee_id", Id, nullable=False),
    Column("start_minute", Minute, nullable=False),
    Column("end_minute", Minute, nullable=False),
    Column("booking_id", Id),
    Column("expires_at", Instant),
    _reference("employee", "employee_id"),
    _reference("booking", "booking_id"),
    CheckConstraint("start_minute < end_minute", name="not_empty"),
    CheckConstraint("(booking_id IS NULL) <> (expires_at IS NULL)", name="booking_or_hold"),
    Index("ix_block_span", "company_id", "employee_id", "end_minute", "start_minute"),
    Index("ix_block_booking", "company_id", "booking_id"),
)

BLOCK_OVERLAPS = "block_overlaps"
"""What the database says when two blocked spans of one employee would overlap (rule K1)."""

calendar_entry = Table(
    "calendar_entry",
    metadata,
    _company_key(),
    _own_key(),
    Column("booking_id", Id, nullable=False),
    Column("employee_id", Id, nullable=False),
    Column("calendar_id", Id),
    Column("state", String(16), nullable=False),
    Column("state_at", Instant, nullable=False),
    Column("reference_calendar", Text),
    Column("reference_id", Text),
    Column("reference_etag", Text),
    _reference("booking", "booking_id"),
    _reference("calendar", "calendar_id"),
    Index("ix_calendar_entry_booking", "company_id", "booking_id"),
)

outbox = Table(
    "outbox",
    metadata,
    _company_key(),
    Column("entry_id", Id, primary_key=True),
    Column("action", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("cause", String(32)),
    Column("next_attempt_at", Instant),
    Column("lease_until", Instant),
    Column("fence", Integer, nullable=False),
    _reference("calendar_entry", "entry_id"),
    Index("ix_outbox_due", "state", "next_attempt_at"),
)

idempotency = Table(
    "idempotency",
    metadata,
    _company_key(),
    Column("actor_scope", String(80), primary_key=True),
    Column("mutation", String(40), primary_key=True),
    Column("key", String(36), primary_key=True),
    Column("input_hash", String(64), nullable=False),
    Column("result_type", String(40), nullable=False),
    Column("result_id", Id, nullable=False),
    Column("created_at", Instant, nullable=False),
)

support_case = Table(
    "support_case",
    metadata,
    _company_key(),
    _own_key(),
    Column("reason", Text, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("ended_by", String(16)),
    Column("customer_data_granted", Boolean, nullable=False),
    Index("ix_support_case_opened", "company_id", "opened_at", "id"),
)

access_log = Table(
    "access_log",
    metadata,
    _company_key(),
    _own_key(),
    Column("at", Instant, nullable=False),
    Column("agent_id", Id, nullable=False),
    Column("agent", String(254), nullable=False),
    Column("case_id", Id),
    Column("refused", Boolean, nullable=False),
    Column("operation_name", String(200)),
    Column("fields", Json, nullable=False),
    Column("range_start", Instant),
    Column("range_end", Instant),
    Index("ix_access_log_at", "company_id", "at", "id"),
)

GLOBAL_TABLES = frozenset({"company", "user", "session"})
"""Tables that belong to no company; sessions carry the company they act in."""
